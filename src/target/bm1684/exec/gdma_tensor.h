// The forms of a GDMA command (gdma_tensor.cc, gdma_matrix.cc, gdma_special.cc), each with its values and its accesses;
// the cost is one formula for all (gdma_cycles.cc).
#pragma once

#include <memory>

#include "target/bm1684/exec/gdma_decode.h"
#include "target/bm1684/exec/gdma_move.h"

namespace bmnet::bm1684::gdma_exec {

#define BMNET_GDMA_FORM(name)                                                          \
  Status execute_##name(const Command& command, const Header& header, Memory& memory); \
  Result<std::vector<Access>> accesses_##name(const Command& command, const Header& header);
BMNET_GDMA_FORM(common)
BMNET_GDMA_FORM(tensor)  // move, transpose of N and C, conversion, constant fill
BMNET_GDMA_FORM(matrix)
BMNET_GDMA_FORM(lrn_shift)
BMNET_GDMA_FORM(transpose_cw)
BMNET_GDMA_FORM(winograd)
BMNET_GDMA_FORM(filter)
#undef BMNET_GDMA_FORM

// A side with the bytes that its offsets count from.
struct Tensor {
  const Side* side;
  uint8_t* memory;
};

// Moves every element of `source` to its place in `destination`. The shapes are equal, but for the sizes of n and c
// exchanged when `transposed`. Local lanes that `lane_mask` leaves out are not written. The sides share no bytes.
void move_tensor(Tensor source, Tensor destination, bool transposed, uint64_t lane_mask, const Transform& transform);

// The same through a buffer: for shapes of equal element counts, and where the two sides may share bytes. A source of
// fewer elements starts again.
Status move_through_buffer(Tensor source, Tensor destination, bool transposed, uint64_t lane_mask,
                           const Transform& transform);

// A side's shape, compact from offset 0 of a buffer.
Side compact_side(const Shape4& shape, uint32_t element_bytes);
// A buffer of `bytes` bytes, or a system error.
Result<std::unique_ptr<uint8_t[]>> allocate(uint64_t bytes);

// Could the two sides share a byte? Judged by the ranges, not by the strides between.
bool may_overlap(const Side& a, const Side& b);

}  // namespace bmnet::bm1684::gdma_exec
