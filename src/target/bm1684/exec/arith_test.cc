#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "target/bm1684/exec/element_testing.h"
#include "target/bm1684/exec/kernel.h"

namespace bmnet::bm1684 {
namespace {

using test::Chip;
using test::lane_address;
using ::testing::ElementsAre;
using namespace tiu;

constexpr Engine kTiu = Engine::kTiu;
constexpr uint32_t kA = test::kBase, kB = test::kBase + 0x1000, kR = test::kBase + 0x2000;

// A row of four words in lane 0 at A and B.
struct Row : Chip {
  Row(std::initializer_list<float> a, std::initializer_list<float> b) {
    put(lane(0), a);
    put(lane(0, 0x1000), b);
  }
  std::vector<float> arith(uint64_t operation) {
    const Status status = run(kTiu, {{tsk_typ, 3},
                                     {tsk_eu_typ, operation},
                                     {opt_res0_prec, 2},
                                     {res0_w, 4},
                                     {res0_addr, kR},
                                     {opd0_addr, kA},
                                     {opd1_addr, kB}});
    EXPECT_TRUE(status) << status.error().message;
    return get<float>(lane(0, 0x2000), 4);
  }
};

TEST(arith, adds) { EXPECT_THAT(Row({1, 2, 3, 4}, {10, 20, 30, 40}).arith(2), ElementsAre(11, 22, 33, 44)); }
TEST(arith, subtracts) { EXPECT_THAT(Row({1, 2, 3, 4}, {1, 1, 1, 1}).arith(3), ElementsAre(0, 1, 2, 3)); }
TEST(arith, multiplies) { EXPECT_THAT(Row({1, 2, 3, 4}, {2, 2, -2, 0.5}).arith(0), ElementsAre(2, 4, -6, 2)); }
TEST(arith, takes_the_larger) { EXPECT_THAT(Row({1, 5, -3, 0}, {2, 4, -4, 0}).arith(4), ElementsAre(2, 5, -3, 0)); }

TEST(arith, accumulates) {
  Row row({1, 2, 3, 4}, {10, 10, 10, 10});
  row.put(row.lane(0, 0x2000), {1.0f, 2.0f, 3.0f, 4.0f});
  EXPECT_THAT(row.arith(1), ElementsAre(11, 22, 33, 44));
}

TEST(arith, divides_by_newton_steps) {
  EXPECT_EQ(Row({1, 0, 0, 0}, {1, 1, 1, 1}).arith(12)[0], 0x1.fffffcp-1f);  // 1/1 is two steps below 1
}

TEST(arith, flushes_denormal_results) {
  EXPECT_THAT(Row({0x1p-100f, -0x1p-100f, 0x1p-126f, 1}, {0x1p-40f, 0x1p-40f, 1, 1}).arith(0),
              ElementsAre(0.0f, -0.0f, 0x1p-126f, 1));
}

// The maximum is a choice between patterns, at every vector width.
TEST(arith, maximum_and_minimum_keep_denormal_patterns) {
  for (const SimdLevel level : {SimdLevel::kBaseline, SimdLevel::kAvx2, SimdLevel::kAvx512}) {
    if (level > best_simd_level()) break;
    use_simd_level(level);
    const float tiny = 0x1p-140f;
    EXPECT_THAT(Row({0, tiny, 1, tiny}, {tiny, 0, tiny, tiny}).arith(4), ElementsAre(tiny, 0, 1, tiny));
    EXPECT_THAT(Row({0, tiny, 1, tiny}, {tiny, 0, tiny, tiny}).arith(5), ElementsAre(0, tiny, tiny, tiny));
  }
  use_simd_level(best_simd_level());
}

TEST(arith, broadcasts_a_constant) {
  Chip chip;
  chip.put(chip.lane(0), {1.0f, 2.0f});
  ASSERT_TRUE(chip.run(kTiu, {{tsk_typ, 3},
                              {tsk_eu_typ, 0},
                              {opt_res0_prec, 2},
                              {res0_w, 2},
                              {res0_addr, kR},
                              {opd0_addr, kA},
                              {opt_opd1_const, 1},
                              {opd1_addr, 0x40400000}}));
  EXPECT_THAT(chip.get<float>(chip.lane(0, 0x2000), 2), ElementsAre(3, 6));
}

// Channels 64 and up lie in the second row of their lane.
TEST(arith, channels_wrap_over_the_lanes) {
  Chip chip;
  chip.put(chip.lane(63), {5.0f});       // channel 0 of an operand that starts in lane 63
  chip.put(chip.lane(0, 0x80), {7.0f});  // channel 1: lane 0, second row
  ASSERT_TRUE(chip.run(kTiu, {{tsk_typ, 3},
                              {tsk_eu_typ, 19},
                              {opt_res0_prec, 2},
                              {res0_c, 2},
                              {res0_addr, kR},
                              {opd0_addr, lane_address(63, 0)}}));
  EXPECT_EQ(chip.get<float>(chip.lane(0, 0x2000), 1)[0], 5);
  EXPECT_EQ(chip.get<float>(chip.lane(1, 0x2000), 1)[0], 7);
}

TEST(arith, a_zero_stride_register_broadcasts_opd1_over_width) {
  Row row({1, 2, 3, 4}, {10, 20, 30, 40});
  ASSERT_TRUE(row.run(kTiu, {{tsk_typ, 3},
                             {tsk_eu_typ, 2},
                             {opt_res0_prec, 2},
                             {res0_w, 4},
                             {res0_addr, kR},
                             {opd0_addr, kA},
                             {opd1_addr, kB},
                             {opd1_w_str, 0}}));
  EXPECT_THAT(row.get<float>(row.lane(0, 0x2000), 4), ElementsAre(11, 12, 13, 14));
}

TEST(arith, an_address_shift_repeats_elements) {
  Row row({1, 2, 3, 4}, {});
  ASSERT_TRUE(row.run(kTiu, {{tsk_typ, 3},
                             {tsk_eu_typ, 19},
                             {opt_res0_prec, 2},
                             {res0_w, 6},
                             {res0_addr, kR},
                             {opd0_addr, kA},
                             {opd0_w_shift, 1}}));
  EXPECT_THAT(row.get<float>(row.lane(0, 0x2000), 6), ElementsAre(1, 1, 2, 2, 3, 3));
}

// All loads happen before the stores, also where the result overlaps an operand at another place.
TEST(arith, reads_before_it_writes) {
  Row row({1, 2, 3, 4}, {});
  ASSERT_TRUE(row.run(
      kTiu, {{tsk_typ, 3}, {tsk_eu_typ, 19}, {opt_res0_prec, 2}, {res0_w, 4}, {res0_addr, kA + 4}, {opd0_addr, kA}}));
  EXPECT_THAT(row.get<float>(row.lane(0), 5), ElementsAre(1, 1, 2, 3, 4));
}

TEST(arith, refuses_an_unknown_operation) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 3}, {tsk_eu_typ, 13}, {opt_res0_prec, 2}}),
            "arith on 32-bit words knows no tsk_eu_typ 13");
}
TEST(arith, refuses_an_address_outside_local_memory) {
  EXPECT_EQ(
      Chip().refusal(kTiu, {{tsk_typ, 3}, {tsk_eu_typ, 19}, {opt_res0_prec, 2}, {opd0_addr, kA}, {res0_addr, 64}}),
      "res0_addr 0x40 is not a local memory address");
}
TEST(arith, refuses_an_operand_that_leaves_its_lane) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 3},
                                  {tsk_eu_typ, 19},
                                  {opt_res0_prec, 2},
                                  {res0_w, 2},
                                  {opd0_addr, lane_address(0, kLaneBytes - 4)},
                                  {res0_addr, kR}}),
            "opd0_addr 0x807fffc: the operand of 1x1x1x2 ends at byte 524292 of a lane of 524288 bytes");
}
TEST(arith, refuses_an_empty_shape) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 3}, {tsk_eu_typ, 19}, {opt_res0_prec, 2}, {res0_h, 0}}), "res0_h is 0");
}
TEST(arith, refuses_more_elements_than_local_memory_holds) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 3},
                                  {tsk_eu_typ, 19},
                                  {opt_res0_prec, 2},
                                  {res0_n, 65535},
                                  {res0_h, 65535},
                                  {short_res0_str, 3},
                                  {res0_n_str, 0},
                                  {res0_h_str, 0},
                                  {res0_addr, kR}}),
            "res0 of 65535x1x65535x1 elements is more than local memory holds");
}

