// scalar, sfu, lookup, compare, decompress, arrange and the function tables on small literals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "target/bm1684/exec/element_testing.h"
#include "target/bm1684/exec/function_tables.h"

namespace bmnet::bm1684 {
namespace {

using test::Chip;
using test::lane_address;
using ::testing::ElementsAre;
using namespace tiu;

constexpr Engine kTiu = Engine::kTiu;
constexpr uint32_t kA = test::kBase, kB = test::kBase + 0x1000, kR = test::kBase + 0x2000, kS = test::kBase + 0x3000;

TEST(scalar, accumulates_a_product) {
  Chip chip;
  chip.put(chip.lane(0), {2.0f});
  chip.put(chip.lane(0, 0x1000), {3.0f});
  chip.put(chip.lane(0, 0x2000), {1.0f});
  ASSERT_TRUE(chip.run(
      kTiu, {{tsk_typ, 8}, {tsk_eu_typ, 0}, {opt_res_add, 1}, {opd0_addr, kA}, {opd1_addr, kB}, {res0_addr, kR}}));
  EXPECT_EQ(chip.get<float>(chip.lane(0, 0x2000), 1)[0], 7);
}

TEST(scalar, writes_only_the_lanes_of_the_mask) {
  Chip chip;
  ASSERT_TRUE(chip.run(kTiu, {{tsk_typ, 8},
                              {tsk_eu_typ, 2},
                              {res0_c, 3},
                              {opt_opd0_const, 1},
                              {opd0_addr, 0x3F800000},
                              {opt_opd1_const, 1},
                              {opd1_addr, 0},
                              {res0_addr, kR},
                              {tsk_lane_num, 0b101}}));
  for (uint32_t lane = 0; lane < 3; ++lane)
    EXPECT_EQ(chip.get<float>(chip.lane(lane, 0x2000), 1)[0], lane == 1 ? 0 : 1);
}

TEST(scalar, refuses_an_unknown_operation) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 8}, {tsk_eu_typ, 4}}), "scalar knows no tsk_eu_typ 4");
}

std::vector<uint32_t> sfu(uint64_t function, std::initializer_list<float> x) {
  Chip chip;
  chip.put(chip.lane(0), x);
  const Status status =
      chip.run(kTiu, {{tsk_typ, 9}, {tsk_eu_typ, function}, {res0_w, x.size()}, {opd0_addr, kA}, {res0_addr, kR}});
  EXPECT_TRUE(status) << status.error().message;
  return chip.get<uint32_t>(chip.lane(0, 0x2000), x.size());
}

TEST(sfu, truncates_towards_zero) { EXPECT_THAT(sfu(14, {1.9f, -1.9f, 0.5f, 8e6f}), ElementsAre(1, -1, 0, 8000000)); }
TEST(sfu, truncation_saturates) {
  EXPECT_THAT(sfu(14, {3e9f, -3e9f, INFINITY, -INFINITY}), ElementsAre(0x7FFFFFFF, 0x80000000, 0x7FFFFFFF, 0x80000000));
}
TEST(sfu, finds_the_nearest_exponent) {
  EXPECT_THAT(sfu(15, {1.0f, 1.3f, 1.4f, -1.4f}), ElementsAre(127, 127, 128, 127));
}
TEST(sfu, finds_the_nearest_power_of_two) {
  EXPECT_THAT(sfu(16, {1.4f, -3.0f}), ElementsAre(std::bit_cast<uint32_t>(2.0f), std::bit_cast<uint32_t>(-2.0f)));
}
TEST(sfu, approximates_the_reciprocal_root) { EXPECT_NEAR(std::bit_cast<float>(sfu(17, {4.0f})[0]), 0.5f, 1e-6); }

