// Functions of elements: activations, arithmetic, comparisons, choice, conversion.
#include <cmath>

#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

Result<Values> function(Call& call, float alpha = 0, float beta = 0) {
  const Value& x = call.value(0);
  return call.finish("unary", {{"kind", std::string(call.kind())}, {"alpha", alpha}, {"beta", beta}}, {x.id},
                     x.channels_first);
}
Result<Values> unary(Call& call) { return function(call); }
Result<Values> relu6(Call& call) { return function(call, 0, 6); }
Result<Values> leaky_relu(Call& call) { return function(call, call.number("alpha", 0.2f)); }
Result<Values> alpha_one(Call& call) { return function(call, 1); }
Result<Values> selu(Call& call) { return function(call, 1.67326324235437728f, 1.05070098735548049f); }
Result<Values> log1p(Call& call) {
  BMNET_ASSIGN(const ValueId shifted, call.linear(call.value(0).id, 1, 1));
  return call.finish("unary", {{"kind", std::string("log")}}, {shifted}, call.value(0).channels_first);
}
Result<Values> expm1(Call& call) {
  BMNET_ASSIGN(const ValueId power, call.unary("exp", call.value(0).id));
  return call.finish("unary", {{"kind", std::string("linear")}, {"alpha", 1.0f}, {"beta", -1.0f}}, {power},
                     call.value(0).channels_first);
}
Result<Values> erfc(Call& call) {
  BMNET_ASSIGN(const ValueId erf, call.unary("erf", call.value(0).id));
  return call.finish("unary", {{"kind", std::string("linear")}, {"alpha", -1.0f}, {"beta", 1.0f}}, {erf},
                     call.value(0).channels_first);
}
Result<Values> is_finite(Call& call) {
  BMNET_ASSIGN(const ValueId nan, call.unary("is_nan", call.value(0).id));
  BMNET_ASSIGN(const ValueId inf, call.unary("is_inf", call.value(0).id));
  BMNET_ASSIGN(const ValueId either, call.binary("or", nan, inf));
  return call.finish("unary", {{"kind", std::string("not")}}, {either}, call.value(0).channels_first);
}

// Operands of one layout; those that are listed below one type already.
Result<Values> pairwise(Call& call, std::string_view op, std::string_view kind) {
  BMNET_ASSIGN(const Aligned aligned, align(call, call.values()));
  return call.finish(op, {{"kind", std::string(kind)}}, aligned.ids, aligned.channels_first);
}
Result<Values> binary(Call& call) { return pairwise(call, "binary", call.kind()); }
Result<Values> compare(Call& call) { return pairwise(call, "compare", call.kind()); }
// x / 0 is 0.
Result<Values> div_no_nan(Call& call) {
  BMNET_ASSIGN(const Aligned aligned, align(call, call.values()));
  BMNET_ASSIGN(const ValueId zero, call.scalar(call.dtype(1), 0));
  BMNET_ASSIGN(const ValueId one, call.scalar(call.dtype(1), 1));
  BMNET_ASSIGN(const ValueId none, call.make("compare", {{"kind", std::string("eq")}}, {aligned.ids[1], zero}));
  BMNET_ASSIGN(const ValueId divisor, call.make("select", {}, {none, one, aligned.ids[1]}));
  BMNET_ASSIGN(const ValueId quotient, call.binary("div", aligned.ids[0], divisor));
  return call.finish("select", {}, {none, zero, quotient}, aligned.channels_first);
}

// The first operand as it broadcasts to the second, which keeps its layout.
Result<Values> like(Call& call) {
  BMNET_ASSIGN(const Aligned aligned, align(call, call.values()));
  return Values{{aligned.ids[0], aligned.channels_first}};
}

Result<Values> add_all(Call& call) {
  BMNET_ASSIGN(const Aligned aligned, align(call, call.values()));
  ValueId sum = aligned.ids[0];
  if (aligned.ids.size() == 1) return Values{{sum, aligned.channels_first}};
  for (size_t i = 1; i + 1 < aligned.ids.size(); ++i) {
    BMNET_ASSIGN(sum, call.binary("add", sum, aligned.ids[i]));
  }
  return call.finish("binary", {{"kind", std::string("add")}}, {sum, aligned.ids.back()}, aligned.channels_first);
}

