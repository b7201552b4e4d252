#include "tool/trace.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "target/bm1684/exec/instruction.h"
#include "target/bm1684/isa/codec.h"
#include "target/bm1684/isa/names.h"
#include "target/bm1684/machine.h"

namespace bmnet::tool {
namespace {

using bm1684::Engine;
using Json = nlohmann::ordered_json;

constexpr double kMicrosecond = 1e6 / bm1684::kClockHz;

double microseconds(uint64_t cycles) { return static_cast<double>(cycles) * kMicrosecond; }

Json named(size_t process, std::string_view what, const std::string& name) {
  return {{"ph", "M"}, {"pid", process}, {"name", what}, {"args", {{"name", name}}}};
}

template <typename Value>
Json counter(size_t process, std::string_view name, std::string_view unit, uint64_t cycles, Value value) {
  return {{"ph", "C"},
          {"pid", process},
          {"name", name},
          {"ts", microseconds(cycles)},
          {"args", {{std::string(unit), value}}}};
}

Json bandwidth(size_t process, uint64_t cycles, double value) {
  return counter(process, "DDR bandwidth", "GB/s", cycles, value);
}

void append(size_t process, const TraceSlice& slice, Json& events) {
  const uint64_t cycles = slice.end - slice.start;
  Json arguments = {{"command", slice.text}, {"cycles", cycles}, {"start", slice.start}};
  if (slice.estimated) arguments["cost"] = "estimated";
  if (slice.ddr_bytes) arguments["ddr_bytes"] = slice.ddr_bytes;
  events.push_back({{"ph", "X"},
                    {"pid", process},
                    {"tid", static_cast<int>(slice.engine)},
                    {"ts", microseconds(slice.start)},
                    {"dur", microseconds(cycles)},
                    {"name", slice.layer},
                    {"args", arguments}});
  if (slice.ddr_bytes == 0 || cycles == 0) return;
  events.push_back(bandwidth(process, slice.start, static_cast<double>(slice.ddr_bytes) / microseconds(cycles) / 1e3));
  events.push_back(bandwidth(process, slice.end, 0));
}

}  // namespace

std::string trace_json(std::span<const TraceProcess> processes) {
  Json events = Json::array();
  for (size_t i = 0; i < processes.size(); ++i) {
    events.push_back(named(i, "process_name", processes[i].name));
    for (int engine = 0; engine < 2; ++engine) {
      events.push_back(named(i, "thread_name", engine ? "GDMA" : "TIU"));
      events.back()["tid"] = engine;
    }
    for (const TraceSlice& slice : processes[i].slices) append(i, slice, events);
    for (const OccupancySample& sample : processes[i].local_memory)
      events.push_back(counter(i, "local memory in use", "bytes per lane", sample.cycle, sample.bytes));
  }
  // Names come from files: what is no UTF-8 is replaced.
  return Json{{"displayTimeUnit", "ns"}, {"traceEvents", events}}.dump(-1, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

Result<TraceProcess> trace_of(const runtime::Network& network, size_t stage, const LaunchReport& report) {
  const runtime::LoadedStage& loaded = network.stages[stage];
  std::vector<const CommandGroup*> groups;
  for (size_t i = 0; i < loaded.sub_nets.size(); ++i) {
    if (loaded.source.sub_nets[i].mode == bmodel::SubNetMode::kSwitch)
      return unsupported("net '{}': a trace of sub-nets that branch", network.name);
    for (const CommandGroup& group : loaded.sub_nets[i]) groups.push_back(&group);
  }
  TraceProcess process{fmt::format("{} stage {}", network.name, stage), {}};
  Occupancy occupancy;
  for (const TraceRecord& record : report.trace) {
    const CommandPlace& place = record.place;
    if (place.group >= groups.size()) return bug("trace: group {} of {}", place.group, groups.size());
    const bm1684::Command& command = groups[place.group]->of(place.engine)[place.index];
    const int64_t layer = loaded.layers.layer_of(place.group, static_cast<uint32_t>(place.engine), place.index);
    process.slices.push_back({.engine = place.engine,
                              .layer = layer < 0 ? std::string(bm1684::instruction_name(command, place.engine))
                                                 : loaded.layers.layers[static_cast<size_t>(layer)].name,
                              .text = bm1684::disassemble(command, place.engine),
                              .start = record.start,
                              .end = record.end,
                              .ddr_bytes = place.engine == Engine::kGdma ? ddr_bytes(command) : 0,
                              .estimated = bm1684::estimated_cost(command, place.engine) != nullptr});
    if (const auto operands = bm1684::accesses(command, place.engine))
      occupancy.add(record.start, record.end, *operands);
  }
  process.local_memory = std::move(occupancy).samples();
  return process;
}

uint64_t ddr_bytes(const bm1684::Command& command) {
  const auto operands = bm1684::accesses(command, Engine::kGdma);
  if (!operands) return 0;
  uint64_t bytes = 0;
  for (const bm1684::Access& access : *operands) {
    if (access.space != bm1684::Access::Space::kDdr) continue;
    uint64_t run = access.run_bytes;
    for (const auto& axis : access.axes) run *= axis.count;
    bytes += run;
  }
  return bytes;
}

}  // namespace bmnet::tool
