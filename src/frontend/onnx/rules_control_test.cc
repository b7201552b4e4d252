// Loops whose rounds are known, and sequences of tensors: nothing of them is left in the network.
#include "frontend/onnx/testing.h"

namespace bmnet::frontend::onnx::test {
namespace {

using op::test::f32;
using op::test::i64;
using op::test::mask;
using testing::ElementsAre;
using testing::HasSubstr;

onnx_file::GraphProto body(std::vector<std::string> inputs, std::vector<std::string> outputs) {
  onnx_file::GraphProto graph;
  for (std::string& name : inputs) graph.add_input()->set_name(std::move(name));
  for (std::string& name : outputs) graph.add_output()->set_name(std::move(name));
  return graph;
}

// ---- Loop: a' = a + x, and every a' is collected

onnx_file::GraphProto adding() {
  onnx_file::GraphProto graph = body({"round", "go", "a"}, {"go", "next", "collected"});
  add_node(graph, "Add", {"a", "x"}, {"next"});
  add_node(graph, "Identity", {"next"}, {"collected"});
  return graph;
}
Net loop_of(int64_t rounds) {
  Net net(13);
  net.input("x", {2}).constant("n", i64({}, {rounds})).constant("zero", f32({2}, {0, 0}));
  return net.node("Loop", {"n", "", "zero"}, {"last", "all"}, {{"body", adding()}}).output("last").output("all");
}

TEST(loop, is_unrolled_into_its_rounds) {
  EXPECT_EQ(operators(loop_of(2)), "binary binary reshape reshape concat");
  const auto y = run(loop_of(2), {f32({2}, {1, 10})});
  EXPECT_THAT(floats(y[0]), ElementsAre(2, 20));
  EXPECT_THAT(floats(y[1]), ElementsAre(1, 10, 2, 20));
}

TEST(loop, ends_when_its_condition_says_so) {
  onnx_file::GraphProto graph = body({"round", "go", "a"}, {"more", "next"});
  add_node(graph, "Less", {"round", "two"}, {"more"});
  add_node(graph, "Add", {"a", "x"}, {"next"});
  Net net(13);
  net.input("x", {1}).constant("yes", mask({}, {1})).constant("zero", f32({1}, {0})).constant("two", i64({}, {2}));
  net.node("Loop", {"", "yes", "zero"}, {"y"}, {{"body", graph}}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1}, {5})})[0]), ElementsAre(15));
}

TEST(loop, without_an_end_is_refused) {
  onnx_file::GraphProto graph = body({"round", "go", "a"}, {"go", "a"});
  Net net(13);
  net.input("x", {1}).constant("yes", mask({}, {1}));
  net.node("Loop", {"", "yes", "x"}, {"y"}, {{"body", graph}}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("rounds"));
}

TEST(loop, a_number_of_rounds_from_the_data_is_refused) {
  Net net(13);
  net.input("x", {2}).input("n", {}, DType::kI64);
  net.node("Loop", {"n", "", "x"}, {"y", "all"}, {{"body", adding()}}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("the number of rounds ('n') is only known at run time"));
}

TEST(loop, the_body_must_fit_the_node) {
  Net net(13);
  net.input("x", {2}).constant("n", i64({}, {1}));
  net.node("Loop", {"n", "", "x", "x"}, {"y", "z"}, {{"body", adding()}}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("the body has 3 inputs, 4 are expected"));
}

// ---- Scan: running sums

Net scan_of(std::vector<Attr> attributes) {
  onnx_file::GraphProto graph = body({"sum", "x"}, {"next", "shown"});
  add_node(graph, "Add", {"sum", "x"}, {"next"});
  add_node(graph, "Identity", {"next"}, {"shown"});
  attributes.push_back({"body", graph});
  attributes.push_back({"num_scan_inputs", 1});
  Net net(11);
  net.input("x", {3, 1}).constant("zero", f32({1}, {0}));
  return net.node("Scan", {"zero", "x"}, {"last", "sums"}, std::move(attributes)).output("sums");
}

TEST(scan, takes_the_input_apart_along_an_axis) {
  EXPECT_THAT(floats(run(scan_of({}), {f32({3, 1}, {1, 2, 3})})[0]), ElementsAre(1, 3, 6));
}

