#include "op/testing.h"

namespace bmnet::op::test {
namespace {

Tensor reshape(Tensor input, Ints shape) { return run("reshape", {{"shape", shape}}, {std::move(input)}); }
TEST(reshape, keeps_the_elements) {
  const Tensor out = reshape(ramp({2, 3}), {3, 2});
  EXPECT_EQ(out.shape(), (Shape{3, 2}));
  EXPECT_THAT(floats(out), ElementsAre(0, 1, 2, 3, 4, 5));
}
TEST(reshape, to_a_scalar_and_of_nothing) {
  EXPECT_EQ(reshape(ramp({1, 1}), {}).shape(), Shape{});
  EXPECT_EQ(reshape(ramp({0, 3}), {7, 0}).shape(), (Shape{7, 0}));
}
TEST(reshape, refuses_another_count) {
  EXPECT_THAT(refusal("reshape", {{"shape", Ints{4}}}, {ramp({2, 3})}),
              HasSubstr("6 elements of shape [2,3] do not fit shape [4]"));
}
TEST(reshape, refuses_negative_dimension) {
  EXPECT_THAT(refusal("reshape", {{"shape", Ints{-1}}}, {ramp({2})}), HasSubstr("negative dimension"));
}

Tensor transpose(Tensor input, Ints permutation) {
  return run("transpose", {{"permutation", permutation}}, {std::move(input)});
}
TEST(transpose, permutes_axes) {
  EXPECT_THAT(floats(transpose(ramp({2, 3}), {1, 0})), ElementsAre(0, 3, 1, 4, 2, 5));
  const Tensor out = transpose(ramp({2, 2, 3}), {2, 0, 1});
  EXPECT_EQ(out.shape(), (Shape{3, 2, 2}));
  EXPECT_THAT(floats(out), ElementsAre(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11));
}
TEST(transpose, there_and_back) {
  EXPECT_EQ(floats(transpose(transpose(ramp({2, 3, 4, 5}), {3, 1, 0, 2}), {2, 1, 3, 0})), floats(ramp({2, 3, 4, 5})));
}
TEST(transpose, moves_every_element_size) {
  EXPECT_THAT(values<uint8_t>(transpose(u8({2, 2}, {1, 2, 3, 4}), {1, 0})), ElementsAre(1, 3, 2, 4));
  EXPECT_THAT(longs(transpose(i64({2, 2}, {1, 2, 3, 4}), {1, 0})), ElementsAre(1, 3, 2, 4));
}
TEST(transpose, refuses_what_is_no_permutation) {
  EXPECT_THAT(refusal("transpose", {{"permutation", Ints{0, 0}}}, {ramp({2, 3})}),
              HasSubstr("[0,0] is not a permutation"));
  EXPECT_THAT(refusal("transpose", {{"permutation", Ints{0}}}, {ramp({2, 3})}), HasSubstr("[0] is not a permutation"));
}

TEST(concat, joins_along_an_axis) {
  const Tensor a = f32({2, 1}, {1, 2}), b = f32({2, 2}, {3, 4, 5, 6});
  EXPECT_THAT(floats(run("concat", {{"axis", int64_t{1}}}, {a, b})), ElementsAre(1, 3, 4, 2, 5, 6));
  EXPECT_THAT(floats(run("concat", {{"axis", int64_t{0}}}, {b, b})), ElementsAre(3, 4, 5, 6, 3, 4, 5, 6));
}
TEST(concat, an_empty_part_adds_nothing) {
  EXPECT_THAT(floats(run("concat", {{"axis", int64_t{0}}}, {ramp({2}), ramp({0})})), ElementsAre(0, 1));
}
TEST(concat, refuses_other_extents) {
  EXPECT_THAT(refusal("concat", {{"axis", int64_t{0}}}, {ramp({1, 2}), ramp({1, 3})}),
              HasSubstr("operand 1 of shape [1,3] does not join"));
}
TEST(concat, refuses_other_rank) {
  EXPECT_THAT(refusal("concat", {{"axis", int64_t{0}}}, {ramp({1, 2}), ramp({2})}),
              HasSubstr("operand 1 of shape [2]"));
}
TEST(concat, refuses_mixed_types) {
  EXPECT_THAT(refusal("concat", {{"axis", int64_t{0}}}, {ramp({1}), i64({1}, {1})}), HasSubstr("operand 1 is i64"));
}
TEST(concat, refuses_axis_outside) {
  EXPECT_THAT(refusal("concat", {{"axis", int64_t{1}}}, {ramp({1})}), HasSubstr("axis 1 is outside"));
}

Attributes cut(Ints starts, Ints sizes, Ints steps) { return {{"starts", starts}, {"sizes", sizes}, {"steps", steps}}; }
TEST(slice, steps_forwards_and_backwards) {
  EXPECT_THAT(floats(run("slice", cut({1}, {2}, {2}), {ramp({5})})), ElementsAre(1, 3));
  EXPECT_THAT(floats(run("slice", cut({4}, {3}, {-2}), {ramp({5})})), ElementsAre(4, 2, 0));
}
TEST(slice, cuts_every_axis) {
  EXPECT_THAT(floats(run("slice", cut({1, 0}, {1, 2}, {1, 2}), {ramp({2, 3})})), ElementsAre(3, 5));
}
TEST(slice, may_take_none_and_ignores_a_single_ones_step) {
  EXPECT_EQ(run("slice", cut({5}, {0}, {1}), {ramp({5})}).shape(), Shape{0});
  EXPECT_THAT(floats(run("slice", cut({2}, {1}, {int64_t{1} << 34}), {ramp({5})})), ElementsAre(2));
}
TEST(slice, refuses_end_outside) {
  EXPECT_THAT(refusal("slice", cut({1}, {3}, {2}), {ramp({5})}),
              HasSubstr("3 elements from 1 in steps of 2 leave axis 0 of 5 elements"));
  EXPECT_THAT(refusal("slice", cut({1}, {3}, {-1}), {ramp({5})}), HasSubstr("leave axis 0"));
}
TEST(slice, refuses_start_outside) {
  EXPECT_THAT(refusal("slice", cut({5}, {1}, {1}), {ramp({5})}), HasSubstr("leave axis 0"));
}
TEST(slice, refuses_step_zero) {
  EXPECT_THAT(refusal("slice", cut({0}, {1}, {0}), {ramp({5})}), HasSubstr("the step of axis 0 is 0"));
}
TEST(slice, refuses_too_few_starts) {
  EXPECT_THAT(refusal("slice", cut({0}, {1, 1}, {1, 1}), {ramp({2, 2})}), HasSubstr("starts has 1 values"));
}

Attributes padding(Ints pads, std::string mode, float value = 0) {
  return {{"pads", pads}, {"mode", mode}, {"value", value}};
}
TEST(pad, with_a_constant) {
  EXPECT_THAT(floats(run("pad", padding({1, 2}, "constant", 9), {ramp({2})})), ElementsAre(9, 0, 1, 9, 9));
  EXPECT_THAT(floats(run("pad", padding({0, 1, 1, 0}, "constant"), {f32({1, 2}, {1, 2})})),
              ElementsAre(0, 1, 2, 0, 0, 0));
}
TEST(pad, crops_where_negative) {
  EXPECT_THAT(floats(run("pad", padding({-1, 1}, "constant", 7), {ramp({3})})), ElementsAre(1, 2, 7));
  EXPECT_THAT(floats(run("pad", padding({-4, 5}, "constant", 7), {ramp({3})})), ElementsAre(7, 7, 7, 7));
  EXPECT_THAT(floats(run("pad", padding({-1, 1}, "edge"), {ramp({3})})), ElementsAre(1, 2, 2));
}
TEST(pad, with_copies) {
  EXPECT_THAT(floats(run("pad", padding({2, 1}, "reflect"), {ramp({3})})), ElementsAre(2, 1, 0, 1, 2, 1));
  EXPECT_THAT(floats(run("pad", padding({2, 1}, "edge"), {ramp({3})})), ElementsAre(0, 0, 0, 1, 2, 2));
  EXPECT_THAT(floats(run("pad", padding({2, 1}, "wrap"), {ramp({3})})), ElementsAre(1, 2, 0, 1, 2, 0));
  EXPECT_THAT(floats(run("pad", padding({3, 0}, "reflect"), {ramp({2})})), ElementsAre(1, 0, 1, 0, 1));
}
TEST(pad, copies_corners) {
  EXPECT_THAT(floats(run("pad", padding({1, 1, 0, 0}, "reflect"), {ramp({2, 2})})),
              ElementsAre(3, 2, 3, 1, 0, 1, 3, 2, 3));
}
TEST(pad, takes_integers_and_masks) {
  EXPECT_THAT(longs(run("pad", padding({1, 0}, "constant", -3), {i64({1}, {5})})), ElementsAre(-3, 5));
  EXPECT_THAT(bits(run("pad", padding({1, 0}, "constant", 1), {mask({1}, {0})})), ElementsAre(1, 0));
}
TEST(pad, refuses_crop_beyond_the_axis) {
  EXPECT_THAT(refusal("pad", padding({-2, -2}, "constant"), {ramp({3})}),
              HasSubstr("pads leave -1 elements on axis 0"));
}
TEST(pad, refuses_copies_of_nothing) {
  EXPECT_THAT(refusal("pad", padding({1, 0}, "edge"), {ramp({0})}), HasSubstr("nothing to copy on the empty axis 0"));
}
TEST(pad, refuses_unknown_mode) {
  EXPECT_THAT(refusal("pad", padding({1, 0}, "mirror"), {ramp({1})}), HasSubstr("mode \"mirror\""));
}
TEST(pad, refuses_too_few_pads) {
  EXPECT_THAT(refusal("pad", padding({1}, "edge"), {ramp({1})}), HasSubstr("pads has 1 values, 2 are needed"));
}

TEST(broadcast_to, repeats_extents_of_one) {
  EXPECT_THAT(floats(run("broadcast_to", {{"shape", Ints{2, 2, 2}}}, {f32({2, 1}, {1, 2})})),
              ElementsAre(1, 1, 2, 2, 1, 1, 2, 2));
}
TEST(broadcast_to, refuses_extents_that_shrink) {
  EXPECT_THAT(refusal("broadcast_to", {{"shape", Ints{1}}}, {ramp({3})}),
              HasSubstr("of shape [3] does not broadcast to [1]"));
}

TEST(tile, repeats_every_axis) {
  EXPECT_THAT(floats(run("tile", {{"repeats", Ints{2, 2}}}, {ramp({1, 2})})), ElementsAre(0, 1, 0, 1, 0, 1, 0, 1));
  EXPECT_THAT(floats(run("tile", {{"repeats", Ints{1, 2}}}, {ramp({2, 2})})), ElementsAre(0, 1, 0, 1, 2, 3, 2, 3));
}
TEST(tile, zero_repeats_give_nothing) { EXPECT_EQ(run("tile", {{"repeats", Ints{0}}}, {ramp({3})}).shape(), Shape{0}); }
TEST(tile, refuses_negative_repeats) {
  EXPECT_THAT(refusal("tile", {{"repeats", Ints{-1}}}, {ramp({3})}), HasSubstr("repeats -1 is below 0"));
}
TEST(tile, refuses_outputs_beyond_memory) {
  EXPECT_THAT(refusal("tile", {{"repeats", Ints{int64_t{1} << 34}}}, {ramp({3})}), HasSubstr("more than"));
  EXPECT_THAT(refusal("tile", {{"repeats", Ints{int64_t{1} << 33, 1}}}, {ramp({1, 1})}), HasSubstr("exceeds 16 GiB"));
}

TEST(reverse, turns_axes_around) {
  EXPECT_THAT(floats(run("reverse", {{"axes", Ints{1}}}, {ramp({2, 3})})), ElementsAre(2, 1, 0, 5, 4, 3));
  EXPECT_THAT(floats(run("reverse", {{"axes", Ints{0, 1}}}, {ramp({2, 3})})), ElementsAre(5, 4, 3, 2, 1, 0));
}
TEST(reverse, refuses_axis_outside) {
  EXPECT_THAT(refusal("reverse", {{"axes", Ints{1}}}, {ramp({2})}), HasSubstr("axes 1 is outside"));
}

Attributes depth(int64_t block, std::string mode) { return {{"block", block}, {"mode", mode}}; }
TEST(depth_to_space, depth_first) {
  EXPECT_THAT(floats(run("depth_to_space", depth(2, "DCR"), {ramp({1, 8, 1, 1})})),
              ElementsAre(0, 2, 4, 6, 1, 3, 5, 7));
}
TEST(depth_to_space, column_first) {
  EXPECT_THAT(floats(run("depth_to_space", depth(2, "CRD"), {ramp({1, 8, 1, 1})})),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}
TEST(depth_to_space, interleaves_pixels) {
  EXPECT_THAT(floats(run("depth_to_space", depth(2, "DCR"), {ramp({1, 4, 1, 2})})),
              ElementsAre(0, 2, 1, 3, 4, 6, 5, 7));
}
TEST(depth_to_space, refuses_channels_that_do_not_divide) {
  EXPECT_THAT(refusal("depth_to_space", depth(2, "DCR"), {ramp({1, 6, 1, 1})}),
              HasSubstr("block 2 squared does not divide 6 channels"));
}
TEST(depth_to_space, refuses_unknown_mode) {
  EXPECT_THAT(refusal("depth_to_space", depth(1, "RCD"), {ramp({1, 1, 1, 1})}), HasSubstr("mode \"RCD\""));
}
TEST(space_to_depth, undoes_depth_to_space) {
  const Tensor input = ramp({2, 8, 3, 2});
  const Tensor there = run("depth_to_space", depth(2, "DCR"), {input});
  EXPECT_EQ(floats(run("space_to_depth", {{"block", int64_t{2}}}, {there})), floats(input));
}
TEST(space_to_depth, orders_by_pixel_then_channel) {
  EXPECT_THAT(floats(run("space_to_depth", {{"block", int64_t{2}}}, {ramp({1, 2, 2, 2})})),
              ElementsAre(0, 4, 1, 5, 2, 6, 3, 7));
}
TEST(space_to_depth, refuses_pixels_that_do_not_divide) {
  EXPECT_THAT(refusal("space_to_depth", {{"block", int64_t{2}}}, {ramp({1, 1, 2, 3})}),
              HasSubstr("block 2 does not divide 2 x 3 pixels"));
}
TEST(space_to_depth, refuses_block_zero) {
  EXPECT_THAT(refusal("space_to_depth", {{"block", int64_t{0}}}, {ramp({1, 1, 2, 2})}),
              HasSubstr("block 0 is below 1"));
}

}  // namespace
}  // namespace bmnet::op::test
