// Element-wise operators: functions, arithmetic, comparison, selection, conversion.
#include <cmath>
#include <limits>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// A function that torch computes in floats, named like torch's operator.
template <const char* kKind>
Value real(Call& c) {
  return c.result(c.t.unary(kKind, c.f32(0)));
}
// One that keeps integers.
template <const char* kKind>
Value plain(Call& c) {
  const ValueId x = c.tensor(0);
  return c.result(c.t.dtype(x) == DType::kBool ? c.t.unary(kKind, c.f32(0)) : c.t.unary(kKind, x));
}
template <const char* kKind>
Value rounding(Call& c) {
  const ValueId x = c.tensor(0);
  return c.result(c.t.dtype(x) == DType::kF32 ? c.t.unary(kKind, x) : x);
}
#define BMNET_KIND(name) constexpr char k_##name[] = #name
BMNET_KIND(abs);
BMNET_KIND(neg);
BMNET_KIND(sign);
BMNET_KIND(ceil);
BMNET_KIND(floor);
BMNET_KIND(round);
BMNET_KIND(sqrt);
BMNET_KIND(rsqrt);
BMNET_KIND(reciprocal);
BMNET_KIND(square);
BMNET_KIND(exp);
BMNET_KIND(log);
BMNET_KIND(erf);
BMNET_KIND(sin);
BMNET_KIND(cos);
BMNET_KIND(tan);
BMNET_KIND(asin);
BMNET_KIND(acos);
BMNET_KIND(atan);
BMNET_KIND(sinh);
BMNET_KIND(cosh);
BMNET_KIND(tanh);
BMNET_KIND(asinh);
BMNET_KIND(acosh);
BMNET_KIND(atanh);
BMNET_KIND(sigmoid);
BMNET_KIND(relu);
BMNET_KIND(softsign);
BMNET_KIND(mish);
BMNET_KIND(silu);
BMNET_KIND(hard_swish);
BMNET_KIND(log_sigmoid);
BMNET_KIND(is_nan);
BMNET_KIND(is_inf);
BMNET_KIND(max);
BMNET_KIND(min);
BMNET_KIND(mod);
BMNET_KIND(fmod);
BMNET_KIND(atan2);
BMNET_KIND(floor_div);
BMNET_KIND(and);
BMNET_KIND(or);
BMNET_KIND(xor);
BMNET_KIND(shift_left);
BMNET_KIND(shift_right);
BMNET_KIND(eq);
BMNET_KIND(ne);
BMNET_KIND(lt);
BMNET_KIND(le);
BMNET_KIND(gt);
BMNET_KIND(ge);
#undef BMNET_KIND

ValueId clipped(Call& c, ValueId x, double low, double high) {
  if (c.t.dtype(x) == DType::kF32) return c.t.unary("clip", x, low, high);
  if (low > -kInf) x = c.t.binary("max", x, c.t.cast(c.t.scalar(DType::kF32, low), c.t.dtype(x)));
  if (high < kInf) x = c.t.binary("min", x, c.t.cast(c.t.scalar(DType::kF32, high), c.t.dtype(x)));
  return x;
}