TEST(scan, can_run_backwards) {
  EXPECT_THAT(floats(run(scan_of({{"scan_input_directions", std::vector<int64_t>{1}}}), {f32({3, 1}, {1, 2, 3})})[0]),
              ElementsAre(3, 5, 6));
  EXPECT_THAT(floats(run(scan_of({{"scan_output_directions", std::vector<int64_t>{1}}}), {f32({3, 1}, {1, 2, 3})})[0]),
              ElementsAre(6, 3, 1));
}

TEST(scan, of_operator_set_8_is_refused) {
  Net net(8);
  net.input("x", {1}).node("Scan", {"", "x"}, {"y"}, {{"num_scan_inputs", 1}}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("export the model with operator set 9"));
}

// ---- sequences

TEST(sequence, is_split_and_taken_from) {
  Net net(13);
  net.input("x", {1, 3}).constant("last", i64({}, {-1}));
  net.node("SplitToSequence", {"x"}, {"s"}, {{"axis", 1}}).node("SequenceAt", {"s", "last"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 3}, {1, 2, 3})})[0]), ElementsAre(3));
}

TEST(sequence, parts_have_the_given_lengths) {
  Net net(13);
  net.input("x", {3}).constant("two", i64({}, {2})).constant("at", i64({}, {0}));
  net.node("SplitToSequence", {"x", "two"}, {"s"}).node("SequenceAt", {"s", "at"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({3}, {1, 2, 3})})[0]), ElementsAre(1, 2));
}

TEST(sequence, is_built_changed_and_joined) {
  Net net(13);
  net.input("a", {1}).input("b", {1}).constant("front", i64({}, {0}));
  net.node("SequenceConstruct", {"a", "a"}, {"s"}).node("SequenceInsert", {"s", "b", "front"}, {"t"});
  net.node("SequenceErase", {"t"}, {"u"}).node("ConcatFromSequence", {"u"}, {"y"}, {{"axis", 0}});
  net.node("SequenceLength", {"t"}, {"n"}).output("y").output("n");
  const auto y = run(net, {f32({1}, {1}), f32({1}, {2})});
  EXPECT_THAT(floats(y[0]), ElementsAre(2, 1));
  EXPECT_THAT(ints(y[1]), ElementsAre(3));
}

TEST(sequence, grows_in_a_loop) {
  onnx_file::GraphProto graph = body({"round", "go", "s"}, {"go", "longer"});
  add_node(graph, "SequenceInsert", {"s", "x"}, {"longer"});
  Net net(13);
  net.input("x", {1}).constant("n", i64({}, {3})).node("SequenceEmpty", {}, {"none"});
  net.node("Loop", {"n", "", "none"}, {"s"}, {{"body", graph}});
  net.node("ConcatFromSequence", {"s"}, {"y"}, {{"axis", 0}, {"new_axis", 1}}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1}, {4})})[0]), ElementsAre(4, 4, 4));
}

TEST(sequence, a_body_is_applied_to_every_element) {
  onnx_file::GraphProto graph = body({"e"}, {"f"});
  add_node(graph, "Neg", {"e"}, {"f"});
  Net net(17);
  net.input("x", {2}).node("SplitToSequence", {"x"}, {"s"}).node("SequenceMap", {"s"}, {"t"}, {{"body", graph}});
  net.node("ConcatFromSequence", {"t"}, {"y"}, {{"axis", 0}}).output("y");
  EXPECT_THAT(floats(run(net, {f32({2}, {1, 2})})[0]), ElementsAre(-1, -2));
}

TEST(sequence, is_no_operand_of_other_operators) {
  Net net(13);
  net.input("x", {2}).node("SplitToSequence", {"x"}, {"s"}).node("Neg", {"s"}, {"y"}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("node Neg:y (Neg): input 0 ('s') is a sequence of tensors"));
}

TEST(sequence, is_no_result_of_the_network) {
  Net net(13);
  net.input("x", {2}).node("SplitToSequence", {"x"}, {"s"}).output("s");
  EXPECT_THAT(refusal(net), HasSubstr("'s' is a sequence of 2 tensors"));
}

TEST(sequence, places_outside_are_refused) {
  Net net(13);
  net.input("x", {2}).constant("at", i64({}, {2})).node("SplitToSequence", {"x"}, {"s"});
  net.node("SequenceAt", {"s", "at"}, {"y"}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("position 2 does not exist in a sequence of 2 tensors"));
}

TEST(optional, passes_its_element_on) {
  Net net(15);
  net.input("x", {1}).node("Optional", {"x"}, {"o"}).node("OptionalGetElement", {"o"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1}, {7})})[0]), ElementsAre(7));
}

}  // namespace
}  // namespace bmnet::frontend::onnx::test
