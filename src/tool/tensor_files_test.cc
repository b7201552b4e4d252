// Dumped tensors against what the interpreter computes.
#include "tool/tensor_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/npz.h"
#include "base/testing.h"
#include "image/image.h"
#include "op/compare.h"
#include "op/interpreter.h"
#include "op/testing.h"
#include "plan/compile.h"
#include "plan/testing.h"
#include "runtime/session.h"
#include "tool/compile.h"
#include "tool/reference_data.h"

namespace bmnet::tool {
namespace {

namespace fs = std::filesystem;
using op::Attributes;

// Compiles and runs the graph, writes its tensors, and holds every one against the interpreter's value of that name.
// Gives the names.
std::vector<std::string> check_dump(const op::Graph& graph, const std::vector<NamedTensor>& inputs) {
  const auto compiled = plan::compile(graph);
  EXPECT_TRUE(compiled) << compiled.error().message;
  auto session = runtime::Session::open().value();
  EXPECT_TRUE(session->load(compiled->model, "test"));
  runtime::TensorDump dump(session->context().device());
  session->context().observe(&dump);
  const auto run = session->run(inputs);
  EXPECT_TRUE(run) << run.error().message;
  const fs::path folder = fs::path(testing::TempDir()) / "bmnet_tensor_files";
  const runtime::Network& network = *session->networks()[0];
  const auto text = write_tensors(folder, network, 0, dump);
  EXPECT_TRUE(text) << text.error().message;

  std::map<std::string, Tensor> golden;
  const op::RunHooks hooks{.on_value = [&](op::ValueId value, const Tensor& tensor) -> Status {
    golden[graph.values[value].name] = tensor;
    return {};
  }};
  EXPECT_TRUE(op::interpret(graph, inputs, hooks));
  std::vector<std::string> names;
  const std::vector<NamedTensor> written = read_npz(tensor_file(folder, network, 0)).value();
  for (const NamedTensor& named : written) {
    names.push_back(named.name);
    EXPECT_TRUE(golden.contains(named.name)) << named.name;
    if (!golden.contains(named.name)) continue;
    const auto difference = op::compare(to_device_type(golden[named.name]), named.tensor);
    EXPECT_TRUE(difference && difference->agrees()) << named.name;
  }
  return names;
}

TEST(tensor_files, hold_every_value_of_the_demo_network) {
  CompileFlags flags;
  flags.model = test::source_file("examples/demo/shapes.onnx");
  const FrontEnd* onnx = recognize(flags.model).value();
  Progress progress(Progress::Style::kQuiet);
  const auto imported = import_graphs(*onnx, flags, progress);
  ASSERT_TRUE(imported) << imported.error().message;
  const Image picture = read_image(test::source_file("examples/demo/pictures/star_1.png")).value();
  const auto names = check_dump(imported->graph, {{"data", to_tensor(picture, 3).value()}});
  EXPECT_GT(names.size(), 15u);
  EXPECT_THAT(names, testing::Contains("prob"));
}

// A sub-net on the TPU, a layer on the host, a reshape of its result, and the TPU again.
TEST(tensor_files, hold_results_of_the_host_and_views_of_them) {
  using plan::test::add_input;
  using plan::test::add_node;
  const Attributes relu = {{"kind", std::string("relu")}, {"alpha", 0.0f}, {"beta", 0.0f}};
  const Attributes atan = {{"kind", std::string("atan")}, {"alpha", 0.0f}, {"beta", 0.0f}};
  op::Graph graph;
  const op::ValueId x = add_input(graph, {1, 4, 4, 4});
  const op::ValueId active = add_node(graph, "unary", relu, {x});
  const op::ValueId angle = add_node(graph, "unary", atan, {active});
  const op::ValueId flat = add_node(graph, "reshape", {{"shape", std::vector<int64_t>{4, 16}}}, {angle});
  const op::ValueId sum = add_node(graph, "binary", {{"kind", std::string("add")}}, {flat, flat});
  graph.outputs = {sum};
  const auto names = check_dump(graph, {{"v0", op::test::noise({1, 4, 4, 4}, 1)}});
  EXPECT_THAT(names, testing::ElementsAre("v0", "v1", "v2", "v3", "v4"));
}

TEST(tensor_files, are_named_after_net_and_stage) {
  runtime::Network network{.name = "a/b", .stages = {}};
  network.stages.resize(2);
  EXPECT_EQ(tensor_file("out", network, 1), fs::path("out/a_b.stage1.npz"));
  network = {.name = "..", .stages = {}};
  EXPECT_EQ(tensor_file("out", network, 0), fs::path("out/_...npz"));
}

}  // namespace
}  // namespace bmnet::tool
