// DDR addresses by lifetime.
#pragma once

#include <cstdint>
#include <vector>

namespace bmnet::plan {

struct Lifetime {
  int64_t bytes = 0;
  int32_t first = 0, last = 0;  // positions in the order of execution, both inclusive
};

struct Packing {
  std::vector<uint64_t> offsets;  // multiples of the page size
  uint64_t bytes = 0;             // of all
};

// Buffers whose lifetimes overlap get disjoint pages. Largest first, each at the lowest place where it fits.
Packing pack(const std::vector<Lifetime>& buffers, uint64_t page);

}  // namespace bmnet::plan
