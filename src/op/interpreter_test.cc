#include "op/interpreter.h"

#include "op/testing.h"

namespace bmnet::op::test {
namespace {

Value value(std::string name, Shape shape) { return {std::move(name), {DType::kF32, std::move(shape)}, std::nullopt}; }
Value constant(std::string name, Tensor tensor) { return {std::move(name), tensor.info(), tensor}; }
Node unary(std::string kind, ValueId in, ValueId out) {
  return {"unary", kind + "_node", {{"kind", kind}, {"alpha", 0.0f}, {"beta", 0.0f}}, {in}, {out}};
}

// y = relu(neg(x)) + 10
Graph small_graph() {
  Graph graph;
  graph.name = "small";
  graph.values = {value("x", {2}), value("n", {2}), value("r", {2}), constant("ten", f32({1}, {10})), value("y", {2})};
  graph.nodes = {
      unary("neg", 0, 1), unary("relu", 1, 2), {"binary", "add_node", {{"kind", std::string("add")}}, {2, 3}, {4}}};
  graph.inputs = {0};
  graph.outputs = {4};
  return graph;
}
std::vector<NamedTensor> x(Floats values) { return {{"x", f32({static_cast<int64_t>(values.size())}, values)}}; }

TEST(interpreter, runs_nodes_in_order) {
  const Graph graph = small_graph();
  EXPECT_THAT(floats(interpret(graph, x({-1, 2})).value().at(0)), ElementsAre(11, 10));
}

TEST(interpreter, runs_again_with_other_inputs) {
  const Graph graph = small_graph();
  Interpreter interpreter = Interpreter::create(graph).value();
  EXPECT_THAT(floats(interpreter.run(x({-1, 2})).value().at(0)), ElementsAre(11, 10));
  EXPECT_THAT(floats(interpreter.run(x({-5, -6})).value().at(0)), ElementsAre(15, 16));
}

TEST(interpreter, shows_every_value_and_progress) {
  const Graph graph = small_graph();
  std::vector<std::string> seen;
  std::vector<size_t> progress;
  RunHooks hooks;
  hooks.on_value = [&](ValueId value, const Tensor& tensor) -> Status {
    seen.push_back(fmt::format("{}={}", graph.values[value].name, tensor.data<float>()[0]));
    return {};
  };
  hooks.on_progress = [&](size_t done, size_t total) { progress.push_back(10 * done + total); };
  ASSERT_TRUE(interpret(graph, x({-1, 2}), hooks));
  EXPECT_THAT(seen, ElementsAre("x=-1", "n=1", "r=1", "y=11"));
  EXPECT_THAT(progress, ElementsAre(13, 23, 33));
}

TEST(interpreter, a_hook_can_stop_the_run) {
  const Graph graph = small_graph();
  RunHooks hooks;
  hooks.on_value = [](ValueId, const Tensor&) -> Status { return user_error("enough"); };
  EXPECT_EQ(interpret(graph, x({1, 2}), hooks).error().message, "enough");
}

TEST(interpreter, an_output_may_be_an_input_or_a_constant_and_stand_twice) {
  Graph graph = small_graph();
  graph.outputs = {0, 3, 4, 4, 1};
  const auto outputs = interpret(graph, x({-1, 2})).value();
  EXPECT_THAT(floats(outputs[0]), ElementsAre(-1, 2));
  EXPECT_THAT(floats(outputs[1]), ElementsAre(10));
  EXPECT_THAT(floats(outputs[3]), ElementsAre(11, 10));
  EXPECT_THAT(floats(outputs[4]), ElementsAre(1, -2));
}

TEST(interpreter, reshape_shares_memory) {
  Graph graph;
  graph.values = {value("x", {2, 3}), value("y", {3, 2})};
  graph.nodes = {{"reshape", "r", {{"shape", Ints{3, 2}}}, {0}, {1}}};
  graph.inputs = {0};
  graph.outputs = {1};
  const NamedTensor input{"x", ramp({2, 3})};
  const auto outputs = interpret(graph, {&input, 1}).value();
  EXPECT_EQ(outputs[0].raw(), input.tensor.raw());
  EXPECT_EQ(outputs[0].shape(), (Shape{3, 2}));
}

TEST(interpreter, refuses_missing_input) {
  EXPECT_THAT(interpret(small_graph(), {}).error().message, HasSubstr("input 'x' of network 'small' is not given"));
}
TEST(interpreter, refuses_unknown_input) {
  const std::vector<NamedTensor> inputs = {{"x", f32({2}, {1, 2})}, {"z", f32({1}, {1})}};
  EXPECT_THAT(interpret(small_graph(), inputs).error().message, HasSubstr("'z' is not an input"));
}
TEST(interpreter, refuses_input_of_another_shape) {
  EXPECT_THAT(interpret(small_graph(), x({1, 2, 3})).error().message, HasSubstr("input 'x' is f32 [3]"));
}
TEST(interpreter, refuses_wrong_recorded_type) {
  Graph graph = small_graph();
  graph.values[4].info.shape = {3};
  EXPECT_THAT(Interpreter::create(graph).error().message, HasSubstr("add_node: result 0 is recorded as f32 [3]"));
}
TEST(interpreter, refuses_use_before_definition) {
  Graph graph = small_graph();
  std::swap(graph.nodes[0], graph.nodes[1]);
  EXPECT_THAT(Interpreter::create(graph).error().message, HasSubstr("relu_node: an operand is not computed before it"));
}
TEST(interpreter, names_the_node_that_fails) {
  Graph graph;
  graph.values = {constant("w", f32({1}, {1})), {"i", {DType::kI64, {1}}, std::nullopt}, value("y", {1})};
  graph.nodes = {{"gather", "pick", {{"axis", int64_t{0}}}, {0, 1}, {2}}};
  graph.inputs = {1};
  graph.outputs = {2};
  const NamedTensor input{"i", i64({1}, {7})};
  EXPECT_EQ(interpret(graph, {&input, 1}).error().message, "pick: index 7 is outside an axis of 1 elements");
}

}  // namespace
}  // namespace bmnet::op::test
