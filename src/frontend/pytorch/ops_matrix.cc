// Matrix products and attention.
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

struct Attended {
  ValueId values, weights;
};
// softmax(q k^T * scale + mask) v over the last two axes. A mask of bools tells where to look.
Attended attend(Call& c, ValueId q, ValueId k, ValueId v, double scale, std::optional<ValueId> mask) {
  const auto rank = static_cast<int64_t>(c.t.shape(q).size());
  ValueId scores = c.t.unary("linear", matmul(c, q, k, true), scale, 0);
  if (mask && c.t.dtype(*mask) == DType::kBool)
    scores = c.t.emit("select", {}, {*mask, scores, c.t.scalar(DType::kF32, -std::numeric_limits<float>::infinity())});
  else if (mask)
    scores = c.t.binary("add", scores, *mask);
  const ValueId weights = c.t.emit("softmax", {{"axis", rank - 1}}, {scores});
  return {matmul(c, weights, v), weights};
}

Value scaled_dot_product_attention(Call& c) {
  const ValueId q = c.f32(0), k = c.f32(1);
  const Shape shape = c.t.shape(q);
  if (shape.size() < 2) reject("scaled_dot_product_attention of shape {}", to_string(shape));
  if (c.number(4, 0) != 0) refuse("scaled_dot_product_attention with dropout");
  std::optional<ValueId> mask = c.maybe_tensor(3);
  if (c.boolean(5, false)) {
    const int64_t rows = shape[shape.size() - 2], columns = c.t.shape(k)[c.t.shape(k).size() - 2];
    if (rows > 8192 || columns > 8192) refuse("causal attention over {} x {}", rows, columns);
    Tensor causal({DType::kBool, {rows, columns}});
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) causal.data<bool>()[static_cast<size_t>(i * columns + j)] = j <= i;
    mask = c.t.constant(std::move(causal));
  }
  const double scale = c.number(6, 1 / std::sqrt(static_cast<double>(shape.back())));
  return c.result(attend(c, q, k, c.f32(2), scale, mask).values);
}

// Self-attention or cross-attention of [N,T,E]; the projections of query, key and value stand in one matrix.
Value multi_head_attention(Call& c) {
  const int64_t embed = c.integer(3), heads = c.integer(4);
  if (embed < 1 || heads < 1 || embed % heads != 0)
    reject("multi-head attention: {} channels in {} heads", embed, heads);
  const ValueId weight = c.f32(5), bias = c.f32(6);
  const auto projected = [&](size_t index) {
    const ValueId x = c.f32(index);
    const Shape shape = c.t.shape(x);
    if (shape.size() != 3) reject("multi-head attention of shape {}", to_string(shape));
    const auto part = static_cast<int64_t>(index) * embed;
    const ValueId y = affine(c, x, c.t.slice(weight, 0, part, embed), c.t.slice(bias, 0, part, embed));
    return c.t.permute(c.t.reshape(y, {shape[0], shape[1], heads, embed / heads}), {0, 2, 1, 3});
  };
  std::optional<ValueId> mask = c.maybe_tensor(9);
  if (mask && c.t.dtype(*mask) == DType::kBool) mask = c.t.unary("not", *mask);  // here true means: do not look
  const Attended attended =
      attend(c, projected(0), projected(1), projected(2), 1 / std::sqrt(static_cast<double>(embed / heads)), mask);
  const Shape shape = c.t.shape(attended.values);
  const ValueId joined = c.t.reshape(c.t.permute(attended.values, {0, 2, 1, 3}), {shape[0], shape[2], embed});
  const ValueId output = affine(c, joined, c.f32(7), c.f32(8));
  if (!c.boolean(10, true)) return make_tuple({c.result(output), Value()});
  const ValueId weights =
      c.boolean(11, true)
          ? c.t.emit("reduce", {{"kind", std::string("mean")}, {"axes", std::vector<int64_t>{1}}, {"keep_dims", false}},
                     {attended.weights})
          : attended.weights;
  return c.tuple({output, weights});
}

// Quantizes x to 8 (reduce_range: 7) bits by its own range, as PyTorch's dynamic kernels do, and back.
ValueId dynamically_quantized(Call& c, ValueId x, bool reduce_range) {
  const double levels = reduce_range ? 127 : 255;
  std::vector<int64_t> axes;
  for (size_t i = 0; i < c.t.shape(x).size(); ++i) axes.push_back(static_cast<int64_t>(i));
  const auto extreme = [&](const char* kind) {
    const ValueId found = c.t.emit("reduce", {{"kind", std::string(kind)}, {"axes", axes}, {"keep_dims", false}}, {x});
    return c.t.binary(kind, found, c.t.scalar(DType::kF32, 0));
  };
  const ValueId low = extreme("min"), high = extreme("max");
  const ValueId range = c.t.binary("max", c.t.binary("sub", high, low), c.t.scalar(DType::kF32, 1e-30));
  const ValueId scale = c.t.unary("linear", range, 1 / levels, 0);
  const ValueId zero = c.t.unary("round", c.t.unary("neg", c.t.binary("div", low, scale)));
  const ValueId places = c.t.binary("add", c.t.unary("round", c.t.binary("div", x, scale)), zero);
  return c.t.binary("mul", c.t.binary("sub", c.t.unary("clip", places, 0, levels), zero), scale);
}

// Packed parameters hold (weight, bias); the weight was dequantized when it was read.
Value linear_dynamic(Call& c) {
  const Object* packed = c.at(1).ref<Object>();
  const auto state = packed ? packed->attributes.find("__state__") : std::map<std::string, Value>::const_iterator();
  const Items* parts = packed && state != packed->attributes.end() ? state->second.items() : nullptr;
  Cell* weight = parts && parts->size() >= 2 ? (*parts)[0].ref<Cell>() : nullptr;
  if (!weight) refuse("quantized.linear_dynamic: packed parameters of an unknown kind");
  if (weight->name.empty()) weight->name = packed->path + ".weight";
  Cell* bias = (*parts)[1].ref<Cell>();
  if (bias && bias->name.empty()) bias->name = packed->path + ".bias";
  return c.result(affine(c, dynamically_quantized(c, c.f32(0), c.boolean(2, false)), c.t.read(*weight),
                         bias ? std::optional(c.t.read(*bias)) : std::nullopt));
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
    {"scaled_dot_product_attention", "query key value attn_mask dropout_p is_causal scale",
     scaled_dot_product_attention, "matmul softmax"},
    {"_native_multi_head_attention",
     "query key value embed_dim num_head qkv_weight qkv_bias proj_weight proj_bias mask need_weights "
     "average_attn_weights mask_type",
     multi_head_attention, "matmul softmax"},
    {"quantized.linear_dynamic", "X W_prepack reduce_range", linear_dynamic, "matmul", "weights dequantized"},
};

}  // namespace

std::span<const OpRow> matrix_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
