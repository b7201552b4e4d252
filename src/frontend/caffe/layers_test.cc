// Every layer type on numbers small enough to check by hand.
#include <cmath>

#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

MATCHER(Near, "") {
  return std::fabs(std::get<0>(arg) - std::get<1>(arg)) <= 1e-5f * (1.0f + std::fabs(std::get<1>(arg)));
}

void expect(const Tensor& actual, const Shape& shape, const std::vector<float>& expected) {
  EXPECT_EQ(to_string(actual.shape()), to_string(shape));
  EXPECT_THAT(values(actual), Pointwise(Near(), expected));
}

// ---- Windows ----

TEST(convolution, pads_strides_and_adds_bias) {
  ModelWriter model;
  model.blob("layer", {1, 1, 2, 2}, {1, 2, 3, 4}).blob("layer", {1}, {10});
  const Tensor out = run_layer("Convolution", "convolution_param { num_output: 1 kernel_size: 2 pad: 1 stride: 2 }",
                               tensor({1, 1, 2, 2}, {1, 2, 3, 4}), model);
  expect(out, {1, 1, 2, 2}, {14, 16, 16, 14});
}

TEST(convolution, takes_kernel_and_pad_for_height_and_width) {
  ModelWriter model;
  model.blob("layer", {1, 1, 1, 3}, {1, 1, 1});
  const Tensor out = run_layer(
      "Convolution", "convolution_param { num_output: 1 bias_term: false kernel_h: 1 kernel_w: 3 pad_h: 0 pad_w: 1 }",
      tensor({1, 1, 1, 3}, {1, 2, 4}), model);
  expect(out, {1, 1, 1, 3}, {3, 7, 6});
}

TEST(convolution, splits_channels_into_groups) {
  ModelWriter model;
  model.blob("layer", {2, 1, 1, 1}, {2, 3});
  const Tensor out =
      run_layer("Convolution", "convolution_param { num_output: 2 bias_term: false kernel_size: 1 group: 2 }",
                tensor({1, 2, 1, 1}, {5, 7}), model);
  expect(out, {1, 2, 1, 1}, {10, 21});
}

TEST(convolution, dilates) {
  ModelWriter model;
  model.blob("layer", {1, 1, 1, 2}, {1, 1});
  const Tensor out = run_layer(
      "Convolution", "convolution_param { num_output: 1 bias_term: false kernel_h: 1 kernel_w: 2 dilation: 2 }",
      tensor({1, 1, 1, 4}, {1, 2, 3, 4}), model);
  expect(out, {1, 1, 1, 2}, {4, 6});
}

TEST(convolution, works_on_three_spatial_axes) {
  ModelWriter model;
  model.blob("layer", {1, 1, 2, 1, 1}, {1, 1});
  const Tensor out =
      run_layer("Convolution",
                "convolution_param { num_output: 1 bias_term: false kernel_size: 2 kernel_size: 1 kernel_size: 1 }",
                tensor({1, 1, 2, 1, 2}, {1, 2, 3, 4}), model);
  expect(out, {1, 1, 1, 1, 2}, {4, 6});
}

TEST(convolution, runs_several_bottoms_through_the_same_weights) {
  ModelWriter model;
  model.blob("conv", {1, 1, 1, 1}, {3}).blob("conv", {1}, {0});
  const auto imported = import(input({1, 1, 1, 2}) + R"(
      layer { name: "double" type: "Power" bottom: "data" top: "double" power_param { scale: 2 } }
      layer { name: "conv" type: "Convolution" bottom: "data" bottom: "double" top: "a" top: "b" convolution_param { num_output: 1 kernel_size: 1 } })",
                               model);
  ASSERT_TRUE(imported) << imported.error().message;
  NamedTensors out = run(*imported, {{"data", tensor({1, 1, 1, 2}, {1, 2})}});
  EXPECT_THAT(values(out["a"]), ElementsAre(3, 6));
  EXPECT_THAT(values(out["b"]), ElementsAre(6, 12));
}