// ---- fixed point

// Four batch items of one int8 number each: the bytes of one word.
struct Bytes : Chip {
  Bytes(std::initializer_list<int8_t> a, std::initializer_list<int8_t> b) {
    put(lane(0), a);
    put(lane(0, 0x1000), b);
  }
  template <typename T = int8_t>
  std::vector<T> arith(uint64_t operation, uint64_t right_shift = 0, uint64_t sign = 1, uint64_t result = 0) {
    const Status status = run(kTiu, {{tsk_typ, 3},
                                     {tsk_eu_typ, operation},
                                     {opt_res0_prec, result},
                                     {res0_n, 4},
                                     {opt_opd0_sign, sign},
                                     {opt_opd1_sign, sign},
                                     {opt_right_shift, right_shift},
                                     {res0_addr, kR},
                                     {opd0_addr, kA},
                                     {opd1_addr, kB}});
    EXPECT_TRUE(status) << status.error().message;
    return get<T>(lane(0, 0x2000), 4);
  }
};

TEST(arith_fixed, saturates_signed_sums) {
  EXPECT_THAT(Bytes({100, -100, 1, 2}, {100, -100, 1, -3}).arith(2), ElementsAre(127, -128, 2, -1));
}
TEST(arith_fixed, saturates_unsigned_sums) {
  EXPECT_THAT(Bytes({100, 1, -1, 0}, {100, 1, 1, 0}).arith<uint8_t>(2, 0, 0), ElementsAre(200, 2, 255, 0));
}
TEST(arith_fixed, rounds_half_up) {
  EXPECT_THAT(Bytes({3, -3, 5, -5}, {1, 1, 1, 1}).arith(0, 1), ElementsAre(2, -1, 3, -2));
}
TEST(arith_fixed, differences_saturate_signed_even_of_unsigned_operands) {
  EXPECT_THAT(Bytes({-1, 0, 5, 0}, {0, 3, 5, 1}).arith(3, 0, 0), ElementsAre(127, -3, 0, -1));
}

