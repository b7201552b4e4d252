#include "bmodel/check.h"

#include <gtest/gtest.h>

#include <functional>

#include "bmodel/testing.h"

namespace bmnet::bmodel {
namespace {

using test::copy_command;
using test::kInputAddr;
using test::kOutputAddr;

// What check() says of the copy model after a change to its only stage, without "net 'copy', stage 0: ".
std::string error_after(const std::function<void(Stage&)>& change, Model model = test::copy_model()) {
  change(model.nets[0].stages[0]);
  const Status status = check(model);
  if (status) return "no error";
  const std::string prefix = "net 'copy', stage 0: ";
  const std::string& message = status.error().message;
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

std::string error_with_coefficients(const std::function<void(Stage&)>& change) {
  return error_after(change, [] {
    Model model = test::model_with_coefficients();
    model.nets[0].stages[0].coefficients->check_code.resize(32);
    return model;
  }());
}

// The stage's only GDMA command replaced.
std::string error_of_command(bm1684::Command command) {
  return error_after([&](Stage& stage) {
    stage.cmd_groups = stage.sub_nets[0].cmd_groups = {CmdGroup::of(Blob(), test::stream_of({command}))};
  });
}

TEST(check, accepts_the_copy_model) { EXPECT_TRUE(check(test::copy_model())); }

TEST(check, leaves_other_chips_alone) {
  Model model = test::copy_model();
  model.chip = "BM1684X";
  model.nets[0].stages[0].sub_nets.clear();
  EXPECT_TRUE(check(model));
}

TEST(check, refuses_a_net_without_stages) {
  Model model = test::copy_model();
  model.nets[0].stages.clear();
  EXPECT_EQ(check(model).error().message, "net 'copy': has no stage");
}

TEST(check, refuses_a_stage_without_sub_net) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.sub_nets.clear(); }), "has no sub-net");
}

TEST(check, refuses_an_unknown_data_type) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.inputs[0].data_type = static_cast<DataType>(11); }),
            "input 'x': unknown data type 11");
}

TEST(check, refuses_an_unknown_store_mode) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.outputs[0].store_mode = static_cast<StoreMode>(3); }),
            "output 'y': unknown store mode 3");
}

TEST(check, refuses_a_tensor_without_shape) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.inputs[0].shapes.clear(); }), "input 'x': has no shape");
}

TEST(check, refuses_nine_dimensions) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.inputs[0].shapes[0] = Shape(9, 1); }),
            "input 'x': has 9 dimensions, 1 to 8 are possible");
}

TEST(check, refuses_a_dimension_of_zero) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.inputs[0].shapes[0][2] = 0; }), "input 'x': has a dimension of 0");
}

TEST(check, refuses_a_shape_that_overflows) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.inputs[0].shapes[0] = Shape(8, 0x7FFFFFFF); }),
            "input 'x': is too large");
}

TEST(check, refuses_a_tensor_larger_than_its_memory) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.inputs[0].size = 2044; }), "input 'x': needs 2048 bytes, has 2044");
}

TEST(check, a_4n_tensor_needs_whole_words) {
  EXPECT_EQ(error_after([](Stage& stage) {
              stage.inputs[0].data_type = DataType::kInt8;
              stage.inputs[0].store_mode = StoreMode::k4N;
              stage.inputs[0].size = 512;
            }),
            "input 'x': needs 2048 bytes, has 512");
}

TEST(check, refuses_a_tensor_outside_the_activations) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.inputs[0].device_addr = kInputAddr + 0x1801; }),
            "input 'x': device memory 0x105101801 + 0x800 lies outside the activations 0x105100000 + 0x2000");
}

TEST(check, refuses_a_tensor_address_that_overflows) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.inputs[0].device_addr = ~0ull; }),
            "input 'x': device memory 0xffffffffffffffff + 0x800 lies outside the activations 0x105100000 + 0x2000");
}

TEST(check, refuses_activations_in_the_firmwares_memory) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.ctx_addr = 0x100000000; }),
            "activations at 0x100000000 + 0x2000 lie outside the usable DDR, which starts at 0x105100000");
}

