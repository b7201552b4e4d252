// What a BModel costs on the chip, from its commands alone: cycles by the exact formulas, both engines by their ids.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "bmodel/model.h"
#include "tool/occupancy.h"

namespace bmnet::tool {

struct LayerProfile {
  std::string name, op;
  uint64_t commands[2] = {0, 0};  // TIU, GDMA
  uint64_t cycles[2] = {0, 0};    // busy
  uint64_t start = 0, end = 0;    // from the stage's start: first command begins, last one ends
  uint64_t ddr_bytes = 0;
  int64_t macs = 0;
};

struct StageProfile {
  std::string net;
  size_t stage = 0;
  std::vector<LayerProfile> layers;  // in order of their first command; CPU layers have no commands
  uint64_t commands[2] = {0, 0}, busy[2] = {0, 0};
  uint64_t total = 0;
  uint64_t ddr_bytes = 0;
  int64_t macs = 0;
  size_t cpu_layers = 0;
  uint64_t estimated = 0;  // cycles of commands whose cost is no formula of the vendor
  // No schedule of these commands can be shorter: the busier engine.
  uint64_t engine_bound() const { return std::max(busy[0], busy[1]); }
  double mac_use() const;  // of the fp32 peak, 0..1

  struct Event {
    int engine;
    size_t layer;
    uint64_t start, end;
    uint64_t ddr_bytes;
    std::string text;  // the command
    bool estimated;    // its cost
  };
  std::vector<Event> events;  // every command
  std::vector<OccupancySample> local_memory;
};

Result<std::vector<StageProfile>> profile(const bmodel::Model& model);

std::string to_text(const StageProfile& profile);
std::string to_json(const std::vector<StageProfile>& profiles);
// Chrome trace events (trace.h).
std::string to_trace(const std::vector<StageProfile>& profiles);

}  // namespace bmnet::tool