Value clamp(Call& c) {
  ValueId x = c.tensor(0);
  const bool numbers = (!c.given(1) || known_number(c.t, c.at(1))) && (!c.given(2) || known_number(c.t, c.at(2)));
  if (numbers) return c.result(clipped(c, x, c.number(1, -kInf), c.number(2, kInf)));
  if (c.given(1)) x = c.t.binary("max", x, c.t.cast(c.tensor(1), c.t.dtype(x)));
  if (c.given(2)) x = c.t.binary("min", x, c.t.cast(c.tensor(2), c.t.dtype(x)));
  return c.result(x);
}
Value clamp_min(Call& c) { return c.result(clipped(c, c.tensor(0), c.number(1), kInf)); }
Value clamp_max(Call& c) { return c.result(clipped(c, c.tensor(0), -kInf, c.number(1))); }
Value hardtanh(Call& c) { return c.result(c.t.unary("clip", c.f32(0), c.number(1, -1), c.number(2, 1))); }
Value relu6(Call& c) { return c.result(c.t.unary("clip", c.f32(0), 0, 6)); }
Value leaky_relu(Call& c) { return c.result(c.t.unary("leaky_relu", c.f32(0), c.number(1, 0.01))); }
Value rrelu(Call& c) {
  return c.result(c.t.unary("leaky_relu", c.f32(0), (c.number(1, 1.0 / 8) + c.number(2, 1.0 / 3)) / 2));
}
Value celu(Call& c) { return c.result(c.t.unary("celu", c.f32(0), c.number(1, 1))); }
Value selu(Call& c) {
  return c.result(c.t.unary("selu", c.f32(0), 1.6732632423543772848170429916717, 1.0507009873554804934193349852946));
}
Value elu(Call& c) {
  if (c.number(2, 1) != 1 || c.number(3, 1) != 1) refuse("torch.elu with a scale is not supported");
  return c.result(c.t.unary("elu", c.f32(0), c.number(1, 1)));
}
Value hardsigmoid(Call& c) { return c.result(c.t.unary("hard_sigmoid", c.f32(0), 1.0 / 6, 0.5)); }
// Beyond the threshold torch goes on as the identity; at the usual one of 20 that is the same number.
Value softplus(Call& c) {
  const double beta = c.number(1, 1), threshold = c.number(2, 20);
  const ValueId x = c.f32(0), curve = c.t.unary("softplus", x, beta);
  if (threshold >= 20) return c.result(curve);
  const ValueId above = c.t.emit("compare", {{"kind", std::string("gt")}},
                                 {c.t.unary("linear", x, beta, 0), c.t.scalar(DType::kF32, threshold)});
  return c.result(c.t.emit("select", {}, {above, x, curve}));
}
Value softshrink(Call& c) { return c.result(c.t.unary("shrink", c.f32(0), c.number(1, 0.5), c.number(1, 0.5))); }
Value hardshrink(Call& c) { return c.result(c.t.unary("shrink", c.f32(0), c.number(1, 0.5), 0)); }
Value gelu(Call& c) { return c.result(c.t.unary(c.text(1, "none") == "tanh" ? "gelu_tanh" : "gelu", c.f32(0))); }
Value log1p(Call& c) { return c.result(c.t.unary("log", c.t.unary("linear", c.f32(0), 1, 1))); }
Value expm1(Call& c) { return c.result(c.t.unary("linear", c.t.unary("exp", c.f32(0)), 1, -1)); }
Value log2(Call& c) { return c.result(c.t.unary("linear", c.t.unary("log", c.f32(0)), 1 / std::log(2.0), 0)); }
Value log10(Call& c) { return c.result(c.t.unary("linear", c.t.unary("log", c.f32(0)), 1 / std::log(10.0), 0)); }
Value exp2(Call& c) { return c.result(c.t.unary("exp", c.t.unary("linear", c.f32(0), std::log(2.0), 0))); }
Value tanhshrink(Call& c) { return c.result(c.t.binary("sub", c.f32(0), c.t.unary("tanh", c.f32(0)))); }
Value frac(Call& c) { return c.result(c.t.binary("fmod", c.f32(0), c.t.scalar(DType::kF32, 1))); }
ValueId truncated(Call& c, ValueId x) {
  return c.t.binary("mul", c.t.unary("sign", x), c.t.unary("floor", c.t.unary("abs", x)));
}
Value trunc(Call& c) {
  const ValueId x = c.tensor(0);
  return c.result(c.t.dtype(x) == DType::kF32 ? truncated(c, x) : x);
}

Value prelu(Call& c) {
  const ValueId x = c.f32(0);
  ValueId slope = c.f32(1);
  const size_t rank = c.t.shape(x).size();
  if (c.t.shape(slope).size() == 1 && rank > 2) {
    Shape shape(rank - 1, 1);
    shape[0] = c.t.shape(slope)[0];
    slope = c.t.reshape(slope, shape);
  }
  return c.result(c.t.emit("prelu", {}, {x, slope}));
}

