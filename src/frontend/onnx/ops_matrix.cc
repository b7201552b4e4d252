// Matrix products.
#include "frontend/onnx/call.h"

namespace bmnet::frontend::onnx {
namespace {

Result<ValueId> scaled(Call& call, ValueId x, float factor) {
  return factor == 1 ? Result<ValueId>(x) : call.unary("linear", x, factor);
}

// alpha * A' * B' + beta * C. A factor goes to a constant operand where there is one, so that it folds away.
Result<Values> gemm(Call& call) {
  if (call.rank(0) != 2 || call.rank(1) != 2)
    return user_error("operands of shapes {} and {}, matrices are expected", to_string(call.shape(0)),
                      to_string(call.shape(1)));
  ValueId a = call.in(0), b = call.in(1);
  const float alpha = call.number("alpha", 1), beta = call.number("beta", 1);
  const bool fold_into_b = call.constant_of(b) != nullptr || !call.constant_of(a);
  if (fold_into_b) {
    BMNET_ASSIGN(b, scaled(call, b, alpha));
  } else {
    BMNET_ASSIGN(a, scaled(call, a, alpha));
  }
  Values operands = {a, b};
  if (call.has(2) && beta != 0) {
    BMNET_ASSIGN(const ValueId c, scaled(call, call.in(2), beta));
    operands.push_back(c);
  }
  return call.finish("matmul",
                     {{"transpose_a", call.integer("transA", 0) != 0}, {"transpose_b", call.integer("transB", 0) != 0}},
                     operands);
}

Result<Values> matmul(Call& call) { return call.finish("matmul", {}, {call.in(0), call.in(1)}); }

Result<Values> einsum(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  if (!call.has_attribute("equation")) return user_error("the required attribute 'equation' is missing");
  return call.finish("einsum", {{"equation", call.text("equation", "")}}, inputs);
}

// clang-format off
constexpr Row kRows[] = {
    {"Einsum", 12, 1, kAny, 1, "equation:s", einsum, "", "einsum", ""},
    {"Gemm", 1, 3, 3, 1, "alpha:f beta:f broadcast:i transA:i transB:i", gemm, "", "matmul", ""},
    {"Gemm", 11, 2, 3, 1, "alpha:f beta:f transA:i transB:i", gemm, "", "matmul", ""},
    {"MatMul", 1, 2, 2, 1, "", matmul, "", "matmul", ""},
};
// clang-format on

}  // namespace

std::span<const Row> matrix_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
