// Element-wise work on 32-bit words: walks the operands, gives kernels contiguous runs, gathers and scatters where an
// operand is strided.
#pragma once

#include <cstring>

#include "target/bm1684/exec/row_walk.h"

namespace bmnet::bm1684 {

// result[i] = f(inputs[0][i], inputs[1][i], …). An input may be the result itself.
using WordKernel = void(const uint32_t* const* inputs, uint32_t* result, size_t count, const void* context);

namespace detail {

inline constexpr size_t kWordBlock = 1024;  // buffers of 4 KiB stay in the first cache

// `count` elements of `operand` from `i` on, as words.
void gather_words(const StridedOperand& operand, const uint8_t* at, int64_t stride, size_t i, size_t count,
                  uint32_t* words);
void scatter_words(const StridedOperand& operand, uint8_t* at, int64_t stride, size_t i, size_t count,
                   const uint32_t* words);

// What one input offers to the kernel: its own bytes where they are contiguous, else a gathered copy.
struct InputRows {
  const StridedOperand* operand;
  const uint8_t* repeated = nullptr;  // the word that fills `buffer`, in `filled` places
  size_t filled = 0;
  alignas(64) uint32_t buffer[kWordBlock];

  bool direct(int64_t stride) const {
    return stride == 4 && operand->packing.element_bytes == 4 && operand->w_offsets.empty();
  }
  const uint32_t* words(const uint8_t* at, int64_t stride, size_t i, size_t count) {
    if (direct(stride)) return reinterpret_cast<const uint32_t*>(at) + i;
    const bool repeats = stride == 0 && operand->w_offsets.empty();
    if (repeats && repeated == at && filled >= count) return buffer;
    gather_words(*operand, at, stride, i, count, buffer);
    repeated = repeats ? at : nullptr;
    filled = count;
    return buffer;
  }
};

}  // namespace detail

// Runs `kernel` over all elements. The inputs have been protected from the result (strided_operand.h).
template <size_t Inputs>
void apply_words(const Shape4& shape, const std::array<const StridedOperand*, Inputs>& inputs,
                 const StridedOperand& result, WordKernel* kernel, const void* context, uint64_t lane_mask = ~0ull) {
  std::array<const StridedOperand*, Inputs + 1> operands;
  std::array<detail::InputRows, Inputs> sources;
  for (size_t k = 0; k < Inputs; ++k) sources[k].operand = operands[k] = inputs[k];
  operands[Inputs] = &result;
  alignas(64) uint32_t results[detail::kWordBlock];
  const auto visit = [&](const Row<Inputs + 1>& row) {
    const bool direct_result = row.stride[Inputs] == 4 && result.w_offsets.empty();
    bool direct = direct_result;
    for (size_t k = 0; k < Inputs; ++k) direct &= sources[k].direct(row.stride[k]);
    const size_t block = direct ? row.count : detail::kWordBlock;
    for (size_t i = 0; i < row.count; i += block) {
      const size_t count = std::min<size_t>(block, row.count - i);
      const uint32_t* words[Inputs];
      for (size_t k = 0; k < Inputs; ++k) words[k] = sources[k].words(row.at[k], row.stride[k], i, count);
      if (direct_result) {
        kernel(words, reinterpret_cast<uint32_t*>(row.at[Inputs]) + i, count, context);
        continue;
      }
      kernel(words, results, count, context);
      detail::scatter_words(result, row.at[Inputs], row.stride[Inputs], i, count, results);
    }
  };
  walk_rows<Inputs + 1>(shape, operands, visit, lane_mask);
}

}  // namespace bmnet::bm1684
