#include "tile/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bmnet::tile {
namespace {

using testing::HasSubstr;

struct Bench {
  Bench() { program.add({Buffer::Kind::kActivation, "x", 1 << 16, 0, nullptr}); }
  Program program;
  Builder build{program, 3};
};

Local aligned(Dims shape, uint32_t offset = 0, int lane = 0) {
  return make_local(shape, Layout::kAligned, offset, lane);
}

TEST(local, aligned_channels_start_at_multiples_of_128_bytes) {
  const Local local = aligned({2, 100, 5, 7});
  EXPECT_EQ(local.strides, (Dims{128, 64, 7, 1}));
  EXPECT_EQ(bytes_per_lane({2, 100, 5, 7}, Layout::kAligned), 2 * 2 * 256);
  EXPECT_TRUE(local.is_aligned());
}

TEST(local, a_part_that_starts_at_a_channel_lies_in_another_lane) {
  const Local part = aligned({1, 200, 4, 4}).part({0, 70, 1, 2}, {1, 5, 2, 2});
  EXPECT_EQ(part.lane, 6);
  EXPECT_EQ(part.offset, (32 + 6) * 4u);
  EXPECT_FALSE(part.is_aligned());
}

TEST(builder, prints_commands) {
  Bench bench;
  bench.build.load(aligned({1, 3, 4, 4}), {0, 0, {1, 3, 4, 4}, dense_strides({1, 3, 4, 4})});
  ASSERT_TRUE(bench.build.status());
  const std::string text = to_string(bench.program);
  EXPECT_THAT(text, HasSubstr("activation %x 65536 bytes\n[3] gdma "));
  EXPECT_THAT(text, HasSubstr("src_csize=3"));
  EXPECT_THAT(text, HasSubstr("source=%x+0"));
}

TEST(builder, keeps_the_first_violation_and_stops) {
  Bench bench;
  bench.build.max(aligned({1, 64, 1, 32}, bm1684::kLaneBytes - 64), 1.0f, 0.0f);
  ASSERT_FALSE(bench.build.status());
  EXPECT_THAT(bench.build.status().error().message, HasSubstr("runs out of its lane"));
  bench.build.max(aligned({1, 64, 1, 32}), 1.0f, 0.0f);
  EXPECT_TRUE(bench.program.ops.empty());
}

TEST(builder, refuses_windows_that_do_not_give_the_result) {
  Bench bench;
  bench.build.window_max(aligned({1, 4, 3, 3}, 1024), aligned({1, 4, 4, 4}), {.kernel = {3, 3}});
  EXPECT_THAT(bench.build.status().error().message, HasSubstr("do not give the size"));
}

TEST(builder, refuses_numbers_beyond_their_fields) {
  Bench bench;
  bench.build.window_max(aligned({1, 4, 1, 1}, 1024), aligned({1, 4, 1, 1}), {.stride = {16, 1}});
  EXPECT_THAT(bench.build.status().error().message, HasSubstr("res_op_y_str = 16 does not fit 4 bits"));
}

TEST(builder, refuses_operands_that_do_not_broadcast) {
  Bench bench;
  bench.build.arith(Arith::kAdd, aligned({1, 4, 3, 3}), aligned({1, 4, 2, 3}, 512), 0.0f);
  EXPECT_THAT(bench.build.status().error().message, HasSubstr("does not broadcast"));
}

}  // namespace
}  // namespace bmnet::tile
