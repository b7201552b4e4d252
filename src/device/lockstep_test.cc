// The simulator and a C model side by side. Needs the library: BM1684_CMODEL.
#include "device/lockstep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "device/testing.h"

namespace bmnet {
namespace {

using bm1684::Access;
using bm1684::kDdrBase;
using testing::HasSubstr;

class LockstepTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* path = std::getenv("BM1684_CMODEL");
    if (!path) GTEST_SKIP() << "needs a C model library: BM1684_CMODEL is not set";
    device_ = Lockstep::open(path, 64 << 20).value();
  }
  Result<LaunchReport> launch_copy() {
    const CommandGroup group = test::ended({{}, {test::copy_command(1, 0, kDdrBase + 0x1000, kDdrBase, 4)}});
    return device_->launch({&group, 1}, {.layer_of = [](const CommandPlace&) { return "conv1"; }});
  }
  std::unique_ptr<Lockstep> device_;
};

TEST_F(LockstepTest, begins_with_equal_memories) { EXPECT_FALSE(device_->compare_all()); }

TEST_F(LockstepTest, runs_what_is_equal) {
  const std::array<uint32_t, 4> words{1, 2, 3, 4};
  ASSERT_TRUE(device_->write(kDdrBase, std::as_bytes(std::span(words))));
  const auto report = launch_copy();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->of(bm1684::Engine::kGdma).commands, 1);
  EXPECT_FALSE(device_->compare_all());
}

TEST_F(LockstepTest, stops_at_the_first_command_that_differs) {
  device_->cmodel_memory(Access::Space::kDdr)[5] = 0xAB;  // as if the C model had computed something else
  const auto report = launch_copy();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("layer 'conv1'"));
  EXPECT_THAT(report.error().message, HasSubstr("DDR byte 0x100001004: simulator 00 00"));
  EXPECT_THAT(report.error().message, HasSubstr("C model 00 ab"));
  EXPECT_THAT(report.error().message, HasSubstr("reads DDR bytes 0x100000000 to 0x100000010"));
  EXPECT_THAT(report.error().message, HasSubstr("gdma.move #1"));
}

TEST_F(LockstepTest, synchronizes) {
  device_->cmodel_memory(Access::Space::kLocal)[77] = 1;
  EXPECT_EQ(device_->compare_all()->offset, 76);
  device_->synchronize();
  EXPECT_FALSE(device_->compare_all());
}

}  // namespace
}  // namespace bmnet
