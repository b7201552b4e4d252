// Chrome trace events (Perfetto, chrome://tracing): a process a net, one row an engine, one slice a command; the DMA's
// bandwidth and the bytes of a lane that are in use (occupancy.h) as counters.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "runtime/network.h"
#include "target/bm1684/isa/field.h"
#include "tool/occupancy.h"

namespace bmnet::tool {

struct TraceSlice {
  bm1684::Engine engine = bm1684::Engine::kTiu;
  std::string layer;            // the slice's name
  std::string text;             // the command
  uint64_t start = 0, end = 0;  // in cycles
  uint64_t ddr_bytes = 0;       // read and written
  bool estimated = false;       // the cost is no formula of the vendor: bm1684::estimated_cost
};

struct TraceProcess {
  std::string name;
  std::vector<TraceSlice> slices;
  std::vector<OccupancySample> local_memory = {};
};

std::string trace_json(std::span<const TraceProcess> processes);

// What a launch did, from a report with a trace. Refuses nets whose sub-nets branch: which groups ran is not told.
Result<TraceProcess> trace_of(const runtime::Network& network, size_t stage, const LaunchReport& report);

// Bytes of DDR that a GDMA command reads and writes.
uint64_t ddr_bytes(const bm1684::Command& command);

}  // namespace bmnet::tool