// The bias belongs to the channels: the last axis, or axis 1.
Result<Values> bias_add(Call& call) {
  if (call.rank(1) != 1) return user_error("a bias of shape {}, one axis is expected", to_string(call.shape(1)));
  if (call.channels_last()) return pairwise(call, "binary", "add");
  Shape shape(static_cast<size_t>(std::max<int64_t>(call.rank(0), 2)), 1);
  shape[1] = call.shape(1)[0];
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  BMNET_ASSIGN(const ValueId bias, call.reshape(call.value(1).id, shape));
  return call.finish("binary", {{"kind", std::string("add")}}, {x, bias});
}

Result<Values> choose(Call& call) {
  if (call.dtype(0) != DType::kBool) return user_error("the condition is not boolean");
  Values operands = call.values();
  // The old form also takes a condition for every element of the first axis.
  if (call.kind() == "first_axis" && call.rank(0) == 1 && call.rank(1) > 1) {
    Shape column(static_cast<size_t>(call.rank(1)), 1);
    column[0] = call.shape(0)[0];
    BMNET_ASSIGN(const ValueId condition, call.reshape(call.value(0).id, column));
    operands[0] = {condition, false};
  }
  BMNET_ASSIGN(const Aligned aligned, align(call, operands));
  return call.finish("select", {}, aligned.ids, aligned.channels_first);
}

Result<Values> cast(Call& call) {
  BMNET_ASSIGN(const DType to, call.type("DstT", DType::kF32));
  if (to == call.dtype(0)) return Values{call.value(0)};
  return call.finish("cast", {{"to", std::string(dtype_name(to))}}, {call.value(0).id}, call.value(0).channels_first);
}

// x clipped to [low, high].
Result<Values> clip_by_value(Call& call) {
  BMNET_ASSIGN(const Aligned aligned, align(call, call.values()));
  BMNET_ASSIGN(const ValueId below, call.binary("min", aligned.ids[0], aligned.ids[2]));
  return call.finish("binary", {{"kind", std::string("max")}}, {below, aligned.ids[1]}, aligned.channels_first);
}

