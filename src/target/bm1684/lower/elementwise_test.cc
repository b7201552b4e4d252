// unary, binary, prelu, and how they are spread over the lanes.
#include "target/bm1684/lower/elementwise.h"

#include <random>

#include "plan/testing.h"

namespace bmnet::plan {
namespace {

using test::Attributes;
using test::check_op;
using test::f32;
using test::noise;
using test::ramp;

Attributes kind(const std::string& name, float alpha = 0, float beta = 0) {
  return {{"kind", name}, {"alpha", alpha}, {"beta", beta}};
}
Attributes kind_only(const std::string& name) { return {{"kind", name}}; }

// `count` values evenly from `low` to `high`.
Tensor line(float low, float high, int64_t count = 1000) {
  Tensor tensor({DType::kF32, {count}});
  for (int64_t i = 0; i < count; ++i)
    tensor.data<float>()[i] = low + (high - low) * static_cast<float>(i) / static_cast<float>(count - 1);
  return tensor;
}

struct UnaryCase {
  const char* kind;
  float low, high, alpha, beta;
};
void PrintTo(const UnaryCase& c, std::ostream* out) { *out << c.kind; }

class unary : public testing::TestWithParam<UnaryCase> {};
TEST_P(unary, is_close_to_the_reference) {
  const UnaryCase& c = GetParam();
  check_op("unary", kind(c.kind, c.alpha, c.beta), {line(c.low, c.high)}, {}, 3e-6);
}
INSTANTIATE_TEST_SUITE_P(
    kinds, unary,
    testing::Values(
        UnaryCase{"abs", -3, 3, 0, 0}, UnaryCase{"neg", -3, 3, 0, 0}, UnaryCase{"sign", -3, 3, 0, 0},
        UnaryCase{"floor", -4, 4, 0, 0}, UnaryCase{"ceil", -4, 4, 0, 0}, UnaryCase{"round", -4, 4, 0, 0},
        UnaryCase{"round", -1e7f, 1e7f, 0, 0}, UnaryCase{"sqrt", 0, 9, 0, 0}, UnaryCase{"rsqrt", 0.1f, 9, 0, 0},
        UnaryCase{"reciprocal", 0.1f, 9, 0, 0}, UnaryCase{"square", -3, 3, 0, 0}, UnaryCase{"exp", -20, 5, 0, 0},
        UnaryCase{"log", 0, 10, 0, 0}, UnaryCase{"log", 1e-6f, 1e-3f, 0, 0}, UnaryCase{"erf", -4, 4, 0, 0},
        UnaryCase{"sin", -30, 30, 0, 0}, UnaryCase{"cos", -30, 30, 0, 0}, UnaryCase{"tan", -1.3f, 1.3f, 0, 0},
        UnaryCase{"sinh", -5, 5, 0, 0}, UnaryCase{"cosh", -5, 5, 0, 0}, UnaryCase{"tanh", -10, 10, 0, 0},
        UnaryCase{"sigmoid", -100, 100, 0, 0}, UnaryCase{"relu", -3, 3, 0, 0}, UnaryCase{"softplus", -30, 30, 0, 0},
        UnaryCase{"softplus", -30, 30, 2, 0}, UnaryCase{"softsign", -3, 3, 0, 0}, UnaryCase{"mish", -30, 30, 0, 0},
        UnaryCase{"silu", -30, 30, 0, 0}, UnaryCase{"hard_swish", -5, 5, 0, 0}, UnaryCase{"gelu", -6, 6, 0, 0},
        UnaryCase{"gelu_tanh", -6, 6, 0, 0}, UnaryCase{"leaky_relu", -3, 3, 0.1f, 0},
        UnaryCase{"leaky_relu", -3, 3, 2, 0}, UnaryCase{"elu", -5, 5, 1.5f, 0}, UnaryCase{"celu", -5, 5, 2, 0},
        UnaryCase{"selu", -5, 5, 1.67326f, 1.0507f}, UnaryCase{"clip", -5, 5, -1, 2},
        UnaryCase{"hard_sigmoid", -5, 5, 0.2f, 0.5f}, UnaryCase{"thresholded_relu", -3, 3, 1, 0},
        UnaryCase{"shrink", -3, 3, 1, 0.5f}, UnaryCase{"linear", -3, 3, 2, 1}, UnaryCase{"power", 0, 3, 2.5f, 0},
        UnaryCase{"power", -3, 3, 3, 0}, UnaryCase{"power", 0.5f, 3, -2, 0}, UnaryCase{"power", -1, 1, 0, 0},
        UnaryCase{"log_sigmoid", -30, 30, 0, 0}));

TEST(unary, roots_of_zero_infinity_and_negative_numbers) {
  const Tensor x = f32({7}, {0, INFINITY, -1, -0.6122731f, -0.259f, -INFINITY, 4});
  check_op("unary", kind("sqrt"), {x});
  check_op("unary", kind("rsqrt"), {x});
}

TEST(unary, functions_without_a_form_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("unary", kind("atan"), {f32({2}, {0, 1})}),
              testing::HasSubstr("no form of this function"));
}

TEST(unary, any_number_of_elements) {
  for (int64_t count : {1, 63, 64, 65, 127, 8191, 65537, 1000003}) {
    SCOPED_TRACE(count);
    check_op("unary", kind("relu"), {noise({count})});
  }
}

TEST(unary, sliced_and_whole_agree_bit_for_bit) {
  // The same values once alone and once inside a tensor that needs many slices.
  Tensor large = noise({4, 100, 300, 100});
  Tensor small({DType::kF32, {1000}});
  std::copy_n(large.data<float>().begin(), 1000, small.data<float>().begin());
  const auto whole = check_op("unary", kind("mish"), {small}), sliced = check_op("unary", kind("mish"), {large});
  EXPECT_GT(sliced.report.layers.at(0).slices, 4);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(whole.outputs[0].data<float>()[i], sliced.outputs[0].data<float>()[i]);
}

struct BroadcastCase {
  Shape a, b;
};
class binary : public testing::TestWithParam<BroadcastCase> {};
TEST_P(binary, broadcasts) {
  for (const char* name : {"add", "sub", "mul", "div", "max", "min", "squared_difference"}) {
    SCOPED_TRACE(name);
    Tensor b = noise(GetParam().b, 7);
    for (float& x : b.data<float>()) x = x >= 0 ? x + 0.5f : x - 0.5f;
    check_op("binary", kind_only(name), {noise(GetParam().a), b});
    check_op("binary", kind_only(name), {noise(GetParam().a), b}, {1});
  }
}
INSTANTIATE_TEST_SUITE_P(shapes, binary,
                         testing::Values(BroadcastCase{{2, 3, 4, 5}, {2, 3, 4, 5}}, BroadcastCase{{2, 3, 4, 5}, {1}},
                                         BroadcastCase{{2, 3, 4, 5}, {}}, BroadcastCase{{2, 70, 4, 5}, {70, 1, 1}},
                                         BroadcastCase{{2, 70, 4, 5}, {2, 70, 1, 1}},
                                         BroadcastCase{{2, 70, 4, 5}, {4, 5}}, BroadcastCase{{2, 70, 4, 5}, {5}},
                                         BroadcastCase{{2, 70, 4, 5}, {2, 1, 4, 5}},
                                         BroadcastCase{{2, 70, 4, 5}, {1, 70, 1, 5}},
                                         BroadcastCase{{2, 1, 4, 1}, {1, 7, 1, 5}}, BroadcastCase{{1}, {3, 4}},
                                         BroadcastCase{{130, 1}, {1, 130}},
                                         BroadcastCase{{2, 3, 4, 5, 6}, {2, 1, 4, 1, 6}},
                                         BroadcastCase{{2, 3, 2, 3, 2, 3}, {1, 3, 1, 3, 1, 3}}));

TEST(binary, constant_on_the_left) {
  check_op("binary", kind_only("div"), {f32({1}, {3}), f32({4}, {1, 2, 3, -4})}, {0});
}
TEST(binary, raises_to_a_constant_power) {
  check_op("binary", kind_only("pow"), {f32({4}, {1, 2, 3, 4}), f32({1}, {1.5f})}, {1});
}
TEST(binary, power_by_a_tensor_runs_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("binary", kind_only("pow"), {noise({4}), noise({4})}),
              testing::HasSubstr("constant powers"));
}
TEST(binary, modulo_runs_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("binary", kind_only("mod"), {noise({4}), noise({4})}), testing::HasSubstr("no form"));
}

TEST(prelu, slope_per_channel) { check_op("prelu", {}, {noise({2, 70, 5, 5}), noise({70, 1, 1})}, {1}); }
TEST(prelu, slope_that_is_computed) { check_op("prelu", {}, {noise({2, 7, 5, 5}), noise({1})}); }

TEST(elementwise, random_broadcasts) {
  std::mt19937 random(11);
  for (int i = 0; i < 60; ++i) {
    Shape result, a, b;
    const int rank = 1 + static_cast<int>(random() % 5);
    for (int axis = 0; axis < rank; ++axis) {
      result.push_back(1 + static_cast<int64_t>(random() % (axis == 1 ? 90 : 12)));
      a.push_back(random() % 4 == 0 ? 1 : result.back());
      b.push_back(random() % 3 == 0 ? 1 : result.back());
    }
    SCOPED_TRACE(fmt::format("case {}: {} and {}", i, bmnet::to_string(a), bmnet::to_string(b)));
    check_op("binary", kind_only("sub"), {noise(a), noise(b, 3)});
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace bmnet::plan
