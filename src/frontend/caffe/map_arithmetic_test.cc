// Arithmetic of several bottoms, reductions.
#include <cmath>

#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::HasSubstr;

TEST(eltwise, adds_multiplies_and_compares_any_number_of_bottoms) {
  expect(run_pair("Eltwise", "", tensor({2}, {1, -3})), {2}, {4, -12});
  expect(run_pair("Eltwise", "eltwise_param { operation: SUM coeff: 1 coeff: -1 coeff: 0.5 }", tensor({2}, {1, -3})),
         {2}, {-0.5, 1.5});
  expect(run_pair("Eltwise", "eltwise_param { operation: PROD }", tensor({2}, {1, -3})), {2}, {2, -54});
  expect(run_pair("Eltwise", "eltwise_param { operation: MAX }", tensor({2}, {1, -3})), {2}, {2, -3});
}

TEST(eltwise, refuses_unequal_shapes) {
  EXPECT_THAT(refusal(input({1, 4}) + R"(
      layer { name: "flat" type: "Flatten" bottom: "data" top: "flat" flatten_param { axis: 0 } }
      layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "flat" top: "out" })"),
              HasSubstr("bottoms of shapes [1,4] and [4]; they must be equal"));
}

TEST(eltwise, refuses_a_wrong_number_of_coefficients) {
  EXPECT_THAT(
      refusal(
          input({2}) +
          R"(layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "data" top: "out" eltwise_param { coeff: 1 } })"),
      HasSubstr("1 coeff for 2 bottoms"));
}

TEST(scale, multiplies_channels_and_adds_bias) {
  ModelWriter model;
  model.blob("layer", {2}, {2, 3}).blob("layer", {2}, {10, 20});
  expect(run_layer("Scale", "scale_param { bias_term: true }", tensor({1, 2, 1, 2}, {1, 2, 3, 4}), model), {1, 2, 1, 2},
         {12, 14, 29, 32});
}

TEST(scale, covers_the_axes_it_is_told) {
  ModelWriter all, scalar;
  all.blob("layer", {2, 2}, {1, 2, 3, 4});
  scalar.blob("layer", {}, {5});
  expect(run_layer("Scale", "scale_param { axis: 1 num_axes: -1 }", tensor({1, 2, 2}, {1, 1, 1, 1}), all), {1, 2, 2},
         {1, 2, 3, 4});
  expect(run_layer("Scale", "scale_param { num_axes: 0 }", tensor({1, 2}, {1, 2}), scalar), {1, 2}, {5, 10});
}

TEST(scale, takes_its_factor_from_a_second_bottom) {
  const auto model = import(input({1, 2, 1, 2}) + R"(
      layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { global_pooling: true } }
      layer { name: "flat" type: "Flatten" bottom: "pool" top: "flat" }
      layer { name: "scale" type: "Scale" bottom: "data" bottom: "flat" top: "out" scale_param { axis: 0 } })");
  ASSERT_TRUE(model) << model.error().message;
  expect(run(*model, {{"data", tensor({1, 2, 1, 2}, {1, 2, 3, 4})}})["out"], {1, 2, 1, 2}, {2, 4, 12, 16});
}

TEST(bias, adds_to_channels) {
  ModelWriter model;
  model.blob("layer", {2}, {10, 20});
  expect(run_layer("Bias", "", tensor({1, 2, 1, 1}, {1, 2}), model), {1, 2, 1, 1}, {11, 22});
}

TEST(axpy, scales_channels_of_x_and_adds_y) {
  const auto model = import(input({1, 2, 1, 2}) + R"(
      layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { global_pooling: true } }
      layer { name: "axpy" type: "Axpy" bottom: "pool" bottom: "data" bottom: "data" top: "out" })");
  ASSERT_TRUE(model) << model.error().message;
  expect(run(*model, {{"data", tensor({1, 2, 1, 2}, {1, 2, 3, 4})}})["out"], {1, 2, 1, 2}, {3, 6, 15, 20});
}

TEST(reduction, removes_the_axes_from_its_axis_on) {
  const Tensor x = tensor({2, 2}, {1, -2, 3, 4});
  expect(run_layer("Reduction", "reduction_param { axis: 1 }", x), {2}, {-1, 7});
  expect(run_layer("Reduction", "reduction_param { operation: ASUM axis: 1 coeff: 2 }", x), {2}, {6, 14});
  expect(run_layer("Reduction", "reduction_param { operation: SUMSQ axis: -1 }", x), {2}, {5, 25});
  expect(run_layer("Reduction", "reduction_param { operation: MEAN }", x), {}, {1.5});
}

TEST(argmax, of_equal_elements_the_last_one) {
  expect(run_layer("ArgMax", "argmax_param { axis: 1 }", tensor({1, 3}, {5, 7, 7})), {1, 1}, {2});
  expect(run_layer("ArgMax", "", tensor({1, 2, 2}, {1, 9, 3, 4})), {1, 1, 1}, {1});
  expect(run_layer("ArgMax", "argmax_param { axis: 1 top_k: 2 }", tensor({1, 4}, {1, 7, 7, 3})), {1, 2}, {2, 1});
  expect(run_layer("ArgMax", "argmax_param { axis: 1 top_k: 2 out_max_val: true }", tensor({1, 4}, {1, 7, 8, 3})),
         {1, 2}, {8, 7});
  expect(run_layer("ArgMax", "argmax_param { top_k: 2 out_max_val: true }", tensor({1, 3}, {1, 5, 3})), {1, 2, 2},
         {1, 2, 5, 3});
}

TEST(argmax, refuses_more_than_there_is) {
  EXPECT_THAT(refusal(input({1, 3}) + layer("ArgMax", "argmax_param { top_k: 4 }")),
              HasSubstr("top_k 4 of 3 elements"));
}

TEST(softmax, runs_over_channels_by_default) {
  expect(run_layer("Softmax", "", tensor({1, 2, 1, 1}, {0, std::log(3.0f)})), {1, 2, 1, 1}, {0.25, 0.75});
  expect(run_layer("Softmax", "softmax_param { axis: -1 }", tensor({1, 1, 1, 2}, {0, 0})), {1, 1, 1, 2}, {0.5, 0.5});
}

TEST(matmul, multiplies_two_bottoms) {
  const auto model = import(R"(
      input: "data" input_shape { dim: 1 dim: 2 } input: "other" input_shape { dim: 1 dim: 2 }
      layer { name: "layer" type: "MatMul" bottom: "data" bottom: "other" top: "out" matmul_param { transpose_b: true } })");
  ASSERT_TRUE(model) << model.error().message;
  expect(run(*model, {{"data", tensor({1, 2}, {1, 2})}, {"other", tensor({1, 2}, {3, 4})}})["out"], {1, 1}, {11});
}

}  // namespace
}  // namespace bmnet::caffe::test
