#include <cmath>

#include "op/testing.h"

namespace bmnet::op::test {
namespace {

TEST(batch_norm, normalises_each_channel) {
  EXPECT_THAT(floats(run("batch_norm", {{"epsilon", 0.0f}},
                         {f32({1, 2, 2}, {1, 3, 10, 20}), f32({2}, {2, 1}), f32({2}, {5, 0}), f32({2}, {1, 10}),
                          f32({2}, {4, 25})})),
              ElementsAre(5, 7, 0, 2));
}
TEST(batch_norm, epsilon_guards_a_zero_variance) {
  EXPECT_THAT(floats(run("batch_norm", {{"epsilon", 0.25f}},
                         {f32({1, 1}, {3}), f32({1}, {1}), f32({1}, {0}), f32({1}, {1}), f32({1}, {0})})),
              ElementsAre(4));
}
TEST(batch_norm, refuses_parameters_of_another_length) {
  EXPECT_THAT(refusal("batch_norm", {{"epsilon", 0.0f}}, {ramp({1, 2}), ramp({2}), ramp({2}), ramp({3}), ramp({2})}),
              HasSubstr("the mean has shape [3], [2] is needed"));
}
TEST(batch_norm, refuses_negative_epsilon) {
  EXPECT_THAT(refusal("batch_norm", {{"epsilon", -1.0f}}, {ramp({1, 1}), ramp({1}), ramp({1}), ramp({1}), ramp({1})}),
              HasSubstr("epsilon -1 is negative"));
}

const Attributes kLayer = {{"axis", int64_t{1}}, {"epsilon", 0.0f}};
TEST(layer_norm, normalises_rows) {
  EXPECT_THAT(floats(run("layer_norm", kLayer, {f32({2, 2}, {1, 3, 10, 20})})), ElementsAre(-1, 1, -1, 1));
}
TEST(layer_norm, scales_and_shifts) {
  EXPECT_THAT(floats(run("layer_norm", kLayer, {f32({1, 2}, {1, 3}), f32({2}, {2, 3})})), ElementsAre(-2, 3));
  EXPECT_THAT(floats(run("layer_norm", kLayer, {f32({1, 2}, {1, 3}), f32({2}, {2, 3}), f32({2}, {10, 20})})),
              ElementsAre(8, 23));
}
TEST(layer_norm, refuses_axis_outside) {
  EXPECT_THAT(refusal("layer_norm", kLayer, {ramp({3})}), HasSubstr("axis 1 is outside a tensor of rank 1"));
}
TEST(layer_norm, refuses_scale_of_another_shape) {
  EXPECT_THAT(refusal("layer_norm", kLayer, {ramp({2, 3}), ramp({2})}),
              HasSubstr("the scale has shape [2], [3] is needed"));
}

Attributes groups(int64_t count) { return {{"groups", count}, {"epsilon", 0.0f}}; }
TEST(group_norm, normalises_groups_of_channels) {
  EXPECT_THAT(floats(run("group_norm", groups(2), {f32({1, 4, 1}, {1, 3, 10, 20})})), ElementsAre(-1, 1, -1, 1));
}
TEST(group_norm, a_group_each_is_instance_norm) {
  EXPECT_THAT(
      floats(run("group_norm", groups(2), {f32({1, 2, 2}, {1, 3, 10, 20}), f32({2}, {1, 2}), f32({2}, {0, 5})})),
      ElementsAre(-1, 1, 3, 7));
}
TEST(group_norm, refuses_groups_that_do_not_divide) {
  EXPECT_THAT(refusal("group_norm", groups(3), {ramp({1, 4, 1})}), HasSubstr("3 groups do not divide 4 channels"));
}

Attributes lrn(int64_t size, std::string region) {
  return {{"size", size}, {"alpha", 1.0f}, {"beta", 1.0f}, {"k", 1.0f}, {"region", region}};
}
TEST(lrn, sums_over_channels) {  // x / (1 + sum of squares / 3)
  EXPECT_THAT(floats(run("lrn", lrn(3, "across"), {f32({1, 3, 1, 1}, {1, 2, 3})})),
              near({1 / (1 + 5 / 3.f), 2 / (1 + 14 / 3.f), 3 / (1 + 13 / 3.f)}));
}
TEST(lrn, an_even_size_looks_further_behind) {
  EXPECT_THAT(floats(run("lrn", lrn(2, "across"), {f32({1, 2, 1, 1}, {1, 2})})),
              near({1 / (1 + 5 / 2.f), 2 / (1 + 4 / 2.f)}));
}
TEST(lrn, sums_over_a_window) {
  EXPECT_THAT(floats(run("lrn", lrn(3, "within"), {f32({1, 1, 2, 2}, {1, 2, 3, 4})})),
              near({1 / (1 + 30 / 9.f), 2 / (1 + 30 / 9.f), 3 / (1 + 30 / 9.f), 4 / (1 + 30 / 9.f)}));
}
TEST(lrn, refuses_size_zero) {
  EXPECT_THAT(refusal("lrn", lrn(0, "across"), {ramp({1, 1, 1, 1})}), HasSubstr("size 0 is below 1"));
}
TEST(lrn, refuses_unknown_region) {
  EXPECT_THAT(refusal("lrn", lrn(3, "around"), {ramp({1, 1, 1, 1})}), HasSubstr("region \"around\""));
}
TEST(lrn, refuses_window_without_image) {
  EXPECT_THAT(refusal("lrn", lrn(3, "within"), {ramp({1, 1, 1})}), HasSubstr("rank 4 is needed"));
}

Attributes norm(Ints axes, int64_t p, float epsilon = 0, float least = 0) {
  return {{"axes", axes}, {"p", p}, {"epsilon", epsilon}, {"floor", least}};
}
TEST(lp_normalize, divides_by_the_norm) {
  EXPECT_THAT(floats(run("lp_normalize", norm({1}, 2), {f32({2, 2}, {3, 4, 0, 5})})), near({0.6f, 0.8f, 0, 1}));
  EXPECT_THAT(floats(run("lp_normalize", norm({0}, 1), {f32({2, 2}, {1, -2, -3, 2})})),
              near({0.25f, -0.5f, -0.75f, 0.5f}));
}
TEST(lp_normalize, over_several_axes) {
  EXPECT_THAT(floats(run("lp_normalize", norm({0, 1}, 2), {f32({2, 2}, {1, 1, 1, 1})})),
              near({0.5f, 0.5f, 0.5f, 0.5f}));
}
TEST(lp_normalize, a_zero_norm_gives_zero) {
  EXPECT_THAT(floats(run("lp_normalize", norm({0}, 2), {f32({2}, {0, 0})})), ElementsAre(0, 0));
}
TEST(lp_normalize, epsilon_is_under_the_root_and_floor_bounds_it) {
  EXPECT_THAT(floats(run("lp_normalize", norm({0}, 2, 9), {f32({1}, {4})})), near({0.8f}));
  EXPECT_THAT(floats(run("lp_normalize", norm({0}, 2, 0, 8), {f32({1}, {4})})), near({0.5f}));
}
TEST(lp_normalize, refuses_other_norms) {
  EXPECT_THAT(refusal("lp_normalize", norm({0}, 3), {ramp({2})}), HasSubstr("p 3, supported: 1, 2"));
}
TEST(lp_normalize, refuses_no_axes) {
  EXPECT_THAT(refusal("lp_normalize", norm({}, 2), {ramp({2})}), HasSubstr("axes is empty"));
}

Attributes soft(int64_t axis, bool log = false) { return {{"axis", axis}, {"log", log}}; }
TEST(softmax, sums_to_one) {
  EXPECT_THAT(floats(run("softmax", soft(1), {f32({2, 2}, {0, std::log(3.0f), 5, 5})})),
              near({0.25f, 0.75f, 0.5f, 0.5f}));
}
TEST(softmax, runs_along_an_inner_axis) {
  EXPECT_THAT(floats(run("softmax", soft(0), {f32({2, 2}, {0, 5, std::log(3.0f), 5})})),
              near({0.25f, 0.5f, 0.75f, 0.5f}));
}
TEST(softmax, large_numbers_do_not_overflow) {
  EXPECT_THAT(floats(run("softmax", soft(0), {f32({2}, {1000, 1000})})), near({0.5f, 0.5f}));
}
TEST(softmax, gives_the_logarithm) {
  EXPECT_THAT(floats(run("softmax", soft(0, true), {f32({2}, {0, -1000})})), near({0, -1000}));
}
TEST(softmax, refuses_axis_outside) {
  EXPECT_THAT(refusal("softmax", soft(-1), {ramp({2})}), HasSubstr("axis -1 is outside"));
}
TEST(softmax, refuses_integers) {
  EXPECT_THAT(refusal("softmax", soft(0), {i64({1}, {1})}), HasSubstr("the input is i64"));
}

}  // namespace
}  // namespace bmnet::op::test
