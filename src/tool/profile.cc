#include "tool/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <tuple>

#include "bmodel/layer_table.h"
#include "target/bm1684/exec/instruction.h"
#include "target/bm1684/exec/schedule.h"
#include "target/bm1684/isa/codec.h"
#include "target/bm1684/isa/names.h"
#include "target/bm1684/machine.h"
#include "tool/trace.h"

namespace bmnet::tool {
namespace {

using bm1684::Command;
using bm1684::Engine;

constexpr double kPeakMacsPerCycle = 2048;  // fp32 convolution: 64 lanes x 16 positions x 2 input channels

std::vector<Command> commands_of(const bmodel::Blob& blob) {
  std::vector<Command> commands(blob.size() / bm1684::kCommandBytes);
  if (!commands.empty()) std::memcpy(commands.data(), blob.bytes().data(), commands.size() * bm1684::kCommandBytes);
  return commands;
}

// Adds the commands of one group behind what the stage has so far.
class StageProfiler {
 public:
  explicit StageProfiler(const bmodel::Stage& stage) {
    auto table = bmodel::decode_layer_table(stage.net_profile.bytes());
    if (table) table_ = *std::move(table);
    for (const auto& layer : table_.layers) {
      profile_.layers.push_back({.name = layer.name, .op = layer.op, .macs = layer.macs});
      profile_.macs += layer.macs;
      profile_.cpu_layers += layer.place == "cpu";
    }
    unnamed_ = profile_.layers.size();
    profile_.layers.push_back({.name = "(no layer named)"});
  }

  Status add(uint32_t group, const bmodel::CmdGroup& commands) {
    const std::vector<Command> streams[2] = {commands_of(commands.bdc), commands_of(commands.gdma)};
    std::vector<bm1684::TimedCommand> timed;
    for (int engine = 0; engine < 2; ++engine)
      for (size_t i = 0; i < streams[engine].size(); ++i) {
        const Command& command = streams[engine][i];
        auto cost = bm1684::cycles(command, static_cast<Engine>(engine));
        if (!cost)
          return with_context(fmt::format("group {}, {} command {}", group, engine ? "GDMA" : "TIU", i),
                              std::move(cost).error());
        const auto& wait = engine ? bm1684::gdma::eng0_sync_id : bm1684::tiu::cmd_id_gdma;
        timed.push_back({static_cast<Engine>(engine), *cost, static_cast<uint32_t>(bm1684::get(command, wait))});
      }
    BMNET_ASSIGN(const bm1684::Schedule schedule, bm1684::schedule(timed));
    size_t next = 0;
    for (int engine = 0; engine < 2; ++engine)
      for (size_t i = 0; i < streams[engine].size(); ++i, ++next)
        record(group, engine, static_cast<uint32_t>(i), streams[engine][i], timed[next].cycles, schedule.spans[next]);
    profile_.total += schedule.total;
    return {};
  }

  StageProfile finish() {
    if (profile_.layers[unnamed_].commands[0] + profile_.layers[unnamed_].commands[1] == 0) profile_.layers.pop_back();
    std::sort(profile_.events.begin(), profile_.events.end(),
              [](const auto& a, const auto& b) { return std::tie(a.start, a.engine) < std::tie(b.start, b.engine); });
    profile_.local_memory = std::move(occupancy_).samples();
    return std::move(profile_);
  }

 private:
  void record(uint32_t group, int engine, uint32_t index, const Command& command, uint64_t cycles,
              bm1684::Schedule::Span span) {
    const int64_t known = table_.layer_of(group, static_cast<uint32_t>(engine), index);
    const size_t layer_index = known < 0 ? unnamed_ : static_cast<size_t>(known);
    LayerProfile& layer = profile_.layers[layer_index];
    const uint64_t start = profile_.total + span.start, end = profile_.total + span.end;
    const bool first = layer.commands[0] + layer.commands[1] == 0;
    layer.start = first ? start : std::min(layer.start, start);
    layer.end = std::max(layer.end, end);
    ++layer.commands[engine], ++profile_.commands[engine];
    layer.cycles[engine] += cycles, profile_.busy[engine] += cycles;
    const uint64_t moved = engine == 1 ? ddr_bytes(command) : 0;
    layer.ddr_bytes += moved, profile_.ddr_bytes += moved;
    const bool estimated = bm1684::estimated_cost(command, static_cast<Engine>(engine)) != nullptr;
    if (estimated) profile_.estimated += cycles;
    if (const auto operands = bm1684::accesses(command, static_cast<Engine>(engine)))
      occupancy_.add(start, end, *operands);
    profile_.events.push_back(
        {engine, layer_index, start, end, moved, bm1684::disassemble(command, static_cast<Engine>(engine)), estimated});
  }