TEST(check, refuses_activations_past_40_bits) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.ctx_size = ~0ull; }),
            "activations at 0x105100000 + 0xffffffffffffffff lie outside the usable DDR, which starts at 0x105100000");
}

TEST(check, refuses_memory_blocks_whose_sum_overflows) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.ctx_sizes = {~0ull, 1}; }), "activations are too large");
}

TEST(check, accepts_coefficients) {
  EXPECT_EQ(error_with_coefficients([](Stage&) {}), "no error");
}

TEST(check, refuses_coefficients_without_check_code) {
  EXPECT_EQ(error_with_coefficients([](Stage& stage) { stage.coefficients->check_code.clear(); }),
            "the coefficients' check code has 0 bytes, not 32");
}

TEST(check, refuses_coefficients_that_reach_into_the_activations) {
  EXPECT_EQ(error_with_coefficients([](Stage& stage) { stage.coefficients->address += 0xF01; }),
            "coefficients at 0x105100f01 + 0x100 do not lie between 0x105100000 and the activations at 0x105101000");
}

TEST(check, refuses_a_tensor_outside_the_host_buffer) {
  EXPECT_EQ(error_after([](Stage& stage) {
              stage.cpu_mem_size = 1000;
              stage.sub_nets[0].outputs[0].mem_type = kTpuMemory | kCpuMemory;
              stage.sub_nets[0].outputs[0].cpu_addr = 489;
            }),
            "sub-net 0: output 'y': host memory 0x1e9 + 0x200 floats lies outside the host buffer of 0x3e8");
}

TEST(check, refuses_a_command_count_that_is_not_the_size) {
  EXPECT_EQ(
      error_after([](Stage& stage) { stage.cmd_groups[0].gdma_num = stage.sub_nets[0].cmd_groups[0].gdma_num = 2; }),
      "command group 0: 2 GDMA commands need 256 bytes, not 128");
}

TEST(check, refuses_a_command_count_that_overflows_32_bits) {
  EXPECT_EQ(error_after([](Stage& stage) {
              stage.cmd_groups[0].bdc_num = stage.sub_nets[0].cmd_groups[0].bdc_num = 0x02000000;
            }),
            "command group 0: 33554432 TIU commands need 4294967296 bytes, not 0");
}

TEST(check, refuses_more_commands_than_ids) {
  const CmdGroup group = CmdGroup::of(Blob::of(std::vector<uint8_t>(65535 * 128)), Blob());
  EXPECT_EQ(error_after([&](Stage& stage) { stage.cmd_groups = stage.sub_nets[0].cmd_groups = {group}; }),
            "command group 0: 65535 TIU commands are more than ids can count (65534)");
}

TEST(check, refuses_sub_nets_with_fewer_groups_than_the_stage) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.cmd_groups.push_back(stage.cmd_groups[0]); }),
            "has 2 command groups, its sub-nets have 1");
}

TEST(check, refuses_a_sub_net_with_other_commands_than_the_stage) {
  EXPECT_EQ(error_after([](Stage& stage) {
              stage.sub_nets[0].cmd_groups[0].gdma = test::stream_of({copy_command(kOutputAddr, kInputAddr)});
            }),
            "sub-net 0: its commands are not those of the stage's command group 0");
}

TEST(check, accepts_addresses_below_ddr) {
  bm1684::Command command = copy_command(0x08000000, kOutputAddr);
  set(command, bm1684::gdma::direction, 1);
  EXPECT_EQ(error_of_command(command), "no error");
}

TEST(check, refuses_a_source_past_the_activations) {
  EXPECT_EQ(error_of_command(copy_command(kInputAddr + 0x2000, kOutputAddr)),
            "command group 0: GDMA command 0: source 0x105102000 lies outside the activations 0x105100000 + 0x2000 and "
            "the coefficients");
}

TEST(check, refuses_a_destination_in_the_firmwares_memory) {
  EXPECT_EQ(
      error_of_command(copy_command(kInputAddr, 0x100000000)),
      "command group 0: GDMA command 0: destination 0x100000000 lies outside the activations 0x105100000 + 0x2000 "
      "and the coefficients");
}

