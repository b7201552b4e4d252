#include <array>
#include <cmath>
#include <numbers>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

struct Parameters {
  double alpha, beta;
};

// Functions of one element. Each is written once, for any floating type F; parameters are in F already.
template <typename F>
F sigmoid(F x) {
  return F{1} / (F{1} + std::exp(-x));
}
template <typename F>
F softplus(F x) {  // log(1 + e^x) without overflow
  return std::max(x, F{0}) + std::log1p(std::exp(-std::abs(x)));
}
template <typename F>
F clamp(F x, F least, F most) {  // NaN stays; most wins over least
  x = x < least ? least : x;
  return x > most ? most : x;
}

// clang-format off
#define BMNET_UNARY_KINDS(KIND)                                                                   \
  KIND(abs, std::abs(x))                                                                          \
  KIND(neg, -x)                                                                                   \
  KIND(sign, x > 0 ? F{1} : x < 0 ? F{-1} : x)                                                    \
  KIND(ceil, std::ceil(x))                                                                        \
  KIND(floor, std::floor(x))                                                                      \
  KIND(round, std::nearbyint(x))                                                                  \
  KIND(sqrt, std::sqrt(x))                                                                        \
  KIND(rsqrt, F{1} / std::sqrt(x))                                                                \
  KIND(reciprocal, F{1} / x)                                                                      \
  KIND(square, x * x)                                                                             \
  KIND(exp, std::exp(x))                                                                          \
  KIND(log, std::log(x))                                                                          \
  KIND(erf, std::erf(x))                                                                          \
  KIND(sin, std::sin(x))                                                                          \
  KIND(cos, std::cos(x))                                                                          \
  KIND(tan, std::tan(x))                                                                          \
  KIND(asin, std::asin(x))                                                                        \
  KIND(acos, std::acos(x))                                                                        \
  KIND(atan, std::atan(x))                                                                        \
  KIND(sinh, std::sinh(x))                                                                        \
  KIND(cosh, std::cosh(x))                                                                        \
  KIND(tanh, std::tanh(x))                                                                        \
  KIND(asinh, std::asinh(x))                                                                      \
  KIND(acosh, std::acosh(x))                                                                      \
  KIND(atanh, std::atanh(x))                                                                      \
  KIND(sigmoid, sigmoid(x))                                                                       \
  KIND(relu, x < 0 ? F{0} : x)                                                                    \
  KIND(softplus, a == 0 ? softplus(x) : softplus(a * x) / a)                                      \
  KIND(softsign, x / (F{1} + std::abs(x)))                                                        \
  KIND(mish, x * std::tanh(softplus(x)))                                                          \
  KIND(silu, x * sigmoid(x))                                                                      \
  KIND(hard_swish, x * clamp(x / F{6} + F{0.5}, F{0}, F{1}))                                      \
  KIND(gelu, F{0.5} * x * (F{1} + std::erf(x / std::numbers::sqrt2_v<F>)))                        \
  KIND(gelu_tanh, F{0.5} * x * (F{1} + std::tanh(F(0.7978845608028654) * (x + F(0.044715) * x * x * x)))) \
  KIND(leaky_relu, x < 0 ? a * x : x)                                                             \
  KIND(elu, x < 0 ? a * std::expm1(x) : x)                                                        \
  KIND(celu, x < 0 ? a * std::expm1(x / a) : x)                                                   \
  KIND(selu, b * (x < 0 ? a * std::expm1(x) : x))                                                 \
  KIND(clip, clamp(x, a, b))                                                                      \
  KIND(hard_sigmoid, clamp(a * x + b, F{0}, F{1}))                                                \
  KIND(thresholded_relu, x > a ? x : x != x ? x : F{0})                                           \
  KIND(shrink, x < -a ? x + b : x > a ? x - b : x != x ? x : F{0})                                \
  KIND(linear, a * x + b)                                                                         \
  KIND(power, std::pow(x, a))                                                                     \
  KIND(log_sigmoid, -softplus(-x))
// clang-format on

template <typename F>
using Function = void (*)(const F* in, F* out, int64_t count, F a, F b);

template <typename F>
struct Kind {
  std::string_view name;
  Function<F> function;
};

template <typename F>
constexpr auto kinds() {
#define BMNET_KIND(name, expression)                                                                  \
  Kind<F>{#name, [](const F* in, F* out, int64_t count, [[maybe_unused]] F a, [[maybe_unused]] F b) { \
            for (int64_t i = 0; i < count; ++i) {                                                     \
              const F x = in[i];                                                                      \
              out[i] = expression;                                                                    \
            }                                                                                         \
          }},
  return std::to_array<Kind<F>>({BMNET_UNARY_KINDS(BMNET_KIND)});