TEST(convolution, depthwise_needs_no_group) {
  ModelWriter model;
  model.blob("layer", {2, 1, 1, 1}, {2, 3});
  const Tensor out =
      run_layer("DepthwiseConvolution", "convolution_param { num_output: 2 bias_term: false kernel_size: 1 }",
                tensor({1, 2, 1, 1}, {5, 7}), model);
  expect(out, {1, 2, 1, 1}, {10, 21});
}

TEST(convolution, refuses_an_axis_other_than_channels) {
  EXPECT_THAT(
      refusal(input({1, 1, 4, 4}) + layer("Convolution", "convolution_param { num_output: 1 kernel_size: 1 axis: 2 }")),
      HasSubstr("only axis 1"));
}

TEST(convolution, refuses_a_kernel_without_size) {
  EXPECT_THAT(refusal(input({1, 1, 4, 4}) + layer("Convolution", "convolution_param { num_output: 1 }")),
              HasSubstr("no kernel size"));
}

TEST(convolution, refuses_both_forms_of_kernel_size) {
  EXPECT_THAT(
      refusal(input({1, 1, 4, 4}) +
              layer("Convolution", "convolution_param { num_output: 1 kernel_size: 1 kernel_h: 1 kernel_w: 1 }")),
      HasSubstr("either kernel_size"));
}

TEST(convolution, refuses_a_group_that_does_not_divide) {
  EXPECT_THAT(refusal(input({1, 3, 4, 4}) +
                      layer("Convolution", "convolution_param { num_output: 4 kernel_size: 1 group: 2 }")),
              HasSubstr("group 2 does not divide 3 input channels"));
}

TEST(convolution, refuses_stride_zero) {
  EXPECT_THAT(refusal(input({1, 1, 4, 4}) +
                      layer("Convolution", "convolution_param { num_output: 1 kernel_size: 1 stride: 0 }")),
              HasSubstr("stride [0,0]"));
}

TEST(deconvolution, spreads_pixels) {
  ModelWriter model;
  model.blob("layer", {1, 1, 2, 2}, {1, 2, 3, 4});
  const Tensor out =
      run_layer("Deconvolution", "convolution_param { num_output: 1 bias_term: false kernel_size: 2 stride: 2 }",
                tensor({1, 1, 1, 2}, {1, 10}), model);
  expect(out, {1, 1, 2, 4}, {1, 2, 10, 20, 3, 4, 30, 40});
}

TEST(pooling, rounds_up_and_counts_padding_in_averages) {
  // 4 pixels, kernel 3, stride 2: the last window has 2 pixels.
  expect(run_layer("Pooling", "pooling_param { pool: AVE kernel_h: 1 kernel_w: 3 stride_h: 1 stride_w: 2 }",
                   tensor({1, 1, 1, 4}, {3, 6, 9, 12})),
         {1, 1, 1, 2}, {6, 10.5});
  expect(run_layer("Pooling", "pooling_param { pool: AVE kernel_size: 2 stride: 2 pad: 1 }",
                   tensor({1, 1, 2, 2}, {4, 8, 12, 16})),
         {1, 1, 2, 2}, {1, 2, 3, 4});
}

TEST(pooling, drops_a_last_window_that_starts_in_the_padding) {
  // ceil((3 + 2 - 2) / 2) + 1 = 3 windows, the third would start at 4 = 3 + pad.
  expect(run_layer("Pooling", "pooling_param { kernel_size: 2 stride: 2 pad: 1 }",
                   tensor({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9})),
         {1, 1, 2, 2}, {1, 3, 7, 9});
}

TEST(pooling, takes_the_maximum_globally) {
  expect(run_layer("Pooling", "pooling_param { pool: MAX global_pooling: true }",
                   tensor({1, 2, 1, 3}, {1, 5, 2, -4, -3, -9})),
         {1, 2, 1, 1}, {5, -3});
}

TEST(pooling, rounds_down_where_a_fork_asks_for_it) {
  expect(run_layer("Pooling", "pooling_param { kernel_h: 1 kernel_w: 3 stride_h: 1 stride_w: 2 round_mode: FLOOR }",
                   tensor({1, 1, 1, 4}, {1, 2, 3, 4})),
         {1, 1, 1, 1}, {3});
  expect(run_layer("Pooling", "pooling_param { kernel_h: 1 kernel_w: 3 stride_h: 1 stride_w: 2 ceil_mode: false }",
                   tensor({1, 1, 1, 4}, {1, 2, 3, 4})),
         {1, 1, 1, 1}, {3});
}

