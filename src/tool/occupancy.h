// How much of local memory is in use over time, as the commands of a stage tell.
//
// A place of a lane (128 bytes) is in use from the start of the command that writes it to the end of the last one that
// reads what was written. Lanes are taken together: a place counts when it is in use in any lane, as tensors lie at the
// same offset of all their lanes.
#pragma once

#include <cstdint>
#include <vector>

#include "device/race.h"
#include "target/bm1684/exec/instruction.h"

namespace bmnet::tool {

struct OccupancySample {
  uint64_t cycle = 0;
  uint64_t bytes = 0;  // of a lane in use from this cycle on
  bool operator==(const OccupancySample&) const = default;
};

class Occupancy {
 public:
  // A command that ran from `start` to `end`, with its operands; in any order.
  void add(uint64_t start, uint64_t end, const std::vector<bm1684::Access>& operands);

  // In order of time, one sample a change.
  std::vector<OccupancySample> samples() &&;

 private:
  struct Used {
    uint64_t start, end;
    size_t number;           // in the order of add()
    std::vector<Box> boxes;  // in local memory, gaps of less than a place filled; reads first
  };
  std::vector<Used> commands_;
};

}  // namespace bmnet::tool
