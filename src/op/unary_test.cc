#include <cmath>
#include <limits>

#include "op/testing.h"

namespace bmnet::op::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

Tensor apply(std::string kind, Tensor input, float alpha = 0, float beta = 0) {
  return run("unary", {{"kind", kind}, {"alpha", alpha}, {"beta", beta}}, {std::move(input)});
}
Floats of(std::string kind, Floats x, float alpha = 0, float beta = 0) {
  const auto count = static_cast<int64_t>(x.size());
  return floats(apply(kind, f32({count}, std::move(x)), alpha, beta));
}

TEST(unary, arithmetic) {
  EXPECT_THAT(of("abs", {-2, 3}), ElementsAre(2, 3));
  EXPECT_THAT(of("neg", {-2, 3}), ElementsAre(2, -3));
  EXPECT_THAT(of("sign", {-2, 0, 3, kNan}), near({-1, 0, 1, kNan}));
  EXPECT_THAT(of("square", {-3}), ElementsAre(9));
  EXPECT_THAT(of("sqrt", {9, -1}), near({3, kNan}));
  EXPECT_THAT(of("rsqrt", {4}), ElementsAre(0.5f));
  EXPECT_THAT(of("reciprocal", {4, 0}), near({0.25f, kInf}));
  EXPECT_THAT(of("linear", {2}, 3, 1), ElementsAre(7));
  EXPECT_THAT(of("power", {2, 3}, 3), ElementsAre(8, 27));
}
TEST(unary, rounding) {
  EXPECT_THAT(of("ceil", {-1.5f, 1.2f}), ElementsAre(-1, 2));
  EXPECT_THAT(of("floor", {-1.5f, 1.2f}), ElementsAre(-2, 1));
  EXPECT_THAT(of("round", {0.5f, 1.5f, 2.5f, -2.5f}), ElementsAre(0, 2, 2, -2));
}
TEST(unary, transcendental) {
  EXPECT_THAT(of("exp", {0, 1}), near({1, 2.7182818f}));
  EXPECT_THAT(of("log", {1, 0}), near({0, -kInf}));
  EXPECT_THAT(of("erf", {0.5f}), near({0.5204999f}));
  EXPECT_THAT(of("sin", {1}), near({0.841471f}));
  EXPECT_THAT(of("cos", {1}), near({0.5403023f}));
  EXPECT_THAT(of("tan", {1}), near({1.5574077f}));
  EXPECT_THAT(of("asin", {0.5f}), near({0.5235988f}));
  EXPECT_THAT(of("acos", {0.5f}), near({1.0471976f}));
  EXPECT_THAT(of("atan", {1}), near({0.7853982f}));
  EXPECT_THAT(of("sinh", {1}), near({1.1752012f}));
  EXPECT_THAT(of("cosh", {1}), near({1.5430806f}));
  EXPECT_THAT(of("tanh", {1}), near({0.7615942f}));
  EXPECT_THAT(of("asinh", {1}), near({0.8813736f}));
  EXPECT_THAT(of("acosh", {2}), near({1.3169579f}));
  EXPECT_THAT(of("atanh", {0.5f}), near({0.5493061f}));
}
TEST(unary, activations) {
  EXPECT_THAT(of("relu", {-1, 2, kNan}), near({0, 2, kNan}));
  EXPECT_THAT(of("sigmoid", {0, 2, -200}), near({0.5f, 0.8807971f, 0}));
  EXPECT_THAT(of("softsign", {-1, 3}), near({-0.5f, 0.75f}));
  EXPECT_THAT(of("mish", {1}), near({0.8650984f}));
  EXPECT_THAT(of("silu", {2}), near({1.7615942f}));
  EXPECT_THAT(of("hard_swish", {-4, 1, 4}), near({0, 0.6666667f, 4}));
  EXPECT_THAT(of("gelu", {1}), near({0.8413447f}));
  EXPECT_THAT(of("gelu_tanh", {1}), near({0.841192f}));
  EXPECT_THAT(of("log_sigmoid", {0, -100}), near({-0.6931472f, -100}));
}
TEST(unary, activations_with_parameters) {
  EXPECT_THAT(of("leaky_relu", {-2, 2}, 0.5f), ElementsAre(-1, 2));
  EXPECT_THAT(of("elu", {-1, 2}, 2), near({-1.2642411f, 2}));
  EXPECT_THAT(of("celu", {-2, 2}, 2), near({-1.2642411f, 2}));
  EXPECT_THAT(of("selu", {-1, 2}, 2, 3), near({-3.7927234f, 6}));
  EXPECT_THAT(of("hard_sigmoid", {-9, 1, 9}, 0.2f, 0.5f), near({0, 0.7f, 1}));
  EXPECT_THAT(of("thresholded_relu", {0.5f, 1, 2}, 1), ElementsAre(0, 0, 2));
  EXPECT_THAT(of("shrink", {-3, 0.5f, 3}, 1, 0.5f), ElementsAre(-2.5f, 0, 2.5f));
  EXPECT_THAT(of("clip", {-3, 0.5f, 3, kNan}, -1, 1), near({-1, 0.5f, 1, kNan}));
}
TEST(unary, the_upper_bound_of_clip_wins) { EXPECT_THAT(of("clip", {0}, 5, 2), ElementsAre(2)); }
TEST(unary, softplus_does_not_overflow_and_takes_alpha) {
  EXPECT_THAT(of("softplus", {0, 200}), near({0.6931472f, 200}));
  EXPECT_THAT(of("softplus", {1}, 2), near({1.0634640f}));
}
TEST(unary, tests_give_bool) {
  EXPECT_THAT(bits(apply("is_nan", f32({3}, {kNan, kInf, 1}))), ElementsAre(1, 0, 0));
  EXPECT_THAT(bits(apply("is_inf", f32({3}, {kNan, -kInf, 1}))), ElementsAre(0, 1, 0));
}
TEST(unary, not_inverts_any_mask_byte) { EXPECT_THAT(bits(apply("not", mask({3}, {0, 1, 7}))), ElementsAre(1, 0, 0)); }
TEST(unary, takes_integers) {
  EXPECT_THAT(longs(apply("neg", i64({2}, {5, -7}))), ElementsAre(-5, 7));
  EXPECT_THAT(longs(apply("abs", i64({1}, {-7}))), ElementsAre(7));
  EXPECT_THAT(longs(apply("sign", i64({3}, {-7, 0, 7}))), ElementsAre(-1, 0, 1));
  EXPECT_THAT(longs(apply("square", i64({1}, {-7}))), ElementsAre(49));
  EXPECT_THAT(longs(apply("relu", i64({2}, {-7, 7}))), ElementsAre(0, 7));
  EXPECT_THAT(longs(apply("floor", i64({1}, {-7}))), ElementsAre(-7));
  EXPECT_THAT(longs(apply("clip", i64({3}, {-7, 0, 7}), -1.5f, 2.5f)), ElementsAre(-1, 0, 2));
}
TEST(unary, integers_wrap_around) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  EXPECT_THAT(longs(apply("neg", i64({1}, {kLeast}))), ElementsAre(kLeast));
  EXPECT_THAT(longs(apply("abs", i64({1}, {kLeast}))), ElementsAre(kLeast));
}
TEST(unary, every_fast_and_slow_type_keeps_its_type) {
  EXPECT_EQ(apply("exp", Tensor({DType::kF64, {2}})).dtype(), DType::kF64);
  EXPECT_EQ(apply("abs", Tensor({DType::kI8, {2}})).dtype(), DType::kI8);
}

std::string refused(std::string kind, Tensor input) {
  return refusal("unary", {{"kind", kind}, {"alpha", 0.0f}, {"beta", 0.0f}}, {std::move(input)});
}
TEST(unary, refuses_unknown_kind) {
  EXPECT_THAT(refused("swoosh", ramp({1})), HasSubstr("kind \"swoosh\" is not a known function"));
}
TEST(unary, refuses_exp_of_integers) {
  EXPECT_THAT(refused("exp", i64({1}, {1})), HasSubstr("the operand of exp is i64"));
}
TEST(unary, refuses_not_of_numbers) {
  EXPECT_THAT(refused("not", ramp({1})), HasSubstr("the operand of not is f32, supported: bool"));
}
TEST(unary, refuses_celu_with_alpha_zero) { EXPECT_THAT(refused("celu", ramp({1})), HasSubstr("alpha of celu is 0")); }

}  // namespace
}  // namespace bmnet::op::test
