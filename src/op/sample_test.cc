#include "op/testing.h"

namespace bmnet::op::test {
namespace {

Attributes grid(std::string mode, std::string padding, bool align_corners) {
  return {{"mode", mode}, {"padding", padding}, {"align_corners", align_corners}};
}
const Tensor kRow = f32({1, 1, 1, 4}, {1, 2, 3, 4});
// Points of a row: their x, at the row's own y.
Tensor points(std::vector<float> xs) {
  std::vector<float> values;
  for (const float x : xs) values.insert(values.end(), {x, 0});
  return f32({1, 1, static_cast<int64_t>(xs.size()), 2}, values);
}

TEST(grid_sample, corners_are_centres_or_edges) {
  EXPECT_THAT(floats(run("grid_sample", grid("linear", "zeros", true), {kRow, points({-1, 0, 1})})),
              ElementsAre(1, 2.5f, 4));
  EXPECT_THAT(floats(run("grid_sample", grid("linear", "zeros", false), {kRow, points({-1, 0, 1})})),
              ElementsAre(0.5f, 2.5f, 2));
}
TEST(grid_sample, x_stands_before_y) {
  EXPECT_THAT(
      floats(run("grid_sample", grid("linear", "zeros", true), {ramp({1, 1, 2, 3}), f32({1, 1, 1, 2}, {1, -1})})),
      ElementsAre(2));
}
TEST(grid_sample, pads_with_the_border_or_mirrored) {
  EXPECT_THAT(floats(run("grid_sample", grid("linear", "border", true), {kRow, points({-3, 2})})), ElementsAre(1, 4));
  EXPECT_THAT(floats(run("grid_sample", grid("linear", "reflection", true), {kRow, points({-5.0f / 3, 5.0f / 3})})),
              near({2, 3}));
  EXPECT_THAT(floats(run("grid_sample", grid("nearest", "reflection", false), {kRow, points({-1.75f, 1.25f})})),
              ElementsAre(2, 4));
}
TEST(grid_sample, nearest_rounds_half_to_even) {
  EXPECT_THAT(floats(run("grid_sample", grid("nearest", "zeros", true), {kRow, points({-2.0f / 3, 0, 9})})),
              ElementsAre(1, 3, 0));
}
TEST(grid_sample, cubic_goes_through_the_elements_and_keeps_straight_lines) {
  EXPECT_THAT(floats(run("grid_sample", grid("cubic", "border", true), {kRow, points({-1, 0, 1})})),
              near({1, 2.5f, 4}));
}
TEST(grid_sample, of_three_axes) {
  EXPECT_THAT(floats(run("grid_sample", grid("linear", "zeros", true),
                         {ramp({1, 1, 2, 2, 2}), f32({1, 1, 1, 2, 3}, {1, -1, -1, 0, 0, 0})})),
              ElementsAre(1, 3.5f));
}
TEST(grid_sample, what_is_no_number_lies_outside) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(floats(run("grid_sample", grid("linear", "zeros", true), {kRow, points({nan, INFINITY, -1e30f})})),
              ElementsAre(0, 0, 0));
}
TEST(grid_sample, refuses_a_grid_of_other_rank) {
  EXPECT_THAT(refusal("grid_sample", grid("linear", "zeros", true), {kRow, ramp({1, 2, 2, 3})}),
              HasSubstr("the grid has shape [1,2,2,3], [1,2,2,2] is needed"));
  EXPECT_THAT(refusal("grid_sample", grid("area", "zeros", true), {kRow, points({0})}),
              HasSubstr("mode \"area\" is not one of nearest, linear, cubic"));
}

Attributes window(Ints kernel, Ints strides, Ints pads, int64_t groups = 1) {
  return {
      {"kernel", kernel}, {"strides", strides}, {"pads", pads}, {"dilations", Ints{1, 1}}, {"offset_groups", groups}};
}

TEST(deform_gather, without_offsets_lays_the_windows_side_by_side) {
  EXPECT_THAT(
      floats(run("deform_gather", window({1, 2}, {1, 1}, {0, 0, 0, 0}), {kRow, f32({1, 4, 1, 3}, Floats(12, 0))})),
      ElementsAre(1, 2, 2, 3, 3, 4));
  EXPECT_THAT(
      floats(run("deform_gather", window({1, 2}, {1, 2}, {0, 1, 0, 1}), {kRow, f32({1, 4, 1, 3}, Floats(12, 0))})),
      ElementsAre(0, 1, 2, 3, 4, 0));
}
TEST(deform_gather, moves_every_tap_by_y_then_x) {
  const Tensor offset = f32({1, 2, 1, 4}, {0, 0, 0.5f, 0, 1, 0.5f, 0, 1});  // dy of four places, then dx
  EXPECT_THAT(floats(run("deform_gather", window({1, 1}, {1, 1}, {0, 0, 0, 0}), {kRow, offset})),
              ElementsAre(2, 2.5f, 1.5f, 0));
}
TEST(deform_gather, multiplies_by_the_mask) {
  EXPECT_THAT(floats(run("deform_gather", window({1, 1}, {1, 1}, {0, 0, 0, 0}),
                         {kRow, f32({1, 2, 1, 4}, Floats(8, 0)), f32({1, 1, 1, 4}, {1, 0.5f, 0, 2})})),
              ElementsAre(1, 1, 0, 8));
}
TEST(deform_gather, groups_of_channels_have_their_own_offsets) {
  EXPECT_THAT(floats(run("deform_gather", window({1, 1}, {1, 1}, {0, 0, 0, 0}, 2),
                         {ramp({1, 2, 1, 2}), f32({1, 4, 1, 2}, {0, 0, 0, 0, 0, 0, 1, -1})})),
              ElementsAre(0, 1, 3, 2));
}
TEST(deform_gather, refuses_offsets_of_another_shape) {
  EXPECT_THAT(refusal("deform_gather", window({1, 1}, {1, 1}, {0, 0, 0, 0}), {kRow, ramp({1, 2, 1, 3})}),
              HasSubstr("the offset has shape [1,2,1,3], [1,2,1,4] is needed"));
  EXPECT_THAT(refusal("deform_gather", window({1, 1}, {1, 1}, {0, 0, 0, 0}, 2), {kRow, ramp({1, 4, 1, 4})}),
              HasSubstr("2 offset groups do not divide 1 channels"));
}

}  // namespace
}  // namespace bmnet::op::test
