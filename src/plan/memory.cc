#include "plan/memory.h"

#include <algorithm>
#include <tuple>

namespace bmnet::plan {

Packing pack(const std::vector<Lifetime>& buffers, uint64_t page) {
  const auto pages = [&](size_t i) { return (static_cast<uint64_t>(buffers[i].bytes) + page - 1) / page * page; };
  std::vector<size_t> order(buffers.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](size_t i) { return std::tuple(-buffers[i].bytes, buffers[i].first, i); });

  Packing packing{std::vector<uint64_t>(buffers.size(), 0), 0};
  std::vector<size_t> placed;  // by offset
  for (size_t i : order) {
    uint64_t offset = 0;
    for (size_t other : placed) {
      if (buffers[other].last < buffers[i].first || buffers[i].last < buffers[other].first) continue;
      if (packing.offsets[other] >= offset + pages(i)) break;  // the gap before it is large enough
      offset = std::max(offset, packing.offsets[other] + pages(other));
    }
    packing.offsets[i] = offset;
    packing.bytes = std::max(packing.bytes, offset + pages(i));
    placed.insert(std::ranges::upper_bound(placed, offset, {}, [&](size_t k) { return packing.offsets[k]; }), i);
  }
  return packing;
}

}  // namespace bmnet::plan
