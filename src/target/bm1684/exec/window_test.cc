#include <gtest/gtest.h>

#include <bit>

#include "target/bm1684/exec/testing.h"

namespace bmnet::bm1684 {
namespace {

using namespace test;

// The maximum over 1x2 windows of one channel of 1x4, fp32.
Command max_f32() {
  return with({}, {{&tiu::tsk_typ, 1},
                   {&tiu::tsk_eu_typ, 4},
                   {&tiu::res0_n, 1},
                   {&tiu::res0_c, 1},
                   {&tiu::res0_h, 1},
                   {&tiu::res0_w, 3},
                   {&tiu::opd0_h, 1},
                   {&tiu::opd0_w, 4},
                   {&tiu::opd1_h, 1},
                   {&tiu::opd1_w, 2},
                   {&tiu::res_op_x_str, 1},
                   {&tiu::res_op_y_str, 1},
                   {&tiu::opt_res0_prec, 2},
                   {&tiu::opt_opd0_prec, 2},
                   {&tiu::opd0_addr, kIn},
                   {&tiu::opd1_addr, kWeight},
                   {&tiu::opd2_addr, kBias},
                   {&tiu::res0_addr, kOut}});
}
Command depthwise_f32() { return with(max_f32(), {{&tiu::tsk_eu_typ, 1}}); }
Command max_i8() {
  return with(max_f32(), {{&tiu::opt_res0_prec, 0}, {&tiu::opt_opd0_prec, 0}, {&tiu::opt_opd0_sign, 1}});
}

TEST(window, takes_the_maximum) {
  LocalMemory memory;
  memory.put<float>(0, 0, {1, -2, 5, 4});
  ASSERT_TRUE(memory.run(max_f32()));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 4), (Floats{1, 5, 5, 0}));
}

TEST(window, padding_never_wins_a_maximum) {
  LocalMemory memory;
  memory.put<float>(0, 0, {-7, -8, -9, -10});
  ASSERT_TRUE(memory.run(with(max_f32(), {{&tiu::opd0_lf_pad, 2}, {&tiu::res_op_x_str, 2}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 3), (Floats{-3.40282347e38f, -7, -9}));
}

TEST(window, a_denormal_winner_keeps_its_bits) {
  LocalMemory memory;
  const float denormal = std::bit_cast<float>(0x00000123u);
  memory.put<float>(0, 0, {-1, denormal, 0, -3});
  ASSERT_TRUE(memory.run(max_f32()));
  EXPECT_EQ(memory.get<uint32_t>(0, 0x3000, 3), (std::vector<uint32_t>{0x123, 0x123, 0}));
}

TEST(window, depthwise_multiplies_and_adds_bias) {
  LocalMemory memory;
  memory.put<float>(0, 0, {1, 2, 3, 4});
  memory.put<float>(0, 0x1000, {10, 1});
  memory.put<float>(0, 0x2000, {0.5f});
  ASSERT_TRUE(memory.run(with(depthwise_f32(), {{&tiu::tsk_opd_num, 3}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 3), (Floats{12.5f, 23.5f, 34.5f}));
}

TEST(window, a_single_tap_keeps_the_sign_of_zero) {
  LocalMemory memory;
  memory.put<float>(0, 0, {0, 1, 2, 3});
  memory.put<float>(0, 0x1000, {-1});
  ASSERT_TRUE(memory.run(with(depthwise_f32(), {{&tiu::opd1_w, 1}})));
  EXPECT_EQ(memory.get<uint32_t>(0, 0x3000, 1), (std::vector<uint32_t>{0x80000000}));
}

TEST(window, average_multiplies_by_the_constant) {
  LocalMemory memory;
  memory.put<float>(0, 0, {1, 2, 3, 4});
  ASSERT_TRUE(memory.run(with(depthwise_f32(), {{&tiu::opt_opd1_const, 1}, {&tiu::opd1_addr, 0x3F000000}})));  // 0.5
  EXPECT_EQ(memory.get<float>(0, 0x3000, 3), (Floats{1.5f, 2.5f, 3.5f}));
}

TEST(window, int8_maximum_of_bytes) {
  LocalMemory memory;
  memory.put<int8_t>(0, 0, {-1, 9, 0, 0, -3, 7, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0});
  ASSERT_TRUE(memory.run(with(max_i8(), {{&tiu::res0_n, 2}})));
  EXPECT_EQ(memory.get<int8_t>(0, 0x3000, 12), (std::vector<int8_t>{-1, 9, 0, 0, 5, 7, 0, 0, 5, 0, 0, 0}));
}

TEST(window, int8_average_uses_the_built_in_factor) {
  LocalMemory memory;  // three taps: 171 / 2^9
  memory.put<uint8_t>(0, 0, {30, 0, 0, 0, 60, 0, 0, 0, 91, 0, 0, 0, 0, 0, 0, 0});
  ASSERT_TRUE(memory.run(with(max_i8(), {{&tiu::tsk_eu_typ, 1},
                                         {&tiu::opt_opd1_const, 1},
                                         {&tiu::opt_opd0_sign, 0},
                                         {&tiu::opd1_w, 3},
                                         {&tiu::res0_w, 1},
                                         {&tiu::opt_right_shift, 9}})));
  EXPECT_EQ(memory.get<uint8_t>(0, 0x3000, 1), (std::vector<uint8_t>{60}));
}

TEST(window, refuses_what_the_chip_has_not) {
  EXPECT_EQ(refusal(with(max_i8(), {{&tiu::opt_right_shift, 1}})),
            "opt_right_shift is 1: an int8 maximum cannot shift");
  EXPECT_EQ(refusal(with(max_i8(), {{&tiu::opt_opd0_prec, 2}})),
            "opt_opd0_prec is 2: an integer result needs int8 input (0)");
  EXPECT_EQ(refusal(with(max_i8(), {{&tiu::opt_res0_prec, 3}})),
            "opt_res0_prec is 3: only depthwise convolution has a 16-bit result");
}

TEST(window, refuses_bad_geometry) {
  EXPECT_EQ(refusal(with(max_f32(), {{&tiu::opd1_h, 0}})), "opd1_h is 0");
  EXPECT_EQ(refusal(with(max_f32(), {{&tiu::res0_w, 4}})), "res0_w is 4, but the window yields 3 columns");
  EXPECT_EQ(refusal(with(max_f32(), {{&tiu::res0_h, 2}})), "res0_h is 2, but the window yields 1 rows");
}

}  // namespace
}  // namespace bmnet::bm1684
