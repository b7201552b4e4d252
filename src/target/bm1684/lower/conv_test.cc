#include <random>

#include "plan/testing.h"

namespace bmnet::plan {
namespace {

using test::Attributes;
using test::check_op;
using test::noise;
using test::ramp;

using Ints = std::vector<int64_t>;

Attributes conv(Ints strides, Ints pads, Ints dilations, int64_t group = 1) {
  return {{"strides", strides}, {"pads", pads}, {"dilations", dilations}, {"group", group}};
}

TEST(conv, one_by_one) {
  check_op("conv", conv({1, 1}, {0, 0, 0, 0}, {1, 1}), {ramp({1, 3, 2, 2}), ramp({2, 3, 1, 1})}, {1});
}

TEST(conv, pads_with_zero_and_adds_the_bias) {
  check_op("conv", conv({1, 1}, {1, 1, 1, 1}, {1, 1}), {noise({1, 5, 7, 9}), noise({8, 5, 3, 3}, 2), noise({8}, 3)},
           {1, 2});
}

TEST(conv, strides_dilations_and_asymmetric_pads) {
  check_op("conv", conv({2, 3}, {1, 0, 2, 3}, {2, 1}), {noise({2, 6, 17, 19}), noise({70, 6, 3, 2}, 2), noise({70}, 3)},
           {1, 2});
}

TEST(conv, crops_with_negative_pads) {
  check_op("conv", conv({1, 1}, {-1, 0, 0, -2}, {1, 1}), {noise({1, 2, 9, 9}), noise({3, 2, 3, 3}, 2)}, {1});
}

TEST(conv, groups_that_divide_the_lanes) {
  check_op("conv", conv({1, 1}, {1, 1, 1, 1}, {1, 1}, 4),
           {noise({2, 12, 6, 6}), noise({128, 3, 3, 3}, 2), noise({128}, 3)}, {1, 2});
}

TEST(conv, groups_that_straddle_lanes) {
  check_op("conv", conv({1, 1}, {0, 0, 0, 0}, {1, 1}, 5),
           {noise({2, 10, 4, 4}), noise({120, 2, 1, 1}, 2), noise({120}, 3)}, {1, 2});
}

TEST(conv, depthwise) {
  check_op("conv", conv({2, 2}, {1, 1, 1, 1}, {1, 1}, 100),
           {noise({2, 100, 9, 11}), noise({100, 1, 3, 3}, 2), noise({100}, 3)}, {1, 2});
}

TEST(conv, depthwise_with_several_results_per_channel) {
  check_op("conv", conv({1, 1}, {1, 1, 1, 1}, {1, 1}, 5), {noise({2, 5, 6, 6}), noise({15, 1, 3, 3}, 2)}, {1});
}

TEST(conv, pads_beyond_the_field_are_written_to_memory) {
  check_op("conv", conv({1, 1}, {20, 1, 17, 16}, {1, 1}), {noise({1, 3, 5, 5}), noise({4, 3, 3, 3}, 2)}, {1});
}

TEST(conv, padding_as_wide_as_the_kernel) {
  check_op("conv", conv({1, 1}, {2, 2, 2, 2}, {1, 1}), {noise({1, 3, 5, 5}), noise({4, 3, 1, 1}, 2)}, {1});
}

TEST(conv, dilation_beyond_the_field_goes_tap_by_tap) {
  check_op("conv", conv({1, 1}, {18, 18, 18, 18}, {18, 18}),
           {noise({1, 4, 12, 20}), noise({6, 4, 3, 3}, 2), noise({6}, 3)}, {1, 2});
}

TEST(conv, stride_beyond_the_field_goes_tap_by_tap) {
  check_op("conv", conv({16, 16}, {0, 0, 0, 0}, {1, 1}),
           {noise({1, 3, 64, 64}), noise({80, 3, 16, 16}, 2), noise({80}, 3)}, {1, 2}, 1e-4);
}

TEST(conv, one_spatial_axis) {
  check_op("conv", conv({2}, {1, 1}, {1}), {noise({2, 4, 33}), noise({6, 4, 3}, 2)}, {1});
}

TEST(conv, weights_larger_than_local_memory) {
  const auto outcome = check_op("conv", conv({1, 1}, {1, 1, 1, 1}, {1, 1}),
                                {noise({1, 2000, 5, 5}), noise({130, 2000, 5, 5}, 2), noise({130}, 3)}, {1, 2}, 1e-4);
  EXPECT_GT(outcome.report.layers.at(0).slices, 4);
}

TEST(conv, an_image_larger_than_local_memory) {
  const auto outcome =
      check_op("conv", conv({1, 1}, {1, 1, 1, 1}, {1, 1}), {noise({1, 3, 700, 900}), noise({4, 3, 3, 3}, 2)}, {1});
  EXPECT_GT(outcome.report.layers.at(0).slices, 2);
}

TEST(conv, random_shapes) {
  std::mt19937 random(5);
  const auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  for (int i = 0; i < 60; ++i) {
    const int64_t group = pick(0, 2) == 0 ? pick(1, 6) : 1, in = pick(1, 20), out = pick(1, 40);
    const Ints kernel = {pick(1, 5), pick(1, 5)}, dilation = {pick(1, 3), pick(1, 3)};
    const Ints pads = {pick(0, 4), pick(0, 4), pick(0, 4), pick(0, 4)};
    const int64_t h = (kernel[0] - 1) * dilation[0] + pick(1, 30), w = (kernel[1] - 1) * dilation[1] + pick(1, 30);
    SCOPED_TRACE(fmt::format("case {}: {}x{} group {} kernel {} dilation {} pads {} image {}x{}", i, in, out, group,
                             kernel, dilation, pads, h, w));
    check_op("conv", conv({pick(1, 3), pick(1, 3)}, pads, dilation, group),
             {noise({pick(1, 3), in * group, h, w}), noise({out * group, in, kernel[0], kernel[1]}, 2),
              noise({out * group}, 3)},
             {1, 2});
    if (HasFailure()) return;
  }
}

Attributes conv_transpose(Ints strides, Ints pads, Ints dilations, Ints output_padding, int64_t group = 1) {
  Attributes attributes = conv(strides, pads, dilations, group);
  attributes.set("output_padding", output_padding);
  return attributes;
}

TEST(conv_transpose, doubles_the_size) {
  check_op("conv_transpose", conv_transpose({2, 2}, {1, 1, 1, 1}, {1, 1}, {0, 0}),
           {noise({2, 5, 7, 9}), noise({5, 8, 4, 4}, 2), noise({8}, 3)}, {1, 2});
}
TEST(conv_transpose, groups_and_depthwise) {
  check_op("conv_transpose", conv_transpose({2, 3}, {1, 0, 0, 1}, {1, 2}, {1, 0}, 3),
           {noise({1, 6, 5, 6}), noise({6, 4, 3, 3}, 2)}, {1});
  check_op("conv_transpose", conv_transpose({2, 2}, {1, 1, 1, 1}, {1, 1}, {0, 0}, 70),
           {noise({2, 70, 6, 5}), noise({70, 1, 4, 4}, 2)}, {1});
}
TEST(conv_transpose, kernel_smaller_than_the_stride) {
  check_op("conv_transpose", conv_transpose({3, 3}, {0, 0, 0, 0}, {1, 1}, {0, 0}),
           {noise({1, 4, 5, 5}), noise({4, 3, 2, 2}, 2)}, {1});
}
TEST(conv_transpose, large_strides_and_kernels) {
  check_op("conv_transpose", conv_transpose({32, 32}, {16, 16, 16, 16}, {1, 1}, {0, 0}),
           {noise({1, 3, 4, 5}), noise({3, 2, 64, 64}, 2)}, {1});
  check_op("conv_transpose", conv_transpose({8, 8}, {4, 4, 4, 4}, {1, 1}, {0, 0}),
           {noise({1, 21, 16, 16}), noise({21, 21, 16, 16}, 2)}, {1});
}
TEST(conv_transpose, random_shapes) {
  std::mt19937 random(6);
  const auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  for (int i = 0; i < 40; ++i) {
    const Ints kernel = {pick(1, 5), pick(1, 5)}, stride = {pick(1, 4), pick(1, 4)},
               dilation = {pick(1, 2), pick(1, 2)};
    const Ints pads = {pick(0, 2), pick(0, 2), pick(0, 2), pick(0, 2)};
    const int64_t group = pick(1, 3), in = pick(1, 6), out = pick(1, 20), h = pick(4, 20), w = pick(4, 20);
    const Ints extra = {pick(0, stride[0] - 1), pick(0, stride[1] - 1)};
    if ((h - 1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1 + extra[0] <= pads[0] + pads[2]) continue;
    if ((w - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1 + extra[1] <= pads[1] + pads[3]) continue;
    SCOPED_TRACE(fmt::format("case {}: kernel {} stride {} dilation {} pads {} extra {} group {}", i, kernel, stride,
                             dilation, pads, extra, group));
    check_op("conv_transpose", conv_transpose(stride, pads, dilation, extra, group),
             {noise({pick(1, 2), in * group, h, w}), noise({in * group, out, kernel[0], kernel[1]}, 2),
              noise({out * group}, 3)},
             {1, 2});
    if (HasFailure()) return;
  }
}

TEST(conv, weights_that_are_computed_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("conv", conv({1, 1}, {0, 0, 0, 0}, {1, 1}), {noise({1, 2, 4, 4}), noise({2, 2, 1, 1})}),
              testing::HasSubstr("the weights must be constant"));
}

TEST(conv, volumes_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("conv", conv({1, 1, 1}, {0, 0, 0, 0, 0, 0}, {1, 1, 1}),
                               {noise({1, 2, 3, 4, 4}), noise({2, 2, 1, 1, 1})}, {1}),
              testing::HasSubstr("one or two spatial axes"));
}

}  // namespace
}  // namespace bmnet::plan
