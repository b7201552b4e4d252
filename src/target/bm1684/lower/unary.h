// Element-wise functions as sequences of instructions; used by the lowerings of unary and of operators that end in one.
#pragma once

#include <string_view>

#include "target/bm1684/lower/elementwise.h"

namespace bmnet::bm1684 {

struct UnaryFunction {
  int work;  // local tensors besides operand and result
  ElementwiseEmitter emit;
  bool in_place = false;  // result and operand may be the same tensor
};

// Empty when the TPU has no form of the kind (names as in the schema of `unary`).
std::optional<UnaryFunction> unary_function(std::string_view kind, float alpha, float beta);

}  // namespace bmnet::bm1684