#undef BMNET_KIND
}

template <typename F>
Function<F> find_function(std::string_view kind) {
  static constexpr auto table = kinds<F>();
  for (const Kind<F>& row : table)
    if (row.name == kind) return row.function;
  return nullptr;
}

bool is_test(std::string_view kind) { return kind == "is_nan" || kind == "is_inf"; }

// Kinds that make sense on integers; results wrap around.
constexpr std::string_view kIntegerKinds[] = {"abs", "neg", "sign", "ceil", "floor", "round", "square", "relu", "clip"};

template <typename T>
void apply_integer(std::string_view kind, const T* in, T* out, int64_t count, Parameters p) {
  const auto each = [&](auto function) {
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<T>(function(static_cast<int64_t>(in[i])));
  };
  const auto wrapped = [](auto x) { return static_cast<uint64_t>(x); };
  if (kind == "abs") return each([&](int64_t x) { return x < 0 ? -wrapped(x) : wrapped(x); });
  if (kind == "neg") return each([&](int64_t x) { return -wrapped(x); });
  if (kind == "sign") return each([](int64_t x) { return (x > 0) - (x < 0); });
  if (kind == "square") return each([&](int64_t x) { return wrapped(x) * wrapped(x); });
  if (kind == "relu") return each([](int64_t x) { return x < 0 ? 0 : x; });
  if (kind == "clip")
    return each([&](int64_t x) {
      if (static_cast<double>(x) < p.alpha) x = static_cast<int64_t>(std::ceil(std::min(p.alpha, 0x1p62)));
      if (static_cast<double>(x) > p.beta) x = static_cast<int64_t>(std::floor(std::max(p.beta, -0x1p62)));
      return x;
    });
  each([](int64_t x) { return x; });  // ceil, floor, round
}

Result<Infos> infer_unary(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const std::string kind, attributes.get<std::string>("kind"));
  BMNET_ASSIGN(const float alpha, attributes.get<float>("alpha"));
  BMNET_TRY(attributes.get<float>("beta"));
  const TensorInfo& input = inputs[0];
  const std::string what = fmt::format("the operand of {}", kind);
  if (kind == "not") {
    BMNET_TRY(check_dtype(input, what, {DType::kBool}));
    return result(DType::kBool, input.shape);
  }
  if (is_test(kind)) {
    BMNET_TRY(FloatTypes::check(input, what));
    return result(DType::kBool, input.shape);
  }
  if (!find_function<float>(kind)) return user_error("kind \"{}\" is not a known function", kind);
  if (kind == "celu" && alpha == 0) return user_error("alpha of celu is 0");
  const bool on_integers =
      std::find(std::begin(kIntegerKinds), std::end(kIntegerKinds), kind) != std::end(kIntegerKinds);
  BMNET_TRY(on_integers ? NumberTypes::check(input, what) : FloatTypes::check(input, what));
  return result(input.dtype, input.shape);
}

void test_elements(std::string_view kind, const Tensor& input, Tensor& output) {
  uint8_t* out = pointer<uint8_t>(output);
  const auto test = [&]<typename F>() {
    const F* in = pointer<F>(input);
    for (int64_t i = 0; i < input.count(); ++i) out[i] = kind == "is_nan" ? std::isnan(in[i]) : std::isinf(in[i]);
  };
  (void)FloatTypes::visit(input.dtype(), test);
}

Status unary(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const std::string kind, attributes.get<std::string>("kind"));
  BMNET_ASSIGN(const float alpha, attributes.get<float>("alpha"));
  BMNET_ASSIGN(const float beta, attributes.get<float>("beta"));
  const Tensor& input = inputs[0];
  if (is_test(kind)) return test_elements(kind, input, outputs[0]), Status{};
  if (kind == "not") {
    const uint8_t* in = pointer<uint8_t>(input);
    uint8_t* out = pointer<uint8_t>(outputs[0]);
    for (int64_t i = 0; i < input.count(); ++i) out[i] = in[i] == 0;
    return {};
  }
  return NumberTypes::visit(input.dtype(), [&]<typename T>() {
    const T* in = pointer<T>(input);
    T* out = pointer<T>(outputs[0]);
    if constexpr (std::is_floating_point_v<T>)
      find_function<T>(kind)(in, out, input.count(), alpha, beta);
    else
      apply_integer(kind, in, out, input.count(), {alpha, beta});
  });
}

constexpr OpSpec kOps[] = {{"unary", infer_unary, unary}};

}  // namespace

std::span<const OpSpec> unary_ops() { return kOps; }

}  // namespace bmnet::op
