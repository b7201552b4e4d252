#include "device/sim/simulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "device/testing.h"

namespace bmnet {
namespace {

using bm1684::kDdrBase;
using test::copy_command;
using test::ended;
using testing::HasSubstr;

uint32_t l2_word(Simulator& simulator, uint32_t offset) {
  uint32_t word;
  std::memcpy(&word, simulator.memory().l2 + offset, 4);
  return word;
}

TEST(simulator, has_function_tables_from_the_start) {
  auto simulator = Simulator::create(1 << 20).value();
  EXPECT_EQ(l2_word(*simulator, bm1684::kTableIntByte + 4 * 255), std::bit_cast<uint32_t>(-1.0f));
  EXPECT_EQ(l2_word(*simulator, bm1684::kTableExp + 4), 0x402df854u);
  EXPECT_EQ(l2_word(*simulator, bm1684::kTableTaylorSin + 8), 0xbe2aaaabu);
  EXPECT_EQ(l2_word(*simulator, bm1684::kTableTaylorArcsin + 4 * 58), 0xffc00000u);
  EXPECT_EQ(l2_word(*simulator, bm1684::kTableWarp), 0x03020100u);
}

TEST(simulator, starts_with_sparse_memory) {
  auto simulator = Simulator::create().value();
  EXPECT_EQ(simulator->ddr_bytes(), uint64_t{4} << 30);
  std::byte last{1};
  ASSERT_TRUE(simulator->read(kDdrBase + simulator->ddr_bytes() - 1, {&last, 1}));
  EXPECT_EQ(last, std::byte{0});
}

TEST(simulator, refuses_impossible_sizes) {
  EXPECT_FALSE(Simulator::create(0));
  EXPECT_FALSE(Simulator::create(~uint64_t{0}));
}

TEST(simulator, traps_on_an_address_outside_ddr) {
  auto simulator = Simulator::create(1 << 20).value();
  const CommandGroup group = ended({.tiu = {}, .gdma = {copy_command(1, 0, kDdrBase + (1 << 20), kDdrBase, 4)}});
  const auto report = simulator->launch({&group, 1}, {});
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("group 0, GDMA command 0"));
}

TEST(simulator, traps_on_an_unknown_instruction) {
  auto simulator = Simulator::create(1 << 20).value();
  CommandGroup group = ended({.tiu = {test::tiu_command(1, 0)}, .gdma = {}});
  set(group.tiu[0], bm1684::tiu::tsk_typ, 15);
  EXPECT_THAT(simulator->launch({&group, 1}, {}).error().message, HasSubstr("tsk_typ 15"));
}

// Random words end in a diagnosis whatever they hold.
TEST(simulator, survives_random_commands) {
  auto simulator = Simulator::create(1 << 20).value();
  uint32_t state = 7;
  const auto random = [&] {
    return state = state * 1664525 + 1013904223, (state >> 16) | (state * 69069 & 0xFFFF0000);
  };
  for (int round = 0; round < 2000; ++round) {
    CommandGroup group{.tiu = {bm1684::Command{}}, .gdma = {bm1684::Command{}}};
    for (uint32_t& word : group.tiu[0]) word = random();
    for (uint32_t& word : group.gdma[0]) word = random();
    // Past the checks of ids, so that the words reach the instructions.
    for (const auto& [field, value] :
         {std::pair{&bm1684::tiu::cmd_en, 1}, {&bm1684::tiu::cmd_id_tpu, 1}, {&bm1684::tiu::cmd_id_gdma, 0}})
      set(group.tiu[0], *field, value);
    for (const auto& [field, value] :
         {std::pair{&bm1684::gdma::pio_gdma_enable, 1}, {&bm1684::gdma::cmd_id, 1}, {&bm1684::gdma::eng0_sync_id, 0}})
      set(group.gdma[0], *field, value);
    group = ended(group);
    (void)simulator->launch({&group, 1}, {.detect_races = true, .cycle_limit = 1 << 20});
  }
}

}  // namespace
}  // namespace bmnet