TEST(pooling, refuses_stochastic) {
  EXPECT_THAT(refusal(input({1, 1, 4, 4}) + layer("Pooling", "pooling_param { pool: STOCHASTIC kernel_size: 2 }")),
              HasSubstr("stochastic pooling; use MAX or AVE"));
}

TEST(pooling, refuses_a_mask_that_is_used) {
  EXPECT_THAT(refusal(input({1, 1, 4, 4}) + R"(
      layer { name: "pool" type: "Pooling" bottom: "data" top: "pooled" top: "mask" pooling_param { kernel_size: 2 stride: 2 } }
      layer { name: "up" type: "Upsample" bottom: "pooled" bottom: "mask" top: "out" })"),
              HasSubstr("its bottom 'mask' is a result that has no form here"));
}

TEST(pooling, refuses_a_pad_as_large_as_the_kernel) {
  EXPECT_THAT(refusal(input({1, 1, 4, 4}) + layer("Pooling", "pooling_param { kernel_size: 2 pad: 2 }")),
              HasSubstr("pad [2,2] is not smaller than kernel [2,2]"));
}

TEST(spp, pools_into_a_pyramid_of_bins) {
  expect(run_layer("SPP", "spp_param { pyramid_height: 2 }", tensor({1, 1, 2, 2}, {1, 2, 3, 4})), {1, 5},
         {4, 1, 2, 3, 4});
}

TEST(spp, refuses_more_bins_than_pixels) {
  EXPECT_THAT(refusal(input({1, 1, 3, 3}) + layer("SPP", "spp_param { pyramid_height: 4 }")),
              HasSubstr("4 bins over 3 pixels"));
}

TEST(inner_product, flattens_behind_its_axis) {
  ModelWriter model;
  model.blob("layer", {2, 4}, {1, 1, 1, 1, 1, 0, 0, -1}).blob("layer", {2}, {100, 200});
  expect(run_layer("InnerProduct", "inner_product_param { num_output: 2 }", tensor({1, 1, 2, 2}, {1, 2, 3, 4}), model),
         {1, 2}, {110, 197});
}

TEST(inner_product, takes_transposed_weights_and_an_inner_axis) {
  ModelWriter model;
  model.blob("layer", {2, 1}, {10, 1});
  expect(run_layer("InnerProduct", "inner_product_param { num_output: 1 bias_term: false transpose: true axis: -1 }",
                   tensor({1, 2, 2}, {1, 2, 3, 4}), model),
         {1, 2, 1}, {12, 34});
}

TEST(inner_product, takes_weights_of_the_time_of_four_axes) {
  ModelWriter model;
  proto::ModelBlob& blob = model.add_blob("layer");
  blob.set_num(1);
  blob.set_channels(1);
  blob.set_height(1);
  blob.set_width(2);
  blob.add_data(3);
  blob.add_data(4);
  expect(run_layer("InnerProduct", "inner_product_param { num_output: 1 bias_term: false }", tensor({1, 2}, {1, 2}),
                   model),
         {1, 1}, {11});
}

TEST(embed, looks_rows_up) {
  ModelWriter model;
  model.blob("layer", {3, 2}, {0, 1, 10, 11, 20, 21}).blob("layer", {2}, {0.5, 0.25});
  expect(run_layer("Embed", "embed_param { num_output: 2 input_dim: 3 }", tensor({2}, {2, 0}), model), {2, 2},
         {20.5, 21.25, 0.5, 1.25});
}

// ---- Activations ----

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

// ---- Arithmetic ----

