// Any 128 bytes end in a result or in a refusal: golden commands with flipped bits, and noise.
#include <gtest/gtest.h>

#include <random>

#include "base/testing.h"
#include "target/bm1684/exec/element_testing.h"
#include "target/bm1684/exec/vector_file.h"

namespace bmnet::bm1684 {
namespace {

using test::Chip;

// Both say what is wrong with a command, or neither.
void try_command(const Command& command, Engine engine, Chip& chip, int& executed) {
  const ChipFloatMode mode;
  const Status status = execute(command, engine, chip.memory);
  executed += status.has_value();
  const auto boxes = accesses(command, engine);
  if (status) {
    EXPECT_TRUE(boxes) << boxes.error().message;
  }
  if (!status) {
    EXPECT_FALSE(status.error().message.empty());
  }
  (void)cycles(command, engine);
}

class hostile_commands : public ::testing::TestWithParam<const char*> {};

TEST_P(hostile_commands, are_refused_or_executed) {
  const auto path = bmnet::test::shared_file(std::string("isa/vectors/") + GetParam() + ".json.gz");
  BMNET_REQUIRE_SHARED(path);
  const auto cases = read_vector_file(path);
  ASSERT_TRUE(cases) << cases.error().message;
  Chip chip;
  std::mt19937 random(7);
  int executed = 0;
  for (const VectorCase& vector : *cases) {
    for (int attempt = 0; attempt < 4; ++attempt) {
      VectorCommand command = vector.commands.front();
      const int flips = 1 + static_cast<int>(random() % 3);
      for (int i = 0; i < flips; ++i) command.command[random() % 23] ^= 1u << random() % 32;
      try_command(command.command, command.engine, chip, executed);
    }
  }
  EXPECT_GT(executed, 0);
}

INSTANTIATE_TEST_SUITE_P(files, hostile_commands,
                         ::testing::Values("tiu_elementwise_ar_f32", "tiu_elementwise_ar_fix", "tiu_elementwise_lut",
                                           "tiu_elementwise_md", "tiu_elementwise_misc", "gdma_tensor", "gdma_format",
                                           "gdma_constant", "gdma_cw_trans", "gdma_matrix", "gdma_common",
                                           "gdma_special"),
                         [](const auto& info) { return std::string(info.param); });

TEST(hostile_commands, noise_is_refused_or_executed) {
  Chip chip;
  std::mt19937 random(9);
  int executed = 0;
  for (int i = 0; i < 20000; ++i) {
    Command command;
    for (uint32_t& word : command) word = random();
    const Engine engine = i % 2 == 0 ? Engine::kGdma : Engine::kTiu;
    if (engine == Engine::kTiu) {  // the families of this test
      constexpr uint64_t kFamilies[] = {3, 6, 8, 9, 11, 12, 13, 15};
      set(command, tiu::tsk_typ, kFamilies[random() % std::size(kFamilies)]);
    }
    try_command(command, engine, chip, executed);
  }
}

}  // namespace
}  // namespace bmnet::bm1684
