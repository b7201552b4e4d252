#include "runtime/relocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "device/testing.h"

namespace bmnet::runtime {
namespace {

using bm1684::Command;
using testing::HasSubstr;
namespace gdma = bm1684::gdma;

bmodel::Stage stage() {
  bmodel::Stage stage;
  stage.coefficients.emplace();
  stage.coefficients->address = 0x105100000;
  stage.coefficients->data = bmodel::Blob::of(std::vector<uint8_t>(0x100));
  stage.ctx_addr = 0x105101000;
  stage.ctx_size = 0x2000;
  return stage;
}

bmodel::CmdGroup group_of(const std::vector<Command>& tiu, const std::vector<Command>& dma) {
  const auto blob = [](const std::vector<Command>& commands) {
    std::vector<uint8_t> bytes(commands.size() * sizeof(Command));
    if (!bytes.empty()) std::memcpy(bytes.data(), commands.data(), bytes.size());
    return bmodel::Blob::of(bytes);
  };
  return bmodel::CmdGroup::of(blob(tiu), blob(dma));
}

const Relocation kMoved(stage(), 0x110000000, 0x120000000);

TEST(relocation, moves_each_range_by_its_own_distance) {
  EXPECT_EQ(kMoved.source(0x105100010).value(), 0x110000010);
  EXPECT_EQ(kMoved.source(0x105101010).value(), 0x120000010);
  EXPECT_EQ(kMoved.destination(0x105102FFF).value(), 0x120001FFF);
}

TEST(relocation, leaves_absolute_addresses) {
  EXPECT_EQ(kMoved.source(0x08000000).value(), 0x08000000);
  EXPECT_EQ(kMoved.destination(0x10000000).value(), 0x10000000);
}

TEST(relocation, refuses_to_write_coefficients) { EXPECT_FALSE(kMoved.destination(0x105100000)); }

TEST(relocation, refuses_addresses_outside) {
  EXPECT_THAT(kMoved.source(0x105103000).error().message, HasSubstr("beyond the activations"));
  EXPECT_THAT(kMoved.source(0x105100100).error().message, HasSubstr("neither"));
}

TEST(load_group, sets_end_bits_and_moves_both_sides) {
  const Command copy = test::copy_command(1, 0, 0x105101000, 0x105100000, 4);
  const CommandGroup loaded =
      load_group(group_of({test::tiu_command(1, 0), test::tiu_command(2, 0)}, {copy}), kMoved, "net").value();
  EXPECT_EQ(get(loaded.tiu[0], bm1684::tiu::cmd_end), 0);
  EXPECT_EQ(get(loaded.tiu[1], bm1684::tiu::cmd_end), 1);
  EXPECT_EQ(get(loaded.gdma[0], gdma::chain_end), 1);
  EXPECT_EQ(loaded.gdma[0][16], 0x10000000);
  EXPECT_EQ(loaded.gdma[0][17], 0x20000000);
  EXPECT_EQ(loaded.gdma[0][18], 0x00000101);
}

TEST(load_group, names_the_command_at_fault) {
  const Command bad = test::copy_command(1, 0, 0x105100000, 0x105101000, 4);
  EXPECT_THAT(load_group(group_of({}, {bad}), kMoved, "net 'a'").error().message,
              HasSubstr("net 'a', GDMA command 0: address 0x105100000 is written"));
}

TEST(load_group, refuses_a_cut_blob) {
  bmodel::CmdGroup group = group_of({}, {Command{}});
  group.gdma_num = 2;
  EXPECT_FALSE(load_group(group, kMoved, "net"));
}

}  // namespace
}  // namespace bmnet::runtime
