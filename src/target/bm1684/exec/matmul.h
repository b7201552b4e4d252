// What the matrix product's executors share; internal to exec/.
#pragma once

#include <cstdint>

#include "target/bm1684/exec/operand.h"
#include "target/bm1684/exec/scratch.h"

namespace bmnet::bm1684 {

// A checked command: result (rows x columns) = left (rows x depth) * right (depth x columns).
struct MatmulCommand {
  uint64_t rows = 0, depth = 0, columns = 0;
  bool transposed = false;  // left is stored depth x rows
  bool constant_left = false, has_bias = false, accumulate = false;
  bool left_signed = false, right_signed = false, bias_signed = false, old_signed = false, relu = false,
       wide_result = false;
  uint32_t left_constant = 0;
  int right_shift = 0, left_shift = 0;
  Matrix left, right, bias, result;  // left and bias only where present
  Matrix old;                        // the old result as int16; integer and accumulate only

  bool result_signed() const { return !relu && (left_signed || right_signed || (has_bias && bias_signed)); }
};

void run_matmul_f32(const MatmulCommand& matmul, Memory& memory);
void run_matmul_i8(const MatmulCommand& matmul, Memory& memory);

}  // namespace bmnet::bm1684
