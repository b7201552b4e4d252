// Products of matrices, attention.
#include <cmath>

#include "frontend/mxnet/call.h"

namespace bmnet::frontend::mxnet {
namespace {

Result<Values> matmul(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  return one(call.finish("matmul", {}, inputs));
}

Result<Values> einsum(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  return one(call.finish("einsum", {{"equation", call.node.text("subscripts", "")}}, inputs));
}

// alpha * A x B (+ beta * C)
Result<Values> gemm(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const bool transpose_a, call.node.boolean("transpose_a", false));
  BMNET_ASSIGN(const bool transpose_b, call.node.boolean("transpose_b", false));
  BMNET_ASSIGN(const float alpha, call.node.number("alpha", 1));
  BMNET_ASSIGN(const float beta, call.node.number("beta", 1));
  BMNET_ASSIGN(const int64_t axis, call.node.integer("axis", -2));
  if (axis != -2) return unsupported("axis={}; matrices must stand on the last two axes", axis);
  const op::Attributes attributes = {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}};
  const bool plain = inputs.size() == 2 && alpha == 1;
  if (plain) return one(call.finish("matmul", attributes, inputs));
  BMNET_ASSIGN(ValueId product, call.make("matmul", attributes, {inputs[0], inputs[1]}));
  if (inputs.size() == 2)
    return one(call.finish("unary", {{"kind", std::string("linear")}, {"alpha", alpha}}, {product}));
  BMNET_ASSIGN(product, call.linear(product, alpha, 0));
  BMNET_ASSIGN(const ValueId addend, call.linear(inputs[2], beta, 0));
  return one(call.finish("binary", {{"kind", std::string("add")}}, {product, addend}));
}

Result<Values> divide_by_root(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  if (call.rank_of(x) < 1) return user_error("its input is a scalar");
  const float scale = 1 / std::sqrt(static_cast<float>(call.shape_of(x).back()));
  return one(call.finish("unary", {{"kind", std::string("linear")}, {"alpha", scale}}, {x}));
}

// Projections [T,N,heads*parts*d] as their part number `part`, [N*heads,T,d].
Result<ValueId> head_part(Call& call, ValueId x, int64_t heads, int64_t parts, int64_t part) {
  const Shape s = call.shape_of(x);
  if (s.size() != 3 || heads < 1 || parts > s[2] / heads || s[2] % (heads * parts))
    return user_error("{} heads do not fit projections {}", heads, to_string(s));
  const int64_t depth = s[2] / heads / parts;
  BMNET_ASSIGN(x, call.reshape(x, {s[0], s[1] * heads, parts, depth}));
  BMNET_ASSIGN(x, call.slice(x, 2, part, 1));
  BMNET_ASSIGN(x, call.reshape(x, {s[0], s[1] * heads, depth}));
  return call.transpose(x, {1, 0, 2});
}

// Scores of queries against keys, scaled by the root of their depth.
Result<Values> attention_scores(Call& call) {
  const bool self = call.kind() == "self";
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const int64_t heads, call.node.integer("heads", 1));
  BMNET_ASSIGN(ValueId queries, head_part(call, inputs[0], heads, self ? 3 : 1, 0));
  BMNET_ASSIGN(const ValueId keys, head_part(call, inputs[self ? 0 : 1], heads, self ? 3 : 2, self ? 1 : 0));
  BMNET_ASSIGN(queries, call.linear(queries, 1 / std::sqrt(static_cast<float>(call.shape_of(queries)[2])), 0));
  return one(call.finish("matmul", {{"transpose_b", true}}, {queries, keys}));
}

// Values weighed with an attention [N*heads,T,T], back as [T,N,heads*d].
Result<Values> attention_values(Call& call) {
  const bool self = call.kind() == "self";
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const int64_t heads, call.node.integer("heads", 1));
  BMNET_ASSIGN(const ValueId values, head_part(call, inputs[0], heads, self ? 3 : 2, self ? 2 : 1));
  BMNET_ASSIGN(ValueId y, call.make("matmul", {}, {inputs[1], values}));
  BMNET_ASSIGN(y, call.transpose(y, {1, 0, 2}));
  const Shape s = call.shape_of(y);
  return one(call.finish("reshape", {{"shape", Shape{s[0], s[1] / heads, heads * s[2]}}}, {y}));
}

// clang-format off
constexpr Row row(std::string_view name, size_t least, size_t most, Result<Values> (*convert)(Call&), std::string_view attributes,
                  std::string_view becomes, std::string_view kind = "", std::string_view remark = "") {
  return {name, least, most, kNoParameters, convert, kind, attributes, becomes, remark};
}
constexpr Row kRows[] = {
    row("_npi_matmul", 2, 2, matmul, "", "matmul"), row("_npi_einsum", 1, kAny, einsum, "subscripts", "einsum"),
    row("_linalg_gemm", 3, 3, gemm, "transpose_a transpose_b alpha beta", "matmul unary binary", "", "last two axes"),
    row("linalg_gemm", 3, 3, gemm, "transpose_a transpose_b alpha beta", "matmul unary binary", "", "last two axes"),
    row("_linalg_gemm2", 2, 2, gemm, "transpose_a transpose_b alpha", "matmul unary", "", "last two axes"),
    row("linalg_gemm2", 2, 2, gemm, "transpose_a transpose_b alpha", "matmul unary", "", "last two axes"),
    row("_contrib_div_sqrt_dim", 1, 1, divide_by_root, "", "unary"),
    row("_contrib_interleaved_matmul_selfatt_qk", 1, 1, attention_scores, "heads", "matmul", "self"),
    row("_contrib_interleaved_matmul_selfatt_valatt", 2, 2, attention_values, "heads", "matmul", "self"),
    row("_contrib_interleaved_matmul_encdec_qk", 2, 2, attention_scores, "heads", "matmul", "two"),
    row("_contrib_interleaved_matmul_encdec_valatt", 2, 2, attention_values, "heads", "matmul", "two"),
};
// clang-format on

}  // namespace

std::span<const Row> matrix_rows() { return kRows; }

}  // namespace bmnet::frontend::mxnet