  bmodel::LayerTable table_;
  StageProfile profile_;
  Occupancy occupancy_;
  size_t unnamed_ = 0;
};

double milliseconds(uint64_t cycles) { return static_cast<double>(cycles) / bm1684::kClockHz * 1e3; }

}  // namespace

double StageProfile::mac_use() const {
  return total ? static_cast<double>(macs) / (static_cast<double>(total) * kPeakMacsPerCycle) : 0;
}

Result<std::vector<StageProfile>> profile(const bmodel::Model& model) {
  std::vector<StageProfile> profiles;
  for (const bmodel::Net& net : model.nets)
    for (size_t s = 0; s < net.stages.size(); ++s) {
      const bmodel::Stage& stage = net.stages[s];
      StageProfiler profiler(stage);
      for (uint32_t group = 0; group < stage.cmd_groups.size(); ++group) {
        auto added = profiler.add(group, stage.cmd_groups[group]);
        if (!added) return with_context(fmt::format("net '{}' stage {}", net.name, s), std::move(added).error());
      }
      profiles.push_back(profiler.finish());
      profiles.back().net = net.name;
      profiles.back().stage = s;
    }
  return profiles;
}

std::string to_text(const StageProfile& p) {
  std::string text = fmt::format("net '{}' stage {}\n{:<40} {:<16} {:>10} {:>10} {:>10} {:>12} {:>12}\n", p.net,
                                 p.stage, "layer", "operator", "TIU", "GDMA", "end", "DDR bytes", "MACs");
  for (const LayerProfile& layer : p.layers)
    text += fmt::format("{:<40} {:<16} {:>10} {:>10} {:>10} {:>12} {:>12}\n", layer.name, layer.op, layer.cycles[0],
                        layer.cycles[1], layer.end, layer.ddr_bytes, layer.macs);
  text += fmt::format("commands TIU / GDMA  {} / {}\n", p.commands[0], p.commands[1]);
  text += fmt::format("TIU cycles           {} ({:.0f} % busy)\n", p.busy[0],
                      p.total ? 100.0 * static_cast<double>(p.busy[0]) / static_cast<double>(p.total) : 0.0);
  text += fmt::format("GDMA cycles          {} ({:.0f} % busy)\n", p.busy[1],
                      p.total ? 100.0 * static_cast<double>(p.busy[1]) / static_cast<double>(p.total) : 0.0);
  text += fmt::format("total cycles         {} ({:.3f} ms at 550 MHz)\n", p.total, milliseconds(p.total));
  text += fmt::format("bound by one engine  {} ({:.0f} %)\n", p.engine_bound(),
                      p.total ? 100.0 * static_cast<double>(p.engine_bound()) / static_cast<double>(p.total) : 0.0);
  text += fmt::format("DDR bytes            {}\nMAC use (fp32 peak)  {:.1f} %\n", p.ddr_bytes, 100 * p.mac_use());
  if (p.estimated)
    text += fmt::format("estimated cycles     {} (of instructions without a known cost: docs/reference/ISA.md)\n",
                        p.estimated);
  if (p.cpu_layers)
    text += fmt::format("CPU layers           {} (their time is the host's and not counted)\n", p.cpu_layers);
  return text;
}

std::string to_json(const std::vector<StageProfile>& profiles) {
  nlohmann::ordered_json stages = nlohmann::ordered_json::array();
  for (const StageProfile& p : profiles) {
    nlohmann::ordered_json layers = nlohmann::ordered_json::array();
    for (const LayerProfile& layer : p.layers)
      layers.push_back({{"name", layer.name},
                        {"op", layer.op},
                        {"tiu_commands", layer.commands[0]},
                        {"gdma_commands", layer.commands[1]},
                        {"tiu_cycles", layer.cycles[0]},
                        {"gdma_cycles", layer.cycles[1]},
                        {"start", layer.start},
                        {"end", layer.end},
                        {"ddr_bytes", layer.ddr_bytes},
                        {"macs", layer.macs}});
    stages.push_back({{"net", p.net},
                      {"stage", p.stage},
                      {"tiu_commands", p.commands[0]},
                      {"gdma_commands", p.commands[1]},
                      {"tiu_cycles", p.busy[0]},
                      {"gdma_cycles", p.busy[1]},
                      {"total_cycles", p.total},
                      {"milliseconds", milliseconds(p.total)},
                      {"engine_bound_cycles", p.engine_bound()},
                      {"ddr_bytes", p.ddr_bytes},
                      {"macs", p.macs},
                      {"mac_use", p.mac_use()},
                      {"cpu_layers", p.cpu_layers},
                      {"estimated_cycles", p.estimated},
                      {"layers", layers}});
  }
  return nlohmann::ordered_json{{"clock_hz", bm1684::kClockHz}, {"stages", stages}}.dump(2) + "\n";
}

std::string to_trace(const std::vector<StageProfile>& profiles) {
  std::vector<TraceProcess> processes;
  for (const StageProfile& p : profiles) {
    TraceProcess& process = processes.emplace_back(TraceProcess{fmt::format("{} stage {}", p.net, p.stage), {}});
    for (const StageProfile::Event& event : p.events)
      process.slices.push_back({static_cast<Engine>(event.engine), p.layers[event.layer].name, event.text, event.start,
                                event.end, event.ddr_bytes, event.estimated});
    process.local_memory = p.local_memory;
  }
  return trace_json(processes);
}

}  // namespace bmnet::tool
