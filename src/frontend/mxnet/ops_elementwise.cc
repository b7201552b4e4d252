// Activations, arithmetic, comparisons.
#include <cmath>

#include "frontend/mxnet/call.h"

namespace bmnet::frontend::mxnet {
namespace {

// The kind of nn.unary stands in the row.
Result<Values> unary(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  const float alpha = call.kind() == "softplus" ? 1.0f : 0.0f;
  return one(call.finish("unary", {{"kind", std::string(call.kind())}, {"alpha", alpha}}, {x}));
}

Result<Values> activation(Call& call) {
  static constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
      {"relu", "relu"},         {"sigmoid", "sigmoid"},
      {"tanh", "tanh"},         {"softrelu", "softplus"},
      {"softsign", "softsign"}, {"gelu", "gelu"},
      {"gelu_erf", "gelu"},     {"silu", "silu"},
      {"mish", "mish"},         {"log_sigmoid", "log_sigmoid"}};
  BMNET_ASSIGN(const ValueId x, call.in(0));
  const std::string type = call.node.text("act_type", "");
  for (const auto& [name, kind] : kKinds)
    if (name == type) return one(call.finish("unary", {{"kind", std::string(kind)}, {"alpha", 1.0f}}, {x}));
  return unsupported("act_type={} is not supported", type);
}

// The slope of each channel: [C] beside an input [N,C,…], or one slope for all.
Result<Values> prelu(Call& call, ValueId x) {
  const Shape shape = call.shape_of(x);
  if (shape.size() < 2) return user_error("its input {} has no channels", to_string(shape));
  const auto stored = call.stored_shape(1);
  const int64_t slopes = stored == Shape{1} ? 1 : shape[1];
  BMNET_ASSIGN(ValueId slope, call.parameter(1, {slopes}));
  Shape broadcast(shape.size() - 1, 1);
  broadcast[0] = slopes;
  BMNET_ASSIGN(slope, call.reshape(slope, broadcast));
  return one(call.finish("prelu", {}, {x, slope}));
}

Result<Values> leaky_relu(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  const std::string type = call.node.text("act_type", "leaky");
  BMNET_ASSIGN(const float slope, call.node.number("slope", 0.25f));
  const auto finish = [&](std::string kind, float alpha, float beta = 0) {
    return one(call.finish("unary", {{"kind", std::move(kind)}, {"alpha", alpha}, {"beta", beta}}, {x}));
  };
  if (type == "prelu") return prelu(call, x);
  if (type == "leaky") return finish("leaky_relu", slope);
  if (type == "elu") return finish("elu", slope);
  if (type == "selu") return finish("selu", 1.6732632423543772f, 1.0507009873554805f);
  if (type == "gelu") return finish("gelu", 0);
  if (type == "rrelu") {  // the mean slope, as in inference
    BMNET_ASSIGN(const float lower, call.node.number("lower_bound", 0.125f));
    BMNET_ASSIGN(const float upper, call.node.number("upper_bound", 0.334f));
    return finish("leaky_relu", (lower + upper) / 2);
  }
  return unsupported("act_type={} is not supported", type);
}

Result<Values> hard_sigmoid(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const float alpha, call.node.number("alpha", 0.2f));
  BMNET_ASSIGN(const float beta, call.node.number("beta", 0.5f));
  return one(call.finish("unary", {{"kind", std::string("hard_sigmoid")}, {"alpha", alpha}, {"beta", beta}}, {x}));
}

Result<Values> clip(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const float low, call.node.number("a_min", -INFINITY));
  BMNET_ASSIGN(const float high, call.node.number("a_max", INFINITY));
  return one(call.finish("unary", {{"kind", std::string("clip")}, {"alpha", low}, {"beta", high}}, {x}));
}

// Half away from zero, unlike nn's.
Result<Values> round(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const ValueId sign, call.unary("sign", x));
  BMNET_ASSIGN(ValueId size, call.unary("abs", x));
  BMNET_ASSIGN(size, call.linear(size, 1, 0.5f));
  BMNET_ASSIGN(size, call.unary("floor", size));
  return one(call.finish("binary", {{"kind", std::string("mul")}}, {sign, size}));
}

Result<Values> fix(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const ValueId sign, call.unary("sign", x));
  BMNET_ASSIGN(ValueId size, call.unary("abs", x));
  BMNET_ASSIGN(size, call.unary("floor", size));
  return one(call.finish("binary", {{"kind", std::string("mul")}}, {sign, size}));
}

