// Functions of single elements.
#include <cmath>

#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::HasSubstr;

TEST(relu, and_its_leaky_form) {
  expect(run_layer("ReLU", "", tensor({3}, {-2, 0, 3})), {3}, {0, 0, 3});
  expect(run_layer("ReLU", "relu_param { negative_slope: 0.5 }", tensor({3}, {-2, 0, 3})), {3}, {-1, 0, 3});
  expect(run_layer("ReLU6", "", tensor({3}, {-2, 3, 8})), {3}, {0, 3, 6});
}

TEST(prelu, has_a_slope_per_channel_or_one) {
  ModelWriter each, shared;
  each.blob("layer", {2}, {0.5, 0.25});
  shared.blob("layer", {1}, {0.1});
  expect(run_layer("PReLU", "", tensor({1, 2, 1, 2}, {-4, 4, -4, 4}), each), {1, 2, 1, 2}, {-2, 4, -1, 4});
  expect(run_layer("PReLU", "prelu_param { channel_shared: true }", tensor({1, 2, 1, 1}, {-4, 4}), shared),
         {1, 2, 1, 1}, {-0.4f, 4});
}

TEST(activation, functions_of_single_elements) {
  const Tensor x = tensor({2}, {-1, 2});
  const float e = std::exp(1.0f);
  expect(run_layer("ELU", "elu_param { alpha: 2 }", x), {2}, {2 * (1 / e - 1), 2});
  expect(run_layer("Sigmoid", "", x), {2}, {1 / (1 + e), 1 / (1 + 1 / (e * e))});
  expect(run_layer("TanH", "", x), {2}, {std::tanh(-1.0f), std::tanh(2.0f)});
  expect(run_layer("AbsVal", "", x), {2}, {1, 2});
  expect(run_layer("BNLL", "", x), {2}, {std::log1p(1 / e), std::log1p(e * e)});
  expect(run_layer("Swish", "", x), {2}, {-1 / (1 + e), 2 / (1 + 1 / (e * e))});
  expect(run_layer("Swish", "swish_param { beta: 0 }", x), {2}, {-0.5, 1});
  expect(run_layer("Clip", "clip_param { min: 0 max: 1 }", x), {2}, {0, 1});
  expect(run_layer("HardSwish", "", x), {2}, {-1.0f / 3, 5.0f / 3});
  expect(run_layer("Mish", "", x), {2}, {-std::tanh(std::log1p(1 / e)), 2 * std::tanh(std::log1p(e * e))});
}

TEST(power, shifts_scales_and_raises) {
  expect(run_layer("Power", "power_param { power: 3 scale: 2 shift: 1 }", tensor({2}, {1, 2})), {2}, {27, 125});
  expect(run_layer("Power", "power_param { power: 2 }", tensor({2}, {-3, 2})), {2}, {9, 4});
  expect(run_layer("Power", "power_param { power: -1 }", tensor({2}, {4, 2})), {2}, {0.25, 0.5});
  expect(run_layer("Power", "power_param { power: 0.5 shift: 1 }", tensor({2}, {3, 8})), {2}, {2, 3});
  expect(run_layer("Power", "power_param { scale: -1 shift: 1 }", tensor({2}, {0.25, 1})), {2}, {0.75, 0});
  expect(run_layer("Power", "power_param { power: 0 }", tensor({2}, {7, -7})), {2}, {1, 1});
}

TEST(exp_and_log, take_a_base) {
  expect(run_layer("Exp", "", tensor({2}, {0, 1})), {2}, {1, std::exp(1.0f)});
  expect(run_layer("Exp", "exp_param { base: 2 scale: 2 shift: 1 }", tensor({2}, {0, 1})), {2}, {2, 8});
  expect(run_layer("Log", "", tensor({1}, {5})), {1}, {std::log(5.0f)});
  expect(run_layer("Log", "log_param { base: 2 scale: 4 shift: 4 }", tensor({2}, {0, 1})), {2}, {2, 3});
}

TEST(exp_and_log, refuse_a_base_that_is_not_positive) {
  EXPECT_THAT(refusal(input({1}) + layer("Exp", "exp_param { base: 0 }")), HasSubstr("base 0; it must be positive"));
  EXPECT_THAT(refusal(input({1}) + layer("Log", "log_param { base: 1 }")), HasSubstr("base 1 has no logarithm"));
}

TEST(threshold, is_strict) {
  expect(run_layer("Threshold", "threshold_param { threshold: 2 }", tensor({3}, {1, 2, 3})), {3}, {0, 0, 1});
}

TEST(dropout, vanishes_unless_a_fork_scales_in_inference) {
  expect(run_layer("Dropout", "", tensor({2}, {1, 2})), {2}, {1, 2});
  expect(run_layer("Dropout", "dropout_param { dropout_ratio: 0.25 scale_train: false }", tensor({2}, {1, 2})), {2},
         {0.75, 1.5});
}

}  // namespace
}  // namespace bmnet::caffe::test
