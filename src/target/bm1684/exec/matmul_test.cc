#include <gtest/gtest.h>

#include "target/bm1684/exec/testing.h"

namespace bmnet::bm1684 {
namespace {

using namespace test;

// 1x3 times 3x2. Rows of a matrix are batch items, 128 bytes apart.
Command matmul_f32() {
  return with({}, {{&tiu::tsk_typ, 2},
                   {&tiu::opd0_n, 1},
                   {&tiu::opd0_c, 1},
                   {&tiu::opd0_w, 3},
                   {&tiu::opd1_w, 3},
                   {&tiu::res0_c, 1},
                   {&tiu::res0_w, 2},
                   {&tiu::opt_res0_prec, 2},
                   {&tiu::opt_opd0_prec, 2},
                   {&tiu::opd0_addr, kIn},
                   {&tiu::opd1_addr, kWeight},
                   {&tiu::opd2_addr, kBias},
                   {&tiu::res0_addr, kOut}});
}

void put_small_f32(LocalMemory& memory) {
  memory.put<float>(0, 0, {1, 2, 3});
  memory.put<float>(0, 0x1000, {1, 10});
  memory.put<float>(0, 0x1080, {2, 20});
  memory.put<float>(0, 0x1100, {3, 30});
}

TEST(matmul, multiplies_rows_by_columns) {
  LocalMemory memory;
  put_small_f32(memory);
  ASSERT_TRUE(memory.run(matmul_f32()));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 3), (Floats{14, 140, 0}));
}

TEST(matmul, adds_bias_and_old_result) {
  LocalMemory memory;
  put_small_f32(memory);
  memory.put<float>(0, 0x2000, {0.5f, 0.25f});
  memory.put<float>(0, 0x3000, {1000, 2000});
  ASSERT_TRUE(memory.run(with(matmul_f32(), {{&tiu::tsk_opd_num, 3}, {&tiu::opt_res_add, 1}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{1014.5f, 2140.25f}));
}

TEST(matmul, left_matrix_may_be_stored_transposed) {
  LocalMemory memory;
  put_small_f32(memory);
  memory.put<float>(0, 0x80, {2});
  memory.put<float>(0, 0x100, {3});
  ASSERT_TRUE(memory.run(
      with(matmul_f32(), {{&tiu::opt_left_tran, 1}, {&tiu::opd0_n, 3}, {&tiu::opd0_w, 1}, {&tiu::opd1_w, 1}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{14, 140}));
}

TEST(matmul, left_columns_go_on_in_the_next_lane) {
  LocalMemory memory;  // sections of 2: columns 0 and 1 in lane 0, column 2 in lane 1
  put_small_f32(memory);
  memory.put<float>(0, 0, {1, 2, 99});
  memory.put<float>(1, 0, {3});
  ASSERT_TRUE(memory.run(with(matmul_f32(), {{&tiu::opd0_c, 2}, {&tiu::opd0_w, 2}, {&tiu::opd1_w, 1}})));
  EXPECT_EQ(memory.get<float>(0, 0x3000, 2), (Floats{14, 140}));
}

TEST(matmul, int8_adds_the_shifted_old_half_words) {
  LocalMemory memory;
  memory.put<int8_t>(0, 0, {1, 2, 3});
  memory.put<int8_t>(0, 0x1000, {1, -1});
  memory.put<int8_t>(0, 0x1080, {2, -2});
  memory.put<int8_t>(0, 0x1100, {3, -3});
  memory.put<int16_t>(0, 0x3000, {1, -1});
  ASSERT_TRUE(memory.run(with(matmul_f32(), {{&tiu::opt_res0_prec, 3},
                                             {&tiu::opt_opd0_prec, 0},
                                             {&tiu::opt_opd0_sign, 1},
                                             {&tiu::opt_opd1_sign, 1},
                                             {&tiu::opt_res_add, 1},
                                             {&tiu::opt_res_add_sign, 1},
                                             {&tiu::opt_left_shift, 4}})));
  EXPECT_EQ(memory.get<int16_t>(0, 0x3000, 2), (std::vector<int16_t>{30, -30}));
}

TEST(matmul, refuses_a_last_section_wider_than_the_others) {
  EXPECT_EQ(refusal(with(matmul_f32(), {{&tiu::opd1_w, 4}})),
            "opd1_w is 4: the last section of the left matrix cannot be wider than opd0_w 3");
}

TEST(matmul, refuses_zero_sizes) {
  EXPECT_EQ(refusal(with(matmul_f32(), {{&tiu::opd0_c, 0}})), "opd0_c is 0");
  EXPECT_EQ(refusal(with(matmul_f32(), {{&tiu::res0_w, 0}})), "res0_w is 0");
}

TEST(matmul, a_partial_last_section_is_its_own_access) {
  const auto list =
      accesses(with(matmul_f32(), {{&tiu::opd0_c, 2}, {&tiu::opd0_w, 2}, {&tiu::opd1_w, 1}}), Engine::kTiu);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->at(0).lanes, 1u);
  EXPECT_EQ(list->at(0).run_bytes, 8u);
  EXPECT_EQ(list->at(1).lanes, 2u);
  EXPECT_EQ(list->at(1).run_bytes, 4u);
}

TEST(matmul256, keeps_the_low_byte_of_a_folded_sum) {
  LocalMemory memory;  // row 0 of left is all ones, row 0 of right (channels 0 and 1) all twos: 512 + 2
  std::fill_n(memory.bytes().begin(), 256, uint8_t{1});
  std::fill_n(memory.bytes().begin() + 0x1000, 128, uint8_t{2});
  std::fill_n(memory.bytes().begin() + kLaneBytes + 0x1000, 128, uint8_t{2});
  ASSERT_TRUE(memory.run(
      with({}, {{&tiu::tsk_typ, 4}, {&tiu::opd0_addr, kIn}, {&tiu::opd1_addr, kWeight}, {&tiu::res0_addr, kOut}})));
  EXPECT_EQ(memory.get<uint8_t>(0, 0x3000, 2), (std::vector<uint8_t>{2, 0}));
}

TEST(matmul256, refuses_a_result_outside_local_memory) {
  EXPECT_EQ(refusal(with({}, {{&tiu::tsk_typ, 4}, {&tiu::opd0_addr, kIn}, {&tiu::opd1_addr, kWeight}})),
            "res0_addr 0x0 is outside local memory 0x8000000..0x9ffffff");
}

}  // namespace
}  // namespace bmnet::bm1684
