// Functions of single elements.
#include <array>
#include <cmath>

#include "frontend/caffe/mapping.h"

namespace bmnet::caffe {
namespace {

op::Attributes unary(std::string kind) { return {{"kind", std::move(kind)}}; }

op::Attributes unary(std::string kind, float alpha, float beta = 0.0f) {
  return {{"kind", std::move(kind)}, {"alpha", alpha}, {"beta", beta}};
}

// x ** power under the simplest name it has.
op::Attributes power_of(float power) {
  if (power == 2.0f) return unary("square");
  if (power == 0.5f) return unary("sqrt");
  if (power == -1.0f) return unary("reciprocal");
  if (power == -0.5f) return unary("rsqrt");
  return unary("power", power);
}

// The logarithm of a base; -1 stands for e.
Result<float> log_of_base(float base) {
  if (base == -1.0f) return 1.0f;
  if (!(base > 0.0f)) return user_error("base {}; it must be positive, or -1 for e", base);
  return std::log(base);
}

}  // namespace

Result<Values> map_unary(LayerCall& call) {
  struct Row {
    std::string_view type;
    const char* kind;
  };
  static constexpr std::array kRows = std::to_array<Row>({{"AbsVal", "abs"},
                                                          {"HSwish", "hard_swish"},
                                                          {"HardSwish", "hard_swish"},
                                                          {"Mish", "mish"},
                                                          {"Sigmoid", "sigmoid"},
                                                          {"TanH", "tanh"}});
  BMNET_TRY(call.require_inputs(1, 1));
  if (call.param().type() == "BNLL") return one(call.top("unary", unary("softplus", 1.0f), {call.input()}));
  for (const Row& row : kRows) {
    if (row.type == call.param().type()) return one(call.top("unary", unary(row.kind), {call.input()}));
  }
  return bug("no function is known for it");
}

Result<Values> map_relu(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const float slope = call.param().relu_param().negative_slope();
  return one(call.top("unary", slope == 0.0f ? unary("relu") : unary("leaky_relu", slope), {call.input()}));
}

Result<Values> map_relu6(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  return one(call.top("unary", unary("clip", 0.0f, call.param().relu6_param().threshold()), {call.input()}));
}

Result<Values> map_prelu(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const Shape shape = call.shape(call.input());
  if (shape.size() < 2) return user_error("its bottom has shape {}; channels are needed", to_string(shape));
  Shape slope_shape(shape.size() - 1, 1);
  if (!call.param().prelu_param().channel_shared()) slope_shape[0] = shape[1];
  BMNET_ASSIGN(const ValueId slope, call.weight(0, slope_shape, Fill::kSlope));
  return one(call.top("prelu", {}, {call.input(), slope}));
}

Result<Values> map_elu(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  return one(call.top("unary", unary("elu", call.param().elu_param().alpha()), {call.input()}));
}

// x * sigmoid(beta * x)
Result<Values> map_swish(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const float beta = call.param().swish_param().beta();
  if (beta == 1.0f) return one(call.top("unary", unary("silu"), {call.input()}));
  BMNET_ASSIGN(const ValueId scaled, call.linear(call.input(), beta, 0.0f));
  BMNET_ASSIGN(const ValueId gate, call.step("unary", unary("sigmoid"), {scaled}));
  return one(call.top("binary", {{"kind", "mul"}}, {call.input(), gate}));
}

Result<Values> map_clip(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& clip = call.param().clip_param();
  if (!clip.has_min() || !clip.has_max()) return user_error("both min and max are needed");
  return one(call.top("unary", unary("clip", clip.min(), clip.max()), {call.input()}));
}

// (shift + scale * x) ** power
Result<Values> map_power(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& param = call.param().power_param();
  if (param.power() == 0.0f) return one(call.top("unary", unary("linear", 0.0f, 1.0f), {call.input()}));
  if (param.power() == 1.0f)
    return one(call.top("unary", unary("linear", param.scale(), param.shift()), {call.input()}));
  BMNET_ASSIGN(const ValueId inner, call.linear(call.input(), param.scale(), param.shift()));
  return one(call.top("unary", power_of(param.power()), {inner}));
}

// base ** (shift + scale * x)
Result<Values> map_exp(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& param = call.param().exp_param();
  BMNET_ASSIGN(const float log_base, log_of_base(param.base()));
  BMNET_ASSIGN(const ValueId inner, call.linear(call.input(), param.scale() * log_base, param.shift() * log_base));
  return one(call.top("unary", unary("exp"), {inner}));
}

// log(shift + scale * x) to a base
Result<Values> map_log(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& param = call.param().log_param();
  BMNET_ASSIGN(const float log_base, log_of_base(param.base()));
  if (log_base == 0.0f) return user_error("base 1 has no logarithm");
  BMNET_ASSIGN(const ValueId inner, call.linear(call.input(), param.scale(), param.shift()));
  if (log_base == 1.0f) return one(call.top("unary", unary("log"), {inner}));
  BMNET_ASSIGN(const ValueId natural, call.step("unary", unary("log"), {inner}));
  return one(call.top("unary", unary("linear", 1.0f / log_base), {natural}));
}

// 1 where x > threshold, else 0
Result<Values> map_threshold(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  BMNET_ASSIGN(const ValueId threshold, call.filled("threshold", {}, call.param().threshold_param().threshold()));
  BMNET_ASSIGN(const ValueId above, call.step("compare", {{"kind", "gt"}}, {call.input(), threshold}));
  return one(call.top("cast", {{"to", "f32"}}, {above}));
}

// Only forks come here: scale_train: false multiplies in inference.
Result<Values> map_dropout(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  return one(call.top("unary", unary("linear", 1.0f - call.param().dropout_param().dropout_ratio()), {call.input()}));
}

}  // namespace bmnet::caffe
