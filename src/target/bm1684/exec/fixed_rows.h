// Element-wise work on 8 and 16 bit numbers in packed layouts (4N, 2N): runs are widened to 32 bits for a kernel and
// its results narrowed.
#pragma once

#include <span>

#include "target/bm1684/exec/simd.h"
#include "target/bm1684/exec/strided_operand.h"

namespace bmnet::bm1684 {

// result[i] = f(inputs[0][i], inputs[1][i], …).
using FixedKernel = void(const int32_t* const* inputs, int32_t* result, size_t count, const void* context);

// An input: an operand whose elements are extended by their sign or by zeros, or without operand a constant.
struct FixedSource {
  const StridedOperand* operand;
  bool is_signed;
  int32_t constant;
};

// Runs `kernel` over all elements of `shape`, n counting single batch items; two or three inputs, protected from the
// result (strided_operand.h). The low bits of the kernel's results are stored.
void apply_fixed(const Shape4& shape, std::span<const FixedSource> sources, const StridedOperand& result,
                 FixedKernel* kernel, const void* context);

}  // namespace bmnet::bm1684
