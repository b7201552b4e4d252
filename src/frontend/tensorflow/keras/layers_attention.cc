// Attention.
#include <cmath>

#include "frontend/tensorflow/keras/layer.h"

namespace bmnet::frontend::tensorflow::keras {
namespace {

// softmax(q k^T * scale) v, on the last two axes.
Result<Value> attend(Layer& layer, const Value& query, const Value& key, const Value& value, float scale) {
  BMNET_ASSIGN(Value scores, layer.make("BatchMatMulV2", {query, key}, {{"adj_y", true}}));
  BMNET_ASSIGN(scores.id, layer.emitter.linear(scores.id, scale, 0));
  BMNET_ASSIGN(const Value weights, layer.make("Softmax", {scores}));
  return layer.make("BatchMatMulV2", {weights, value});
}

// One projection of MultiHeadAttention: [B,T,D] -> [B,heads,T,size] by kernel [D,heads,size].
Result<Value> projected(Layer& layer, const std::string& which, const Value& x, int64_t heads, int64_t size) {
  const Weights weights = layer.weights().of_scope(which);
  const Shape shape = layer.shape(x);
  BMNET_ASSIGN(const Tensor kernel, weights.read("kernel", {shape.back(), heads, size}));
  BMNET_ASSIGN(Value y,
               layer.make("BatchMatMulV2", {x, layer.constant(kernel.reshaped({shape.back(), heads * size}))}));
  if (layer.config.flag("use_bias", true)) {
    BMNET_ASSIGN(const Tensor bias, weights.read("bias", {heads, size}));
    BMNET_ASSIGN(y, layer.make("BiasAdd", {y, layer.constant(bias.reshaped({heads * size}))}));
  }
  BMNET_ASSIGN(y, layer.reshape(y, {shape[0], shape[1], heads, size}));
  return layer.transpose(y, {0, 2, 1, 3});
}

// Query, value, key, in the order of the call.
Result<Values> query_value_key(Layer& layer) {
  Values values = layer.inputs();
  for (const char* name : {"value", "key"})
    if (const Operand* keyword = layer.keyword(name))
      values.insert(values.end(), keyword->tensors.begin(), keyword->tensors.end());
  if (values.size() == 1) values.push_back(values[0]);
  if (values.size() == 2) values.push_back(values[1]);
  if (values.size() != 3) return user_error("{} tensors; query, value and key are expected", values.size());
  for (const Value& value : values)
    if (layer.shape(value).size() != 3)
      return unsupported("a tensor of shape {}; batch, steps and features are supported",
                         to_string(layer.shape(value)));
  for (const char* name : {"attention_mask", "mask", "query_mask", "value_mask", "key_mask"})
    if (layer.keyword(name)) return unsupported("{}; feed sequences of full length", name);
  if (const Operand* causal = layer.keyword("use_causal_mask"); causal && causal->constant && *causal->constant == true)
    return unsupported("use_causal_mask");
  return values;
}

Result<Values> multi_head(Layer& layer) {
  BMNET_ASSIGN(const Values operands, query_value_key(layer));
  const int64_t heads = layer.config.integer("num_heads", 0), size = layer.config.integer("key_dim", 0);
  const int64_t value_size = layer.config.integer("value_dim", size);
  if (heads < 1 || size < 1) return user_error("{} heads of {} elements", heads, size);
  if (layer.config.has("attention_axes") && layer.config.integers("attention_axes") != Shape{1})
    return unsupported("attention_axes [{}]", fmt::join(layer.config.integers("attention_axes"), ","));
  BMNET_ASSIGN(const Value query, projected(layer, "query", operands[0], heads, size));
  BMNET_ASSIGN(const Value key, projected(layer, "key", operands[2], heads, size));
  BMNET_ASSIGN(const Value value, projected(layer, "value", operands[1], heads, value_size));
  const float scale = static_cast<float>(1 / std::sqrt(static_cast<double>(size)));
  BMNET_ASSIGN(Value y, attend(layer, query, key, value, scale));
  BMNET_ASSIGN(y, layer.transpose(y, {0, 2, 1, 3}));
  const Shape shape = layer.shape(operands[0]);
  BMNET_ASSIGN(y, layer.reshape(y, {shape[0], shape[1], heads * value_size}));
  const int64_t width = layer.config.has("output_shape") ? layer.config.sizes("output_shape", 1, 1)[0] : shape[2];
  const Weights weights = layer.weights().of_scope("attention_output");
  BMNET_ASSIGN(const Tensor kernel, weights.read("kernel", {heads, value_size, width}));
  BMNET_ASSIGN(y, layer.make("BatchMatMulV2", {y, layer.constant(kernel.reshaped({heads * value_size, width}))}));
  if (layer.config.flag("use_bias", true)) {
    BMNET_ASSIGN(const Tensor bias, weights.read("bias", {width}));
    BMNET_ASSIGN(y, layer.make("BiasAdd", {y, layer.constant(bias)}));
  }
  return Values{y};
}

Result<Values> attention(Layer& layer) {
  BMNET_ASSIGN(const Values operands, query_value_key(layer));
  if (layer.config.text("score_mode", "dot") != "dot")
    return unsupported("score_mode '{}'", layer.config.text("score_mode", ""));
  if (layer.config.flag("causal", false)) return unsupported("causal");
  float scale = 1;
  if (layer.config.flag("use_scale", false)) {
    BMNET_ASSIGN(const Tensor weight, layer.weight("scale", {}));
    scale = weight.data<float>()[0];
  }
  BMNET_ASSIGN(const Value y, attend(layer, operands[0], operands[2], operands[1], scale));
  return Values{y};
}

// clang-format off
constexpr Row kRows[] = {
    {"Attention", 1, 3, "use_scale score_mode", attention, "", "matmul softmax", "without masks"},
    {"MultiHeadAttention", 1, 3, "num_heads key_dim value_dim use_bias output_shape", multi_head, "", "matmul softmax", "over one axis, without masks"},
};
// clang-format on

}  // namespace

std::span<const Row> attention_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow::keras
