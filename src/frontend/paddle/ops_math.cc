// Activations, arithmetic, comparisons, reductions.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "frontend/paddle/call.h"
#include "frontend/paddle/params.h"

namespace bmnet::frontend::paddle {
namespace {

using Integers = std::vector<int64_t>;

Result<Values> finish_unary(Call& call, ValueId x, std::string_view kind, float alpha = 0, float beta = 0) {
  return one(call.finish("unary", {{"kind", std::string(kind)}, {"alpha", alpha}, {"beta", beta}}, {x}));
}

Result<Values> unary(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  return finish_unary(call, x, call.kind());
}

// Activations with parameters.
Result<Values> activation(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const std::string_view kind = call.kind();
  if (kind == "leaky_relu") return finish_unary(call, x, kind, call.number("alpha", 0.02f));
  if (kind == "celu") return finish_unary(call, x, kind, call.number("alpha", 1));
  if (kind == "hard_shrink") return finish_unary(call, x, "shrink", call.number("threshold", 0.5f));
  if (kind == "softshrink") {
    const float width = call.number("lambda", 0.5f);
    return finish_unary(call, x, "shrink", width, width);
  }
  if (kind == "elu") return finish_unary(call, x, kind, call.number("alpha", 1));
  if (kind == "relu6") return finish_unary(call, x, "clip", 0, call.number("threshold", 6));
  if (kind == "brelu") return finish_unary(call, x, "clip", call.number("t_min", 0), call.number("t_max", 24));
  if (kind == "hard_sigmoid")
    return finish_unary(call, x, kind, call.number("slope", 0.2f), call.number("offset", 0.5f));
  if (kind == "thresholded_relu") return finish_unary(call, x, kind, call.number("threshold", 1));
  if (kind == "selu")
    return finish_unary(call, x, kind, call.number("alpha", 1.6732632f), call.number("scale", 1.0507010f));
  if (kind == "pow") return finish_unary(call, x, "power", call.number("factor", 1));
  if (kind == "gelu") return finish_unary(call, x, call.boolean("approximate", false) ? "gelu_tanh" : "gelu");
  if (kind == "softplus") return finish_unary(call, x, kind, call.number("beta", 1));
  return bug("activation '{}'", kind);
}

// x * min(max(x + offset, 0), threshold) / scale
Result<Values> hard_swish(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const float threshold = call.number("threshold", 6), scale = call.number("scale", 6),
              offset = call.number("offset", 3);
  if (threshold == 6 && scale == 6 && offset == 3) return finish_unary(call, x, "hard_swish");
  if (scale == 0) return user_error("scale=0");
  BMNET_ASSIGN(ValueId gate, call.linear(x, 1, offset));
  BMNET_ASSIGN(gate, call.unary("clip", gate, 0, threshold));
  BMNET_ASSIGN(gate, call.linear(gate, 1 / scale, 0));
  return one(call.finish("binary", {{"kind", std::string("mul")}}, {x, gate}));
}

Result<Values> swish(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const float beta = call.number("beta", 1);
  if (beta == 1) return finish_unary(call, x, "silu");
  BMNET_ASSIGN(ValueId gate, call.linear(x, beta, 0));
  BMNET_ASSIGN(gate, call.unary("sigmoid", gate));
  return one(call.finish("binary", {{"kind", std::string("mul")}}, {x, gate}));
}

Result<Values> prelu(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(ValueId slope, call.in("Alpha"));
  const std::string mode = call.text("mode", "all");
  const Shape shape = call.shape_of(x);
  if (shape.size() < 2) return user_error("its input {} has no channels", to_string(shape));
  Shape broadcast(shape.size() - 1, 1);
  if (mode == "channel") broadcast[0] = shape[1];
  if (mode == "element") broadcast.assign(shape.begin() + 1, shape.end());
  if (element_count(broadcast) != element_count(call.shape_of(slope)))
    return user_error("slopes of shape {} do not fit mode {}", to_string(call.shape_of(slope)), mode);
  BMNET_ASSIGN(slope, call.reshape(slope, broadcast));
  return one(call.finish("prelu", {}, {x, slope}));
}

Result<Values> clip(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  float bounds[] = {call.number("min", -INFINITY), call.number("max", INFINITY)};
  for (const auto& [i, name] : {std::pair{0, "Min"}, std::pair{1, "Max"}}) {
    if (!call.has(name)) continue;
    BMNET_ASSIGN(const ValueId bound, call.in(name));
    const Tensor* known = call.constant_of(bound);
    if (!known || known->dtype() != DType::kF32 || known->count() != 1)
      return unsupported("a bound that is only known at run time");
    bounds[i] = known->data<float>()[0];
  }
  return finish_unary(call, x, "clip", bounds[0], bounds[1]);
}

// log1p, expm1, log2, log10: a logarithm or exponential with a scale or a shift before or behind.
Result<Values> scaled_log(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  if (call.kind() == "log1p") {
    BMNET_ASSIGN(x, call.linear(x, 1, 1));
    return finish_unary(call, x, "log");
  }
  BMNET_ASSIGN(x, call.unary(call.kind() == "expm1" ? "exp" : "log", x));
  if (call.kind() == "expm1") return finish_unary(call, x, "linear", 1, -1);
  return finish_unary(call, x, "linear", static_cast<float>(1 / std::log(call.kind() == "log2" ? 2.0 : 10.0)));
}

// scale_b * tanh(scale_a * x)
Result<Values> scaled_tanh(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  BMNET_ASSIGN(x, call.linear(x, call.number("scale_a", 0.67f), 0));
  BMNET_ASSIGN(x, call.unary("tanh", x));
  return finish_unary(call, x, "linear", call.number("scale_b", 1.7159f));
}

Result<Values> tanh_shrink(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId bent, call.unary("tanh", x));
  return one(call.finish("binary", {{"kind", std::string("sub")}}, {x, bent}));
}

Result<Values> truncate(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId sign, call.unary("sign", x));
  BMNET_ASSIGN(ValueId size, call.unary("abs", x));
  BMNET_ASSIGN(size, call.unary("floor", size));
  return one(call.finish("binary", {{"kind", std::string("mul")}}, {sign, size}));
}