// clang-format off
constexpr Row kRows[] = {
    {"Relu", 1, 1, "", unary, "relu", "unary", ""},
    {"Relu6", 1, 1, "", relu6, "clip", "unary", ""},
    {"LeakyRelu", 1, 1, "alpha:f", leaky_relu, "leaky_relu", "unary", ""},
    {"Elu", 1, 1, "", alpha_one, "elu", "unary", ""},
    {"Selu", 1, 1, "", selu, "selu", "unary", ""},
    {"Sigmoid", 1, 1, "", unary, "sigmoid", "unary", ""},
    {"Tanh", 1, 1, "", unary, "tanh", "unary", ""},
    {"Softplus", 1, 1, "", alpha_one, "softplus", "unary", ""},
    {"Softsign", 1, 1, "", unary, "softsign", "unary", ""},
    {"Swish", 1, 1, "", unary, "silu", "unary", ""},
    {"Abs", 1, 1, "", unary, "abs", "unary", ""},
    {"Neg", 1, 1, "", unary, "neg", "unary", ""},
    {"Sign", 1, 1, "", unary, "sign", "unary", ""},
    {"Ceil", 1, 1, "", unary, "ceil", "unary", ""},
    {"Floor", 1, 1, "", unary, "floor", "unary", ""},
    {"Round", 1, 1, "", unary, "round", "unary", ""},
    {"Rint", 1, 1, "", unary, "round", "unary", ""},
    {"Sqrt", 1, 1, "", unary, "sqrt", "unary", ""},
    {"Rsqrt", 1, 1, "", unary, "rsqrt", "unary", ""},
    {"Reciprocal", 1, 1, "", unary, "reciprocal", "unary", ""},
    {"Inv", 1, 1, "", unary, "reciprocal", "unary", ""},
    {"Square", 1, 1, "", unary, "square", "unary", ""},
    {"Exp", 1, 1, "", unary, "exp", "unary", ""},
    {"Expm1", 1, 1, "", expm1, "", "unary", ""},
    {"Log", 1, 1, "", unary, "log", "unary", ""},
    {"Log1p", 1, 1, "", log1p, "", "unary", ""},
    {"Erf", 1, 1, "", unary, "erf", "unary", ""},
    {"Erfc", 1, 1, "", erfc, "", "unary", ""},
    {"Sin", 1, 1, "", unary, "sin", "unary", ""},
    {"Cos", 1, 1, "", unary, "cos", "unary", ""},
    {"Tan", 1, 1, "", unary, "tan", "unary", ""},
    {"Asin", 1, 1, "", unary, "asin", "unary", ""},
    {"Acos", 1, 1, "", unary, "acos", "unary", ""},
    {"Atan", 1, 1, "", unary, "atan", "unary", ""},
    {"Sinh", 1, 1, "", unary, "sinh", "unary", ""},
    {"Cosh", 1, 1, "", unary, "cosh", "unary", ""},
    {"Asinh", 1, 1, "", unary, "asinh", "unary", ""},
    {"Acosh", 1, 1, "", unary, "acosh", "unary", ""},
    {"Atanh", 1, 1, "", unary, "atanh", "unary", ""},
    {"IsNan", 1, 1, "", unary, "is_nan", "unary", ""},
    {"IsInf", 1, 1, "", unary, "is_inf", "unary", ""},
    {"IsFinite", 1, 1, "", is_finite, "", "unary binary", ""},
    {"LogicalNot", 1, 1, "", unary, "not", "unary", ""},
    {"Add", 2, 2, "", binary, "add", "binary", ""},
    {"AddV2", 2, 2, "", binary, "add", "binary", ""},
    {"AddN", 1, kAny, "", add_all, "", "binary", ""},
    {"Sub", 2, 2, "", binary, "sub", "binary", ""},
    {"Mul", 2, 2, "", binary, "mul", "binary", ""},
    {"Div", 2, 2, "", binary, "div", "binary", ""},
    {"RealDiv", 2, 2, "", binary, "div", "binary", ""},
    {"DivNoNan", 2, 2, "", div_no_nan, "", "binary compare select", ""},
    {"FloorDiv", 2, 2, "", binary, "floor_div", "binary", ""},
    {"TruncateDiv", 2, 2, "", binary, "div", "binary", "integers"},
    {"FloorMod", 2, 2, "", binary, "mod", "binary", ""},
    {"Mod", 2, 2, "", binary, "fmod", "binary", ""},
    {"TruncateMod", 2, 2, "", binary, "fmod", "binary", ""},
    {"Pow", 2, 2, "", binary, "pow", "binary", ""},
    {"Maximum", 2, 2, "", binary, "max", "binary", ""},
    {"Minimum", 2, 2, "", binary, "min", "binary", ""},
    {"SquaredDifference", 2, 2, "", binary, "squared_difference", "binary", ""},
    {"Atan2", 2, 2, "", binary, "atan2", "binary", ""},
    {"LogicalAnd", 2, 2, "", binary, "and", "binary", ""},
    {"LogicalOr", 2, 2, "", binary, "or", "binary", ""},
    {"ClipByValue", 3, 3, "", clip_by_value, "", "binary", ""},
    {"BiasAdd", 2, 2, "data_format:s", bias_add, "", "binary", ""},
    {"BiasAddV1", 2, 2, "", bias_add, "", "binary", ""},
    {"Equal", 2, 2, "", compare, "eq", "compare", ""},
    {"NotEqual", 2, 2, "", compare, "ne", "compare", ""},
    {"Less", 2, 2, "", compare, "lt", "compare", ""},
    {"LessEqual", 2, 2, "", compare, "le", "compare", ""},
    {"Greater", 2, 2, "", compare, "gt", "compare", ""},
    {"GreaterEqual", 2, 2, "", compare, "ge", "compare", ""},
    {"Select", 3, 3, "", choose, "first_axis", "select", ""},
    {"SelectV2", 3, 3, "", choose, "", "select", ""},
    {"bmnet.Like", 2, 2, "", like, "", "", "for layers of Keras"},
    {"Cast", 1, 1, "DstT:t", cast, "", "cast", ""},
};
// clang-format on

}  // namespace

std::span<const Row> elementwise_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
