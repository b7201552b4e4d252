// The fuzz target on commands that are nearly right: those of the golden files, each with some bits turned.
#include <gtest/gtest.h>

#include "base/testing.h"
#include "device/stream_fuzz.cc"
#include "target/bm1684/exec/vector_file.h"

namespace bmnet {
namespace {

TEST(stream_fuzz, takes_real_commands_with_turned_bits) {
  uint32_t state = 1;
  const auto random = [&](uint32_t below) { return (state = state * 1664525 + 1013904223) / 65536 % below; };
  for (const char* name : {"timing_tiu", "timing_dma"}) {
    const auto path = test::shared_file(std::string("isa/vectors/") + name + ".json.gz");
    BMNET_REQUIRE_SHARED(path);
    const std::vector<bm1684::TimingCase> cases = bm1684::read_timing_file(path).value();
    for (size_t i = 0; i < cases.size(); i += 3) {
      std::vector<uint8_t> input(kRecordBytes, name[7] == 'd');
      std::memcpy(&input[1], cases[i].command.data(), sizeof(Command));
      for (int round = 0; round < 4; ++round) {
        LLVMFuzzerTestOneInput(input.data(), input.size());
        const uint32_t bit = random(8 * sizeof(Command));
        input[1 + bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      }
    }
  }
}

TEST(stream_fuzz, takes_nothing_and_half_a_command) {
  const std::vector<uint8_t> half(kRecordBytes / 2);
  LLVMFuzzerTestOneInput(half.data(), 0);
  LLVMFuzzerTestOneInput(half.data(), half.size());
}

}  // namespace
}  // namespace bmnet