// data, twice data -> one layer
Tensor run_pair(std::string_view type, std::string_view parameters, const Tensor& data) {
  std::string text = "input: \"data\" input_shape {";
  for (int64_t dim : data.shape()) text += fmt::format(" dim: {}", dim);
  text += R"( } layer { name: "double" type: "Power" bottom: "data" top: "double" power_param { scale: 2 } } )";
  text += fmt::format(
      "layer {{ name: \"layer\" type: \"{}\" bottom: \"data\" bottom: \"double\" bottom: \"data\" top: \"out\" {} }}",
      type, parameters);
  const auto model = import(text);
  if (!model) ADD_FAILURE() << model.error().message;
  return model ? run(*model, {{"data", data}})["out"] : kNothing;
}

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

// ---- Normalisations ----

TEST(batch_norm, divides_its_statistics_by_the_third_blob) {
  ModelWriter model;
  model.blob("layer", {2}, {2, 4}).blob("layer", {2}, {8, 18}).blob("layer", {1}, {2});
  expect(
      run_layer("BatchNorm", "batch_norm_param { use_global_stats: true eps: 0 }", tensor({1, 2, 1, 1}, {5, 5}), model),
      {1, 2, 1, 1}, {2, 1});
}

TEST(batch_norm, computes_statistics_where_it_is_told_to) {
  expect(
      run_layer("BatchNorm", "batch_norm_param { use_global_stats: false eps: 0 }", tensor({2, 1, 1, 2}, {1, 1, 5, 5})),
      {2, 1, 1, 2}, {-1, -1, 1, 1});
}

TEST(batch_norm, of_a_fork_brings_scale_and_bias) {
  ModelWriter five, four, two;
  five.blob("layer", {1}, {1})
      .blob("layer", {1}, {4})
      .blob("layer", {1}, {1})
      .blob("layer", {1}, {10})
      .blob("layer", {1}, {3});
  expect(run_layer("BatchNorm", "batch_norm_param { eps: 0 }", tensor({1, 1, 1, 1}, {5}), five), {1, 1, 1, 1}, {23});
  four.blob("layer", {1, 1, 1, 1}, {10})
      .blob("layer", {1, 1, 1, 1}, {3})
      .blob("layer", {1, 1, 1, 1}, {1})
      .blob("layer", {1, 1, 1, 1}, {4});
  expect(run_layer("BN", "bn_param { eps: 0 }", tensor({1, 1, 1, 1}, {5}), four), {1, 1, 1, 1}, {23});
  two.blob("layer", {1, 1, 1, 1}, {10}).blob("layer", {1, 1, 1, 1}, {3});
  expect(run_layer("BN", "", tensor({1, 1, 1, 1}, {5}), two), {1, 1, 1, 1}, {53});
}

TEST(lrn, across_and_within_channels) {
  expect(run_layer("LRN", "lrn_param { local_size: 3 alpha: 3 beta: 1 k: 2 }", tensor({1, 3, 1, 1}, {1, 2, 3})),
         {1, 3, 1, 1}, {1.0f / 7, 2.0f / 16, 3.0f / 15});
  // (1 + 9 * (sum of squares / 9)) ** -1, whatever k says
  expect(run_layer("LRN", "lrn_param { local_size: 3 alpha: 9 beta: 1 k: 5 norm_region: WITHIN_CHANNEL }",
                   tensor({1, 1, 1, 2}, {1, 2})),
         {1, 1, 1, 2}, {1.0f / 6, 2.0f / 6});
}

TEST(lrn, refuses_an_even_size) {
  EXPECT_THAT(refusal(input({1, 3, 1, 1}) + layer("LRN", "lrn_param { local_size: 4 }")),
              HasSubstr("local_size 4; it must be odd"));
}

TEST(mvn, normalises_channels_or_images) {
  expect(run_layer("MVN", "", tensor({1, 2, 1, 2}, {1, 3, 10, 30})), {1, 2, 1, 2}, {-1, 1, -1, 1});
  expect(run_layer("MVN", "mvn_param { across_channels: true normalize_variance: false }",
                   tensor({1, 2, 1, 2}, {1, 3, 5, 7})),
         {1, 2, 1, 2}, {-3, -1, 1, 3});
}

