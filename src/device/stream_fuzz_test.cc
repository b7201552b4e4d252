// The fuzz target on commands that are nearly right: those of the golden files and of the generators, each with some
// bits turned. For a longer hunt, write the generated ones to a folder and give it to the fuzzer:
//   BMNET_CORPUS=corpus build/bin/bmnet_device_test --gtest_filter=stream_fuzz.*
//   build-fuzz/bin/stream_fuzz corpus
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/testing.h"
#include "device/isa_fuzz/generator.h"
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

TEST(stream_fuzz, takes_generated_commands_of_every_family) {
  for (const isa_fuzz::Family& family : isa_fuzz::families())
    for (uint64_t i = 0; i < 20; ++i) {
      std::vector<uint8_t> input;
      for (uint64_t k = 0; k < 1 + i % 3; ++k) {
        const isa_fuzz::Case test = isa_fuzz::generate(family, 1, 3 * i + k);
        input.push_back(test.engine == bm1684::Engine::kGdma);
        const auto* bytes = reinterpret_cast<const uint8_t*>(test.command.data());
        input.insert(input.end(), bytes, bytes + sizeof(Command));
      }
      LLVMFuzzerTestOneInput(input.data(), input.size());
      if (const char* folder = std::getenv("BMNET_CORPUS"))
        ASSERT_TRUE(
            write_file_atomically(std::filesystem::path(folder) / fmt::format("stream_{}_{}", family.name, i), input));
    }
}

TEST(stream_fuzz, takes_nothing_and_half_a_command) {
  const std::vector<uint8_t> half(kRecordBytes / 2);
  LLVMFuzzerTestOneInput(half.data(), 0);
  LLVMFuzzerTestOneInput(half.data(), half.size());
}

}  // namespace
}  // namespace bmnet
