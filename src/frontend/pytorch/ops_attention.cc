// Attention, and the fused layers that PyTorch's transformer modules call in evaluation mode.
#include <algorithm>
#include <cmath>
#include <limits>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

ValueId matmul(Call& c, ValueId a, ValueId b, bool transpose_b = false) {
  return c.t.emit("matmul", {{"transpose_b", transpose_b}}, {a, b});
}
ValueId affine(Call& c, ValueId x, ValueId weight, ValueId bias) {
  return c.t.emit("matmul", {{"transpose_b", true}}, {x, weight, bias});
}

struct Attended {
  ValueId values, weights;
};
// softmax(q k^T * scale + mask) v over the last two axes. A mask of bools tells where to look.
Attended attend(Call& c, ValueId q, ValueId k, ValueId v, double scale, std::optional<ValueId> mask) {
  const auto rank = static_cast<int64_t>(c.t.shape(q).size());
  ValueId scores = c.t.unary("linear", matmul(c, q, k, true), scale, 0);
  if (mask && c.t.dtype(*mask) == DType::kBool)
    scores = c.t.select(*mask, scores, c.t.scalar(DType::kF32, -std::numeric_limits<float>::infinity()));
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

struct Heads {
  int64_t embed = 0, heads = 0;
  ValueId qkv_weight = -1, qkv_bias = -1, out_weight = -1, out_bias = -1;
};

// In these layers true of a mask means: do not look. mask_type: 0 [T,T] of queries and keys, 1 [N,T] of keys, 2 both in
// [N,heads,T,T].
std::optional<ValueId> mask_of(Call& c, size_t mask_at, size_t type_at) {
  std::optional<ValueId> mask = c.maybe_tensor(mask_at);
  if (!mask) return mask;
  const Shape shape = c.t.shape(*mask);
  const int64_t otherwise = shape.size() == 4 ? 2 : 0;
  const int64_t type = c.integer(type_at, otherwise);
  if (type == 1 && shape.size() != 2) reject("torch.{}: a key mask of shape {}", c.op(), to_string(shape));
  if (type == 1) mask = c.t.reshape(*mask, {shape[0], 1, 1, shape[1]});
  return c.t.dtype(*mask) == DType::kBool ? c.t.unary("not", *mask) : *mask;
}

// Of [N,T,E] operands; the projections of query, key and value stand in one matrix.
Attended attend_in_heads(Call& c, const Heads& h, const ValueId (&operands)[3], std::optional<ValueId> mask) {
  if (h.embed < 1 || h.heads < 1 || h.embed % h.heads != 0)
    reject("torch.{}: {} channels in {} heads", c.op(), h.embed, h.heads);
  const int64_t each = h.embed / h.heads;
  ValueId projected[3];
  for (int64_t i = 0; i < 3; ++i) {
    const Shape shape = c.t.shape(operands[i]);
    if (shape.size() != 3) reject("torch.{} of shape {}: [N,T,E] is needed", c.op(), to_string(shape));
    const ValueId y = affine(c, operands[i], c.t.slice(h.qkv_weight, 0, i * h.embed, h.embed),
                             c.t.slice(h.qkv_bias, 0, i * h.embed, h.embed));
    projected[i] = c.t.permute(c.t.reshape(y, {shape[0], shape[1], h.heads, each}), {0, 2, 1, 3});
  }
  const Attended attended =
      attend(c, projected[0], projected[1], projected[2], 1 / std::sqrt(static_cast<double>(each)), mask);
  const Shape shape = c.t.shape(attended.values);
  const ValueId joined = c.t.reshape(c.t.permute(attended.values, {0, 2, 1, 3}), {shape[0], shape[2], h.embed});
  return {affine(c, joined, h.out_weight, h.out_bias), attended.weights};
}

Value multi_head_attention(Call& c) {
  const Heads heads{c.integer(3), c.integer(4), c.f32(5), c.f32(6), c.f32(7), c.f32(8)};
  const Attended attended = attend_in_heads(c, heads, {c.f32(0), c.f32(1), c.f32(2)}, mask_of(c, 9, 12));
  if (!c.boolean(10, true)) return make_tuple({c.result(attended.values), Value()});
  return c.tuple(
      {attended.values, c.boolean(11, true) ? c.t.reduce("mean", attended.weights, {1}, false) : attended.weights});
}

ValueId layer_norm(Call& c, ValueId x, size_t weight, double epsilon) {
  const auto axis = static_cast<int64_t>(c.t.shape(x).size()) - 1;
  return c.t.emit("layer_norm", {{"axis", axis}, {"epsilon", static_cast<float>(epsilon)}},
                  {x, c.f32(weight), c.f32(weight + 1)});
}
// f(src, embed_dim, num_heads, qkv_weight, qkv_bias, proj_weight, proj_bias, use_gelu, norm_first, eps, norm_weight_1,
// norm_bias_1, norm_weight_2, norm_bias_2, ffn_weight_1, ffn_bias_1, ffn_weight_2, ffn_bias_2, mask, mask_type)
Value encoder_layer(Call& c) {
  const Heads heads{c.integer(1), c.integer(2), c.f32(3), c.f32(4), c.f32(5), c.f32(6)};
  const bool norm_first = c.boolean(8, false);
  const double epsilon = c.number(9, 1e-5);
  const auto attention = [&](ValueId x) { return attend_in_heads(c, heads, {x, x, x}, mask_of(c, 18, 19)).values; };
  const auto feed_forward = [&](ValueId x) {
    const ValueId hidden = c.t.unary(c.boolean(7, false) ? "gelu" : "relu", affine(c, x, c.f32(14), c.f32(15)));
    return affine(c, hidden, c.f32(16), c.f32(17));
  };
  ValueId x = c.f32(0);
  if (norm_first) {
    x = c.t.binary("add", x, attention(layer_norm(c, x, 10, epsilon)));
    return c.result(c.t.binary("add", x, feed_forward(layer_norm(c, x, 12, epsilon))));
  }
  x = layer_norm(c, c.t.binary("add", x, attention(x)), 10, epsilon);
  return c.result(layer_norm(c, c.t.binary("add", x, feed_forward(x)), 12, epsilon));
}

constexpr OpRow kRows[] = {
    {"scaled_dot_product_attention", "query key value attn_mask dropout_p is_causal scale",
     scaled_dot_product_attention, "matmul softmax"},
    {"_native_multi_head_attention",
     "query key value embed_dim num_head qkv_weight qkv_bias proj_weight proj_bias mask need_weights "
     "average_attn_weights mask_type",
     multi_head_attention, "matmul softmax"},
    {"_transformer_encoder_layer_fwd",
     "src embed_dim num_heads qkv_weight qkv_bias proj_weight proj_bias use_gelu norm_first eps norm_weight_1 "
     "norm_bias_1 norm_weight_2 norm_bias_2 ffn_weight_1 ffn_bias_1 ffn_weight_2 ffn_bias_2 mask mask_type",
     encoder_layer, "matmul softmax layer_norm"},
};

}  // namespace

std::span<const OpRow> attention_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
