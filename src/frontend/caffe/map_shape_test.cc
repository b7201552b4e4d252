// Layers that move data.
#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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

TEST(reverse, turns_an_axis_around) {
  expect(run_layer("Reverse", "reverse_param { axis: 1 }", tensor({2, 2}, {1, 2, 3, 4})), {2, 2}, {2, 1, 4, 3});
  EXPECT_THAT(refusal(input({2, 2}) + layer("Reverse", "reverse_param { axis: 2 }")),
              HasSubstr("axis 2 is out of range"));
}

TEST(batch_reindex, chooses_images) {
  const auto model = import(R"(
      input: "data" input_shape { dim: 2 dim: 2 } input: "order" input_shape { dim: 3 }
      layer { name: "layer" type: "BatchReindex" bottom: "data" bottom: "order" top: "out" })");
  ASSERT_TRUE(model) << model.error().message;
  expect(run(*model, {{"data", tensor({2, 2}, {1, 2, 3, 4})}, {"order", tensor({3}, {1, 0, 1})}})["out"], {3, 2},
         {3, 4, 1, 2, 3, 4});
}

}  // namespace
}  // namespace bmnet::caffe::test