TEST(normalize, divides_by_the_length) {
  ModelWriter each, one_scale;
  each.blob("layer", {2}, {10, 20});
  one_scale.blob("layer", {1}, {5});
  expect(run_layer("Normalize", "norm_param { across_spatial: false channel_shared: false }",
                   tensor({1, 2, 1, 1}, {3, 4}), each),
         {1, 2, 1, 1}, {6, 16});
  expect(run_layer("Normalize", "", tensor({1, 1, 1, 2}, {3, 4}), one_scale), {1, 1, 1, 2}, {3, 4});
}

// ---- Shapes ----

TEST(concat, along_channels_or_an_axis) {
  expect(run_pair("Concat", "", tensor({1, 1, 2}, {1, 2})), {1, 3, 2}, {1, 2, 2, 4, 1, 2});
  expect(run_pair("Concat", "concat_param { axis: -1 }", tensor({1, 1, 2}, {1, 2})), {1, 1, 6}, {1, 2, 2, 4, 1, 2});
  expect(run_pair("Concat", "concat_param { concat_dim: 0 }", tensor({1, 2}, {1, 2})), {3, 2}, {1, 2, 2, 4, 1, 2});
}

TEST(slice, at_points_or_into_equal_parts) {
  const auto at_points =
      import(input({1, 4}) +
             R"(layer { name: "s" type: "Slice" bottom: "data" top: "a" top: "b" slice_param { slice_point: 1 } })");
  NamedTensors out = run(*at_points, {{"data", tensor({1, 4}, {1, 2, 3, 4})}});
  EXPECT_THAT(values(out["a"]), ElementsAre(1));
  EXPECT_THAT(values(out["b"]), ElementsAre(2, 3, 4));
  const auto equal = import(input({1, 4}) + R"(layer { name: "s" type: "Slice" bottom: "data" top: "a" top: "b" })");
  out = run(*equal, {{"data", tensor({1, 4}, {1, 2, 3, 4})}});
  EXPECT_THAT(values(out["b"]), ElementsAre(3, 4));
}

TEST(slice, refuses_points_that_do_not_fit) {
  EXPECT_THAT(
      refusal(input({1, 4}) +
              R"(layer { name: "s" type: "Slice" bottom: "data" top: "a" top: "b" slice_param { slice_point: 4 } })"),
      HasSubstr("slice points must rise and stay below 4"));
  EXPECT_THAT(refusal(input({1, 4}) + R"(layer { name: "s" type: "Slice" bottom: "data" top: "a" top: "b" top: "c" })"),
              HasSubstr("4 elements do not part into 3 equal tops"));
}

TEST(flatten, a_range_of_axes) {
  const Tensor x({DType::kF32, {2, 3, 4, 5}});
  EXPECT_EQ(run_layer("Flatten", "", x).shape(), (Shape{2, 60}));
  EXPECT_EQ(run_layer("Flatten", "flatten_param { axis: 1 end_axis: 2 }", x).shape(), (Shape{2, 12, 5}));
}

TEST(reshape, keeps_infers_and_replaces_axes) {
  const Tensor x({DType::kF32, {2, 8}});
  EXPECT_EQ(run_layer("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 4 } }", x).shape(), (Shape{2, 2, 4}));
  EXPECT_EQ(run_layer("Reshape", "reshape_param { shape { dim: 2 dim: 4 } axis: 1 }", x).shape(), (Shape{2, 2, 4}));
}

TEST(reshape, inserts_axes_where_it_replaces_none) {
  EXPECT_EQ(
      run_layer("Reshape", "reshape_param { shape { dim: 1 } axis: 1 num_axes: 0 }", Tensor({DType::kF32, {2, 8}}))
          .shape(),
      (Shape{2, 1, 8}));
}

TEST(reshape, refuses_another_number_of_elements) {
  EXPECT_THAT(refusal(input({2, 8}) + layer("Reshape", "reshape_param { shape { dim: 3 dim: -1 } }")),
              HasSubstr("[2,8] has 16 elements and cannot become [3,1]"));
}

TEST(permute, completes_its_order) {
  expect(run_layer("Permute", "permute_param { order: 0 order: 2 }", tensor({1, 2, 3}, {1, 2, 3, 4, 5, 6})), {1, 3, 2},
         {1, 4, 2, 5, 3, 6});
}

