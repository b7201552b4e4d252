// Matrix products.
#include <algorithm>
#include <cmath>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

ValueId matmul(Call& c, ValueId a, ValueId b, bool transpose_b = false) {
  return c.t.emit("matmul", {{"transpose_b", transpose_b}}, {a, b});
}
ValueId affine(Call& c, ValueId x, ValueId weight, std::optional<ValueId> bias) {
  std::vector<ValueId> inputs = {x, weight};
  if (bias) inputs.push_back(*bias);
  return c.t.emit("matmul", {{"transpose_b", true}}, inputs);
}
std::optional<ValueId> maybe_f32(Call& c, size_t index) {
  return c.given(index) ? std::optional(c.f32(index)) : std::nullopt;
}

Value linear(Call& c) {
  if (c.t.shape(c.f32(1)).size() != 2) return c.result(matmul(c, c.f32(0), c.f32(1)));
  return c.result(affine(c, c.f32(0), c.f32(1), maybe_f32(c, 2)));
}
Value product(Call& c) { return c.result(matmul(c, c.f32(0), c.f32(1))); }

ValueId scaled(Call& c, ValueId x, size_t index) {
  const double factor = c.number(index, 1);
  return factor == 1 ? x : c.t.unary("linear", x, factor, 0);
}
// beta * self + alpha * (a @ b)
Value add_product(Call& c) {
  const ValueId ab = scaled(c, matmul(c, c.f32(1), c.f32(2)), 4);
  if (c.number(3, 1) == 0) return c.result(ab);
  return c.result(c.t.binary("add", scaled(c, c.f32(0), 3), ab));
}
Value outer(Call& c) {
  const ValueId a = c.f32(0);
  return c.result(c.t.binary("mul", c.t.reshape(a, {element_count(c.t.shape(a)), 1}), c.f32(1)));
}

Value einsum(Call& c) {
  std::string equation = c.text(0, "");
  std::erase(equation, ' ');
  std::vector<ValueId> values = c.tensors(1);
  for (ValueId& value : values) value = c.t.cast(value, DType::kF32);
  return c.result(c.t.emit("einsum", {{"equation", equation}}, values));
}

constexpr OpRow kRows[] = {
    {"linear", "input weight bias", linear, "matmul"},
    {"matmul", "self other", product, "matmul"},
    {"mm", "self mat2", product, "matmul"},
    {"bmm", "self mat2", product, "matmul"},
    {"mv", "self vec", product, "matmul"},
    {"dot", "self tensor", product, "matmul"},
    {"addmm", "self mat1 mat2 beta alpha", add_product, "matmul binary"},
    {"addmv", "self mat vec beta alpha", add_product, "matmul binary"},
    {"baddbmm", "self batch1 batch2 beta alpha", add_product, "matmul binary"},
    {"outer", "self vec2", outer, "binary"},
    {"einsum", "equation tensors path", einsum, "einsum"},
};

}  // namespace

std::span<const OpRow> matrix_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
