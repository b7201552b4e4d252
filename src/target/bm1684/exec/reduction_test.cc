// Instructions that work per channel, on vectors, or through the adder tree.
#include <gtest/gtest.h>

#include "target/bm1684/exec/adder_tree.h"
#include "target/bm1684/exec/testing.h"

namespace bmnet::bm1684 {
namespace {

using namespace test;

// y = 2 * x + 3 on two values.
Command linear() {
  return with({}, {{&tiu::tsk_typ, 10},
                   {&tiu::tsk_eu_typ, 1},
                   {&tiu::res0_n, 1},
                   {&tiu::res0_c, 1},
                   {&tiu::res0_h, 1},
                   {&tiu::res0_w, 2},
                   {&tiu::opt_opd1_const, 1},
                   {&tiu::opt_opd2_const, 1},
                   {&tiu::opd0_addr, kIn},
                   {&tiu::opd1_addr, 0x40400000},
                   {&tiu::opd2_addr, 0x40000000},
                   {&tiu::res0_addr, kOut}});
}

Command outer(uint64_t operation) {
  return with({}, {{&tiu::tsk_typ, 14},
                   {&tiu::tsk_eu_typ, operation},
                   {&tiu::opt_res0_prec, 2},
                   {&tiu::opd0_c, 1},
                   {&tiu::opd0_w, 2},
                   {&tiu::opd1_w, 2},
                   {&tiu::res0_c, 1},
                   {&tiu::res0_w, 2},
                   {&tiu::opd0_addr, kIn},
                   {&tiu::opd1_addr, kWeight},
                   {&tiu::res0_addr, kOut}});
}

TEST(linear, scales_and_shifts) {
  LocalMemory memory;
  memory.put<float>(0, 0, {1, 10, 7});
  ASSERT_TRUE(memory.run(linear()));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 3), (Floats{5, 23, 0}));
}

