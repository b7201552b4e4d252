// Functions of elements that are made of others.
#include <cmath>
#include <limits>
#include <numbers>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

ValueId number(Call& c, double value) { return c.t.scalar(DType::kF32, value); }
ValueId linear(Call& c, ValueId x, double scale, double shift) { return c.t.unary("linear", x, scale, shift); }

Value erfc(Call& c) { return c.result(linear(c, c.t.unary("erf", c.f32(0)), -1, 1)); }

// log(exp(a) + exp(b)) to any base: the larger one and what the other adds to it.
Value log_add_exp(Call& c, double base_log) {
  const ValueId a = c.f32(0), b = c.f32(1);
  const ValueId distance = c.t.unary("abs", c.t.binary("sub", a, b));
  const ValueId more = c.t.unary("log", linear(c, c.t.unary("exp", linear(c, distance, -base_log, 0)), 1, 1));
  return c.result(c.t.binary("add", c.t.binary("max", a, b), linear(c, more, 1 / base_log, 0)));
}
Value logaddexp(Call& c) { return log_add_exp(c, 1); }
Value logaddexp2(Call& c) { return log_add_exp(c, std::numbers::ln2); }

Value hypot(Call& c) {
  const ValueId sum = c.t.binary("add", c.t.unary("square", c.f32(0)), c.t.unary("square", c.f32(1)));
  return c.result(c.t.unary("sqrt", sum));
}
Value copysign(Call& c) {
  const ValueId x = c.t.unary("abs", c.f32(0));
  return c.result(c.t.select(c.t.compare("lt", c.f32(1), number(c, 0)), c.t.unary("neg", x), x));
}
Value xlogy(Call& c) {
  const ValueId x = c.f32(0), product = c.t.binary("mul", x, c.t.unary("log", c.f32(1)));
  return c.result(c.t.select(c.t.compare("eq", x, number(c, 0)), c.t.binary("mul", x, number(c, 0)), product));
}
Value expit(Call& c) { return c.result(c.t.unary("sigmoid", c.f32(0))); }
Value logit(Call& c) {
  ValueId x = c.f32(0);
  if (c.given(1)) x = c.t.unary("clip", x, c.number(1), 1 - c.number(1));
  return c.result(c.t.unary("log", c.t.binary("div", x, linear(c, x, -1, 1))));
}
Value sinc(Call& c) {
  const ValueId x = c.f32(0), zero = c.t.compare("eq", x, number(c, 0));
  const ValueId angle = linear(c, c.t.select(zero, number(c, 1), x), std::numbers::pi, 0);
  return c.result(c.t.select(zero, number(c, 1), c.t.binary("div", c.t.unary("sin", angle), angle)));
}
Value deg2rad(Call& c) { return c.result(linear(c, c.f32(0), std::numbers::pi / 180, 0)); }
Value rad2deg(Call& c) { return c.result(linear(c, c.f32(0), 180 / std::numbers::pi, 0)); }
Value heaviside(Call& c) {
  const ValueId x = c.f32(0);
  const ValueId step = c.t.cast(c.t.compare("gt", x, number(c, 0)), DType::kF32);
  return c.result(c.t.select(c.t.compare("eq", x, number(c, 0)), c.f32(1), step));
}
Value nan_to_num(Call& c) {
  constexpr double kMost = std::numeric_limits<float>::max();
  ValueId x = c.f32(0);
  x = c.t.select(c.t.unary("is_nan", x), number(c, c.number(1, 0)), x);
  const ValueId infinite = c.t.unary("is_inf", x);
  const ValueId finite =
      c.t.select(c.t.compare("gt", x, number(c, 0)), number(c, c.number(2, kMost)), number(c, c.number(3, -kMost)));
  return c.result(c.t.select(infinite, finite, x));
}
Value sgn(Call& c) {
  const ValueId x = c.tensor(0);
  return c.result(c.t.unary("sign", c.t.dtype(x) == DType::kBool ? c.f32(0) : x));
}
Value signbit(Call& c) { return c.result(c.t.compare("lt", c.f32(0), number(c, 0))); }
Value isclose(Call& c) {
  const ValueId a = c.f32(0), b = c.f32(1);
  if (c.boolean(4, false)) refuse("torch.isclose with equal_nan is not supported; equal_nan=False is");
  const ValueId allowed = linear(c, c.t.unary("abs", b), c.number(2, 1e-5), c.number(3, 1e-8));
  const ValueId close = c.t.compare("le", c.t.unary("abs", c.t.binary("sub", a, b)), allowed);
  return c.result(c.t.binary("or", close, c.t.compare("eq", a, b)));
}
Value infinite(Call& c, const char* side) {
  const ValueId x = c.f32(0);
  return c.result(c.t.binary("and", c.t.unary("is_inf", x), c.t.compare(side, x, number(c, 0))));
}
Value isposinf(Call& c) { return infinite(c, "gt"); }
Value isneginf(Call& c) { return infinite(c, "lt"); }
Value ldexp(Call& c) {
  const ValueId factor = c.t.unary("exp", linear(c, c.f32(1), std::numbers::ln2, 0));
  return c.result(c.t.binary("mul", c.f32(0), factor));
}
Value float_power(Call& c) { return c.result(c.t.binary("pow", c.f32(0), c.f32(1))); }

constexpr OpRow kRows[] = {
    {"erfc", "self", erfc, "unary"},
    {"special_erfc", "self", erfc, "unary"},
    {"logaddexp", "self other", logaddexp, "unary binary"},
    {"logaddexp2", "self other", logaddexp2, "unary binary"},
    {"hypot", "self other", hypot, "unary binary"},
    {"copysign", "self other", copysign, "compare select"},
    {"xlogy", "self other", xlogy, "unary binary select"},
    {"special_xlogy", "self other", xlogy, "unary binary select"},
    {"special_expit", "self", expit, "unary"},
    {"logit", "self eps", logit, "unary binary"},
    {"special_logit", "self eps", logit, "unary binary"},
    {"sinc", "self", sinc, "unary binary select"},
    {"special_sinc", "self", sinc, "unary binary select"},
    {"deg2rad", "self", deg2rad, "unary"},
    {"rad2deg", "self", rad2deg, "unary"},
    {"heaviside", "self values", heaviside, "compare select"},
    {"nan_to_num", "self nan posinf neginf", nan_to_num, "unary select"},
    {"sgn", "self", sgn, "unary"},
    {"signbit", "self", signbit, "compare"},
    {"isclose", "self other rtol atol equal_nan", isclose, "compare"},
    {"isposinf", "self", isposinf, "unary compare"},
    {"isneginf", "self", isneginf, "unary compare"},
    {"ldexp", "self other", ldexp, "unary binary"},
    {"float_power", "self exponent", float_power, "binary"},
};

}  // namespace

std::span<const OpRow> function_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
