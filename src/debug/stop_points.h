// Where a user wants to stop: at a layer, at a command, when bytes are touched, when bytes are written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "debug/memory_range.h"
#include "debug/tensor_view.h"
#include "device/device.h"
#include "device/race.h"

namespace bmnet::debug {

struct StopPoint {
  enum class Kind : uint8_t {
    kLayer,    // before the first command of a layer
    kCommand,  // before a command
    kAccess,   // before a command that reads or writes bytes of a range
    kWatch,    // after a command that wrote bytes of a range
  };
  Kind kind = Kind::kLayer;
  std::string text = {};  // what the user named: "layer 'conv1'"
  int number = 0;         // 1, 2, …: never given again
  uint64_t hits = 0;

  int32_t layer = -1;                 // kLayer
  CommandPlace place = {};            // kCommand; groups counted over the stage
  MemoryRange range = {};             // kAccess, kWatch
  Element element = Element::kHex;    // kWatch: as which the bytes are shown
  std::vector<uint8_t> content = {};  // kWatch: the bytes when they were last looked at
};

class StopPoints {
 public:
  // The point's number. The bytes of a watch are taken now.
  int add(StopPoint point, const bm1684::Memory& memory);
  bool remove(int number);
  void clear() { points_.clear(); }

  std::vector<StopPoint>& all() { return points_; }
  const std::vector<StopPoint>& all() const { return points_; }
  // Whether any point needs to know what commands touch.
  bool look_at_operands() const;

 private:
  std::vector<StopPoint> points_;
  int next_ = 1;
};

// Whether one of the operands (of those that are written, if `writes`) has a byte in common with the range.
bool touches(const std::vector<bm1684::Access>& operands, const MemoryRange& range, bool writes);

// What changed between both contents of the watched range, the first words old -> new; says so when nothing did.
std::string changes(const StopPoint& watch, std::span<const uint8_t> now);

}  // namespace bmnet::debug
