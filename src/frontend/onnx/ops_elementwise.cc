// Operators on every element, with broadcasting.
#include <cfloat>
#include <cmath>
#include <limits>

#include "frontend/onnx/call.h"

namespace bmnet::frontend::onnx {
namespace {

std::string kind_of(const Call& call) { return std::string(call.kind()); }

Result<Values> unary(Call& call) { return call.finish("unary", {{"kind", kind_of(call)}}, {call.in(0)}); }

// Functions with parameters: where alpha and beta of nn.unary come from.
struct Parameters {
  std::string_view name;
  std::string_view alpha;
  float alpha_default;
  std::string_view beta;
  float beta_default;
};
constexpr Parameters kParameters[] = {
    {"leaky_relu", "alpha", 0.01f, "", 0},
    {"elu", "alpha", 1, "", 0},
    {"celu", "alpha", 1, "", 0},
    {"selu", "alpha", 1.67326319217681884765625f, "gamma", 1.05070102214813232421875f},
    {"hard_sigmoid", "alpha", 0.2f, "beta", 0.5f},
    {"thresholded_relu", "alpha", 1, "", 0},
    {"shrink", "lambd", 0.5f, "bias", 0},
    {"linear", "alpha", 1, "beta", 0},
    {"softplus", "", 1, "", 0},
};

Result<Values> parametric(Call& call) {
  for (const Parameters& p : kParameters)
    if (p.name == call.kind())
      return call.finish("unary",
                         {{"kind", kind_of(call)},
                          {"alpha", call.number(p.alpha, p.alpha_default)},
                          {"beta", call.number(p.beta, p.beta_default)}},
                         {call.in(0)});
  return bug("no parameters are known for '{}'", call.kind());
}

// Before operator set 6 SELU's constants had fewer digits.
Result<Values> old_selu(Call& call) {
  return call.finish(
      "unary",
      {{"kind", kind_of(call)}, {"alpha", call.number("alpha", 1.6732f)}, {"beta", call.number("gamma", 1.0507f)}},
      {call.in(0)});
}

Result<Values> gelu(Call& call) {
  const std::string form = call.text("approximate", "none");
  if (form != "none" && form != "tanh") return unsupported("approximate '{}'; 'none' and 'tanh' are supported", form);
  return call.finish("unary", {{"kind", std::string(form == "none" ? "gelu" : "gelu_tanh")}}, {call.in(0)});
}

// Shape of the second operand under the rule before operator set 7: its axes stand at `axis` of the first one's.
Result<ValueId> aligned_operand(Call& call) {
  const Shape& a = call.shape(0);
  const Shape& b = call.shape(1);
  if (!call.integer("broadcast", 0)) {
    if (a != b) return user_error("operands of shapes {} and {} without broadcast=1", to_string(a), to_string(b));
    return call.in(1);
  }
  if (!call.has_attribute("axis") || b.size() > a.size()) return call.in(1);
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", 0), call.rank(0)));
  Shape aligned = b;
  while (axis + aligned.size() < a.size()) aligned.push_back(1);
  return call.reshape(call.in(1), aligned);
}

Result<Values> old_binary(Call& call) {
  BMNET_ASSIGN(const ValueId b, aligned_operand(call));
  return call.finish("binary", {{"kind", kind_of(call)}}, {call.in(0), b});
}
Result<Values> old_compare(Call& call) {
  BMNET_ASSIGN(const ValueId b, aligned_operand(call));
  return call.finish("compare", {{"kind", kind_of(call)}}, {call.in(0), b});
}
Result<Values> binary(Call& call) { return call.finish("binary", {{"kind", kind_of(call)}}, {call.in(0), call.in(1)}); }
Result<Values> compare(Call& call) {
  return call.finish("compare", {{"kind", kind_of(call)}}, {call.in(0), call.in(1)});
}

// Sum, Max, Min of any number of operands.
Result<Values> chained(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  ValueId result = inputs[0];
  for (size_t i = 1; i + 1 < inputs.size(); ++i) {
    BMNET_ASSIGN(result, call.binary(call.kind(), result, inputs[i]));
  }
  if (inputs.size() == 1) return Values{result};
  return call.finish("binary", {{"kind", kind_of(call)}}, {result, inputs.back()});
}

Result<Values> mean(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  ValueId sum = inputs[0];
  for (size_t i = 1; i < inputs.size(); ++i) {
    BMNET_ASSIGN(sum, call.binary("add", sum, inputs[i]));
  }
  return call.finish(
      "unary", {{"kind", std::string("linear")}, {"alpha", 1.0f / static_cast<float>(inputs.size())}, {"beta", 0.0f}},
      {sum});
}

Result<Values> power(Call& call) {
  const DType base = call.dtype(0);
  const Tensor* exponent = call.constant_of(call.in(1));
  if (base == DType::kF32 && exponent && exponent->count() == 1 && call.rank(1) <= call.rank(0)) {
    BMNET_ASSIGN(const float value, call.number_of(1, "the exponent"));
    if (value == 2) return call.finish("unary", {{"kind", std::string("square")}}, {call.in(0)});
    if (value == 0.5f) return call.finish("unary", {{"kind", std::string("sqrt")}}, {call.in(0)});
    return call.finish("unary", {{"kind", std::string("power")}, {"alpha", value}}, {call.in(0)});
  }
  if (call.dtype(1) == base) return call.finish("binary", {{"kind", std::string("pow")}}, {call.in(0), call.in(1)});
  // Mixed types: in f32, then back to the type of the base.
  BMNET_ASSIGN(const ValueId x, call.cast(call.in(0), DType::kF32));
  BMNET_ASSIGN(const ValueId y, call.cast(call.in(1), DType::kF32));
  if (base == DType::kF32) return call.finish("binary", {{"kind", std::string("pow")}}, {x, y});
  BMNET_ASSIGN(const ValueId result, call.binary("pow", x, y));
  return call.finish("cast", {{"to", std::string(dtype_name(base))}}, {result});
}

Result<Values> old_power(Call& call) {
  BMNET_ASSIGN(const ValueId b, aligned_operand(call));
  return call.finish("binary", {{"kind", std::string("pow")}}, {call.in(0), b});
}

Result<Values> modulo(Call& call) {
  const bool fmod = call.integer("fmod", 0) != 0;
  if (!fmod && call.dtype(0) == DType::kF32) return user_error("float operands need fmod=1");
  return call.finish("binary", {{"kind", std::string(fmod ? "fmod" : "mod")}}, {call.in(0), call.in(1)});
}

Result<Values> bit_shift(Call& call) {
  const std::string direction = call.text("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return user_error("direction is '{}', LEFT or RIGHT is expected", direction);
  return call.finish("binary", {{"kind", std::string(direction == "LEFT" ? "shift_left" : "shift_right")}},
                     {call.in(0), call.in(1)});
}

Result<Values> bitwise_not(Call& call) {
  BMNET_ASSIGN(const ValueId ones,
               call.scalar(call.dtype(0), call.dtype(0) == DType::kI64 || call.dtype(0) == DType::kI32 ||
                                                  call.dtype(0) == DType::kI16 || call.dtype(0) == DType::kI8
                                              ? -1
                                              : std::ldexp(1.0, static_cast<int>(8 * byte_size(call.dtype(0)))) - 1));
  return call.finish("binary", {{"kind", std::string("xor")}}, {call.in(0), ones});
}

Result<Values> old_clip(Call& call) {
  return call.finish(
      "unary",
      {{"kind", std::string("clip")}, {"alpha", call.number("min", -FLT_MAX)}, {"beta", call.number("max", FLT_MAX)}},
      {call.in(0)});
}

// From operator set 11 on the bounds are inputs, and may be left out.
Result<Values> clip(Call& call) {
  const auto known = [&](size_t i) { return !call.has(i) || call.constant_of(call.in(i)); };
  if (call.dtype(0) == DType::kF32 && known(1) && known(2)) {
    float low = -FLT_MAX, high = FLT_MAX;
    if (call.has(1)) {
      BMNET_ASSIGN(low, call.number_of(1, "min"));
    }
    if (call.has(2)) {
      BMNET_ASSIGN(high, call.number_of(2, "max"));
    }
    return call.finish("unary", {{"kind", std::string("clip")}, {"alpha", low}, {"beta", high}}, {call.in(0)});
  }
  ValueId x = call.in(0);
  if (call.has(1)) {
    BMNET_ASSIGN(x, call.binary("max", x, call.in(1)));
  }
  if (call.has(2)) {
    BMNET_ASSIGN(x, call.binary("min", x, call.in(2)));
  }
  return Values{x};
}

Result<Values> is_inf(Call& call) {
  const bool negative = call.integer("detect_negative", 1) != 0, positive = call.integer("detect_positive", 1) != 0;
  if (negative && positive) return call.finish("unary", {{"kind", std::string("is_inf")}}, {call.in(0)});
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  // NaN equals nothing, so with neither sign wanted the answer is false everywhere.
  const float wanted = positive ? kInfinity : negative ? -kInfinity : std::numeric_limits<float>::quiet_NaN();
  BMNET_ASSIGN(const ValueId value, call.scalar(DType::kF32, wanted));
  return call.finish("compare", {{"kind", std::string("eq")}}, {call.in(0), value});
}

// x * sigmoid(alpha * x)
Result<Values> swish(Call& call) {
  const float alpha = call.number("alpha", 1);
  if (alpha == 1) return call.finish("unary", {{"kind", std::string("silu")}}, {call.in(0)});
  BMNET_ASSIGN(const ValueId scaled, call.linear(call.in(0), alpha, 0));
  BMNET_ASSIGN(const ValueId gate, call.unary("sigmoid", scaled));
  return call.finish("binary", {{"kind", std::string("mul")}}, {call.in(0), gate});
}

Result<Values> where(Call& call) { return call.finish("select", {}, {call.in(0), call.in(1), call.in(2)}); }

// The slope of PRelu: [C] belongs to the channels of [N,C,...] unless it fits the last axis, as numpy would have it.
Result<Values> prelu(Call& call) {
  const Shape& x = call.shape(0);
  const Shape& slope = call.shape(1);
  const bool per_channel = slope.size() == 1 && x.size() > 2 && slope[0] == x[1] && slope[0] > 1 &&
                           (call.opset() < 7 || slope[0] != x.back());
  ValueId shaped = call.in(1);
  if (per_channel) {
    Shape with_channels(x.size() - 1, 1);
    with_channels[0] = x[1];
    BMNET_ASSIGN(shaped, call.reshape(shaped, with_channels));
  }
  return call.finish("prelu", {}, {call.in(0), shaped});
}

// x * scale + bias[c], of the first operator sets.
Result<Values> image_scaler(Call& call) {
  std::vector<float> bias = call.numbers("bias");
  BMNET_ASSIGN(const ValueId scaled, call.unary("linear", call.in(0), call.number("scale", 1)));
  if (bias.empty()) return Values{scaled};
  const int64_t channels = static_cast<int64_t>(bias.size());
  return call.finish("binary", {{"kind", std::string("add")}}, {scaled, call.constant<float>({channels, 1, 1}, bias)});
}

Result<Values> scaled_tanh(Call& call) {
  BMNET_ASSIGN(const ValueId inner, call.unary("linear", call.in(0), call.number("beta", 1)));
  BMNET_ASSIGN(const ValueId tanh, call.unary("tanh", inner));
  return call.finish("unary", {{"kind", std::string("linear")}, {"alpha", call.number("alpha", 1)}, {"beta", 0.0f}},
                     {tanh});
}

constexpr std::string_view kConsumed = "consumed_inputs:is";
constexpr std::string_view kOldBroadcast = "axis:i broadcast:i consumed_inputs:is";

// clang-format off
constexpr Row kRows[] = {
    {"Abs", 1, 1, 1, 1, kConsumed, unary, "abs", "unary", ""},
    {"Acos", 7, 1, 1, 1, "", unary, "acos", "unary", ""},
    {"Acosh", 9, 1, 1, 1, "", unary, "acosh", "unary", ""},
    {"Add", 1, 2, 2, 1, kOldBroadcast, old_binary, "add", "binary", ""},
    {"Add", 7, 2, 2, 1, "", binary, "add", "binary", ""},
    {"Affine", 1, 1, 1, 1, "alpha:f beta:f", parametric, "linear", "unary", ""},
    {"And", 1, 2, 2, 1, "axis:i broadcast:i", old_binary, "and", "binary", ""},
    {"And", 7, 2, 2, 1, "", binary, "and", "binary", ""},
    {"Asin", 7, 1, 1, 1, "", unary, "asin", "unary", ""},
    {"Asinh", 9, 1, 1, 1, "", unary, "asinh", "unary", ""},
    {"Atan", 7, 1, 1, 1, "", unary, "atan", "unary", ""},
    {"Atanh", 9, 1, 1, 1, "", unary, "atanh", "unary", ""},
    {"BitShift", 11, 2, 2, 1, "direction:s", bit_shift, "", "binary", ""},
    {"BitwiseAnd", 18, 2, 2, 1, "", binary, "and", "binary", ""},
    {"BitwiseNot", 18, 1, 1, 1, "", bitwise_not, "", "binary", ""},
    {"BitwiseOr", 18, 2, 2, 1, "", binary, "or", "binary", ""},
    {"BitwiseXor", 18, 2, 2, 1, "", binary, "xor", "binary", ""},
    {"Ceil", 1, 1, 1, 1, kConsumed, unary, "ceil", "unary", ""},
    {"Celu", 12, 1, 1, 1, "alpha:f", parametric, "celu", "unary", ""},
    {"Clip", 1, 1, 1, 1, "min:f max:f consumed_inputs:is", old_clip, "", "unary", ""},
    {"Clip", 11, 1, 3, 1, "", clip, "", "unary, binary", ""},
    {"Cos", 7, 1, 1, 1, "", unary, "cos", "unary", ""},
    {"Cosh", 9, 1, 1, 1, "", unary, "cosh", "unary", ""},
    {"Div", 1, 2, 2, 1, kOldBroadcast, old_binary, "div", "binary", ""},
    {"Div", 7, 2, 2, 1, "", binary, "div", "binary", ""},
    {"Elu", 1, 1, 1, 1, "alpha:f consumed_inputs:is", parametric, "elu", "unary", ""},
    {"Equal", 1, 2, 2, 1, "axis:i broadcast:i", old_compare, "eq", "compare", ""},
    {"Equal", 7, 2, 2, 1, "", compare, "eq", "compare", ""},
    {"Erf", 9, 1, 1, 1, "", unary, "erf", "unary", ""},
    {"Exp", 1, 1, 1, 1, kConsumed, unary, "exp", "unary", ""},
    {"Floor", 1, 1, 1, 1, kConsumed, unary, "floor", "unary", ""},
    {"Gelu", 20, 1, 1, 1, "approximate:s", gelu, "", "unary", ""},
    {"Greater", 1, 2, 2, 1, "axis:i broadcast:i", old_compare, "gt", "compare", ""},
    {"Greater", 7, 2, 2, 1, "", compare, "gt", "compare", ""},
    {"GreaterOrEqual", 12, 2, 2, 1, "", compare, "ge", "compare", ""},
    {"HardSigmoid", 1, 1, 1, 1, "alpha:f beta:f consumed_inputs:is", parametric, "hard_sigmoid", "unary", ""},
    {"HardSwish", 14, 1, 1, 1, "", unary, "hard_swish", "unary", ""},
    {"ImageScaler", 1, 1, 1, 1, "bias:fs scale:f", image_scaler, "", "unary, binary", ""},
    {"IsInf", 10, 1, 1, 1, "detect_negative:i detect_positive:i", is_inf, "", "unary, compare", ""},
    {"IsNaN", 9, 1, 1, 1, "", unary, "is_nan", "unary", ""},
    {"LeakyRelu", 1, 1, 1, 1, "alpha:f consumed_inputs:is", parametric, "leaky_relu", "unary", ""},
    {"Less", 1, 2, 2, 1, "axis:i broadcast:i", old_compare, "lt", "compare", ""},
    {"Less", 7, 2, 2, 1, "", compare, "lt", "compare", ""},
    {"LessOrEqual", 12, 2, 2, 1, "", compare, "le", "compare", ""},
    {"Log", 1, 1, 1, 1, kConsumed, unary, "log", "unary", ""},
    {"Max", 1, 1, kAny, 1, kConsumed, chained, "max", "binary", ""},
    {"Mean", 1, 1, kAny, 1, kConsumed, mean, "", "binary, unary", ""},
    {"Min", 1, 1, kAny, 1, kConsumed, chained, "min", "binary", ""},
    {"Mish", 18, 1, 1, 1, "", unary, "mish", "unary", ""},
    {"Mod", 10, 2, 2, 1, "fmod:i", modulo, "", "binary", ""},
    {"Mul", 1, 2, 2, 1, kOldBroadcast, old_binary, "mul", "binary", ""},
    {"Mul", 7, 2, 2, 1, "", binary, "mul", "binary", ""},
    {"Neg", 1, 1, 1, 1, kConsumed, unary, "neg", "unary", ""},
    {"Not", 1, 1, 1, 1, "", unary, "not", "unary", ""},
    {"Or", 1, 2, 2, 1, "axis:i broadcast:i", old_binary, "or", "binary", ""},
    {"Or", 7, 2, 2, 1, "", binary, "or", "binary", ""},
    {"Pow", 1, 2, 2, 1, "axis:i broadcast:i", old_power, "", "binary", ""},
    {"Pow", 7, 2, 2, 1, "", power, "", "unary, binary", ""},
    {"PRelu", 1, 2, 2, 1, kConsumed, prelu, "", "prelu", ""},
    {"Reciprocal", 1, 1, 1, 1, kConsumed, unary, "reciprocal", "unary", ""},
    {"Relu", 1, 1, 1, 1, kConsumed, unary, "relu", "unary", ""},
    {"Round", 11, 1, 1, 1, "", unary, "round", "unary", ""},
    {"ScaledTanh", 1, 1, 1, 1, "alpha:f beta:f", scaled_tanh, "", "unary", ""},
    {"Selu", 1, 1, 1, 1, "alpha:f gamma:f consumed_inputs:is", old_selu, "selu", "unary", ""},
    {"Selu", 6, 1, 1, 1, "alpha:f gamma:f", parametric, "selu", "unary", ""},
    {"Shrink", 9, 1, 1, 1, "lambd:f bias:f", parametric, "shrink", "unary", ""},
    {"Sigmoid", 1, 1, 1, 1, kConsumed, unary, "sigmoid", "unary", ""},
    {"Sign", 9, 1, 1, 1, "", unary, "sign", "unary", ""},
    {"Sin", 7, 1, 1, 1, "", unary, "sin", "unary", ""},
    {"Sinh", 9, 1, 1, 1, "", unary, "sinh", "unary", ""},
    {"Softplus", 1, 1, 1, 1, "", parametric, "softplus", "unary", ""},
    {"Softsign", 1, 1, 1, 1, "", unary, "softsign", "unary", ""},
    {"Sqrt", 1, 1, 1, 1, kConsumed, unary, "sqrt", "unary", ""},
    {"Sub", 1, 2, 2, 1, kOldBroadcast, old_binary, "sub", "binary", ""},
    {"Sub", 7, 2, 2, 1, "", binary, "sub", "binary", ""},
    {"Sum", 1, 1, kAny, 1, kConsumed, chained, "add", "binary", ""},
    {"Swish", 24, 1, 1, 1, "alpha:f", swish, "", "unary, binary", ""},
    {"Tan", 7, 1, 1, 1, "", unary, "tan", "unary", ""},
    {"Tanh", 1, 1, 1, 1, kConsumed, unary, "tanh", "unary", ""},
    {"ThresholdedRelu", 1, 1, 1, 1, "alpha:f", parametric, "thresholded_relu", "unary", ""},
    {"Where", 9, 3, 3, 1, "", where, "", "select", ""},
    {"Xor", 1, 2, 2, 1, "axis:i broadcast:i", old_binary, "xor", "binary", ""},
    {"Xor", 7, 2, 2, 1, "", binary, "xor", "binary", ""},
};
// clang-format on

}  // namespace

std::span<const Row> elementwise_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
