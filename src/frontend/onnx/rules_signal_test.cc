// Fourier transforms, mel filters, determinants; geometry of images.
#include "frontend/onnx/resampling_matrix.h"
#include "frontend/onnx/testing.h"

namespace bmnet::frontend::onnx::test {
namespace {

using op::test::f32;
using op::test::i64;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;
using Ints = std::vector<int64_t>;

auto near(std::vector<float> values) { return Pointwise(FloatNear(1e-5), values); }

// ---- DFT

std::vector<float> transformed(Shape shape, std::vector<float> values, std::vector<Attr> attributes) {
  return floats(run(single(20, "DFT", {shape}, std::move(attributes)), {f32(shape, std::move(values))})[0]);
}

TEST(dft, of_a_real_signal_gives_complex_frequencies) {
  EXPECT_THAT(transformed({1, 4, 1}, {1, 2, 3, 4}, {}), near({10, 0, -2, 2, -2, 0, -2, -2}));
}

TEST(dft, one_sided_gives_the_half_that_is_not_mirrored) {
  EXPECT_THAT(transformed({1, 4, 1}, {1, 2, 3, 4}, {{"onesided", 1}}), near({10, 0, -2, 2, -2, 0}));
}

TEST(dft, inverse_undoes_it) {
  EXPECT_THAT(transformed({1, 4, 2}, {10, 0, -2, 2, -2, 0, -2, -2}, {{"inverse", 1}}), near({1, 0, 2, 0, 3, 0, 4, 0}));
}

TEST(dft, inverse_of_the_half_gives_a_real_signal) {
  EXPECT_THAT(transformed({1, 3, 2}, {10, 0, -2, 2, -2, 0}, {{"inverse", 1}, {"onesided", 1}}), near({1, 2, 3, 4}));
}

TEST(dft, a_shorter_signal_counts_as_filled_with_zeros) {
  Net net(20);
  net.input("x", {1, 1, 1}).constant("n", i64({}, {2})).node("DFT", {"x", "n"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 1, 1}, {3})})[0]), near({3, 0, 3, 0}));
}

TEST(dft, the_axis_of_parts_cannot_be_transformed) {
  EXPECT_THAT(refusal(single(17, "DFT", {{1, 4, 1}}, {{"axis", 2}})), HasSubstr("axis 2 holds the parts"));
}

TEST(stft, transforms_windows_of_the_signal) {
  Net net(17);
  net.input("x", {1, 4, 1}).constant("step", i64({}, {2})).constant("window", f32({2}, {1, 10}));
  net.node("STFT", {"x", "step", "window"}, {"y"}).output("y");
  // Frames (1, 20) and (3, 40): sum and difference.
  EXPECT_THAT(floats(run(net, {f32({1, 4, 1}, {1, 2, 3, 4})})[0]), near({21, 0, -19, 0, 43, 0, -37, 0}));
}

TEST(stft, frames_must_fit_into_the_signal) {
  Net net(17);
  net.input("x", {1, 4, 1}).constant("step", i64({}, {2})).constant("length", i64({}, {5}));
  net.node("STFT", {"x", "step", "", "length"}, {"y"}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("frames of 5 samples in steps of 2 in a signal of 4"));
}

TEST(mel_weight_matrix, filters_rise_to_one_and_fall) {
  Net net(17);
  net.constant("bands", i64({}, {2})).constant("length", i64({}, {16})).constant("rate", i64({}, {8192}));
  net.constant("low", f32({}, {0})).constant("high", f32({}, {4096})).input("x", {9, 2});
  net.node("MelWeightMatrix", {"bands", "length", "rate", "low", "high"}, {"w"});
  net.node("Add", {"x", "w"}, {"y"}).output("y");
  // The edges of the filters fall on the frequencies 0, 0, 2, 4.
  EXPECT_THAT(floats(run(net, {f32({9, 2}, std::vector<float>(18, 0.0f))})[0]),
              near({1, 0, 0.5, 0.5, 0, 1, 0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

// ---- Det

TEST(det, of_two_and_three_rows) {
  EXPECT_THAT(floats(run(single(11, "Det", {{2, 2}}), {f32({2, 2}, {1, 2, 3, 4})})[0]), ElementsAre(-2));
  EXPECT_THAT(floats(run(single(11, "Det", {{1, 3, 3}}), {f32({1, 3, 3}, {2, 0, 1, 1, 3, 2, 1, 1, 4})})[0]),
              ElementsAre(18));
}

TEST(det, large_matrices_are_refused) {
  EXPECT_THAT(refusal(single(11, "Det", {{6, 6}})), HasSubstr("the determinant of 6 x 6 matrices; 1 to 5"));
}

// ---- geometry

TEST(affine_grid, moves_the_centres_of_the_elements) {
  Net net(20);
  net.input("theta", {1, 2, 3}).constant("size", i64({4}, {1, 1, 1, 2}));
  net.node("AffineGrid", {"theta", "size"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 2, 3}, {1, 0, 0, 0, 1, 0.25})})[0]), ElementsAre(-0.5, 0.25, 0.5, 0.25));
}

