#include "target/bm1684/exec/window_axis.h"

#include <gtest/gtest.h>

namespace bmnet::bm1684 {
namespace {

TEST(window_axis, counts_outputs) {
  EXPECT_EQ((WindowAxis{.size = 5, .pad_low = 1, .pad_high = 1, .kernel = 3}.outputs()), 5u);
  EXPECT_EQ((WindowAxis{.size = 5, .kernel = 3, .stride = 2}.outputs()), 2u);
  EXPECT_EQ((WindowAxis{.size = 3, .insert = 1, .kernel = 2, .dilation = 2}.outputs()), 3u);
  EXPECT_EQ((WindowAxis{.size = 2, .kernel = 3}.outputs()), 0u);
}

TEST(window_axis, padding_and_inserted_zeros_are_no_element) {
  const WindowAxis axis = {
      .size = 2, .insert = 1, .pad_low = 1, .pad_high = 1};  // place 0 pad, 1 e0, 2 zero, 3 e1, 4 pad
  EXPECT_EQ(axis.element(0), -1);
  EXPECT_EQ(axis.element(1), 0);
  EXPECT_EQ(axis.element(2), -1);
  EXPECT_EQ(axis.element(3), 1);
  EXPECT_EQ(axis.element(4), -1);
}

TEST(window_axis, a_run_skips_the_padding) {
  const TapRun run = tap_run({.size = 4, .pad_low = 1, .pad_high = 1, .kernel = 3}, 0, 0, 4);
  EXPECT_EQ(run.first_output, 1u);
  EXPECT_EQ(run.first_input, 0u);
  EXPECT_EQ(run.count, 3u);
}

TEST(window_axis, runs_agree_with_elements) {
  for (const uint64_t insert : {0, 1, 2, 5})
    for (const uint64_t stride : {1, 2, 3, 4, 6})
      for (const uint64_t dilation : {1, 2, 3}) {
        const WindowAxis axis = {7, insert, 3, 4, 3, dilation, stride};
        for (uint64_t tap = 0; tap < axis.kernel; ++tap) {
          const TapRun run = tap_run(axis, tap, 1, axis.outputs());
          uint64_t next = 0;
          for (uint64_t o = 1; o < axis.outputs(); ++o) {
            const int64_t element = axis.element(o * stride + tap * dilation);
            if (element < 0) continue;
            ASSERT_LT(next, run.count);
            EXPECT_EQ(run.first_output + next * run.output_step, o);
            EXPECT_EQ(run.first_input + next * run.input_step, static_cast<uint64_t>(element));
            ++next;
          }
          EXPECT_EQ(next, run.count);
        }
      }
}

}  // namespace
}  // namespace bmnet::bm1684