TEST(permute, refuses_what_is_no_permutation) {
  EXPECT_THAT(refusal(input({1, 2}) + layer("Permute", "permute_param { order: 1 order: 1 }")),
              HasSubstr("is no permutation of 2 axes"));
}

TEST(crop, takes_the_size_of_its_second_bottom) {
  const auto model = import(input({1, 1, 1, 4}) + R"(
      layer { name: "pool" type: "Pooling" bottom: "data" top: "small" pooling_param { kernel_h: 1 kernel_w: 2 stride_h: 1 stride_w: 2 } }
      layer { name: "crop" type: "Crop" bottom: "data" bottom: "small" top: "out" crop_param { axis: 3 offset: 1 } })");
  expect(run(*model, {{"data", tensor({1, 1, 1, 4}, {1, 2, 3, 4})}})["out"], {1, 1, 1, 2}, {2, 3});
}

TEST(crop, refuses_to_leave_its_bottom) {
  EXPECT_THAT(
      refusal(
          input({1, 1, 1, 4}) +
          R"(layer { name: "crop" type: "Crop" bottom: "data" bottom: "data" top: "out" crop_param { axis: 3 offset: 1 } })"),
      HasSubstr("4 elements from 1 on do not lie inside axis 3 of [1,1,1,4]"));
}

TEST(tile, repeats_an_axis) {
  expect(run_layer("Tile", "tile_param { axis: 1 tiles: 2 }", tensor({1, 2}, {1, 2})), {1, 4}, {1, 2, 1, 2});
}

TEST(parameter, is_a_constant_of_the_model) {
  ModelWriter model;
  model.blob("learned", {2}, {5, 6});
  const auto imported = import(input({2}) + R"(
      layer { name: "learned" type: "Parameter" top: "learned" parameter_param { shape { dim: 2 } } }
      layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "learned" top: "out" })",
                               model);
  ASSERT_TRUE(imported) << imported.error().message;
  expect(run(*imported, {{"data", tensor({2}, {1, 2})}})["out"], {2}, {6, 8});
}

TEST(shuffle_channel, transposes_groups) {
  expect(run_layer("ShuffleChannel", "shuffle_channel_param { group: 2 }", tensor({1, 4, 1, 1}, {1, 2, 3, 4})),
         {1, 4, 1, 1}, {1, 3, 2, 4});
}

TEST(pixel_shuffle, makes_pixels_of_channels) {
  expect(run_layer("PixelShuffle", "pixel_shuffle_param { upscale_factor: 2 }", tensor({1, 4, 1, 1}, {1, 2, 3, 4})),
         {1, 1, 2, 2}, {1, 2, 3, 4});
}

// Expected values from the index formula of Darknet's reorg for 4 channels of 2x2, stride 2.
TEST(reorg, follows_darknets_order) {
  std::vector<float> x(16), expected(16);
  for (int i = 0; i < 16; ++i) x[i] = static_cast<float>(i);
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 2; ++j)
      for (int i = 0; i < 2; ++i) expected[i + 2 * (j + 2 * k)] = x[i * 2 + k % 2 + 4 * (j * 2 + k / 2)];
  expect(run_layer("Reorg", "reorg_param { stride: 2 }", tensor({1, 4, 2, 2}, x)), {1, 16, 1, 1}, expected);
}

TEST(interp, aligns_corners) {
  expect(run_layer("Interp", "interp_param { height: 1 width: 3 }", tensor({1, 1, 1, 2}, {1, 3})), {1, 1, 1, 3},
         {1, 2, 3});
  expect(run_layer("Interp", "interp_param { zoom_factor: 2 }", tensor({1, 1, 1, 2}, {1, 3})), {1, 1, 1, 3}, {1, 2, 3});
  expect(run_layer("Interp", "interp_param { shrink_factor: 2 }", tensor({1, 1, 1, 3}, {1, 2, 3})), {1, 1, 1, 2},
         {1, 3});
}