// x - x is 0 for finite numbers alone.
Result<Values> is_finite(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId difference, call.binary("sub", x, x));
  BMNET_ASSIGN(const ValueId zero, call.scalar(call.dtype_of(x), 0));
  return one(call.finish("compare", {{"kind", std::string("eq")}}, {difference, zero}));
}

// scale * x + bias, or scale * (x + bias)
Result<Values> scale(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  float factor = call.number("scale", 1), bias = call.number("bias", 0);
  if (call.has("ScaleTensor")) {
    BMNET_ASSIGN(const ValueId tensor, call.in("ScaleTensor"));
    const Tensor* known = call.constant_of(tensor);
    if (!known || known->dtype() != DType::kF32 || known->count() != 1)
      return unsupported("a scale that is only known at run time");
    factor = known->data<float>()[0];
  }
  if (!call.boolean("bias_after_scale", true)) bias *= factor;
  if (factor == 1 && bias == 0) return Values{x};
  if (call.dtype_of(x) == DType::kF32) return finish_unary(call, x, "linear", factor, bias);
  BMNET_ASSIGN(const ValueId multiplier, call.filled(call.dtype_of(x), {}, factor));
  BMNET_ASSIGN(const ValueId addend, call.filled(call.dtype_of(x), {}, bias));
  BMNET_ASSIGN(const ValueId product, call.binary("mul", x, multiplier));
  return one(call.finish("binary", {{"kind", std::string("add")}}, {product, addend}));
}

