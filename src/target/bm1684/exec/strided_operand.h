// Operands of the element-wise TIU instructions in local memory: how a command describes them, and how they are walked.
//
// Channel c of a tensor that starts in lane L lives in lane (L + c) mod 64, there in row (L + c) div 64. Inside a lane
// the element (n, row, h, w) stands at offset + n*stride_n + row*stride_row + h*stride_h + w*stride_w, where an address
// shift divides the h or w term (upsampling reads).
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

struct Shape4 {
  uint32_t n = 1, c = 1, h = 1, w = 1;

  uint64_t elements() const { return uint64_t{n} * c * h * w; }
  bool operator==(const Shape4&) const = default;
};

// How elements share the 32-bit words of local memory.
struct Packing {
  uint32_t batches;        // consecutive batch items in one word: 1 (words), 2 (2N int16) or 4 (4N int8)
  uint32_t element_bytes;  // 4, 2 or 1
};
inline constexpr Packing kWords{1, 4}, k2N{2, 2}, k4N{4, 1};

struct StridedOperand {
  uint8_t* memory = nullptr;  // byte 0 of lane 0
  uint64_t lane_pitch = kLaneBytes;
  uint32_t lane = 0;                           // of channel 0
  int64_t offset = 0;                          // of the first element in its lane
  int64_t n = 0, row = 0, h = 0, w = 0;        // strides in bytes; n: from one word of batches to the next
  std::vector<uint32_t> h_offsets, w_offsets;  // byte offsets in place of the strides where an address shift is set
  Packing packing = kWords;
  Shape4 shape;  // with broadcast dimensions as 1

  bool shifted() const { return !h_offsets.empty() || !w_offsets.empty(); }
  // The bytes that the operand spans in its lanes, [first, last).
  int64_t begin_in_lane() const { return offset; }
  int64_t end_in_lane() const;
};

// The fields that describe one operand.
struct OperandFields {
  const Field &address, &n_stride, &c_stride, &h_stride, &w_stride, &short_stride, &h_shift, &w_shift;
};
inline constexpr OperandFields kRes0{tiu::res0_addr,  tiu::res0_n_str,     tiu::res0_c_str,   tiu::res0_h_str,
                                     tiu::res0_w_str, tiu::short_res0_str, tiu::res0_h_shift, tiu::res0_w_shift};
inline constexpr OperandFields kOpd0{tiu::opd0_addr,  tiu::opd0_n_str,     tiu::opd0_c_str,   tiu::opd0_h_str,
                                     tiu::opd0_w_str, tiu::short_opd0_str, tiu::opd0_h_shift, tiu::opd0_w_shift};
inline constexpr OperandFields kOpd1{tiu::opd1_addr,  tiu::opd1_n_str,     tiu::opd1_c_str,   tiu::opd1_h_str,
                                     tiu::opd1_w_str, tiu::short_opd1_str, tiu::opd1_h_shift, tiu::opd1_w_shift};

// res0_n, res0_c, res0_h, res0_w. Refuses an empty shape and one of more elements than local memory holds.
Result<Shape4> result_shape(const Command& command, Packing packing);

// The operand of `shape` (broadcast dimensions reduced to 1): strides from the registers when the short-stride code is
// not zero, else those of the aligned layout. Refuses an address outside local memory and an operand that leaves its
// lane.
Result<StridedOperand> strided_operand(const Command& command, const OperandFields& fields, const Shape4& shape,
                                       Packing packing);

// The operand of `shape` at `address` in aligned layout, whatever the stride registers say: channels begin at multiples
// of 32 words (1N bytes: at multiples of 128 bytes, see `index_bytes_operand`).
Result<StridedOperand> aligned_operand(const Command& command, const Field& address, const Shape4& shape);
// The same for a tensor of single bytes (the index of a table look-up).
Result<StridedOperand> aligned_bytes_operand(const Command& command, const Field& address, const Shape4& shape);

// A constant: `*word` everywhere. `word` must outlive the operand.
StridedOperand constant_operand(const uint32_t* word);

// Do both name every element at the same place, each place once?
bool same_places(const StridedOperand& a, const StridedOperand& b);
// Could they share a byte? Judged by the byte ranges in the lanes, not by the strides between.
bool may_overlap(const StridedOperand& a, const StridedOperand& b);
// Copies what `operand` reads into `storage` and points the operand there.
void copy_aside(StridedOperand& operand, std::vector<uint8_t>& storage);
// All loads of an instruction happen before its stores: copies the operand aside unless writing `result` while walking
// cannot disturb it.
void protect_from(const StridedOperand& result, StridedOperand& operand, std::vector<uint8_t>& storage);
// What an instruction walks for one of its inputs: `operand` protected from `result`, or `*constant` where there is
// none.
StridedOperand input_or_constant(const std::optional<StridedOperand>& operand, const uint32_t* constant,
                                 const StridedOperand& result, std::vector<uint8_t>& storage);

// The axis of a box for `count` positions: a single stride, or with an address shift (`offsets`) the range around them
// in steps of `unit` bytes if they are irregular.
Access::Axis box_axis(const std::vector<uint32_t>& offsets, uint32_t count, int64_t stride, uint32_t unit);
// Joins the innermost axes into the run where they are contiguous.
void join_runs(Access& access);
// Appends the bytes of `operand` in the lanes of `lane_mask` to `list`, exactly; where an address shift makes places
// irregular, the range around them.
void append_accesses(const StridedOperand& operand, bool write, std::vector<Access>& list, uint64_t lane_mask = ~0ull);

}  // namespace bmnet::bm1684