TEST(sfu, sums_a_power_series_without_constant_term) {
  Chip chip;
  chip.put(chip.memory.l2 + 0x100, {1.0f, 10.0f, 100.0f});
  chip.put(chip.lane(0), {2.0f});
  ASSERT_TRUE(chip.run(
      kTiu, {{tsk_typ, 9}, {tsk_eu_typ, 13}, {opd1_n, 3}, {opd1_addr, 0x100}, {opd0_addr, kA}, {res0_addr, kR}}));
  EXPECT_EQ(chip.get<float>(chip.lane(0, 0x2000), 1)[0], 2 + 40 + 800);
}

TEST(sfu, refuses_an_unknown_function) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 9}, {tsk_eu_typ, 18}}), "sfu knows no tsk_eu_typ 18");
}
TEST(sfu, refuses_a_series_that_runs_out_of_l2) {
  EXPECT_EQ(
      Chip().refusal(
          kTiu, {{tsk_typ, 9}, {tsk_eu_typ, 13}, {opd1_n, 3}, {opd1_addr, 0x3FFFF8}, {opd0_addr, kA}, {res0_addr, kR}}),
      "opd1_addr 0x3ffff8: 12 bytes from L2 offset 0x3ffff8 run out of L2 of 4194304 bytes");
}

TEST(lookup, takes_the_low_byte_of_word_indices) {
  Chip chip;
  chip.put(chip.memory.l2 + 0x400, {10u, 11u, 12u});
  chip.put(chip.lane(0), {2u, 0x100u, 1u});
  ASSERT_TRUE(chip.run(
      kTiu, {{tsk_typ, 6}, {opt_opd0_prec, 2}, {res0_w, 3}, {opd0_addr, kA}, {opd1_addr, 0x400}, {res0_addr, kR}}));
  EXPECT_THAT(chip.get<uint32_t>(chip.lane(0, 0x2000), 3), ElementsAre(12, 10, 11));
}

TEST(lookup, takes_byte_indices) {
  Chip chip;
  chip.put(chip.memory.l2 + 0x400, {10u, 11u, 12u});
  chip.put<uint8_t>(chip.lane(0), {2, 0, 1});
  ASSERT_TRUE(chip.run(
      kTiu, {{tsk_typ, 6}, {opt_opd0_prec, 0}, {res0_w, 3}, {opd0_addr, kA}, {opd1_addr, 0x400}, {res0_addr, kR}}));
  EXPECT_THAT(chip.get<uint32_t>(chip.lane(0, 0x2000), 3), ElementsAre(12, 10, 11));
}

TEST(lookup, refuses_an_index_behind_the_end_of_l2) {
  Chip chip;
  chip.put(chip.lane(0), {2u});
  EXPECT_EQ(
      chip.refusal(kTiu, {{tsk_typ, 6}, {opt_opd0_prec, 2}, {opd0_addr, kA}, {opd1_addr, 0x3FFFF8}, {res0_addr, kR}}),
      "opd1_addr 0x3ffff8: index 2 runs out of a table of 2 entries at the end of L2");
}

TEST(compare, selects_by_the_larger) {
  Chip chip;
  chip.put(chip.lane(0), {1.0f, 5.0f, NAN});
  ASSERT_TRUE(chip.run(kTiu, {{tsk_typ, 13},
                              {tsk_eu_typ, 24},
                              {res0_w, 3},
                              {opd0_addr, kA},
                              {opt_opd1_const, 1},
                              {opd1_addr, std::bit_cast<uint32_t>(3.0f)},
                              {opt_opd2_const, 1},
                              {opd2_addr, 7},
                              {opt_opd3_const, 1},
                              {opd3_addr, 8},
                              {res0_addr, kR},
                              {res1_addr, kS}}));
  EXPECT_THAT(chip.get<float>(chip.lane(0, 0x2000), 3), ElementsAre(3, 5, 3));
  EXPECT_THAT(chip.get<uint32_t>(chip.lane(0, 0x3000), 3), ElementsAre(8, 7, 8));
}