// Y aligned with X: its axes stand from `axis` on (-1: at the end), trailing axes of 1 do not count.
Result<Values> aligned_operands(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(ValueId y, call.in("Y"));
  BMNET_ASSIGN(y, call.cast(y, call.dtype_of(x)));
  const int64_t axis = call.integer("axis", -1), rank = call.rank_of(x);
  if (axis == -1 || rank < call.rank_of(y)) return Values{x, y};
  if (axis < 0 || axis > rank) return user_error("axis {} does not exist in a tensor of {} axes", axis, rank);
  Shape shape = call.shape_of(y);
  while (!shape.empty() && axis + std::ssize(shape) > rank && shape.back() == 1) shape.pop_back();
  if (axis + std::ssize(shape) > rank)
    return user_error("Y {} does not fit X {} from axis {}", to_string(call.shape_of(y)), to_string(call.shape_of(x)),
                      axis);
  shape.resize(rank - axis, 1);
  BMNET_ASSIGN(y, call.reshape(y, shape));
  return Values{x, y};
}

Result<Values> elementwise(Call& call) {
  BMNET_ASSIGN(const Values operands, aligned_operands(call));
  return one(call.finish("binary", {{"kind", std::string(call.kind())}}, operands));
}

Result<Values> atan2(Call& call) {
  BMNET_ASSIGN(const ValueId y, call.in("X1"));
  BMNET_ASSIGN(const ValueId x, call.in("X2"));
  return one(call.finish("binary", {{"kind", std::string("atan2")}}, {y, x}));
}

Result<Values> compare(Call& call) {
  BMNET_ASSIGN(const Values operands, aligned_operands(call));
  return one(call.finish("compare", {{"kind", std::string(call.kind())}}, operands));
}

Result<Values> sum_of_all(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all("X"));
  if (inputs.size() == 1) return inputs;
  ValueId sum = inputs[0];
  for (size_t i = 1; i + 1 < inputs.size(); ++i) {
    BMNET_ASSIGN(sum, call.binary("add", sum, inputs[i]));
  }
  return one(call.finish("binary", {{"kind", std::string("add")}}, {sum, inputs.back()}));
}

Result<Values> where(Call& call) {
  BMNET_ASSIGN(const ValueId condition, call.in("Condition"));
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const ValueId y, call.in("Y"));
  return one(call.finish("select", {}, {condition, x, y}));
}

Result<Values> softmax(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(call.integer("axis", -1), call.rank_of(x)));
  return one(call.finish("softmax", {{"axis", axis}, {"log", call.kind() == "log"}}, {x}));
}

Integers all_axes(int64_t rank) {
  Integers axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

Result<Values> reduce(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const bool keep = call.boolean("keep_dim", false);
  Integers axes = call.integers("dim");
  if (call.boolean("reduce_all", false) || axes.empty() || !call.has_attribute("dim")) axes = all_axes(call.rank_of(x));
  BMNET_ASSIGN(axes, Emitter::normal_axes(std::move(axes), call.rank_of(x)));
  if (axes.empty()) return Values{x};
  const op::Attributes attributes = {{"kind", std::string(call.kind())}, {"axes", axes}, {"keep_dims", keep}};
  if (keep || axes.size() < static_cast<size_t>(call.rank_of(x))) return one(call.finish("reduce", attributes, {x}));
  BMNET_ASSIGN(const ValueId y, call.make("reduce", attributes, {x}));
  return one(call.finish("reshape", {{"shape", Integers{1}}}, {y}));
}

Result<Values> p_norm(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  const float order = call.number("porder", 2);
  const bool keep = call.boolean("keepdim", false);
  if (order != 1 && order != 2) return unsupported("porder={}; 1 and 2 can be compiled", order);
  if (call.boolean("asvector", false)) {
    BMNET_ASSIGN(x, call.reshape(x, {element_count(call.shape_of(x))}));
  }
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(call.integer("axis", -1), call.rank_of(x)));
  return one(call.finish(
      "reduce", {{"kind", std::string(order == 1 ? "l1" : "l2")}, {"axes", Integers{axis}}, {"keep_dims", keep}}, {x}));
}

Result<Values> l2_normalize(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(call.integer("axis", -1), call.rank_of(x)));
  return one(call.finish(
      "lp_normalize", {{"axes", Integers{axis}}, {"p", int64_t{2}}, {"epsilon", call.number("epsilon", 1e-10f)}}, {x}));
}

