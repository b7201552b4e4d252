#include "op/testing.h"

namespace bmnet::op::test {
namespace {

struct ResizeCase {
  Ints sizes;
  std::string mode = "linear", coordinates = "half_pixel", nearest_mode = "round_prefer_floor";
  Floats scales = {};
  float cubic_coeff = -0.75f;
  bool exclude_outside = false;
  operator Attributes() const {
    return {{"sizes", sizes},
            {"mode", mode},
            {"coordinates", coordinates},
            {"nearest_mode", nearest_mode},
            {"scales", scales},
            {"cubic_coeff", cubic_coeff},
            {"exclude_outside", exclude_outside}};
  }
};
// A row of numbers resized.
Floats row(Floats input, const ResizeCase& resize) {
  const auto n = static_cast<int64_t>(input.size());
  return floats(run("resize", resize, {f32({1, 1, n}, std::move(input))}));
}

TEST(resize, linear_half_pixel) {
  EXPECT_THAT(row({1, 2}, {.sizes = {4}}), near({1, 1.25f, 1.75f, 2}));
  EXPECT_THAT(row({1, 2, 3, 4}, {.sizes = {2}}), near({1.5f, 3.5f}));
}
TEST(resize, linear_asymmetric) {
  EXPECT_THAT(row({1, 2}, {.sizes = {4}, .coordinates = "asymmetric"}), near({1, 1.5f, 2, 2}));
}
TEST(resize, linear_align_corners) {
  EXPECT_THAT(row({1, 4}, {.sizes = {4}, .coordinates = "align_corners"}), near({1, 2, 3, 4}));
  EXPECT_THAT(row({1, 4}, {.sizes = {1}, .coordinates = "align_corners"}), near({1}));
}
TEST(resize, pytorch_half_pixel_takes_the_first_for_a_single_one) {
  EXPECT_THAT(row({1, 4, 9}, {.sizes = {1}, .coordinates = "pytorch_half_pixel"}), near({1}));
  EXPECT_THAT(row({1, 4, 9}, {.sizes = {1}}), near({4}));
}
TEST(resize, half_pixel_symmetric_centres_a_rounded_size) {  // 4 * 0.6 = 2.4, of which 2 remain
  EXPECT_THAT(row({1, 2, 3, 4}, {.sizes = {2}, .coordinates = "half_pixel_symmetric", .scales = {0.6f}}),
              near({1.6666667f, 3.3333333f}));
}
TEST(resize, stated_scales_win_over_the_sizes) {
  EXPECT_THAT(row({1, 2, 3, 4}, {.sizes = {2}, .scales = {0.6f}}), near({1.3333333f, 3}, 1e-5f));
}
TEST(resize, nearest_modes) {
  const auto with = [](std::string mode) {
    return row({1, 2, 3, 4}, {.sizes = {2}, .mode = "nearest", .nearest_mode = mode});
  };
  EXPECT_THAT(with("floor"), ElementsAre(1, 3));
  EXPECT_THAT(with("ceil"), ElementsAre(2, 4));
  EXPECT_THAT(with("round_prefer_floor"), ElementsAre(1, 3));
  EXPECT_THAT(with("round_prefer_ceil"), ElementsAre(2, 4));
}
TEST(resize, nearest_doubles_pixels) {
  EXPECT_THAT(
      floats(run("resize",
                 ResizeCase{.sizes = {2, 4}, .mode = "nearest", .coordinates = "asymmetric", .nearest_mode = "floor"},
                 {f32({1, 1, 1, 2}, {1, 2})})),
      ElementsAre(1, 1, 2, 2, 1, 1, 2, 2));
}
TEST(resize, nearest_moves_any_type) {
  EXPECT_THAT(longs(run("resize", ResizeCase{.sizes = {4}, .mode = "nearest"}, {i64({1, 1, 2}, {7, 8})})),
              ElementsAre(7, 7, 8, 8));
}
TEST(resize, tf_half_pixel_for_nn) {
  EXPECT_THAT(
      row({1, 2, 3}, {.sizes = {2}, .mode = "nearest", .coordinates = "tf_half_pixel_for_nn", .nearest_mode = "floor"}),
      ElementsAre(1, 3));
}
TEST(resize, cubic_half_pixel) {  // weights of Keys' function at 1/4 with a = -0.75
  EXPECT_THAT(row({1, 2, 3, 4}, {.sizes = {8}, .mode = "cubic"}),
              near({0.8945312f, 1.1914062f, 1.6679688f, 2.296875f, 2.703125f, 3.3320312f, 3.8085938f, 4.1054688f}));
}
TEST(resize, cubic_keeps_what_stays_in_place) {
  EXPECT_THAT(row({3, 1, 4}, {.sizes = {3}, .mode = "cubic"}), near({3, 1, 4}));
}
TEST(resize, cubic_without_the_outside_keeps_a_constant) {
  EXPECT_THAT(row({5, 5, 5}, {.sizes = {7}, .mode = "cubic", .cubic_coeff = -0.5f, .exclude_outside = true}),
              near({5, 5, 5, 5, 5, 5, 5}));
}
TEST(resize, separable_over_two_axes) {
  EXPECT_THAT(floats(run("resize", ResizeCase{.sizes = {3, 3}, .coordinates = "align_corners"},
                         {f32({1, 1, 2, 2}, {0, 2, 4, 6})})),
              near({0, 1, 2, 2, 3, 4, 4, 5, 6}));
}
TEST(resize, refuses_crop_and_resize) {
  EXPECT_THAT(refusal("resize", ResizeCase{.sizes = {2}, .coordinates = "tf_crop_and_resize"}, {ramp({1, 1, 2})}),
              HasSubstr("tf_crop_and_resize"));
}
TEST(resize, refuses_too_few_sizes) {
  EXPECT_THAT(refusal("resize", ResizeCase{.sizes = {2}}, {ramp({1, 1, 2, 2})}),
              HasSubstr("sizes has 1 values, 2 are needed"));
}
TEST(resize, refuses_size_zero) {
  EXPECT_THAT(refusal("resize", ResizeCase{.sizes = {0}}, {ramp({1, 1, 2})}), HasSubstr("sizes 0 is below 1"));
}
TEST(resize, refuses_scale_zero) {
  EXPECT_THAT(refusal("resize", ResizeCase{.sizes = {2}, .scales = {0}}, {ramp({1, 1, 2})}),
              HasSubstr("scale 0 of spatial axis 0"));
}
TEST(resize, refuses_empty_input) {
  EXPECT_THAT(refusal("resize", ResizeCase{.sizes = {2}}, {ramp({1, 1, 0})}),
              HasSubstr("spatial axis 0 of the input is empty"));
}
TEST(resize, refuses_unknown_mode) {
  EXPECT_THAT(refusal("resize", ResizeCase{.sizes = {2}, .mode = "area"}, {ramp({1, 1, 2})}),
              HasSubstr("mode \"area\""));
}
TEST(resize, refuses_linear_of_integers) {
  EXPECT_THAT(refusal("resize", ResizeCase{.sizes = {2}}, {i64({1, 1, 1}, {1})}), HasSubstr("the input is i64"));
}
TEST(resize, refuses_input_without_spatial_axes) {
  EXPECT_THAT(refusal("resize", ResizeCase{.sizes = {}}, {ramp({1, 1})}), HasSubstr("rank 3 or more"));
}

}  // namespace
}  // namespace bmnet::op::test
