// Finds commands that touch the same bytes without being ordered by ids.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "device/device.h"
#include "target/bm1684/exec/instruction.h"

namespace bmnet {

// An access in normal form: axes of count > 1 only, strides positive, outermost (greatest stride) first, dense axes
// merged into the run.
struct Box {
  bm1684::Access::Space space = bm1684::Access::Space::kLocal;
  bool write = false;
  uint64_t lanes = 0;
  int64_t begin = 0;
  int64_t run = 0;
  int64_t extent = 0;  // from begin to one past the last byte
  int rank = 0;
  std::array<bm1684::Access::Axis, 4> axes;
};

Box normalize(const bm1684::Access& access);

// Whether two boxes have a byte in common. Exact up to a bounded effort (four million steps: far above what legal
// commands need), beyond which it answers yes.
bool overlap(const Box& a, const Box& b);

// Sees the commands of one group in an order of completion.
class RaceDetector {
 public:
  RaceDetector(const CommandGroup& group, uint32_t number, const LaunchOptions& options, LaunchReport& report)
      : group_(group), number_(number), options_(options), report_(report) {}

  // The next command. `seen`: the greatest id of the other engine that this command or one before it on its engine
  // waited for; commands of the other engine with a greater id are not ordered before it.
  void add(const CommandPlace& place, const std::vector<bm1684::Access>& accesses, uint64_t seen);

 private:
  struct Entry {
    uint32_t index;
    Box box;
  };
  void check(const CommandPlace& place, const Box& box, const Entry& earlier);

  const CommandGroup& group_;
  uint32_t number_;
  const LaunchOptions& options_;
  LaunchReport& report_;
  std::array<std::vector<Entry>, 2> recent_;  // by engine: commands that the other engine has not yet waited for
  std::array<size_t, 2> first_{};             // entries before it are ordered
};

}  // namespace bmnet