// log1p, expm1, log2, log10: a logarithm or exponential with a scale and a shift before or behind.
Result<Values> scaled_log(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in(0));
  if (call.kind() == "expm1") {
    BMNET_ASSIGN(x, call.unary("exp", x));
    return one(call.finish("unary", {{"kind", std::string("linear")}, {"alpha", 1.0f}, {"beta", -1.0f}}, {x}));
  }
  if (call.kind() == "log1p") {
    BMNET_ASSIGN(x, call.linear(x, 1, 1));
    return one(call.finish("unary", {{"kind", std::string("log")}}, {x}));
  }
  const double base = call.kind() == "log2" ? 2 : 10;
  BMNET_ASSIGN(x, call.unary("log", x));
  const auto scale = static_cast<float>(1 / std::log(base));
  return one(call.finish("unary", {{"kind", std::string("linear")}, {"alpha", scale}}, {x}));
}

Result<Values> binary(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const ValueId second, call.cast(inputs[1], call.dtype_of(inputs[0])));
  return one(call.finish("binary", {{"kind", std::string(call.kind())}}, {inputs[0], second}));
}

Result<Values> sum_of_all(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  ValueId sum = inputs[0];
  for (size_t i = 1; i + 1 < inputs.size(); ++i) {
    BMNET_ASSIGN(sum, call.binary("add", sum, inputs[i]));
  }
  if (inputs.size() < 2) return inputs;
  return one(call.finish("binary", {{"kind", std::string("add")}}, {sum, inputs.back()}));
}

// Kinds "add" … compute input op scalar; with an r in front, scalar op input.
Result<Values> with_scalar(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const float scalar, call.node.number("scalar", 1));
  const std::string_view kind = call.kind();
  const auto linear = [&](float scale, float shift) {
    return one(call.finish("unary", {{"kind", std::string("linear")}, {"alpha", scale}, {"beta", shift}}, {x}));
  };
  if (call.dtype_of(x) == DType::kF32) {
    if (kind == "add") return linear(1, scalar);
    if (kind == "sub") return linear(1, -scalar);
    if (kind == "rsub") return linear(-1, scalar);
    if (kind == "mul") return linear(scalar, 0);
    if (kind == "div" && scalar != 0) return linear(1 / scalar, 0);
    if (kind == "pow") return one(call.finish("unary", {{"kind", std::string("power")}, {"alpha", scalar}}, {x}));
  }
  BMNET_ASSIGN(const ValueId constant, call.filled(call.dtype_of(x), {}, scalar));
  const bool reversed = kind.starts_with('r');
  const std::string plain(kind.substr(reversed ? 1 : 0));
  if (reversed) return one(call.finish("binary", {{"kind", plain}}, {constant, x}));
  return one(call.finish("binary", {{"kind", plain}}, {x, constant}));
}

// 1 where the comparison holds, else 0, in the operands' type.
Result<Values> compare(Call& call) {
  BMNET_ASSIGN(Values inputs, call.all_inputs());
  if (inputs.size() == 1) {
    BMNET_ASSIGN(const float scalar, call.node.number("scalar", 0));
    BMNET_ASSIGN(const ValueId constant, call.filled(call.dtype_of(inputs[0]), {}, scalar));
    inputs.push_back(constant);
  }
  const std::string type(dtype_name(call.dtype_of(inputs[0])));
  BMNET_ASSIGN(const ValueId truth, call.make("compare", {{"kind", std::string(call.kind())}}, inputs));
  if (call.is_numpy()) return Values{truth};
  return one(call.finish("cast", {{"to", type}}, {truth}));
}

Result<ValueId> is_true(Call& call, ValueId x) {
  if (call.dtype_of(x) == DType::kBool) return x;
  BMNET_ASSIGN(const ValueId zero, call.filled(call.dtype_of(x), {}, 0));
  return call.make("compare", {{"kind", std::string("ne")}}, {x, zero});
}

Result<Values> logical(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  const std::string type(dtype_name(call.dtype_of(inputs[0])));
  BMNET_ASSIGN(ValueId result, is_true(call, inputs[0]));
  if (call.kind() == "not") {
    BMNET_ASSIGN(result, call.unary("not", result));
  } else {
    BMNET_ASSIGN(const ValueId second, is_true(call, inputs[1]));
    BMNET_ASSIGN(result, call.binary(call.kind(), result, second));
  }
  if (call.is_numpy()) return Values{result};
  return one(call.finish("cast", {{"to", type}}, {result}));
}

Result<Values> where(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const ValueId condition, is_true(call, inputs[0]));
  return one(call.finish("select", {}, {condition, inputs[1], inputs[2]}));
}

Result<Values> identity(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  return Values{x};
}

