#include "tool/occupancy.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "target/bm1684/machine.h"

namespace bmnet::tool {
namespace {

constexpr int64_t kPlaceBytes = bm1684::kAlignBytes;
constexpr size_t kPlaces = bm1684::kLaneBytes / kPlaceBytes;

// Calls `visit` for every place that the box touches from its axis `depth` on.
template <typename Visit>
void for_each_place(const Box& box, int depth, int64_t begin, const Visit& visit) {
  if (depth < box.rank) {
    for (uint32_t i = 0; i < box.axes[depth].count; ++i)
      for_each_place(box, depth + 1, begin + i * box.axes[depth].stride, visit);
    return;
  }
  const int64_t last = std::min<int64_t>((begin + box.run - 1) / kPlaceBytes, kPlaces - 1);
  for (int64_t place = std::max<int64_t>(begin / kPlaceBytes, 0); place <= last; ++place)
    visit(static_cast<size_t>(place));
}

// Changes of the number of places in use, by cycle.
class Ledger {
 public:
  void write(size_t place, uint64_t start) {
    Value& value = values_[place];
    // Written again before anybody has read it: in parts, or lane by lane.
    if (value.exists && !value.read) return;
    close(value, start);
    value = {.exists = true, .born = start};
  }

  void read(size_t place, uint64_t end) {
    Value& value = values_[place];
    value.read = value.exists;
    value.last_read = std::max(value.last_read, end);
  }

  std::vector<OccupancySample> samples() && {
    for (Value& value : values_) close(value, ~uint64_t{0});
    std::vector<OccupancySample> result;
    int64_t places = 0;
    for (const auto& [cycle, change] : changes_) {
      if (change == 0) continue;
      places += change;
      result.push_back({cycle, static_cast<uint64_t>(places * kPlaceBytes)});
    }
    return result;
  }

 private:
  struct Value {
    bool exists = false, read = false;
    uint64_t born = 0, last_read = 0;
  };

  // The value ends; another one is born at `next`.
  void close(const Value& value, uint64_t next) {
    if (!value.read) return;
    const uint64_t end = std::min(value.last_read, next);
    if (end <= value.born) return;
    ++changes_[value.born];
    --changes_[end];
  }

  std::array<Value, kPlaces> values_ = {};
  std::map<uint64_t, int64_t> changes_;
};

}  // namespace

void Occupancy::add(uint64_t start, uint64_t end, const std::vector<bm1684::Access>& operands) {
  Used used{start, end, commands_.size(), {}};
  for (const bm1684::Access& operand : operands) {
    if (operand.space != bm1684::Access::Space::kLocal) continue;
    Box box = normalize(operand);
    if (box.run == 0) continue;
    while (box.rank > 0 && box.axes[box.rank - 1].stride <= box.run + kPlaceBytes) {
      --box.rank;
      box.run += static_cast<int64_t>(box.axes[box.rank].count - 1) * box.axes[box.rank].stride;
    }
    used.boxes.push_back(box);
  }
  if (!used.boxes.empty()) commands_.push_back(std::move(used));
}

std::vector<OccupancySample> Occupancy::samples() && {
  // Commands take effect when they end.
  std::sort(commands_.begin(), commands_.end(),
            [](const Used& a, const Used& b) { return std::tie(a.end, a.number) < std::tie(b.end, b.number); });
  Ledger ledger;
  for (const Used& used : commands_)
    for (const Box& box : used.boxes)
      for_each_place(box, 0, box.begin,
                     [&](size_t place) { box.write ? ledger.write(place, used.start) : ledger.read(place, used.end); });
  return std::move(ledger).samples();
}

}  // namespace bmnet::tool
