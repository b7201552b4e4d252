#include "runtime/tensor_dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bmodel/layer_table.h"
#include "bmodel/testing.h"
#include "runtime/session.h"

namespace bmnet::runtime {
namespace {

using bmodel::LayerTable;
using testing::ElementsAre;

constexpr uint64_t kBase = bm1684::kContextStart;
constexpr uint64_t kX = kBase, kZ = kBase + 0x1000, kShared = kBase + 0x2000, kB = kBase + 0x3000, kY = kBase + 0x4000;

LayerTable::Tensor tensor(std::string name, int32_t layer, uint64_t address) {
  return {std::move(name), layer, layer, bmodel::DataType::kFloat32, {1, 4, 8, 16}, address};
}

// x -> a -> b, then z -> c -> y; a and c lie at the same address. `local` never leaves local memory.
bmodel::Model model_that_reuses_memory() {
  bmodel::Model model = bmodel::test::copy_model("reuse");
  bmodel::Stage& stage = model.nets[0].stages[0];
  stage.ctx_size = 0x5000;
  stage.inputs = {bmodel::test::tensor("x", kX), bmodel::test::tensor("z", kZ)};
  stage.outputs = {bmodel::test::tensor("b", kB), bmodel::test::tensor("y", kY)};
  std::vector<bm1684::Command> copies;
  for (const auto& [from, to] : {std::pair{kX, kShared}, {kShared, kB}, {kZ, kShared}, {kShared, kY}}) {
    copies.push_back(bmodel::test::copy_command(from, to));
    set(copies.back(), bm1684::gdma::cmd_id, copies.size());
  }
  stage.cmd_groups = {bmodel::CmdGroup::of(bmodel::Blob(), bmodel::test::stream_of(copies))};
  stage.sub_nets[0].cmd_groups = stage.cmd_groups;
  stage.sub_nets[0].inputs = stage.inputs;
  stage.sub_nets[0].outputs = stage.outputs;

  LayerTable table;
  for (const char* name : {"a", "b", "c", "y"}) table.layers.push_back({name, "copy", "tpu", 0, ""});
  table.groups = {{{{}, {{0, 1}, {1, 1}, {2, 1}, {3, 1}}}}};
  table.tensors = {tensor("x", -1, kX), tensor("z", -1, kZ),     tensor("a", 0, kShared), tensor("local", 0, 0),
                   tensor("b", 1, kB),  tensor("c", 2, kShared), tensor("y", 3, kY)};
  stage.net_profile = bmodel::Blob::of(bmodel::encode(table));
  return model;
}

Tensor filled(float value) { return Tensor::of<float>({1, 4, 8, 16}, std::vector<float>(512, value)); }

struct Dumped {
  std::vector<std::string> names;
  std::vector<float> first;  // element of each
  std::vector<TensorDump::Missing> missing;
};

Dumped dump_of(const bmodel::Model& model, const std::vector<NamedTensor>& inputs) {
  auto session = Session::open().value();
  EXPECT_TRUE(session->load(model, "test"));
  TensorDump dump(session->context().device());
  session->context().observe(&dump);
  const auto run = session->run(inputs);
  EXPECT_TRUE(run) << run.error().message;
  Dumped result;
  for (const NamedTensor& named : dump.take(&result.missing)) {
    result.names.push_back(named.name);
    result.first.push_back(named.tensor.data<float>()[0]);
  }
  return result;
}

TEST(tensor_dump, takes_a_tensor_before_its_memory_is_used_again) {
  const Dumped dumped = dump_of(model_that_reuses_memory(), {{"x", filled(1)}, {"z", filled(2)}});
  EXPECT_THAT(dumped.names, ElementsAre("x", "z", "a", "b", "c", "y"));
  EXPECT_THAT(dumped.first, ElementsAre(1, 2, 1, 1, 2, 2));
}

TEST(tensor_dump, names_what_never_leaves_local_memory) {
  const Dumped dumped = dump_of(model_that_reuses_memory(), {{"x", filled(1)}, {"z", filled(2)}});
  ASSERT_EQ(dumped.missing.size(), 1u);
  EXPECT_EQ(dumped.missing[0].name, "local");
  EXPECT_EQ(dumped.missing[0].why, "never leaves local memory");
}

TEST(tensor_dump, takes_inputs_and_outputs_of_files_without_layer_table) {
  const Dumped dumped = dump_of(bmodel::test::copy_model(), {{"x", filled(3)}});
  EXPECT_THAT(dumped.names, ElementsAre("x", "y"));
  EXPECT_THAT(dumped.first, ElementsAre(3, 3));
}

// The address of the table is checked as those of commands are.
TEST(tensor_dump, refuses_a_table_with_an_address_outside_the_net) {
  bmodel::Model model = model_that_reuses_memory();
  LayerTable table = bmodel::decode_layer_table(model.nets[0].stages[0].net_profile.bytes()).value();
  table.tensors[2].address = kBase + 0x100000;
  model.nets[0].stages[0].net_profile = bmodel::Blob::of(bmodel::encode(table));
  auto session = Session::open().value();
  ASSERT_TRUE(session->load(model, "test"));
  TensorDump dump(session->context().device());
  session->context().observe(&dump);
  const std::vector<NamedTensor> inputs = {{"x", filled(1)}, {"z", filled(2)}};
  EXPECT_THAT(session->run(inputs).error().message, testing::HasSubstr("tensor 'a': address 0x105200000 is beyond"));
}

}  // namespace
}  // namespace bmnet::runtime