Value glu(Call& c) {
  const ValueId x = c.f32(0);
  const size_t axis = c.axis(c.integer(1, -1), c.t.shape(x).size());
  if (c.t.shape(x).empty() || c.t.shape(x)[axis] % 2 != 0) reject("torch.glu: axis {} cannot be halved", axis);
  const int64_t half = c.t.shape(x)[axis] / 2;
  return c.result(c.t.binary("mul", c.t.slice(x, axis, 0, half), c.t.unary("sigmoid", c.t.slice(x, axis, half, half))));
}

Value threshold(Call& c) {
  const ValueId x = c.f32(0);
  const ValueId above = c.t.emit("compare", {{"kind", std::string("gt")}}, {x, c.t.scalar(DType::kF32, c.number(1))});
  return c.result(c.t.emit("select", {}, {above, x, c.t.scalar(DType::kF32, c.number(2))}));
}

template <const char* kKind>
Value binary(Call& c) {
  const auto [a, b] = c.promoted(0, 1);
  return c.result(c.t.binary(kKind, a, b));
}
template <const char* kKind>
Value compare(Call& c) {
  auto [a, b] = c.promoted(0, 1);
  if (c.t.dtype(a) == DType::kBool) a = c.t.cast(a, DType::kI64), b = c.t.cast(b, DType::kI64);
  return c.result(c.t.emit("compare", {{"kind", std::string(kKind)}}, {a, b}));
}

ValueId scaled(Call& c, ValueId x, size_t alpha) {
  if (!c.given(alpha) || (known_number(c.t, c.at(alpha)) && c.number(alpha) == 1)) return x;
  return c.t.binary("mul", x, c.t.cast(c.t.scalar(DType::kF32, c.number(alpha)), c.t.dtype(x)));
}
Value add(Call& c) {
  auto [a, b] = c.promoted(0, 1);
  if (c.t.dtype(a) == DType::kBool) return c.result(c.t.binary("or", a, b));
  return c.result(c.t.binary("add", a, scaled(c, b, 2)));
}
Value sub(Call& c) {
  const auto [a, b] = c.promoted(0, 1);
  return c.result(c.t.binary("sub", a, scaled(c, b, 2)));
}
Value rsub(Call& c) {
  const auto [a, b] = c.promoted(0, 1);
  return c.result(c.t.binary("sub", b, scaled(c, a, 2)));
}
Value multiply(Call& c) {
  const auto [a, b] = c.promoted(0, 1);
  return c.result(c.t.binary(c.t.dtype(a) == DType::kBool ? "and" : "mul", a, b));
}
Value div(Call& c) {
  auto [a, b] = c.promoted(0, 1);
  const std::string mode = c.text(2, "");
  if (mode == "floor") return c.result(c.t.binary("floor_div", a, b));
  if (mode == "trunc") {
    if (c.t.dtype(a) != DType::kF32) return c.result(c.t.binary("div", a, b));
    return c.result(truncated(c, c.t.binary("div", a, b)));
  }
  return c.result(c.t.binary("div", c.t.cast(a, DType::kF32), c.t.cast(b, DType::kF32)));
}
Value power(Call& c) {
  const auto exponent = known_number(c.t, c.at(1));
  if (exponent && c.is_tensor(0)) {
    const ValueId x = c.tensor(0);
    const bool integers = c.t.dtype(x) != DType::kF32 && !exponent->as<double>();
    if (!integers) {
      const double n = c.number(1);
      if (n == 1) return c.result(c.f32(0));
      if (n == 2) return c.result(c.t.unary("square", c.f32(0)));
      if (n == 0.5) return c.result(c.t.unary("sqrt", c.f32(0)));
      if (n == -1) return c.result(c.t.unary("reciprocal", c.f32(0)));
      return c.result(c.t.unary("power", c.f32(0), n));
    }
  }
  const auto [a, b] = c.promoted(0, 1);
  return c.result(c.t.binary("pow", a, b));
}
Value addcmul(Call& c) {
  const ValueId product = c.t.binary("mul", c.f32(1), c.f32(2));
  return c.result(c.t.binary("add", c.f32(0), scaled(c, product, 3)));
}
Value addcdiv(Call& c) {
  const ValueId quotient = c.t.binary("div", c.f32(1), c.f32(2));
  return c.result(c.t.binary("add", c.f32(0), scaled(c, quotient, 3)));
}
Value lerp(Call& c) {
  const ValueId difference = c.t.binary("sub", c.f32(1), c.f32(0));
  return c.result(c.t.binary("add", c.f32(0), c.t.binary("mul", difference, c.f32(2))));
}

