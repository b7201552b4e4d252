// What the simulator and the vendor's C model must have in common. Needs the library: BM1684_CMODEL.
#include "device/cmodel/cmodel.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "device/sim/simulator.h"
#include "target/bm1684/machine.h"

namespace bmnet {
namespace {

TEST(cmodel, has_the_same_function_tables) {
  const char* path = std::getenv("BM1684_CMODEL");
  if (!path) GTEST_SKIP() << "needs a C model library: BM1684_CMODEL is not set";
  auto cmodel = CModel::open(path, 64 << 20).value();
  auto simulator = Simulator::create(1 << 20).value();
  const std::byte* theirs = cmodel->l2_memory().data();
  const uint8_t* ours = simulator->memory().l2;
  for (uint32_t offset = bm1684::kL2UserEnd; offset < bm1684::kL2Bytes; offset += 4)
    ASSERT_EQ(std::memcmp(ours + offset, theirs + offset, 4), 0) << "offset " << offset;
}

TEST(cmodel, is_open_once_at_a_time) {
  const char* path = std::getenv("BM1684_CMODEL");
  if (!path) GTEST_SKIP() << "needs a C model library: BM1684_CMODEL is not set";
  auto first = CModel::open(path, 64 << 20);
  ASSERT_TRUE(first);
  EXPECT_FALSE(CModel::open(path, 64 << 20));
}

}  // namespace
}  // namespace bmnet