// f16 and f64 are computed as f32, which is what the network runs in.
Result<Values> cast(Call& call) {
  static constexpr std::pair<std::string_view, DType> kTypes[] = {
      {"float32", DType::kF32}, {"float16", DType::kF32}, {"float64", DType::kF32}, {"uint8", DType::kU8},
      {"int8", DType::kI8},     {"int32", DType::kI32},   {"int64", DType::kI64},   {"bool", DType::kBool}};
  BMNET_ASSIGN(const ValueId x, call.in(0));
  const std::string name = call.node.text("dtype", "float32");
  for (const auto& [known, dtype] : kTypes) {
    if (known != name) continue;
    if (call.dtype_of(x) == dtype) return Values{x};
    return one(call.finish("cast", {{"to", std::string(dtype_name(dtype))}}, {x}));
  }
  return unsupported("dtype={} is not supported", name);
}

// A value of each input, all of the type that the widest has: f32 here.
Result<Values> all_cast(Call& call) { return call.all_inputs(); }

Result<Values> filled_like(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  return one(call.filled(call.dtype_of(x), call.shape_of(x), call.kind() == "1" ? 1 : 0));
}

// clang-format off
constexpr Row one_operand(std::string_view name, std::string_view kind) {
  return {name, 1, 1, kNoParameters, unary, kind, "", "unary", ""};
}
constexpr Row two_operands(std::string_view name, std::string_view kind) {
  return {name, 2, 2, kNoParameters, binary, kind, "", "binary", ""};
}
constexpr Row scalar_operand(std::string_view name, std::string_view kind) {
  return {name, 1, 1, kNoParameters, with_scalar, kind, "scalar", "unary binary", ""};
}
constexpr Row comparison(std::string_view name, std::string_view kind, size_t operands) {
  return {name, operands, operands, kNoParameters, compare, kind, operands == 1 ? "scalar" : "", "compare cast", ""};
}
constexpr Row logic(std::string_view name, std::string_view kind, size_t operands) {
  return {name, operands, operands, kNoParameters, logical, kind, "", "compare binary cast", ""};
}
constexpr Row same(std::string_view name) { return {name, 1, 1, kNoParameters, identity, "", "", "", "vanishes"}; }
constexpr std::string_view kLabel = "labels are left out";