// 16-bit results lie two to a word.
TEST(arith_fixed, widens_products) {
  Bytes bytes({100, -100, 3, 4}, {100, 100, 3, 4});
  EXPECT_THAT(bytes.arith<int16_t>(0, 0, 1, 3), ElementsAre(10000, -10000, 0, 0));
  EXPECT_THAT(bytes.get<int16_t>(bytes.lane(0, 0x2080), 2), ElementsAre(9, 16));
}

// What the left shift of the accumulator pushes out of 32 bits is lost before the right shift.
TEST(arith_fixed, wraps_the_shifted_accumulator) {
  Bytes bytes({16, 1, 0, 0}, {16, 1, 0, 0});
  bytes.put(bytes.lane(0, 0x2000), {int16_t{-32768}, int16_t{1}});
  ASSERT_TRUE(bytes.run(kTiu, {{tsk_typ, 3},
                               {tsk_eu_typ, 1},
                               {opt_res0_prec, 3},
                               {res0_n, 2},
                               {opt_opd0_sign, 1},
                               {opt_opd1_sign, 1},
                               {opt_left_shift, 21},
                               {opt_right_shift, 6},
                               {res0_addr, kR},
                               {opd0_addr, kA},
                               {opd1_addr, kB}}));
  EXPECT_THAT(bytes.get<int16_t>(bytes.lane(0, 0x2000), 2), ElementsAre(4, 32767));
}