TEST(col2im, adds_where_blocks_overlap) {
  Net net(18);
  net.input("x", {1, 2, 2}).constant("image", i64({1}, {3})).constant("block", i64({1}, {2}));
  net.node("Col2Im", {"x", "image", "block"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 2, 2}, {1, 2, 10, 20})})[0]), ElementsAre(1, 12, 20));
}

TEST(col2im, the_blocks_must_fill_the_image) {
  Net net(18);
  net.input("x", {1, 2, 5}).constant("image", i64({1}, {3})).constant("block", i64({1}, {2}));
  net.node("Col2Im", {"x", "image", "block"}, {"y"}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("5 blocks, the image has place for [2]"));
}

TEST(deform_conv, offsets_move_the_taps) {
  const Net net = single(19, "DeformConv", {{1, 1, 1, 3}, {1, 1, 1, 1}, {1, 2, 1, 3}});
  // x offsets of one element, half an element, and out of the image.
  EXPECT_THAT(floats(run(net, {f32({1, 1, 1, 3}, {1, 2, 4}), f32({1, 1, 1, 1}, {10}),
                               f32({1, 2, 1, 3}, {0, 0, 0, 1, 0.5, 1})})[0]),
              ElementsAre(20, 30, 0));
}

TEST(max_pool, indices_count_over_the_whole_input) {
  Net net(12);
  net.input("x", {1, 2, 1, 4});
  net.node("MaxPool", {"x"}, {"y", "i"}, {{"kernel_shape", Ints{1, 2}}, {"strides", Ints{1, 2}}});
  net.output("y").output("i");
  const auto y = run(net, {f32({1, 2, 1, 4}, {1, 5, 9, 2, 7, 7, 0, 3})});
  EXPECT_THAT(floats(y[0]), ElementsAre(5, 9, 7, 3));
  EXPECT_THAT(ints(y[1]), ElementsAre(1, 2, 4, 7));
}

TEST(max_pool, indices_skip_the_padding) {
  Net net(12);
  net.input("x", {1, 1, 2, 2});
  net.node("MaxPool", {"x"}, {"", "i"},
           {{"kernel_shape", Ints{2, 2}}, {"pads", Ints{1, 1, 0, 0}}, {"storage_order", 1}});
  net.output("i");
  // Column by column: element (1,0) has number 1, (0,1) number 2.
  EXPECT_THAT(ints(run(net, {f32({1, 1, 2, 2}, {-1, -2, -3, -4})})[0]), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(ints(run(net, {f32({1, 1, 2, 2}, {-4, -2, -3, -1})})[0]), ElementsAre(0, 2, 1, 3));
}

// ---- resampling by matrices

TEST(resampling_matrix, antialiasing_averages_what_falls_together) {
  const ResamplingMatrix matrix = resampling_matrix({.mode = "linear",
                                                     .coordinates = "half_pixel",
                                                     .nearest_mode = {},
                                                     .in = 4,
                                                     .out = 2,
                                                     .scale = 0.5,
                                                     .antialias = true});
  EXPECT_THAT(matrix.weights, near({0.5f, 0.375f, 0.125f, 0, 0, 0.125f, 0.375f, 0.5f}));
}

TEST(resampling_matrix, cutting_beyond_the_input_is_marked) {
  const ResamplingMatrix matrix = resampling_matrix({.mode = "nearest",
                                                     .coordinates = "tf_crop_and_resize",
                                                     .nearest_mode = "round_prefer_floor",
                                                     .in = 3,
                                                     .out = 2,
                                                     .scale = 2 / 3.0,
                                                     .roi_start = 0.5,
                                                     .roi_end = 1.5});
  EXPECT_THAT(matrix.weights, ElementsAre(0, 1, 0, 0, 0, 0));
  EXPECT_THAT(matrix.outside, ElementsAre(false, true));
}

TEST(resize, cut_out_with_a_value_for_what_lies_outside) {
  Net net(11);
  net.input("x", {1, 3}).constant("roi", f32({4}, {0, 0.5, 1, 1.5})).constant("sizes", i64({2}, {1, 2}));
  net.node("Resize", {"x", "roi", "", "sizes"}, {"y"},
           {{"coordinate_transformation_mode", "tf_crop_and_resize"}, {"extrapolation_value", 9.0f}});
  net.output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 3}, {1, 2, 3})})[0]), ElementsAre(2, 9));
}

}  // namespace
}  // namespace bmnet::frontend::onnx::test