ValueId as_bool(Call& c, ValueId x) {
  if (c.t.dtype(x) == DType::kBool) return x;
  const ValueId zero = c.t.cast(c.t.scalar(DType::kF32, 0), c.t.dtype(x));
  return c.t.emit("compare", {{"kind", std::string("ne")}}, {x, zero});
}
template <const char* kKind>
Value logical(Call& c) {
  return c.result(c.t.binary(kKind, as_bool(c, c.tensor(0)), as_bool(c, c.tensor(1))));
}
Value logical_not(Call& c) { return c.result(c.t.unary("not", as_bool(c, c.tensor(0)))); }
Value bitwise_not(Call& c) {
  const ValueId x = c.tensor(0);
  if (c.t.dtype(x) == DType::kBool) return c.result(c.t.unary("not", x));
  return c.result(c.t.binary("xor", x, c.t.cast(c.t.integers({-1}, {}), c.t.dtype(x))));
}
Value isfinite(Call& c) {
  const ValueId bad = c.t.binary("or", c.t.unary("is_nan", c.f32(0)), c.t.unary("is_inf", c.f32(0)));
  return c.result(c.t.unary("not", bad));
}

Value where(Call& c) {
  if (!c.given(1)) refuse("torch.where with one argument gives as many results as the data has: not supported");
  const auto [a, b] = c.promoted(1, 2);
  return c.result(c.t.emit("select", {}, {as_bool(c, c.tensor(0)), a, b}));
}
Value masked_fill(Call& c) {
  const ValueId x = c.tensor(0);
  return c.result(c.t.emit("select", {}, {as_bool(c, c.tensor(1)), c.t.cast(c.tensor(2), c.t.dtype(x)), x}));
}

Value convert(Call& c, std::optional<DType> type) {
  const CellRef cell = c.cell(0);
  const ValueId x = c.t.read(*cell);
  if (!type || c.t.dtype(x) == *type) return cell;
  if (*type == DType::kBool) return c.result(as_bool(c, x));
  return c.result(c.t.cast(x, *type));
}
// to(dtype, …), to(device, dtype, …), to(other), dtype by name.
Value to(Call& c) {
  if (!c.named("dtype").is_none()) return convert(c, dtype_of_code(c.named("dtype")));
  for (const size_t i : {1, 2}) {
    if (c.at(i).as<int64_t>()) return convert(c, dtype_of_code(c.at(i)));
    if (c.is_tensor(i)) return convert(c, c.t.dtype(c.tensor(i)));
    if (c.at(i).as<bool>()) break;
  }
  return c.cell(0);
}
Value type_as(Call& c) { return convert(c, c.t.dtype(c.tensor(1))); }
Value to_float(Call& c) { return convert(c, DType::kF32); }
Value to_long(Call& c) { return convert(c, DType::kI64); }
Value to_int(Call& c) { return convert(c, DType::kI32); }
Value to_bool(Call& c) { return convert(c, DType::kBool); }
Value same_tensor(Call& c) { return c.cell(0); }
Value copy_of(Call& c) { return c.result(c.tensor(0)); }

// The dropouts; `train` is argument 2.
Value dropout(Call& c) {
  if (c.boolean(2, false)) refuse("torch.{} in training mode: export the model after model.eval()", c.op());
  return c.cell(0);
}

Value complex(Call& c) { return Complex{c.cell(0), c.cell(1)}; }
Value real_part(Call& c) {
  const Complex* both = c.at(0).as<Complex>();
  return both ? both->real : c.cell(0);
}
Value imaginary_part(Call& c) {
  const Complex* both = c.at(0).as<Complex>();
  if (!both) refuse("torch.imag of a real tensor");
  return both->imag;
}