TEST(check, refuses_a_ddr_address_on_a_local_side) {
  bm1684::Command command = copy_command(kInputAddr, kOutputAddr);
  set(command, bm1684::gdma::direction, 0);
  EXPECT_EQ(error_of_command(command),
            "command group 0: GDMA command 0: destination 0x105101000 is in DDR, but the direction says local memory");
}

TEST(check, refuses_writing_to_the_coefficients) {
  EXPECT_EQ(error_with_coefficients([](Stage& stage) {
              const Blob commands = test::stream_of({copy_command(stage.ctx_addr, bm1684::kContextStart)});
              stage.cmd_groups = stage.sub_nets[0].cmd_groups = {CmdGroup::of(Blob(), commands)};
            }),
            "command group 0: GDMA command 0: destination 0x105100000 lies in the coefficients");
}

TEST(check, refuses_a_sub_net_id_that_is_not_its_index) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.sub_nets[0].id = 3; }), "sub-net 0: has id 3, not its index");
}

TEST(check, refuses_an_unknown_sub_net_mode) {
  EXPECT_EQ(error_after([](Stage& stage) {
              stage.cmd_groups.clear();
              stage.sub_nets[0].mode = static_cast<SubNetMode>(7);
            }),
            "sub-net 0: unknown mode 7");
}

TEST(check, refuses_a_successor_that_does_not_exist) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.sub_nets[0].next_ids = {1}; }),
            "sub-net 0: is followed by sub-net 1, of 1");
}

TEST(check, refuses_a_circle_of_sub_nets) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.sub_nets[0].next_ids = {0}; }),
            "its sub-nets follow each other in a circle");
}

TEST(check, refuses_a_host_sub_net_without_layer) {
  EXPECT_EQ(error_after([](Stage& stage) {
              stage.cmd_groups.clear();
              stage.sub_nets[0].mode = SubNetMode::kCpu;
            }),
            "sub-net 0: runs on the host but names no layer");
}

TEST(check, refuses_an_input_that_nothing_makes) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.sub_nets[0].inputs[0].name = "z"; }),
            "sub-net 0: input 'z' is made by no sub-net and is no input of the net");
}

TEST(check, refuses_an_output_that_nothing_makes) {
  EXPECT_EQ(error_after([](Stage& stage) { stage.sub_nets[0].outputs[0].name = "z"; }),
            "output 'y' is made by no sub-net");
}

// A second sub-net of the given mode behind the copying one, which it follows; both read x.
void add_control(Stage& stage, SubNetMode mode) {
  SubNet control;
  control.mode = mode;
  control.id = 1;
  control.inputs = {test::tensor("x", kInputAddr, kTpuMemory)};
  control.outputs = {test::tensor("z", kInputAddr, kTpuMemory)};
  stage.sub_nets[0].next_ids = {1};
  stage.sub_nets.push_back(std::move(control));
}

TEST(check, refuses_a_merge_without_sources) {
  EXPECT_EQ(error_after([](Stage& stage) { add_control(stage, SubNetMode::kMerge); }),
            "sub-net 1: merges, but does not say from where for each of its 1 outputs");
}

TEST(check, refuses_a_merge_from_an_input_that_does_not_exist) {
  EXPECT_EQ(error_after([](Stage& stage) {
              add_control(stage, SubNetMode::kMerge);
              stage.sub_nets[1].merge_from = {{0, 1}};
            }),
            "sub-net 1: refers to input 1, of 1");
}

TEST(check, refuses_a_switch_without_condition) {
  EXPECT_EQ(error_after([](Stage& stage) {
              add_control(stage, SubNetMode::kSwitch);
              stage.sub_nets[1].inputs.clear();
            }),
            "sub-net 1: branches, but has no condition");
}

TEST(check, refuses_a_switch_with_one_way) {
  EXPECT_EQ(error_after([](Stage& stage) { add_control(stage, SubNetMode::kSwitch); }),
            "sub-net 1: branches to 0 sub-nets, not 2");
}

