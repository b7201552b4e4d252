// Convolution, pooling, matrix products on numbers small enough to check by hand.
#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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

const char* const kPoolAndBack = R"(
    layer { name: "pool" type: "Pooling" bottom: "data" top: "pooled" top: "mask" pooling_param { kernel_size: 2 stride: 2 } }
    layer { name: "up" type: "Upsample" bottom: "pooled" bottom: "mask" top: "out" })";

TEST(pooling, gives_the_places_of_its_maxima) {
  const auto model = import(input({1, 1, 3, 4}) + R"(
      layer { name: "pool" type: "Pooling" bottom: "data" top: "pooled" top: "mask" pooling_param { kernel_size: 2 stride: 2 } })");
  ASSERT_TRUE(model) << model.error().message;
  NamedTensors out = run(*model, {{"data", tensor({1, 1, 3, 4}, {1, 2, 5, 3, 4, 0, 5, 1, 6, 6, 7, 8})}});
  expect(out["pooled"], {1, 1, 2, 2}, {4, 5, 6, 8});
  expect(out["mask"], {1, 1, 2, 2}, {4, 2, 8, 11});
}

TEST(upsample, puts_values_back_by_the_mask) {
  const auto model = import(input({1, 1, 2, 4}) + kPoolAndBack);
  ASSERT_TRUE(model) << model.error().message;
  expect(run(*model, {{"data", tensor({1, 1, 2, 4}, {1, 2, 5, 3, 4, 0, 5, 1})}})["out"], {1, 1, 2, 4},
         {0, 0, 5, 0, 4, 0, 0, 0});
}

TEST(pooling, refuses_a_mask_of_averages_that_is_used) {
  EXPECT_THAT(refusal(input({1, 1, 4, 4}) + R"(
      layer { name: "pool" type: "Pooling" bottom: "data" top: "pooled" top: "mask" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
      layer { name: "up" type: "Upsample" bottom: "pooled" bottom: "mask" top: "out" })"),
              HasSubstr("its bottom 'mask' is a result that has no form here"));
}

TEST(im2col, makes_every_window_a_column) {
  expect(run_layer("Im2col", "convolution_param { kernel_h: 1 kernel_w: 2 }", tensor({1, 1, 1, 4}, {1, 2, 3, 4})),
         {1, 2, 1, 3}, {1, 2, 3, 2, 3, 4});
}

TEST(im2col, refuses_a_kernel_larger_than_its_bottom) {
  EXPECT_THAT(refusal(input({1, 1, 2, 2}) + layer("Im2col", "convolution_param { kernel_size: 3 }")),
              HasSubstr("kernel [3,3] is larger than [1,1,2,2]"));
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

}  // namespace
}  // namespace bmnet::caffe::test