// The operand and the axis to go along; with "flatten", a vector of all elements.
struct Along {
  ValueId x;
  int64_t axis;
};
Result<Along> flattened_or_along_axis(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  int64_t axis = call.integer("axis", -1);
  if (call.boolean("flatten", false)) {
    BMNET_ASSIGN(x, call.reshape(x, {element_count(call.shape_of(x))}));
    axis = 0;
  }
  BMNET_ASSIGN(axis, Emitter::normal_axis(axis, call.rank_of(x)));
  return Along{x, axis};
}

Result<Values> arg_reduce(Call& call) {
  BMNET_ASSIGN(const Along along, flattened_or_along_axis(call));
  const op::Attributes attributes = {
      {"kind", std::string(call.kind())}, {"axis", along.axis}, {"keep_dims", call.boolean("keepdims", false)}};
  if (call.integer("dtype", 3) != 2) return one(call.finish("arg_reduce", attributes, {along.x}));
  BMNET_ASSIGN(const ValueId y, call.make("arg_reduce", attributes, {along.x}));
  return one(call.finish("cast", {{"to", std::string("i32")}}, {y}));
}

Result<Values> top_k(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(call.integer("axis", -1), call.rank_of(x)));
  BMNET_ASSIGN(const Integers k, call.integers_from("k", "K", ""));
  if (k.size() != 1) return user_error("it does not state k");
  const Values operands{x};
  BMNET_ASSIGN(
      const Values results,
      call.make_all("top_k", {{"k", k[0]}, {"axis", axis}, {"largest", call.boolean("largest", true)}}, operands, 2));
  call.set("Indices", 0, results[1]);
  return Values{results[0]};
}

Result<Values> cumsum(Call& call) {
  BMNET_ASSIGN(const Along along, flattened_or_along_axis(call));
  return one(call.finish("cumsum",
                         {{"axis", along.axis},
                          {"exclusive", call.boolean("exclusive", false)},
                          {"reverse", call.boolean("reverse", false)}},
                         {along.x}));
}

// What training scaled down by the rate is scaled in inference, unless training scaled up.
Result<Values> dropout(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  if (call.text("dropout_implementation", "downgrade_in_infer") == "upscale_in_train") return Values{x};
  return finish_unary(call, x, "linear", 1 - call.number("dropout_prob", 0.5f));
}

Result<Values> cast(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const DType dtype, dtype_of_number(call.integer("out_dtype", 5)));
  if (call.dtype_of(x) == dtype) return Values{x};
  return one(call.finish("cast", {{"to", std::string(dtype_name(dtype))}}, {x}));
}

