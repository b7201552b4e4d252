// Functions of every element.
#include "target/bm1684/lower/unary.h"

#include <cmath>
#include <limits>

#include "target/bm1684/lower/math.h"

namespace bmnet::bm1684 {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max(), kNan = std::numeric_limits<float>::quiet_NaN();

// What an emitter works with: result, operand, work tensors.
struct Registers {
  Math math;
  Local d, x;
  std::vector<Local> t;
};
using Emit = std::function<void(Registers&)>;

UnaryFunction function(int work, Emit emit) {
  return {.work = work, .emit = [emit = std::move(emit)](tile::Builder& build, const ElementwiseLocals& locals) {
            Registers r{Math(build), locals.result, locals.operands[0], locals.work};
            emit(r);
          }};
}

// x > 0 ? x * positive : scale * (e^(x * rate) - 1)
UnaryFunction exponential_unit(float positive, float scale, float rate) {
  return function(2, [=](Registers& r) {
    r.math.min(r.d, r.x, 0.0f);
    if (rate != 1) r.math.mul(r.d, r.d, rate);
    r.math.exp(r.d, r.d, r.t[0], r.t[1]);
    r.math.sub(r.d, r.d, 1.0f);
    r.math.mul(r.d, r.d, scale);
    r.math.max(r.t[0], r.x, 0.0f);
    r.math.mac(r.d, r.t[0], positive);
  });
}

// log(1 + e^(rate * x)) * scale
UnaryFunction softplus(float rate, float scale) {
  return function(3, [=](Registers& r) {
    r.math.mul(r.t[2], r.x, rate);
    r.math.abs(r.d, r.t[2]);
    r.math.sub(r.d, 0.0f, r.d);
    r.math.exp(r.d, r.d, r.t[0], r.t[1]);
    r.math.add(r.t[2], r.d, 1.0f);
    r.math.log(r.d, r.t[2], r.t[0], r.t[1]);
    r.math.mul(r.t[2], r.x, rate);
    r.math.max(r.t[2], r.t[2], 0.0f);
    r.math.add(r.d, r.d, r.t[2]);
    r.math.mul(r.d, r.d, scale);
  });
}

// x^exponent for an integer exponent by repeated squaring.
void integer_power(Registers& r, int exponent) {
  const int magnitude = std::abs(exponent);
  bool started = false;
  const Local& square = r.t[0];
  for (int bit = 0; (1 << bit) <= magnitude; ++bit) {
    if (bit == 1) r.math.mul(square, r.x, r.x);
    if (bit > 1) r.math.mul(square, square, square);
    if (!(magnitude >> bit & 1)) continue;
    const Local& factor = bit == 0 ? r.x : square;
    if (started)
      r.math.mul(r.d, r.d, factor);
    else
      r.math.mul(r.d, factor, 1.0f);
    started = true;
  }
  if (!started) r.math.mul(r.d, r.x, 0.0f), r.math.add(r.d, r.d, 1.0f);
  if (exponent < 0) r.math.div(r.d, 1.0f, r.d);
}

UnaryFunction power(float exponent) {
  constexpr float kLargestByProducts = 16;
  if (exponent == std::floor(exponent) && std::abs(exponent) <= kLargestByProducts)
    return function(1, [=](Registers& r) { integer_power(r, static_cast<int>(exponent)); });
  return function(2, [=](Registers& r) {
    r.math.log(r.d, r.x, r.t[0], r.t[1]);
    r.math.mul(r.d, r.d, exponent);
    r.math.exp(r.d, r.d, r.t[0], r.t[1]);
  });
}

UnaryFunction sqrt_function() {
  return function(1, [](Registers& r) {
    r.math.rsqrt(r.t[0], r.x);
    r.math.mul(r.d, r.x, r.t[0]);
    r.math.select(r.d, r.x, kLargest, r.x, r.d);
    r.math.select(r.d, 0.0f, r.x, kNan, r.d);
  });
}

// Newton's steps give a finite number at 0 and any number below.
UnaryFunction rsqrt_function() {
  return function(0, [](Registers& r) {
    r.math.rsqrt(r.d, r.x);
    r.math.select(r.d, r.x, kLargest, 0.0f, r.d);
    r.math.select(r.d, r.x, 0.0f, r.d, std::numeric_limits<float>::infinity());
    r.math.select(r.d, 0.0f, r.x, kNan, r.d);
  });
}

// tanh x = 1 - 2 / (e^2x + 1)
void tanh_of(Registers& r, const Local& d, const Local& x, const Local& t0, const Local& t1) {
  r.math.add(d, x, x);
  r.math.exp(d, d, t0, t1);
  r.math.add(d, d, 1.0f);
  r.math.div(d, -2.0f, d);
  r.math.add(d, d, 1.0f);
}

// x * tanh(log(1 + e^x)) = x * n / (n + 2), n = e^x (e^x + 2)
UnaryFunction mish() {
  return function(2, [](Registers& r) {
    constexpr float kSaturated = 20;
    r.math.min(r.d, r.x, kSaturated);
    r.math.exp(r.d, r.d, r.t[0], r.t[1]);
    r.math.add(r.t[0], r.d, 2.0f);
    r.math.mul(r.d, r.d, r.t[0]);
    r.math.add(r.t[0], r.d, 2.0f);
    r.math.div(r.d, r.d, r.t[0]);
    r.math.mul(r.d, r.d, r.x);
  });
}

UnaryFunction gelu() {
  return function(5, [](Registers& r) {
    r.math.mul(r.t[4], r.x, 0.70710678118654752f);
    r.math.erf(r.d, r.t[4], r.t[0], r.t[1], r.t[2], r.t[3]);
    r.math.add(r.d, r.d, 1.0f);
    r.math.mul(r.d, r.d, 0.5f);
    r.math.mul(r.d, r.d, r.x);
  });
}

UnaryFunction gelu_tanh() {
  return function(3, [](Registers& r) {
    r.math.mul(r.t[2], r.x, r.x);
    r.math.mul(r.t[2], r.t[2], 0.044715f);
    r.math.add(r.t[2], r.t[2], 1.0f);
    r.math.mul(r.t[2], r.t[2], r.x);
    r.math.mul(r.t[2], r.t[2], 0.7978845608028654f);
    tanh_of(r, r.d, r.t[2], r.t[0], r.t[1]);
    r.math.add(r.d, r.d, 1.0f);
    r.math.mul(r.d, r.d, 0.5f);
    r.math.mul(r.d, r.d, r.x);
  });
}

// (e^x + sign * e^-x) / 2
UnaryFunction hyperbolic(float sign) {
  return function(2, [=](Registers& r) {
    r.math.exp(r.d, r.x, r.t[0], r.t[1]);
    r.math.div(r.t[0], sign, r.d);
    r.math.add(r.d, r.d, r.t[0]);
    r.math.mul(r.d, r.d, 0.5f);
  });
}

std::optional<UnaryFunction> rounding_or_sign(std::string_view kind) {
  if (kind == "round") return function(1, [](Registers& r) { r.math.round(r.d, r.x, r.t[0]); });
  if (kind == "floor" || kind == "ceil")
    return function(1, [is_floor = kind == "floor"](Registers& r) {
      r.math.round(r.d, r.x, r.t[0]);
      if (is_floor)
        r.math.select(r.t[0], r.d, r.x, -1.0f, 0.0f);
      else
        r.math.select(r.t[0], r.x, r.d, 1.0f, 0.0f);
      r.math.add(r.d, r.d, r.t[0]);
    });
  if (kind == "sign")
    return function(1, [](Registers& r) {
      r.math.select(r.d, r.x, 0.0f, 1.0f, 0.0f);
      r.math.select(r.t[0], 0.0f, r.x, -1.0f, 0.0f);
      r.math.add(r.d, r.d, r.t[0]);
    });
  return std::nullopt;
}

std::optional<UnaryFunction> simple(std::string_view kind, float alpha, float beta) {
  if (kind == "abs") return function(0, [](Registers& r) { r.math.abs(r.d, r.x); });
  if (kind == "neg") return function(0, [](Registers& r) { r.math.sub(r.d, 0.0f, r.x); });
  if (kind == "square") return function(0, [](Registers& r) { r.math.mul(r.d, r.x, r.x); });
  if (kind == "reciprocal") return function(0, [](Registers& r) { r.math.div(r.d, 1.0f, r.x); });
  if (kind == "rsqrt") return rsqrt_function();
  if (kind == "sqrt") return sqrt_function();
  if (kind == "relu") return function(0, [](Registers& r) { r.math.max(r.d, r.x, 0.0f); });
  if (kind == "clip") return function(0, [=](Registers& r) { r.math.clamp(r.d, r.x, alpha, beta); });
  if (kind == "leaky_relu")
    return function(1, [=](Registers& r) {
      r.math.mul(r.t[0], r.x, alpha);
      r.math.select(r.d, 0.0f, r.x, r.t[0], r.x);
    });
  if (kind == "linear")
    return function(0, [=](Registers& r) {
      r.math.mul(r.d, r.x, alpha);
      r.math.add(r.d, r.d, beta);
    });
  if (kind == "hard_sigmoid")
    return function(0, [=](Registers& r) {
      r.math.mul(r.d, r.x, alpha);
      r.math.add(r.d, r.d, beta);
      r.math.clamp(r.d, r.d, 0.0f, 1.0f);
    });
  if (kind == "hard_swish")
    return function(0, [](Registers& r) {
      r.math.mul(r.d, r.x, 1.0f / 6.0f);
      r.math.add(r.d, r.d, 0.5f);
      r.math.clamp(r.d, r.d, 0.0f, 1.0f);
      r.math.mul(r.d, r.d, r.x);
    });
  if (kind == "softsign")
    return function(0, [](Registers& r) {
      r.math.abs(r.d, r.x);
      r.math.add(r.d, r.d, 1.0f);
      r.math.div(r.d, r.x, r.d);
    });
  if (kind == "thresholded_relu") return function(0, [=](Registers& r) { r.math.select(r.d, r.x, alpha, r.x, 0.0f); });
  if (kind == "shrink")
    return function(1, [=](Registers& r) {
      r.math.sub(r.t[0], r.x, beta);
      r.math.select(r.d, r.x, alpha, r.t[0], 0.0f);
      r.math.add(r.t[0], r.x, beta);
      r.math.select(r.d, -alpha, r.x, r.t[0], r.d);
    });
  return rounding_or_sign(kind);
}

std::optional<UnaryFunction> transcendental(std::string_view kind, float alpha, float beta) {
  if (kind == "exp") return function(2, [](Registers& r) { r.math.exp(r.d, r.x, r.t[0], r.t[1]); });
  if (kind == "log") return function(2, [](Registers& r) { r.math.log(r.d, r.x, r.t[0], r.t[1]); });
  if (kind == "erf") return function(4, [](Registers& r) { r.math.erf(r.d, r.x, r.t[0], r.t[1], r.t[2], r.t[3]); });
  if (kind == "sin") return function(1, [](Registers& r) { r.math.sin(r.d, r.x, 0.0f, r.t[0]); });
  if (kind == "cos") return function(1, [](Registers& r) { r.math.sin(r.d, r.x, 1.5707963267948966f, r.t[0]); });
  if (kind == "tan")
    return function(2, [](Registers& r) {
      r.math.sin(r.d, r.x, 0.0f, r.t[0]);
      r.math.sin(r.t[1], r.x, 1.5707963267948966f, r.t[0]);
      r.math.div(r.d, r.d, r.t[1]);
    });
  if (kind == "sinh") return hyperbolic(-1);
  if (kind == "cosh") return hyperbolic(1);
  if (kind == "tanh") return function(2, [](Registers& r) { tanh_of(r, r.d, r.x, r.t[0], r.t[1]); });
  if (kind == "sigmoid") return function(2, [](Registers& r) { r.math.sigmoid(r.d, r.x, r.t[0], r.t[1]); });
  if (kind == "silu")
    return function(2, [](Registers& r) {
      r.math.sigmoid(r.d, r.x, r.t[0], r.t[1]);
      r.math.mul(r.d, r.d, r.x);
    });
  if (kind == "mish") return mish();
  if (kind == "gelu") return gelu();
  if (kind == "gelu_tanh") return gelu_tanh();
  if (kind == "elu") return exponential_unit(1, alpha, 1);
  if (kind == "selu") return exponential_unit(beta, beta * alpha, 1);
  if (kind == "celu" && alpha > 0) return exponential_unit(1, alpha, 1 / alpha);
  if (kind == "softplus") return softplus(alpha == 0 ? 1 : alpha, alpha == 0 ? 1 : 1 / alpha);
  if (kind == "log_sigmoid") return softplus(-1, -1);
  if (kind == "power") return power(alpha);
  return std::nullopt;
}

std::vector<Recipe> unary_recipes(const Problem& problem) {
  const std::string kind = problem.text("kind");
  const UnaryFunction function = *unary_function(kind, problem.real("alpha"), problem.real("beta"));
  const Shape shapes[] = {problem.input(0).shape};
  const Ref operands[] = {input_ref(0)};
  return elementwise_recipes(kind, broadcast_nest(problem.output().shape, shapes), operands, function.work,
                             function.emit);
}

constexpr Constraint kConstraints[] = {
    {"the TPU has no form of this function",
     [](const Problem& p) { return unary_function(p.text("kind"), p.real("alpha"), p.real("beta")).has_value(); }},
};

}  // namespace

std::optional<UnaryFunction> unary_function(std::string_view kind, float alpha, float beta) {
  auto found = simple(kind, alpha, beta);
  if (!found) return transcendental(kind, alpha, beta);
  found->in_place = kind == "relu" || kind == "clip" || kind == "leaky_relu";
  return found;
}

const Lowering& lowering_unary() {
  static const Lowering lowering{.op = "unary", .constraints = kConstraints, .recipes = unary_recipes};
  return lowering;
}

}  // namespace bmnet::bm1684
