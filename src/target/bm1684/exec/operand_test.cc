#include "target/bm1684/exec/operand.h"

#include <gtest/gtest.h>

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kLane5 = kLocalBase + 5 * kLaneBytes;

TEST(operand, channels_wrap_into_the_next_slot) {
  const Operand operand = place("opd0", kLane5, Base::kRequired, kF32, {1, 64, 2, 2}, Spacing::kAligned).value();
  EXPECT_EQ(operand.lane(58), 63u);
  EXPECT_EQ(operand.byte(0, 58), 0u);
  EXPECT_EQ(operand.lane(59), 0u);
  EXPECT_EQ(operand.byte(0, 59), 128u);  // 4 words rounded up to 32
  EXPECT_EQ(operand.end(), 128u + 16u);
}

TEST(operand, four_batch_items_share_a_word) {
  const Operand operand = place("opd0", kLocalBase, Base::kRequired, kI8x4, {6, 1, 1, 3}, Spacing::kAligned).value();
  EXPECT_EQ(operand.byte(3, 0, 0, 2), 4u * 2 + 3);
  EXPECT_EQ(operand.byte(5, 0, 0, 0), 128u + 1);
}

TEST(operand, fp32_sources_may_come_without_the_base) {
  EXPECT_TRUE(place("opd0", 0x100, Base::kImplied, kF32, {}, Spacing::kCompact));
  EXPECT_FALSE(place("opd0", 0x100, Base::kRequired, kF32, {}, Spacing::kCompact));
}

TEST(operand, refuses_addresses_inside_an_element) {
  EXPECT_EQ(place("opd0", kLocalBase + 2, Base::kRequired, kF32, {}, Spacing::kCompact).error().message,
            "opd0_addr 0x8000002 is not a multiple of 4");
  EXPECT_TRUE(place("opd0", kLocalBase + 2, Base::kRequired, kI16, {}, Spacing::kCompact));
}

TEST(operand, accesses_split_where_the_first_lane_is_not_zero) {
  const Operand operand = place("opd0", kLane5, Base::kRequired, kF32, {1, 130, 1, 8}, Spacing::kAligned).value();
  std::vector<Access> list;
  append_accesses(operand, false, list);
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].lanes, ~0ull << 5);
  EXPECT_EQ(list[0].run_bytes, 32u);
  EXPECT_EQ(list[1].lanes, ~0ull);
  EXPECT_EQ(list[1].begin, 128u);
  EXPECT_EQ(list[2].lanes, (1ull << 7) - 1);  // 59 + 64 channels before it
  EXPECT_EQ(list[2].begin, 256u);
}

TEST(operand, a_partial_batch_word_is_its_own_access) {
  const Operand operand = place("opd0", kLocalBase, Base::kRequired, kI8x4, {5, 1, 1, 3}, Spacing::kAligned).value();
  std::vector<Access> list;
  append_accesses(operand, true, list);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].run_bytes, 12u);
  EXPECT_EQ(list[1].begin, 128u);
  EXPECT_EQ(list[1].run_bytes, 1u);
  EXPECT_EQ(list[1].axes[3].count, 3u);
  EXPECT_EQ(list[1].axes[3].stride, 4);
}

TEST(operand, work_is_bounded) {
  EXPECT_TRUE(check_work({1 << 20, 1 << 20}));
  EXPECT_EQ(check_work({1 << 20, 1 << 20, 2}).error().message, "the command asks for more than 2^40 multiply-adds");
}

}  // namespace
}  // namespace bmnet::bm1684