// A switch whose two ways both lead to a third sub-net.
std::string error_of_switch(const SwitchParam& param) {
  return error_after([&](Stage& stage) {
    add_control(stage, SubNetMode::kSwitch);
    stage.sub_nets[1].next_ids = {2, 2};
    stage.sub_nets[1].switch_param = param;
    SubNet last;
    last.id = 2;
    stage.sub_nets.push_back(last);
  });
}

TEST(check, accepts_a_switch) { EXPECT_EQ(error_of_switch({{0}, {1}}), "no error"); }

TEST(check, refuses_a_switch_that_leaves_an_output_open) {
  EXPECT_EQ(error_of_switch({{}, {}}), "sub-net 1: branches, but does not say how for each of its 1 outputs");
}

TEST(check, refuses_a_switch_from_an_input_that_does_not_exist) {
  EXPECT_EQ(error_of_switch({{-1}, {0}}), "sub-net 1: refers to input -1, of 1");
}

TEST(check, refuses_a_third_branch) {
  EXPECT_EQ(error_of_switch({{0}, {2}}), "sub-net 1: names branch 2, there are 0 and 1");
}

// A second stage of the copy net for batch 2 (in the same memory), changed.
std::string error_of_second_stage(const std::function<void(Stage&)>& change) {
  Model model = test::copy_model();
  Stage stage = model.nets[0].stages[0];
  stage.inputs[0].shapes = {{1, 2, 8, 16}};
  change(stage);
  model.nets[0].stages.push_back(stage);
  const Status status = check(model);
  return status ? "no error" : status.error().message;
}

TEST(check, accepts_a_second_stage) {
  EXPECT_EQ(error_of_second_stage([](Stage&) {}), "no error");
}

TEST(check, refuses_stages_of_equal_shapes) {
  EXPECT_EQ(error_of_second_stage([](Stage& stage) { stage.inputs[0].shapes = {{1, 4, 8, 16}}; }),
            "net 'copy', stage 1: has the input shapes of an earlier stage");
}

TEST(check, refuses_static_beside_dynamic_stages) {
  EXPECT_EQ(error_of_second_stage([](Stage& stage) { stage.is_dynamic = 1; }),
            "net 'copy', stage 1: static and dynamic stages are in one net");
}

TEST(check, refuses_stages_that_differ_in_dynamic_dimensions) {
  EXPECT_EQ(error_of_second_stage([](Stage& stage) { stage.n_dynamic = 1; }),
            "net 'copy', stage 1: dynamic dimensions differ from those of stage 0");
}

TEST(check, refuses_stages_that_differ_in_having_several_sub_nets) {
  EXPECT_EQ(error_of_second_stage([](Stage& stage) { stage.sub_nets.emplace_back(); }),
            "net 'copy', stage 1: stages with one and with several sub-nets are in one net");
}

TEST(check, refuses_stages_that_differ_in_number_of_inputs) {
  EXPECT_EQ(error_of_second_stage([](Stage& stage) { stage.inputs.push_back(stage.inputs[0]); }),
            "net 'copy', stage 1: numbers of inputs and outputs differ from those of stage 0");
}

TEST(check, refuses_stages_that_differ_in_names_of_inputs) {
  EXPECT_EQ(error_of_second_stage([](Stage& stage) { stage.inputs[0].name = stage.sub_nets[0].inputs[0].name = "z"; }),
            "net 'copy', stage 1: names of inputs differ from those of stage 0");
}

TEST(check, refuses_stages_that_differ_in_data_types_of_inputs) {
  EXPECT_EQ(error_of_second_stage([](Stage& stage) { stage.inputs[0].data_type = DataType::kInt32; }),
            "net 'copy', stage 1: data types of inputs differ from those of stage 0");
}

TEST(check, refuses_stages_that_differ_in_scales_of_inputs) {
  EXPECT_EQ(error_of_second_stage([](Stage& stage) { stage.inputs[0].scale = 2.0f; }),
            "net 'copy', stage 1: scales of inputs differ from those of stage 0");
}

}  // namespace
}  // namespace bmnet::bmodel