TEST(linear, opd2_is_the_scale_and_opd1_the_offset) {
  LocalMemory memory;
  memory.put<float>(0, 0, {1, 10});
  memory.put<float>(0, 0x1000, {100});
  memory.put<float>(0, 0x2000, {4});
  ASSERT_TRUE(memory.run(with(
      linear(),
      {{&tiu::opt_opd1_const, 0}, {&tiu::opt_opd2_const, 0}, {&tiu::opd1_addr, kWeight}, {&tiu::opd2_addr, kBias}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{104, 140}));
}

TEST(linear, works_in_place_and_beside_itself) {
  LocalMemory memory;
  memory.put<float>(0, 0, {1, 10, 0});
  ASSERT_TRUE(memory.run(with(linear(), {{&tiu::res0_addr, kIn}})));
  EXPECT_EQ(memory.get<float>(0, 0, 2), (Floats{5, 23}));
  ASSERT_TRUE(memory.run(with(linear(), {{&tiu::res0_addr, kIn + 4}})));
  EXPECT_EQ(memory.get<float>(0, 0, 3), (Floats{5, 13, 49}));
}

TEST(linear, squares_a_difference) {
  LocalMemory memory;
  memory.put<float>(0, 0, {1, 10});
  ASSERT_TRUE(memory.run(with(linear(), {{&tiu::tsk_eu_typ, 21}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{4, 49}));
}

TEST(linear, refuses_other_operations) {
  EXPECT_EQ(refusal(with(linear(), {{&tiu::tsk_eu_typ, 2}})),
            "tsk_eu_typ is 2: a per-channel operation is 1, 20 or 21");
}

TEST(vector_correlation, applies_to_every_pair) {
  LocalMemory memory;
  memory.put<float>(0, 0, {1, 2});
  memory.put<float>(0, 0x1000, {10, 20});
  ASSERT_TRUE(memory.run(outer(3)));  // left - right
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{-9, -19}));
  EXPECT_EQ(memory.get<float>(0, 0x3080, 2), (Floats{-8, -18}));
}

TEST(vector_correlation, a_denormal_winner_keeps_its_bits) {
  LocalMemory memory;
  memory.put<uint32_t>(0, 0, {0x123, 0xBF800000});
  memory.put<float>(0, 0x1000, {-2, 1});
  ASSERT_TRUE(memory.run(outer(4)));
  EXPECT_EQ(memory.get<uint32_t>(0, 0x3000, 1), (std::vector<uint32_t>{0x123}));
}

TEST(vector_correlation, refuses_other_operations) {
  EXPECT_EQ(refusal(outer(1)), "tsk_eu_typ is 1: a vector correlation of fp32 is one of 0, 2, 3, 4, 5, 12");
  EXPECT_EQ(refusal(with(outer(0), {{&tiu::opt_res0_prec, 4}})),
            "tsk_eu_typ is 0: a vector correlation of int32 is one of 7, 8, 9");
}

TEST(correlation, every_image_with_every_kernel) {
  LocalMemory memory;  // two images (lanes 0 and 1) of 1x3, one kernel of 1x2
  memory.put<float>(0, 0, {1, 2, 3});
  memory.put<float>(1, 0, {4, 5, 6});
  memory.put<float>(0, 0x1000, {10, 1});
  const Command command = with({}, {{&tiu::tsk_typ, 5},
                                    {&tiu::res0_n, 2},
                                    {&tiu::res0_c, 1},
                                    {&tiu::res0_h, 1},
                                    {&tiu::res0_w, 2},
                                    {&tiu::opd0_h, 1},
                                    {&tiu::opd0_w, 3},
                                    {&tiu::opd1_h, 1},
                                    {&tiu::opd1_w, 2},
                                    {&tiu::res_op_x_str, 1},
                                    {&tiu::res_op_y_str, 1},
                                    {&tiu::opd0_addr, kIn},
                                    {&tiu::opd1_addr, kWeight},
                                    {&tiu::res0_addr, kOut}});
  ASSERT_TRUE(memory.run(command));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 4), (Floats{12, 23, 45, 56}));  // the result is compact
  EXPECT_EQ(refusal(with(command, {{&tiu::res0_w, 3}})), "res0_h x res0_w is 1x3, but the window yields 1x2 outputs");
  EXPECT_EQ(cycles(command, Engine::kTiu), 2 * (2 * 2 - 1 + 5));  // two images, as a depthwise window: an estimate
}

TEST(channel_sum, adds_all_of_a_channel) {
  LocalMemory memory;  // two batch items of one channel of 1x3
  memory.put<float>(0, 0, {1, 2, 3});
  memory.put<float>(0, 0x80, {10, 20, 30});
  memory.put<float>(0, 0x3000, {100});
  const Command command = with({}, {{&tiu::tsk_typ, 7},
                                    {&tiu::res0_c, 1},
                                    {&tiu::opd0_n, 2},
                                    {&tiu::opd0_h, 1},
                                    {&tiu::opd0_w, 3},
                                    {&tiu::opt_res_add, 1},
                                    {&tiu::opd0_addr, kIn},
                                    {&tiu::res0_addr, kOut}});
  ASSERT_TRUE(memory.run(command));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 1), (Floats{166}));
  EXPECT_EQ(refusal(with(command, {{&tiu::opd0_n, 0}})), "opd0_n is 0");
}

// The tree adds in fixed point: what lies 26 bits below the largest term is dropped before the sum, not after.
TEST(adder_tree, drops_what_is_far_below_the_largest_term) {
  AdderTree tree(1);
  for (const float value : {0x1p25f, 0.75f, 0.75f, 0.75f, 0.75f}) {
    *tree.next_term() = value;
    tree.add();
  }
  EXPECT_EQ(*tree.finish(), 0x1p25f);
}

TEST(adder_tree, the_running_sum_joins_the_next_node) {
  AdderTree tree(1);
  for (int i = 0; i < 100; ++i) {
    *tree.next_term() = 1.0f;
    tree.add();
  }
  EXPECT_EQ(*tree.finish(), 100.0f);
}

}  // namespace
}  // namespace bmnet::bm1684
