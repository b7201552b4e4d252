// The conformance suite of device.h, run on every device: the simulator, and the C model named by BM1684_CMODEL.
#include "device/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>

#include "device/testing.h"

namespace bmnet {
namespace {

using bm1684::Engine;
using bm1684::kDdrBase;
using test::copy_command;
using test::ended;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr uint64_t kDdrBytes = 64 << 20;

class DeviceConformance : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::string specification = GetParam();
    if (specification == "cmodel") {
      const char* path = std::getenv("BM1684_CMODEL");
      if (!path) GTEST_SKIP() << "needs a C model library: BM1684_CMODEL is not set";
      specification = std::string("cmodel=") + path;
    }
    Result<std::unique_ptr<Device>> opened = open_device(specification, kDdrBytes);
    ASSERT_TRUE(opened) << opened.error().message;
    device_ = std::move(*opened);
  }

  void write(uint64_t offset, std::vector<uint32_t> words) {
    ASSERT_TRUE(device_->write(kDdrBase + offset, std::as_bytes(std::span(words))));
  }
  std::vector<uint32_t> read(uint64_t offset, size_t count) {
    std::vector<uint32_t> words(count);
    EXPECT_TRUE(device_->read(kDdrBase + offset, std::as_writable_bytes(std::span(words))));
    return words;
  }
  Result<LaunchReport> launch(const CommandGroup& group) { return device_->launch({&group, 1}, {}); }

  std::unique_ptr<Device> device_;
};

TEST_P(DeviceConformance, has_the_memory_asked_for) { EXPECT_EQ(device_->ddr_bytes(), kDdrBytes); }

TEST_P(DeviceConformance, reads_what_was_written) {
  write(0x1000, {1, 2, 3});
  EXPECT_THAT(read(0x1004, 2), ElementsAre(2, 3));
}

TEST_P(DeviceConformance, reaches_the_last_byte_and_no_further) {
  std::byte byte{7};
  EXPECT_TRUE(device_->write(kDdrBase + kDdrBytes - 1, {&byte, 1}));
  EXPECT_FALSE(device_->write(kDdrBase + kDdrBytes, {&byte, 1}));
  EXPECT_FALSE(device_->read(kDdrBase - 1, {&byte, 1}));
  EXPECT_FALSE(device_->read(~uint64_t{0}, {&byte, 1}));
}

TEST_P(DeviceConformance, accepts_empty_ranges) { EXPECT_TRUE(device_->write(kDdrBase, {})); }

TEST_P(DeviceConformance, copies_overlapping_ranges) {
  write(0, {1, 2, 3, 4});
  ASSERT_TRUE(device_->copy(kDdrBase + 4, kDdrBase, 12));
  EXPECT_THAT(read(0, 4), ElementsAre(1, 1, 2, 3));
}

TEST_P(DeviceConformance, fills_with_a_pattern) {
  const std::array pattern{std::byte{1}, std::byte{2}, std::byte{3}};
  ASSERT_TRUE(device_->fill(kDdrBase, 4, pattern));
  EXPECT_THAT(read(0, 1), ElementsAre(0x01030201));
  EXPECT_FALSE(device_->fill(kDdrBase, 4, {}));
}

TEST_P(DeviceConformance, refuses_a_copy_out_of_range) {
  EXPECT_FALSE(device_->copy(kDdrBase + kDdrBytes - 4, kDdrBase, 8));
  EXPECT_FALSE(device_->copy(kDdrBase, kDdrBase + kDdrBytes - 4, 8));
}

TEST_P(DeviceConformance, runs_a_copy_command) {
  write(0, {5, 6, 7, 8});
  write(4096, {0, 0, 0, 0, 9});
  const Result<LaunchReport> report =
      launch(ended({.tiu = {}, .gdma = {copy_command(1, 0, kDdrBase + 4096, kDdrBase, 4)}}));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(read(4096, 5), ElementsAre(5, 6, 7, 8, 9));
  EXPECT_EQ(report->of(Engine::kGdma).commands, 1);
  EXPECT_EQ(report->of(Engine::kTiu).commands, 0);
  EXPECT_EQ(report->ddr_bytes_read, 16);
  EXPECT_EQ(report->ddr_bytes_written, 16);
  EXPECT_EQ(report->cycles, 137);
}

TEST_P(DeviceConformance, runs_commands_in_order) {
  write(0, {5});
  const auto report = launch(ended({.tiu = {},
                                    .gdma = {copy_command(1, 0, kDdrBase + 4096, kDdrBase, 1),
                                             copy_command(2, 0, kDdrBase + 8192, kDdrBase + 4096, 1)}}));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(read(8192, 1), ElementsAre(5));
}

TEST_P(DeviceConformance, runs_several_groups) {
  write(0, {5});
  const CommandGroup groups[] = {ended({.tiu = {}, .gdma = {copy_command(1, 0, kDdrBase + 4096, kDdrBase, 1)}}),
                                 ended({.tiu = {}, .gdma = {copy_command(1, 0, kDdrBase + 8192, kDdrBase + 4096, 1)}})};
  const auto report = device_->launch(groups, {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(read(8192, 1), ElementsAre(5));
  EXPECT_EQ(report->groups, 2);
}

TEST_P(DeviceConformance, an_empty_launch_takes_no_time) { EXPECT_EQ(device_->launch({}, {}).value().cycles, 0); }

TEST_P(DeviceConformance, a_refused_stream_leaves_the_device_usable) {
  const auto refused = launch(ended({.tiu = {}, .gdma = {copy_command(1, 3, kDdrBase, kDdrBase + 64, 4)}}));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("deadlock"));
  EXPECT_TRUE(launch(ended({.tiu = {}, .gdma = {copy_command(1, 0, kDdrBase, kDdrBase + 64, 4)}})));
}

INSTANTIATE_TEST_SUITE_P(all, DeviceConformance, testing::Values("simulator", "cmodel"),
                         [](const auto& parameter) { return parameter.param; });

TEST(device, refuses_an_unknown_name) { EXPECT_THAT(open_device("fpga").error().message, HasSubstr("'cmodel=PATH'")); }

TEST(device, refuses_a_library_that_is_no_c_model) {
  EXPECT_FALSE(open_device("cmodel=/nonexistent.so"));
  EXPECT_THAT(open_device("cmodel=libm.so.6").error().message, HasSubstr("no function cmodel_init"));
}

TEST(launch_report, of_two_launches_after_each_other) {
  LaunchReport first{.cycles = 100, .engines = {}, .groups = 2};
  LaunchReport second{.cycles = 50, .engines = {}, .groups = 1, .trace = {{{0, Engine::kTiu, 3}, 10, 20}}};
  first.append(second);
  EXPECT_EQ(first.cycles, 150);
  EXPECT_EQ(first.trace[0].place.group, 2);
  EXPECT_EQ(first.trace[0].start, 110);
}

}  // namespace
}  // namespace bmnet
