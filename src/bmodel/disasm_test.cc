#include "bmodel/disasm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing.h"
#include "bmodel/layer_table.h"
#include "bmodel/reader.h"
#include "bmodel/testing.h"

namespace bmnet::bmodel {
namespace {

using ::testing::HasSubstr;

TEST(disasm, shows_the_copy_model) {
  EXPECT_EQ(disassemble(test::copy_model()),
            "net 0 'copy', stage 0, sub-net 0: tpu\n"
            "group 0: 0 tiu, 1 gdma\n"
            "  gdma.move #1 @0 stride_enable=1 direction=s2s src_nstride=512 src_cstride=128 src_hstride=16 "
            "src_wstride=1 dst_nstride=512 dst_cstride=128 dst_hstride=16 dst_wstride=1 src_nsize=1 src_csize=4 "
            "src_hsize=8 src_wsize=16 dst_nsize=1 dst_csize=4 dst_hsize=8 dst_wsize=16 src_start_addr=0x105100000 "
            "dst_start_addr=0x105101000\n");
}

TEST(disasm, names_layers) {
  Model model = test::copy_model();
  LayerTable layers;
  layers.layers = {{"conv\n1", "conv", "tpu", 0, ""}};
  layers.groups = {{std::vector<LayerTable::Run>{}, {{0, 1}}}};
  model.nets[0].stages[0].net_profile = Blob::of(encode(layers));
  EXPECT_THAT(disassemble(model), HasSubstr("dst_start_addr=0x105101000 ; conv?1\n"));
}

bm1684::Command tiu(uint64_t id, uint64_t waits_for) {
  bm1684::Command command = bm1684::idle_command(bm1684::Engine::kTiu);
  set(command, bm1684::tiu::cmd_id_tpu, id);
  set(command, bm1684::tiu::cmd_id_gdma, waits_for);
  return command;
}

bm1684::Command gdma(uint64_t id, uint64_t waits_for) {
  bm1684::Command command = bm1684::idle_command(bm1684::Engine::kGdma);
  set(command, bm1684::gdma::cmd_id, id);
  set(command, bm1684::gdma::eng0_sync_id, waits_for);
  return command;
}

TEST(disasm, shows_both_engines_in_an_order_that_respects_the_ids) {
  Model model = test::copy_model();
  SubNet& sub_net = model.nets[0].stages[0].sub_nets[0];
  sub_net.cmd_groups = {
      CmdGroup::of(test::stream_of({tiu(1, 1), tiu(2, 2)}), test::stream_of({gdma(1, 0), gdma(2, 0), gdma(3, 2)}))};
  EXPECT_THAT(disassemble(model), HasSubstr("group 0: 2 tiu, 3 gdma\n"
                                            "  gdma.move #1 @0\n"
                                            "  tiu.conv #1 @1\n"
                                            "  gdma.move #2 @0\n"
                                            "  tiu.conv #2 @2\n"
                                            "  gdma.move #3 @2\n"));
}

TEST(disasm, shows_host_sub_nets_as_a_heading) {
  Model model = test::copy_model();
  SubNet cpu;
  cpu.mode = SubNetMode::kCpu;
  cpu.cpu_params.emplace_back().op_type = 3;
  model.nets[0].stages[0].sub_nets.push_back(cpu);
  EXPECT_THAT(disassemble(model), HasSubstr("net 0 'copy', stage 0, sub-net 1: cpu, layer type 3\n"));
}

TEST(disasm, leaves_other_chips_alone) {
  Model model = test::copy_model();
  model.chip = "BM1690";
  EXPECT_EQ(disassemble(model), "net 0 'copy', stage 0: commands of BM1690, which only that chip can read\n");
}

TEST(assemble, refuses_a_command_before_the_first_group) {
  EXPECT_EQ(assemble("net 0\n  gdma.move #1 @0\n").error().message, "line 2: a command before the first group");
}

TEST(assemble, refuses_a_line_that_is_no_command) {
  EXPECT_EQ(assemble("group 0\n\nhello\n").error().message, "line 3: unknown instruction 'hello'");
}

TEST(assemble, reads_back_every_sample) {
  const auto folder = bmnet::test::shared_file("bmodel/samples");
  BMNET_REQUIRE_SHARED(folder);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const Model model = *read_file(entry.path() / "compilation.bmodel");
    std::vector<CmdGroup> expected;
    for (const Net& net : model.nets)
      for (const Stage& stage : net.stages)
        expected.insert(expected.end(), stage.cmd_groups.begin(), stage.cmd_groups.end());
    const auto groups = assemble(disassemble(model));
    ASSERT_TRUE(groups) << groups.error().message;
    EXPECT_EQ(*groups, expected) << entry.path();
  }
}

}  // namespace
}  // namespace bmnet::bmodel
