#include "debug/stop_points.h"

#include <algorithm>
#include <cstring>

namespace bmnet::debug {

int StopPoints::add(StopPoint point, const bm1684::Memory& memory) {
  point.number = next_++;
  if (point.kind == StopPoint::Kind::kWatch) {
    const std::span<const uint8_t> bytes = bytes_of(point.range, memory);
    point.content.assign(bytes.begin(), bytes.end());
  }
  points_.push_back(std::move(point));
  return points_.back().number;
}

bool StopPoints::remove(int number) {
  return std::erase_if(points_, [&](const StopPoint& point) { return point.number == number; }) > 0;
}

bool StopPoints::look_at_operands() const {
  return std::ranges::any_of(points_, [](const StopPoint& point) {
    return point.kind == StopPoint::Kind::kAccess || point.kind == StopPoint::Kind::kWatch;
  });
}

bool touches(const std::vector<bm1684::Access>& operands, const MemoryRange& range, bool writes) {
  const Box box = normalize(access_of(range));
  return std::ranges::any_of(operands, [&](const bm1684::Access& operand) {
    return (operand.write || !writes) && overlap(normalize(operand), box);
  });
}

std::string changes(const StopPoint& watch, std::span<const uint8_t> now) {
  constexpr size_t kShown = 4;
  const size_t step = static_cast<size_t>(element_bytes(watch.element));
  const size_t count = now.size() / step;
  std::string text;
  size_t changed = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t *old_value = &watch.content[i * step], *new_value = &now[i * step];
    if (std::memcmp(old_value, new_value, step) == 0) continue;
    if (++changed > kShown) continue;
    MemoryRange place = watch.range;
    place.offset += i * step;
    text += fmt::format("  {}: {} -> {}\n", first_address(place), value_text(watch.element, old_value),
                        value_text(watch.element, new_value));
  }
  for (size_t i = count * step; i < now.size(); ++i) {
    if (watch.content[i] == now[i]) continue;
    MemoryRange place = watch.range;
    place.offset += i;
    text += fmt::format("  {}: 0x{:02x} -> 0x{:02x}\n", first_address(place), watch.content[i], now[i]);
    ++changed;
  }
  if (changed == 0) return "  the bytes are what they were\n";
  if (changed > kShown) text += fmt::format("  … {} changed of {}\n", changed, count);
  return text;
}

}  // namespace bmnet::debug