constexpr Row kRows[] = {
    {"Activation", 1, 1, kNoParameters, activation, "", "act_type", "unary", ""},
    {"LeakyReLU", 1, 2, 1, leaky_relu, "", "act_type slope lower_bound upper_bound", "unary prelu", ""},
    {"hard_sigmoid", 1, 1, kNoParameters, hard_sigmoid, "", "alpha beta", "unary", ""},
    {"clip", 1, 1, kNoParameters, clip, "", "a_min a_max", "unary", ""},
    {"round", 1, 1, kNoParameters, round, "", "", "unary binary", ""},
    {"fix", 1, 1, kNoParameters, fix, "", "", "unary binary", ""},
    {"trunc", 1, 1, kNoParameters, fix, "", "", "unary binary", ""},
    {"log1p", 1, 1, kNoParameters, scaled_log, "log1p", "", "unary", ""},
    {"expm1", 1, 1, kNoParameters, scaled_log, "expm1", "", "unary", ""},
    {"log2", 1, 1, kNoParameters, scaled_log, "log2", "", "unary", ""},
    {"log10", 1, 1, kNoParameters, scaled_log, "log10", "", "unary", ""},
    one_operand("abs", "abs"), one_operand("arccos", "acos"), one_operand("arccosh", "acosh"),
    one_operand("arcsin", "asin"), one_operand("arcsinh", "asinh"), one_operand("arctan", "atan"),
    one_operand("arctanh", "atanh"), one_operand("ceil", "ceil"), one_operand("cos", "cos"), one_operand("cosh", "cosh"),
    one_operand("erf", "erf"), one_operand("exp", "exp"), one_operand("floor", "floor"), one_operand("log", "log"),
    one_operand("negative", "neg"), one_operand("reciprocal", "reciprocal"), one_operand("relu", "relu"),
    one_operand("rint", "round"), one_operand("rsqrt", "rsqrt"), one_operand("sigmoid", "sigmoid"),
    one_operand("sign", "sign"), one_operand("sin", "sin"), one_operand("sinh", "sinh"),
    one_operand("softsign", "softsign"), one_operand("sqrt", "sqrt"), one_operand("square", "square"),
    one_operand("tan", "tan"), one_operand("tanh", "tanh"),
    {"LogisticRegressionOutput", 1, 1, kNoParameters, unary, "sigmoid", "", "unary", kLabel},
    two_operands("elemwise_add", "add"), two_operands("_plus", "add"), two_operands("_Plus", "add"),
    two_operands("_add", "add"), two_operands("_grad_add", "add"), two_operands("broadcast_add", "add"),
    two_operands("broadcast_plus", "add"), two_operands("elemwise_sub", "sub"), two_operands("_minus", "sub"),
    two_operands("_Minus", "sub"), two_operands("_sub", "sub"), two_operands("broadcast_sub", "sub"),
    two_operands("broadcast_minus", "sub"), two_operands("elemwise_mul", "mul"), two_operands("_mul", "mul"),
    two_operands("_Mul", "mul"), two_operands("broadcast_mul", "mul"), two_operands("elemwise_div", "div"),
    two_operands("_div", "div"), two_operands("_Div", "div"), two_operands("broadcast_div", "div"),
    two_operands("_maximum", "max"), two_operands("_Maximum", "max"), two_operands("broadcast_maximum", "max"),
    two_operands("_minimum", "min"), two_operands("_Minimum", "min"), two_operands("broadcast_minimum", "min"),
    two_operands("_power", "pow"), two_operands("_Power", "pow"), two_operands("broadcast_power", "pow"),
    two_operands("_mod", "mod"), two_operands("_arctan2", "atan2"), two_operands("broadcast_mod", "mod"),
    {"add_n", 1, kAny, kNoParameters, sum_of_all, "", "", "binary", ""},
    {"ElementWiseSum", 1, kAny, kNoParameters, sum_of_all, "", "", "binary", ""},
    scalar_operand("_plus_scalar", "add"), scalar_operand("_PlusScalar", "add"),
    scalar_operand("_minus_scalar", "sub"), scalar_operand("_MinusScalar", "sub"),
    scalar_operand("_rminus_scalar", "rsub"), scalar_operand("_RMinusScalar", "rsub"),
    scalar_operand("_mul_scalar", "mul"), scalar_operand("_MulScalar", "mul"),
    scalar_operand("_div_scalar", "div"), scalar_operand("_DivScalar", "div"),
    scalar_operand("_rdiv_scalar", "rdiv"), scalar_operand("_RDivScalar", "rdiv"),
    scalar_operand("_power_scalar", "pow"), scalar_operand("_PowerScalar", "pow"),
    scalar_operand("_rpower_scalar", "rpow"), scalar_operand("_RPowerScalar", "rpow"),
    scalar_operand("_maximum_scalar", "max"), scalar_operand("_MaximumScalar", "max"),
    scalar_operand("_minimum_scalar", "min"), scalar_operand("_MinimumScalar", "min"),
    scalar_operand("_mod_scalar", "mod"), scalar_operand("_rmod_scalar", "rmod"),
    comparison("broadcast_equal", "eq", 2), comparison("broadcast_not_equal", "ne", 2),
    comparison("broadcast_greater", "gt", 2), comparison("broadcast_greater_equal", "ge", 2),
    comparison("broadcast_lesser", "lt", 2), comparison("broadcast_lesser_equal", "le", 2),
    comparison("_equal", "eq", 2), comparison("_not_equal", "ne", 2), comparison("_greater", "gt", 2),
    comparison("_greater_equal", "ge", 2), comparison("_lesser", "lt", 2), comparison("_lesser_equal", "le", 2),
    comparison("_equal_scalar", "eq", 1), comparison("_not_equal_scalar", "ne", 1),
    comparison("_greater_scalar", "gt", 1), comparison("_greater_equal_scalar", "ge", 1),
    comparison("_lesser_scalar", "lt", 1), comparison("_lesser_equal_scalar", "le", 1),
    logic("broadcast_logical_and", "and", 2), logic("broadcast_logical_or", "or", 2),
    logic("broadcast_logical_xor", "xor", 2), logic("logical_not", "not", 1),
    {"where", 3, 3, kNoParameters, where, "", "", "compare select", ""},
    {"Cast", 1, 1, kNoParameters, cast, "", "dtype", "cast", "float16 and float64 stay f32"},
    {"cast", 1, 1, kNoParameters, cast, "", "dtype", "cast", "float16 and float64 stay f32"},
    {"amp_cast", 1, 1, kNoParameters, cast, "", "dtype", "cast", "float16 and float64 stay f32"},
    same("BlockGrad"), same("stop_gradient"), same("identity"), same("_copy"), same("IdentityAttachKLSparseReg"), same("Dropout"), same("make_loss"),
    same("MakeLoss"), same("_identity_with_attr_like_rhs"),
    {"LinearRegressionOutput", 1, 1, kNoParameters, identity, "", "", "", kLabel},
    {"MAERegressionOutput", 1, 1, kNoParameters, identity, "", "", "", kLabel},
    {"SVMOutput", 1, 1, kNoParameters, identity, "", "", "", kLabel},
    {"amp_multicast", 1, kAny, kNoParameters, all_cast, "", "", "", "vanishes"},
    {"zeros_like", 1, 1, kNoParameters, filled_like, "0", "", "constant", ""},
    {"ones_like", 1, 1, kNoParameters, filled_like, "1", "", "constant", ""},
};
// clang-format on

}  // namespace

std::span<const Row> elementwise_rows() { return kRows; }

}  // namespace bmnet::frontend::mxnet