constexpr OpRow kRows[] = {
    {"abs", "self", plain<k_abs>, "unary"},
    {"absolute", "self", plain<k_abs>, "unary"},
    {"neg", "self", plain<k_neg>, "unary"},
    {"negative", "self", plain<k_neg>, "unary"},
    {"sign", "self", plain<k_sign>, "unary"},
    {"ceil", "self", rounding<k_ceil>, "unary"},
    {"floor", "self", rounding<k_floor>, "unary"},
    {"round", "self", rounding<k_round>, "unary"},
    {"trunc", "self", trunc, "unary binary"},
    {"fix", "self", trunc, "unary binary"},
    {"frac", "self", frac, "binary"},
    {"sqrt", "self", real<k_sqrt>, "unary"},
    {"rsqrt", "self", real<k_rsqrt>, "unary"},
    {"reciprocal", "self", real<k_reciprocal>, "unary"},
    {"square", "self", real<k_square>, "unary"},
    {"exp", "self", real<k_exp>, "unary"},
    {"exp2", "self", exp2, "unary"},
    {"expm1", "self", expm1, "unary"},
    {"log", "self", real<k_log>, "unary"},
    {"log2", "self", log2, "unary"},
    {"log10", "self", log10, "unary"},
    {"log1p", "self", log1p, "unary"},
    {"erf", "self", real<k_erf>, "unary"},
    {"sin", "self", real<k_sin>, "unary"},
    {"cos", "self", real<k_cos>, "unary"},
    {"tan", "self", real<k_tan>, "unary"},
    {"asin", "self", real<k_asin>, "unary"},
    {"acos", "self", real<k_acos>, "unary"},
    {"atan", "self", real<k_atan>, "unary"},
    {"sinh", "self", real<k_sinh>, "unary"},
    {"cosh", "self", real<k_cosh>, "unary"},
    {"tanh", "self", real<k_tanh>, "unary"},
    {"asinh", "self", real<k_asinh>, "unary"},
    {"acosh", "self", real<k_acosh>, "unary"},
    {"atanh", "self", real<k_atanh>, "unary"},
    {"sigmoid", "self", real<k_sigmoid>, "unary"},
    {"relu", "self", real<k_relu>, "unary"},
    {"relu6", "self", relu6, "unary"},
    {"softsign", "self", real<k_softsign>, "unary"},
    {"mish", "self", real<k_mish>, "unary"},
    {"silu", "self", real<k_silu>, "unary"},
    {"hardswish", "self", real<k_hard_swish>, "unary"},
    {"hardsigmoid", "self", hardsigmoid, "unary"},
    {"hardtanh", "self min_val max_val", hardtanh, "unary"},
    {"clamp", "self min max", clamp, "unary binary"},
    {"clip", "self min max", clamp, "unary binary"},
    {"clamp_min", "self min", clamp_min, "unary binary"},
    {"clamp_max", "self max", clamp_max, "unary binary"},
    {"leaky_relu", "self negative_slope", leaky_relu, "unary"},
    {"rrelu", "self lower upper training", rrelu, "unary", "evaluation mode"},
    {"elu", "self alpha scale input_scale", elu, "unary"},
    {"celu", "self alpha", celu, "unary"},
    {"selu", "self", selu, "unary"},
    {"gelu", "self approximate", gelu, "unary"},
    {"softplus", "self beta threshold", softplus, "unary"},
    {"softshrink", "self lambd", softshrink, "unary"},
    {"hardshrink", "self lambd", hardshrink, "unary"},
    {"tanhshrink", "self", tanhshrink, "unary binary"},
    {"log_sigmoid", "self", real<k_log_sigmoid>, "unary"},
    {"prelu", "self weight", prelu, "prelu"},
    {"glu", "self dim", glu, "slice unary binary"},
    {"threshold", "self threshold value", threshold, "compare select"},
    {"isnan", "self", real<k_is_nan>, "unary"},
    {"isinf", "self", real<k_is_inf>, "unary"},
    {"isfinite", "self", isfinite, "unary binary"},
    {"add", "self other alpha", add, "binary"},
    {"sub", "self other alpha", sub, "binary"},
    {"subtract", "self other alpha", sub, "binary"},
    {"rsub", "self other alpha", rsub, "binary"},
    {"mul", "self other", multiply, "binary"},
    {"multiply", "self other", multiply, "binary"},
    {"div", "self other rounding_mode", div, "binary"},
    {"divide", "self other rounding_mode", div, "binary"},
    {"true_divide", "self other", div, "binary"},
    {"floor_divide", "self other", binary<k_floor_div>, "binary"},
    {"remainder", "self other", binary<k_mod>, "binary"},
    {"fmod", "self other", binary<k_fmod>, "binary"},
    {"pow", "self exponent", power, "unary binary"},
    {"maximum", "self other", binary<k_max>, "binary"},
    {"minimum", "self other", binary<k_min>, "binary"},
    {"atan2", "self other", binary<k_atan2>, "binary"},
    {"addcmul", "self tensor1 tensor2 value", addcmul, "binary"},
    {"addcdiv", "self tensor1 tensor2 value", addcdiv, "binary"},
    {"lerp", "self end weight", lerp, "binary"},
    {"eq", "self other", compare<k_eq>, "compare"},
    {"ne", "self other", compare<k_ne>, "compare"},
    {"lt", "self other", compare<k_lt>, "compare"},
    {"le", "self other", compare<k_le>, "compare"},
    {"gt", "self other", compare<k_gt>, "compare"},
    {"ge", "self other", compare<k_ge>, "compare"},
    {"logical_and", "self other", logical<k_and>, "binary"},
    {"logical_or", "self other", logical<k_or>, "binary"},
    {"logical_xor", "self other", logical<k_xor>, "binary"},
    {"logical_not", "self", logical_not, "unary"},
    {"bitwise_and", "self other", binary<k_and>, "binary"},
    {"bitwise_or", "self other", binary<k_or>, "binary"},
    {"bitwise_xor", "self other", binary<k_xor>, "binary"},
    {"bitwise_not", "self", bitwise_not, "unary binary"},
    {"bitwise_left_shift", "self other", binary<k_shift_left>, "binary"},
    {"bitwise_right_shift", "self other", binary<k_shift_right>, "binary"},
    {"__and__", "self other", binary<k_and>, "binary"},
    {"__or__", "self other", binary<k_or>, "binary"},
    {"__xor__", "self other", binary<k_xor>, "binary"},
    {"__lshift__", "self other", binary<k_shift_left>, "binary"},
    {"__rshift__", "self other", binary<k_shift_right>, "binary"},
    {"where", "condition self other", where, "select"},
    {"masked_fill", "self mask value", masked_fill, "select"},
    {"to", "self other dtype non_blocking copy memory_format x y", to, "cast"},
    {"type_as", "self other", type_as, "cast"},
    {"float", "self", to_float, "cast"},
    {"double", "self", to_float, "cast", "computed as f32"},
    {"half", "self", to_float, "cast", "computed as f32"},
    {"long", "self", to_long, "cast"},
    {"int", "self", to_int, "cast"},
    {"bool", "self", to_bool, "compare"},
    {"cpu", "self", same_tensor, ""},
    {"cuda", "self device", same_tensor, ""},
    {"detach", "self", same_tensor, ""},
    {"alias", "self", same_tensor, ""},
    {"requires_grad", "self value", same_tensor, ""},
    {"lift_fresh", "self", same_tensor, ""},
    {"clone", "self memory_format", copy_of, ""},
    {"positive", "self", same_tensor, ""},
    {"dropout", "self p train", dropout, "", "evaluation mode"},
    {"feature_dropout", "self p train", dropout, "", "evaluation mode"},
    {"alpha_dropout", "self p train", dropout, "", "evaluation mode"},
    {"feature_alpha_dropout", "self p train", dropout, "", "evaluation mode"},
    {"complex", "real imag", complex, "", "only to be taken apart again"},
    {"real", "self", real_part, ""},
    {"imag", "self", imaginary_part, ""},
};

}  // namespace

std::span<const OpRow> elementwise_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