// The first result may replace an operand that the second still needs.
TEST(compare, works_in_place) {
  Chip chip;
  chip.put(chip.lane(0), {1.0f, 5.0f});
  ASSERT_TRUE(chip.run(kTiu, {{tsk_typ, 13},
                              {tsk_eu_typ, 24},
                              {res0_w, 2},
                              {opd0_addr, kA},
                              {opt_opd1_const, 1},
                              {opd1_addr, std::bit_cast<uint32_t>(3.0f)},
                              {opd2_addr, kA},
                              {opt_opd3_const, 1},
                              {opd3_addr, 0},
                              {res0_addr, kA},
                              {res1_addr, kS}}));
  EXPECT_THAT(chip.get<float>(chip.lane(0), 2), ElementsAre(3, 5));
  EXPECT_THAT(chip.get<float>(chip.lane(0, 0x3000), 2), ElementsAre(0, 5));
}

TEST(compare, refuses_an_unknown_operation) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 13}, {tsk_eu_typ, 21}}), "compare knows no tsk_eu_typ 21");
}

TEST(decompress, scatters_in_every_lane) {
  Chip chip;
  for (const uint32_t lane : {0u, 63u}) {
    chip.put<uint16_t>(chip.lane(lane), {2, 0xFFFF, 0});
    chip.put<uint8_t>(chip.lane(lane, 0x1000), {5, 6, 7});
  }
  ASSERT_TRUE(chip.run(
      kTiu, {{tsk_typ, 12}, {opt_res0_prec, 0}, {opd0_w, 3}, {opd0_addr, kA}, {opd1_addr, kB}, {res0_addr, kR}}));
  for (const uint32_t lane : {0u, 63u})
    EXPECT_THAT(chip.get<uint8_t>(chip.lane(lane, 0x2000), 3), ElementsAre(7, 0, 5));
}

TEST(decompress, refuses_an_index_that_leaves_the_lane) {
  Chip chip;
  chip.put<uint16_t>(chip.lane(3), {5000});
  EXPECT_EQ(chip.refusal(kTiu, {{tsk_typ, 12},
                                {opt_res0_prec, 0},
                                {opd0_w, 1},
                                {opd0_addr, kA},
                                {opd1_addr, kB},
                                {res0_addr, lane_address(0, kLaneBytes - 4096)}}),
            "res0_addr 0x807f000: 5001 bytes run out of a lane of 524288 bytes");
}
TEST(decompress, refuses_a_start_in_another_lane) {
  EXPECT_EQ(Chip().refusal(
                kTiu, {{tsk_typ, 12}, {opd0_w, 1}, {opd0_addr, lane_address(1, 0)}, {opd1_addr, kB}, {res0_addr, kR}}),
            "opd0_addr 0x8080000: decompress works on all lanes from lane 0 on");
}
TEST(decompress, refuses_other_precisions) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 12}, {opt_res0_prec, 3}}),
            "decompress with opt_res0_prec 3: only 0 (bytes) and 2 (words) are possible");
}

TEST(lookup, refuses_an_index_that_is_neither_bytes_nor_words) {
  EXPECT_THAT(
      Chip().refusal(kTiu, {{tsk_typ, 6}, {opt_opd0_prec, 4}, {opd0_addr, test::kBase}, {res0_addr, test::kBase}}),
      ::testing::HasSubstr("opt_opd0_prec is 4: the index of a look-up is bytes (0) or words (2)"));
}

TEST(arrange, moves_words_through_its_registers) {
  Chip chip;
  for (uint32_t word = 0; word < 32; ++word) {
    chip.memory.l2[word] = 31 - word;       // read row 0, reversed
    chip.memory.l2[64 + word] = word != 0;  // write word 0 alone
  }
  chip.memory.l2[64 + 32] = 1;  // to row 1
  chip.memory.l2[64 + 34] = 1;
  chip.put(chip.lane(5, 124), {99u});
  ASSERT_TRUE(chip.run(kTiu, {{tsk_typ, 11}, {opd1_n, 2}, {opd1_addr, 0}, {opd0_addr, 0}, {res0_addr, 0x2000}}));
  EXPECT_THAT(chip.get<uint32_t>(chip.lane(5, 0x2080), 2), ElementsAre(99, 0));
}

