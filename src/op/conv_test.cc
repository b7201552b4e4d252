#include "op/testing.h"

namespace bmnet::op::test {
namespace {

Attributes conv_attributes(Ints strides, Ints pads, Ints dilations, int64_t group = 1) {
  return {{"strides", strides}, {"pads", pads}, {"dilations", dilations}, {"group", group}};
}
const Attributes kPlain = conv_attributes({1, 1}, {0, 0, 0, 0}, {1, 1});

TEST(conv, multiplies_and_sums_under_the_kernel) {
  const Tensor out = run("conv", kPlain, {ramp({1, 1, 3, 3}), f32({1, 1, 2, 2}, {1, 2, 3, 4})});
  EXPECT_EQ(out.shape(), (Shape{1, 1, 2, 2}));
  EXPECT_THAT(floats(out), ElementsAre(27, 37, 57, 67));
}

TEST(conv, adds_the_bias) {
  EXPECT_THAT(floats(run("conv", kPlain, {ramp({1, 1, 1, 2}), f32({2, 1, 1, 1}, {1, 2}), f32({2}, {10, 20})})),
              ElementsAre(10, 11, 20, 22));
}

TEST(conv, pads_with_zero) {
  EXPECT_THAT(
      floats(run("conv", conv_attributes({1}, {1, 0}, {1}), {f32({1, 1, 3}, {1, 2, 3}), f32({1, 1, 2}, {1, 1})})),
      ElementsAre(1, 3, 5));
}

TEST(conv, crops_where_pads_are_negative) {
  EXPECT_THAT(floats(run("conv", conv_attributes({1}, {-1, -1}, {1}), {ramp({1, 1, 5}), f32({1, 1, 1}, {1})})),
              ElementsAre(1, 2, 3));
}

TEST(conv, strides_and_dilates) {
  EXPECT_THAT(floats(run("conv", conv_attributes({2}, {0, 0}, {3}), {ramp({1, 1, 8}), f32({1, 1, 2}, {1, 1})})),
              ElementsAre(3, 7, 11));
}

TEST(conv, a_stride_may_leave_the_end_unread) {
  EXPECT_THAT(floats(run("conv", conv_attributes({2}, {0, 0}, {1}), {ramp({1, 1, 6}), f32({1, 1, 3}, {0, 1, 0})})),
              ElementsAre(1, 3));
}

TEST(conv, groups_see_their_own_channels) {
  EXPECT_THAT(floats(run("conv", conv_attributes({1}, {0, 0}, {1}, 2),
                         {f32({1, 4, 1}, {1, 2, 3, 4}), f32({2, 2, 1}, {1, 1, 10, 10})})),
              ElementsAre(3, 70));
}

TEST(conv, depthwise_with_a_multiplier) {
  EXPECT_THAT(floats(run("conv", conv_attributes({1}, {0, 0}, {1}, 2),
                         {f32({1, 2, 1}, {1, 2}), f32({4, 1, 1}, {1, 10, 100, 1000})})),
              ElementsAre(1, 10, 200, 2000));
}

TEST(conv, runs_over_three_axes_and_batches) {
  const Tensor out = run("conv", conv_attributes({1, 1, 1}, {0, 0, 0, 0, 0, 0}, {1, 1, 1}),
                         {ramp({2, 1, 2, 2, 2}), f32({1, 1, 2, 2, 2}, {1, 1, 1, 1, 1, 1, 1, 1})});
  EXPECT_EQ(out.shape(), (Shape{2, 1, 1, 1, 1}));
  EXPECT_THAT(floats(out), ElementsAre(28, 92));
}

TEST(conv, the_kernel_may_reach_over_the_whole_input) {
  EXPECT_THAT(
      floats(run("conv", conv_attributes({1}, {5, 5}, {1}), {f32({1, 1, 1}, {2}), f32({1, 1, 11}, Floats(11, 1))})),
      ElementsAre(2));
}

TEST(conv, counts_macs) {
  const std::vector<TensorInfo> inputs = {{DType::kF32, {1, 8, 5, 5}}, {DType::kF32, {4, 2, 3, 3}}};
  EXPECT_EQ(find("conv")->macs(conv_attributes({1, 1}, {1, 1, 1, 1}, {1, 1}, 4), inputs), 4 * 25 * 2 * 9);
}

TEST(conv, refuses_group_that_does_not_divide_input_channels) {
  EXPECT_THAT(refusal("conv", conv_attributes({1}, {0, 0}, {1}, 3), {ramp({1, 4, 1}), ramp({3, 1, 1})}),
              HasSubstr("group 3 does not divide 4 input channels"));
}
TEST(conv, refuses_group_that_does_not_divide_output_channels) {
  EXPECT_THAT(refusal("conv", conv_attributes({1}, {0, 0}, {1}, 2), {ramp({1, 4, 1}), ramp({3, 2, 1})}),
              HasSubstr("group 2 does not divide 3 output channels"));
}
TEST(conv, refuses_weight_of_other_channels) {
  EXPECT_THAT(refusal("conv", kPlain, {ramp({1, 3, 4, 4}), ramp({1, 2, 1, 1})}), HasSubstr("takes 2 channels a group"));
}
TEST(conv, refuses_kernel_larger_than_input) {
  EXPECT_THAT(refusal("conv", kPlain, {ramp({1, 1, 2, 9}), ramp({1, 1, 3, 3})}), HasSubstr("spans 3 elements"));
}
TEST(conv, refuses_stride_zero) {
  EXPECT_THAT(refusal("conv", conv_attributes({0}, {0, 0}, {1}), {ramp({1, 1, 2}), ramp({1, 1, 1})}),
              HasSubstr("strides 0 is below 1"));
}
TEST(conv, refuses_dilation_zero) {
  EXPECT_THAT(refusal("conv", conv_attributes({1}, {0, 0}, {0}), {ramp({1, 1, 2}), ramp({1, 1, 1})}),
              HasSubstr("dilations 0 is below 1"));
}
TEST(conv, refuses_too_few_pads) {
  EXPECT_THAT(refusal("conv", conv_attributes({1}, {0}, {1}), {ramp({1, 1, 2}), ramp({1, 1, 1})}),
              HasSubstr("pads has 1 values, 2 are needed"));
}
TEST(conv, refuses_bias_of_another_length) {
  EXPECT_THAT(refusal("conv", kPlain, {ramp({1, 1, 2, 2}), ramp({2, 1, 1, 1}), ramp({3})}),
              HasSubstr("the bias has shape [3], [2] is needed"));
}
TEST(conv, refuses_input_without_spatial_axes) {
  EXPECT_THAT(refusal("conv", kPlain, {ramp({1, 1}), ramp({1, 1})}), HasSubstr("rank 3 to 5 is needed"));
}
TEST(conv, refuses_weight_of_another_rank) {
  EXPECT_THAT(refusal("conv", kPlain, {ramp({1, 1, 2, 2}), ramp({1, 1, 2})}), HasSubstr("rank 4 is needed"));
}
TEST(conv, refuses_integers) {
  EXPECT_THAT(refusal("conv", kPlain, {i32({1, 1, 1, 1}, {1}), ramp({1, 1, 1, 1})}), HasSubstr("the input is i32"));
}
TEST(conv, refuses_outputs_beyond_memory) {
  const std::vector<TensorInfo> inputs = {{DType::kF32, {1, 1, 1, 1}}, {DType::kF32, {1, 1, 1, 1}}};
  const int64_t wide = 1 << 24;
  const auto infos = find("conv")->infer(conv_attributes({1, 1}, {wide, wide, wide, wide}, {1, 1}), inputs);
  ASSERT_FALSE(infos);
  EXPECT_THAT(infos.error().message, HasSubstr("exceeds 16 GiB"));
}

Attributes transposed(Ints strides, Ints pads, Ints dilations, Ints output_padding, int64_t group = 1) {
  Attributes attributes = conv_attributes(strides, pads, dilations, group);
  attributes.set("output_padding", output_padding);
  return attributes;
}

TEST(conv_transpose, spreads_the_kernel) {
  EXPECT_THAT(floats(run("conv_transpose", transposed({2}, {0, 0}, {1}, {0}),
                         {f32({1, 1, 2}, {1, 10}), f32({1, 1, 3}, {1, 2, 3})})),
              ElementsAre(1, 2, 13, 20, 30));
}
TEST(conv_transpose, pads_cut_the_output) {
  EXPECT_THAT(floats(run("conv_transpose", transposed({2}, {1, 1}, {1}, {0}),
                         {f32({1, 1, 2}, {1, 10}), f32({1, 1, 3}, {1, 2, 3})})),
              ElementsAre(2, 13, 20));
}
TEST(conv_transpose, output_padding_extends_the_end_and_gets_the_bias) {
  EXPECT_THAT(floats(run("conv_transpose", transposed({2}, {0, 0}, {1}, {1}),
                         {f32({1, 1, 1}, {1}), f32({1, 1, 2}, {1, 2}), f32({1}, {5})})),
              ElementsAre(6, 7, 5));
}
TEST(conv_transpose, dilates) {
  EXPECT_THAT(floats(run("conv_transpose", transposed({1}, {0, 0}, {2}, {0}),
                         {f32({1, 1, 2}, {1, 10}), f32({1, 1, 2}, {1, 2})})),
              ElementsAre(1, 10, 2, 20));
}
TEST(conv_transpose, groups_see_their_own_channels) {
  EXPECT_THAT(floats(run("conv_transpose", transposed({1}, {0, 0}, {1}, {0}, 2),
                         {f32({1, 4, 1}, {1, 2, 3, 4}), f32({4, 1, 1}, {1, 10, 100, 1000})})),
              ElementsAre(21, 4300));
}
TEST(conv_transpose, is_the_gradient_of_conv) {  // <conv(x), y> = <x, conv_transpose(y)>
  const Tensor x = noise({2, 4, 7, 8}, 1), w = noise({6, 2, 3, 2}, 2);
  const Ints strides = {2, 3}, pads = {1, 0, 0, 1}, dilations = {1, 2};
  const Tensor forward = run("conv", conv_attributes(strides, pads, dilations, 2), {x, w});
  const Tensor y = noise(forward.shape(), 3);
  const Tensor back = run("conv_transpose", transposed(strides, pads, dilations, {1, 0}, 2), {y, w});
  ASSERT_EQ(back.shape(), x.shape());
  double left = 0, right = 0;
  for (int64_t i = 0; i < y.count(); ++i) left += double(forward.data<float>()[i]) * y.data<float>()[i];
  for (int64_t i = 0; i < x.count(); ++i) right += double(back.data<float>()[i]) * x.data<float>()[i];
  EXPECT_NEAR(left, right, 1e-4);
}
TEST(conv_transpose, refuses_weight_of_other_channels) {
  EXPECT_THAT(refusal("conv_transpose", transposed({1}, {0, 0}, {1}, {0}), {ramp({1, 2, 1}), ramp({3, 1, 1})}),
              HasSubstr("takes 3 channels, the input has 2"));
}
TEST(conv_transpose, refuses_pads_that_eat_the_output) {
  EXPECT_THAT(refusal("conv_transpose", transposed({1}, {1, 1}, {1}, {0}), {ramp({1, 1, 1}), ramp({1, 1, 1})}),
              HasSubstr("would have -1 elements"));
}
TEST(conv_transpose, refuses_negative_output_padding) {
  EXPECT_THAT(refusal("conv_transpose", transposed({1}, {0, 0}, {1}, {-1}), {ramp({1, 1, 2}), ramp({1, 1, 1})}),
              HasSubstr("output_padding -1 is below 0"));
}

}  // namespace
}  // namespace bmnet::op::test