TEST(upsample, repeats_pixels) {
  expect(run_layer("Upsample", "upsample_param { scale: 2 }", tensor({1, 1, 1, 2}, {1, 2})), {1, 1, 2, 4},
         {1, 1, 2, 2, 1, 1, 2, 2});
}

// ---- Recurrent ----

TEST(lstm, keeps_its_state_until_a_sequence_begins) {
  // One feature, one cell; only the input gate's and the candidate's input weights are not zero.
  ModelWriter model;
  model.blob("lstm", {4, 1}, {0, 0, 0, 1}).blob("lstm", {4}, {0, 0, 0, 0}).blob("lstm", {4, 1}, {0, 0, 0, 0});
  const auto imported = import(R"(
      layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 3 dim: 1 dim: 1 } } }
      layer { name: "cont" type: "Input" top: "cont" input_param { shape { dim: 3 dim: 1 } } }
      layer { name: "lstm" type: "LSTM" bottom: "data" bottom: "cont" top: "out" recurrent_param { num_output: 1 } })",
                               model);
  ASSERT_TRUE(imported) << imported.error().message;
  const float c0 = 0.5f * std::tanh(1.0f), c1 = 0.5f * c0 + 0.5f * std::tanh(2.0f), c2 = 0.5f * std::tanh(3.0f);
  const Tensor out =
      run(*imported, {{"data", tensor({3, 1, 1}, {1, 2, 3})}, {"cont", tensor({3, 1}, {0, 1, 0})}})["out"];
  expect(out, {3, 1, 1}, {0.5f * std::tanh(c0), 0.5f * std::tanh(c1), 0.5f * std::tanh(c2)});
}

TEST(lstm, refuses_an_exposed_state) {
  EXPECT_THAT(refusal(input({3, 1, 1}) + layer("LSTM", "recurrent_param { num_output: 1 expose_hidden: true }")),
              HasSubstr("expose_hidden"));
}

TEST(rnn, feeds_its_state_back) {
  ModelWriter model;
  model.blob("rnn", {1, 1}, {1})
      .blob("rnn", {1}, {0})
      .blob("rnn", {1, 1}, {1})
      .blob("rnn", {1, 1}, {2})
      .blob("rnn", {1}, {0});
  const auto imported = import(R"(
      layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 1 dim: 1 } } }
      layer { name: "cont" type: "Input" top: "cont" input_param { shape { dim: 2 dim: 1 } } }
      layer { name: "rnn" type: "RNN" bottom: "data" bottom: "cont" top: "out" recurrent_param { num_output: 1 } })",
                               model);
  ASSERT_TRUE(imported) << imported.error().message;
  const float h0 = std::tanh(0.5f), h1 = std::tanh(0.25f + h0);
  const Tensor out =
      run(*imported, {{"data", tensor({2, 1, 1}, {0.5, 0.25})}, {"cont", tensor({2, 1}, {0, 1})}})["out"];
  expect(out, {2, 1, 1}, {std::tanh(2 * h0), std::tanh(2 * h1)});
}

// ---- Refused ----

TEST(refused_layers, say_why) {
  const std::string header = input({1, 1, 4, 4});
  EXPECT_THAT(refusal(header + layer("Python", "python_param { module: \"m\" layer: \"L\" }")),
              HasSubstr("layer 'layer' (Python): its code is not part of the model"));
  EXPECT_THAT(refusal(header + layer("Filter", "")), HasSubstr("depends on the data"));
  EXPECT_THAT(refusal(header + layer("Im2col", "")), HasSubstr("use a Convolution"));
  EXPECT_THAT(refusal(header + layer("MyOwnLayer", "")),
              HasSubstr("layer 'layer' (MyOwnLayer): layers of this type are not known"));
}

TEST(refused_layers, do_not_matter_before_the_cut) {
  frontend::ImportOptions options;
  options.output_names = {"half"};
  EXPECT_TRUE(import(input({1, 2}) + R"(
      layer { name: "half" type: "Power" bottom: "data" top: "half" power_param { scale: 0.5 } }
      layer { name: "custom" type: "Python" bottom: "half" top: "out" })",
                     {}, options));
}

}  // namespace
}  // namespace bmnet::caffe::test