TEST(arith_fixed, leaves_the_other_batch_items_of_a_word_alone) {
  Chip chip;
  chip.put<int8_t>(chip.lane(0), {1, 2, 3, 4});
  chip.put<int8_t>(chip.lane(0, 0x2000), {9, 9, 9, 9});
  ASSERT_TRUE(chip.run(
      kTiu, {{tsk_typ, 3}, {tsk_eu_typ, 19}, {opt_res0_prec, 0}, {res0_n, 2}, {res0_addr, kR}, {opd0_addr, kA}}));
  EXPECT_THAT(chip.get<int8_t>(chip.lane(0, 0x2000), 4), ElementsAre(1, 2, 9, 9));
}

TEST(arith_fixed, refuses_precisions_that_are_no_integers) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 3},
                                  {tsk_eu_typ, 2},
                                  {opt_res0_prec, 0},
                                  {opt_opd0_prec, 2},
                                  {opd0_addr, kA},
                                  {opd1_addr, kB},
                                  {res0_addr, kR}}),
            "opt_opd0_prec 2 in fixed point arithmetic: only 0 (int8) and 3 (int16) are possible");
}
TEST(arith_fixed, refuses_products_of_16_bit_numbers) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 3},
                                  {tsk_eu_typ, 0},
                                  {opt_res0_prec, 3},
                                  {opt_opd0_prec, 3},
                                  {opd0_addr, kA},
                                  {opd1_addr, kB},
                                  {res0_addr, kR}}),
            "fixed point tsk_eu_typ 0 with opt_opd0_prec 3 and opt_opd1_prec 0: both must be 0 (int8)");
}
TEST(arith_fixed, refuses_a_shift_of_bytes) {
  EXPECT_EQ(
      Chip().refusal(
          kTiu, {{tsk_typ, 3}, {tsk_eu_typ, 6}, {opt_res0_prec, 0}, {opd0_addr, kA}, {opd1_addr, kB}, {res0_addr, kR}}),
      "a fixed point shift (tsk_eu_typ 6) works on int16 alone: opt_res0_prec, opt_opd0_prec and opt_opd1_prec 3, "
      "opt_opd0_const 0");
}
TEST(arith_fixed, refuses_a_maximum_of_different_signs) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 3},
                                  {tsk_eu_typ, 4},
                                  {opt_res0_prec, 0},
                                  {opt_opd0_sign, 1},
                                  {opd0_addr, kA},
                                  {opd1_addr, kB},
                                  {res0_addr, kR}}),
            "fixed point tsk_eu_typ 4: opt_opd0_sign 1 and opt_opd1_sign 0 must be equal");
}
TEST(arith_fixed, refuses_a_copy_to_another_precision) {
  EXPECT_EQ(
      Chip().refusal(kTiu, {{tsk_typ, 3}, {tsk_eu_typ, 19}, {opt_res0_prec, 3}, {opd0_addr, kA}, {res0_addr, kR}}),
      "fixed point tsk_eu_typ 19: opt_opd0_prec 0 and opt_opd1_prec 0 must equal opt_res0_prec 3");
}
TEST(arith_fixed, refuses_an_unknown_operation) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 3}, {tsk_eu_typ, 12}, {opt_res0_prec, 0}}),
            "fixed point arith knows no tsk_eu_typ 12");
}

TEST(arith, takes_16_bit_operands_at_odd_bytes) {
  Chip chip;
  chip.put<int16_t>(chip.lane(0, 1), {5, -7});
  ASSERT_TRUE(chip.run(kTiu, {{tsk_typ, 3},
                              {tsk_eu_typ, 19},
                              {opt_res0_prec, 3},
                              {opt_opd0_prec, 3},
                              {res0_n, 2},
                              {opd0_addr, lane_address(0, 1)},
                              {res0_addr, lane_address(0, 0x101)}}));
  EXPECT_THAT(chip.get<int16_t>(chip.lane(0, 0x101), 2), ::testing::ElementsAre(5, -7));
}

}  // namespace
}  // namespace bmnet::bm1684