// clang-format off
constexpr Row same_name(std::string_view name) { return {name, unary, name, "", "unary", ""}; }
constexpr Row parametric(std::string_view name, std::string_view attributes) { return {name, activation, name, attributes, "unary", ""}; }
constexpr Row two(std::string_view name, std::string_view kind) { return {name, elementwise, kind, "axis", "binary", ""}; }
constexpr Row comparison(std::string_view name, std::string_view kind) { return {name, compare, kind, "axis", "compare", ""}; }
constexpr Row reduction(std::string_view name, std::string_view kind) { return {name, reduce, kind, "dim keep_dim reduce_all", "reduce", ""}; }
constexpr Row kRows[] = {
    same_name("abs"), same_name("acos"), same_name("acosh"), same_name("asin"), same_name("asinh"), same_name("atan"),
    same_name("atanh"), same_name("ceil"), same_name("cos"),
    same_name("cosh"), same_name("erf"), same_name("exp"), same_name("floor"), same_name("log"), same_name("mish"),
    same_name("reciprocal"), same_name("relu"), same_name("round"), same_name("rsqrt"), same_name("sigmoid"),
    same_name("sign"), same_name("silu"), same_name("sin"), same_name("sinh"), same_name("softsign"),
    same_name("sqrt"), same_name("square"), same_name("tan"), same_name("tanh"),
    {"logsigmoid", unary, "log_sigmoid", "", "unary", ""}, {"logical_not", unary, "not", "", "unary", ""},
    parametric("leaky_relu", "alpha"), parametric("elu", "alpha"), parametric("relu6", "threshold"),
    parametric("brelu", "t_min t_max"), parametric("hard_sigmoid", "slope offset"),
    parametric("thresholded_relu", "threshold"), parametric("selu", "alpha scale"), parametric("pow", "factor"),
    parametric("gelu", "approximate"), parametric("softplus", "beta"),
    {"hard_swish", hard_swish, "", "threshold scale offset", "unary", ""},
    {"swish", swish, "", "beta", "unary", ""}, {"prelu", prelu, "", "mode", "prelu", ""},
    {"clip", clip, "", "min max", "unary", ""}, {"log1p", scaled_log, "log1p", "", "unary", ""},
    {"log2", scaled_log, "log2", "", "unary", ""}, {"log10", scaled_log, "log10", "", "unary", ""},
    {"expm1", scaled_log, "expm1", "", "unary", ""}, {"stanh", scaled_tanh, "", "scale_a scale_b", "unary", ""},
    {"tanh_shrink", tanh_shrink, "", "", "unary binary", ""}, {"trunc", truncate, "", "", "unary binary", ""},
    {"isnan_v2", unary, "is_nan", "", "unary", ""}, {"isinf_v2", unary, "is_inf", "", "unary", ""},
    {"isfinite_v2", is_finite, "", "", "binary compare", ""}, parametric("celu", "alpha"),
    parametric("hard_shrink", "threshold"), parametric("softshrink", "lambda"),

    {"scale", scale, "", "scale bias bias_after_scale", "unary", ""},
    two("elementwise_add", "add"), two("elementwise_sub", "sub"), two("elementwise_mul", "mul"),
    two("elementwise_div", "div"), two("elementwise_max", "max"), two("elementwise_min", "min"),
    two("elementwise_pow", "pow"), two("elementwise_mod", "mod"), two("elementwise_floordiv", "floor_div"),
    two("elementwise_fmax", "max"), two("elementwise_fmin", "min"),
    {"atan2", atan2, "", "", "binary", "", "Out"}, two("bitwise_and", "and"), two("bitwise_or", "or"), two("bitwise_xor", "xor"),
    {"bitwise_not", unary, "not", "", "unary", "truth values"}, two("logical_and", "and"), two("logical_or", "or"), two("logical_xor", "xor"),
    comparison("equal", "eq"), comparison("not_equal", "ne"), comparison("greater_than", "gt"),
    comparison("greater_equal", "ge"), comparison("less_than", "lt"), comparison("less_equal", "le"),
    {"sum", sum_of_all, "", "", "binary", ""}, {"where", where, "", "", "select", ""},
    {"softmax", softmax, "", "axis", "softmax", ""}, {"log_softmax", softmax, "log", "axis", "softmax", ""},
    reduction("reduce_mean", "mean"), reduction("reduce_sum", "sum"), reduction("reduce_max", "max"),
    reduction("reduce_min", "min"), reduction("reduce_prod", "prod"), reduction("reduce_all", "all"),
    reduction("reduce_any", "any"), reduction("mean", "mean"), reduction("logsumexp", "log_sum_exp"),
    reduction("reduce_amax", "max"), reduction("reduce_amin", "min"), reduction("frobenius_norm", "l2"),
    {"p_norm", p_norm, "", "porder axis keepdim", "reduce", "order 1 and 2"},
    {"norm", l2_normalize, "", "axis epsilon", "lp_normalize", ""},
    {"arg_max", arg_reduce, "max", "axis keepdims flatten dtype", "arg_reduce", ""},
    {"arg_min", arg_reduce, "min", "axis keepdims flatten dtype", "arg_reduce", ""},
    {"top_k", top_k, "", "k", "top_k", ""}, {"top_k_v2", top_k, "", "k axis largest", "top_k", ""},
    {"cumsum", cumsum, "", "axis exclusive reverse flatten", "cumsum", ""},
    {"dropout", dropout, "", "dropout_implementation dropout_prob", "unary", ""},
    {"cast", cast, "", "out_dtype", "cast", "f16 and f64 are f32"},
};
// clang-format on

}  // namespace

std::span<const Row> math_rows() { return kRows; }

}  // namespace bmnet::frontend::paddle
