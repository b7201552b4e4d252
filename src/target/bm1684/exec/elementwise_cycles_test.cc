// Costs of the element-wise instructions and of the GDMA against the vendor's counts.
#include <gtest/gtest.h>

#include <set>

#include "base/testing.h"
#include "target/bm1684/exec/vector_file.h"

namespace bmnet::bm1684 {
namespace {

void expect_counts(const char* file, Engine engine, const std::set<std::string>& instructions) {
  const auto path = test::shared_file(std::string("isa/vectors/") + file);
  BMNET_REQUIRE_SHARED(path);
  const auto cases = read_timing_file(path);
  ASSERT_TRUE(cases) << cases.error().message;
  int checked = 0;
  for (const TimingCase& timing : *cases) {
    if (!instructions.contains(std::string(instruction_name(timing.command, engine)))) continue;
    const Result<uint64_t> counted = cycles(timing.command, engine);
    ASSERT_TRUE(counted) << timing.op << ": " << counted.error().message;
    EXPECT_EQ(*counted, timing.cycles) << timing.op << " " << checked;
    ++checked;
  }
  EXPECT_GT(checked, 100);
}

TEST(elementwise_cycles, equal_the_vendors_counts) {
  expect_counts("timing_tiu.json.gz", Engine::kTiu, {"arith", "lookup", "scalar", "sfu", "compare"});
}

TEST(gdma_cycles, equal_the_vendors_counts) { expect_counts("timing_dma.json.gz", Engine::kGdma, {"gdma"}); }

}  // namespace
}  // namespace bmnet::bm1684