TEST(arrange, refuses_a_row_behind_the_lane) {
  Chip chip;
  chip.memory.l2[33] = 0x10;  // row 4096
  EXPECT_EQ(chip.refusal(kTiu, {{tsk_typ, 11}, {opd1_n, 1}, {opd1_addr, 0}, {opd0_addr, 0}, {res0_addr, 0}}),
            "arrange: control entry 0 names row 4096, byte 524288 of a lane of 524288 bytes");
}
TEST(arrange, refuses_an_unknown_selector) {
  Chip chip;
  chip.memory.l2[7] = 33;
  EXPECT_EQ(chip.refusal(kTiu, {{tsk_typ, 11}, {opd1_n, 1}, {opd1_addr, 0}, {opd0_addr, 0}, {res0_addr, 0}}),
            "arrange: control entry 0 has selector 33 for word 7; 0..32 and 48 are known");
}
TEST(arrange, refuses_entries_that_the_engine_does_not_fetch) {
  EXPECT_EQ(Chip().refusal(kTiu, {{tsk_typ, 11}, {opd1_n, 2}, {opd1_addr, 4095}, {opd0_addr, 0}, {res0_addr, 0}}),
            "opd1_addr 0xfff: 2 control entries run out of the 4096 that the engine fetches from the start of L2");
}

// ---- function tables

struct Tables {
  std::vector<uint8_t> l2 = std::vector<uint8_t>(kL2Bytes);
  Tables() {
    const ChipFloatMode mode;  // must not matter
    fill_function_tables(std::span<uint8_t, kL2Bytes>(l2));
  }
  uint32_t bits(uint32_t table, uint32_t index) const {
    uint32_t word;
    std::memcpy(&word, &l2[table + 4 * index], 4);
    return word;
  }
  float value(uint32_t table, uint32_t index) const { return std::bit_cast<float>(bits(table, index)); }
};

TEST(function_tables, exponentials_are_correctly_rounded_and_keep_denormals) {
  const Tables tables;
  EXPECT_EQ(tables.value(kTableExp, 0), 1);
  EXPECT_EQ(tables.bits(kTableExp, 1), 0x402DF854u);
  EXPECT_EQ(tables.bits(kTableExp, 256 - 88), 0x0041EDC4u);  // e^-88
  EXPECT_EQ(tables.bits(kTableExp, 256 - 103), 1u);          // the smallest denormal
  EXPECT_EQ(tables.bits(kTableExp, 89), 0u);                 // a hole
}
TEST(function_tables, integers) {
  const Tables tables;
  EXPECT_EQ(tables.value(kTableIntByte, 88), 88);
  EXPECT_EQ(tables.value(kTableIntByte, 256 - 103), -103);
  EXPECT_EQ(tables.value(kTableUint8, 255), 255);
  EXPECT_EQ(tables.value(kTableInt8, 255), -1);
  EXPECT_EQ(tables.value(kTableIota, 2047), 2047);
}
TEST(function_tables, series) {
  const Tables tables;
  EXPECT_EQ(tables.value(kTableTaylorExp, 1), 0.5f);
  EXPECT_EQ(tables.value(kTableTaylorLog, 1), -0.5f);
  EXPECT_EQ(tables.value(kTableTaylorSin, 2), -1.0f / 6);
  EXPECT_EQ(tables.value(kTableTaylorArcsin, 2), 1.0f / 6);
  EXPECT_EQ(tables.bits(kTableTaylorArcsin, 58), 0xFFC00000u);
  EXPECT_EQ(tables.value(kTableExponentLn2, 128), 0x1.62e43p-1f);
}

}  // namespace
}  // namespace bmnet::bm1684
