// The inner machine of the GDMA: moves the elements of a nest of up to four loops from one place to another.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "target/bm1684/exec/gdma_decode.h"

namespace bmnet::bm1684::gdma_exec {

// One loop. Byte offsets of the positions: i * stride, or the table's entry where a table is given.
struct MoveAxis {
  uint32_t count = 1;
  int64_t source = 0, destination = 0;
  std::vector<int64_t> source_table, destination_table;

  bool has_table() const { return !source_table.empty() || !destination_table.empty(); }
};

// What happens to the elements on the way: destination[i] = f(source[i], old destination[i]).
struct Transform {
  uint32_t source_bytes = 4, destination_bytes = 4;
  void (*kernel)(const void* source, void* destination, size_t count) = nullptr;  // absent: a plain copy
};
Transform transform_of(const Header& header);

// Loops outermost first. Source and destination share no bytes. `any_order`: every place of the destination is written
// once, so that the loops may be exchanged for speed.
void run_move(std::array<MoveAxis, 4> axes, const uint8_t* source, uint8_t* destination, const Transform& transform,
              bool any_order);

}  // namespace bmnet::bm1684::gdma_exec
