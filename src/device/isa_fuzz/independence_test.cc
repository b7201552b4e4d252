// What a command computes does not depend on the host: neither on the width of its vectors nor on the number of
// threads.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>

#include "base/file.h"
#include "base/sha256.h"
#include "base/testing.h"
#include "device/isa_fuzz/content.h"
#include "device/isa_fuzz/generator.h"
#include "device/sim/simulator.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/vector_file.h"

namespace bmnet::isa_fuzz {
namespace {

using bm1684::Access;
using bm1684::SimdLevel;

// A simulator whose memories hold what its commands left.
class Bench {
 public:
  Bench() : simulator_(Simulator::create(kDdrBytes).value()) {}

  void run(const Case& test, uint64_t seed) {
    const auto accesses = bm1684::accesses(test.command, test.engine);
    if (!accesses) return;
    bm1684::Memory& memory = simulator_->memory();
    Random random(seed);
    fill_operands(test, *accesses, random, [&](Access::Space space, uint64_t offset, std::span<const uint8_t> bytes) {
      uint8_t* const to = space == Access::Space::kLocal  ? memory.local
                          : space == Access::Space::kL2   ? memory.l2
                          : space == Access::Space::kDtcm ? memory.dtcm
                                                          : memory.ddr;
      std::copy(bytes.begin(), bytes.end(), to + offset);
    });
    ran_ += bm1684::execute(test.command, test.engine, memory).has_value();
  }

  // A word of local memory, L2 or DDR that another bench has otherwise. Which NaN an operation gives is no property of
  // the chip.
  std::optional<std::string> first_difference(const Bench& other) const {
    const auto ours = memories(), theirs = other.memories();
    for (size_t m = 0; m < ours.size(); ++m)
      for (size_t i = 0; i < ours[m].size(); i += 4) {
        uint32_t a, b;
        std::memcpy(&a, &ours[m][i], 4), std::memcpy(&b, &theirs[m][i], 4);
        const auto is_nan = [](uint32_t bits) { return (bits & 0x7FFFFFFF) > 0x7F800000; };
        if (a != b && !(is_nan(a) && is_nan(b)))
          return fmt::format("memory {} byte {:#x}: {:08x} and {:08x}", m, i, a, b);
      }
    return std::nullopt;
  }

  size_t ran() const { return ran_; }
  std::string digest() const { return to_hex(sha256(memories())); }

 private:
  std::array<Bytes, 3> memories() const {
    const bm1684::Memory& memory = simulator_->memory();
    return {Bytes{memory.local, bm1684::kLocalBytes}, Bytes{memory.l2, bm1684::kL2Bytes},
            Bytes{memory.ddr, memory.ddr_bytes}};
  }

  const bm1684::ChipFloatMode float_mode_;
  std::unique_ptr<Simulator> simulator_;
  size_t ran_ = 0;
};

class EveryVectorWidth : public testing::TestWithParam<SimdLevel> {
 protected:
  void TearDown() override { bm1684::use_simd_level(bm1684::best_simd_level()); }
};

TEST_P(EveryVectorWidth, computes_what_the_widest_does) {
  if (GetParam() > bm1684::best_simd_level()) GTEST_SKIP() << "this host has no such vectors";
  Bench widest, other;
  for (const Family& family : families()) {
    for (uint64_t i = 0; i < (family.name == "matmul256" ? 1 : 40); ++i) {
      const Case test = generate(family, 5, i);
      bm1684::use_simd_level(bm1684::best_simd_level());
      widest.run(test, i);
      bm1684::use_simd_level(GetParam());
      other.run(test, i);
    }
    EXPECT_EQ(widest.first_difference(other), std::nullopt) << family.name;
  }
  EXPECT_GT(widest.ran(), 900);
}

std::string name_of(const testing::TestParamInfo<SimdLevel>& info) {
  return info.param == SimdLevel::kBaseline ? "baseline" : info.param == SimdLevel::kAvx2 ? "avx2" : "avx512";
}
INSTANTIATE_TEST_SUITE_P(isa_fuzz, EveryVectorWidth,
                         testing::Values(SimdLevel::kBaseline, SimdLevel::kAvx2, SimdLevel::kAvx512), name_of);

// Commands of real layers, large enough to be shared out, one of every kind and cost.
std::string digest_of_layers() {
  Bench bench;
  const auto cases = bm1684::read_timing_file(test::shared_file("isa/vectors/timing_tiu.json.gz")).value();
  std::set<std::pair<std::string, uint64_t>> seen;
  for (const bm1684::TimingCase& timing : cases)
    if (timing.cycles < 60000 && seen.emplace(timing.op, timing.cycles / 10000).second)
      bench.run({.command = timing.command}, timing.cycles);
  EXPECT_GT(bench.ran(), 30);
  return bench.digest();
}

// The number of threads is that of a process: the test starts itself with others.
TEST(independence, of_the_number_of_threads) {
  BMNET_REQUIRE_SHARED(test::shared_file("isa/vectors/timing_tiu.json.gz"));
  constexpr const char* kAnswer = "BMNET_DIGEST_FILE";
  if (const char* file = std::getenv(kAnswer)) {
    ASSERT_TRUE(write_file_atomically(file, digest_of_layers()));
    return;
  }
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  std::set<std::string> digests;
  for (const int threads : {1, 2, 3, 8}) {
    const std::string file = testing::TempDir() + fmt::format("digest_{}_{}", getpid(), threads);
    const std::string command =
        fmt::format("BMNET_THREADS={} {}='{}' '{}' --gtest_filter=independence.of_the_number_of_threads >/dev/null",
                    threads, kAnswer, file, self);
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    digests.insert(read_text(file).value());
    std::filesystem::remove(file);
  }
  EXPECT_EQ(digests.size(), 1);
}

}  // namespace
}  // namespace bmnet::isa_fuzz
