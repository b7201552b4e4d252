// Operators that become several, each on a tiny graph; loops over lists of tensors.
#include "frontend/tensorflow/testing.h"

namespace bmnet::frontend::tensorflow::test {
namespace {

using op::test::f32;
using op::test::floats;
using op::test::i32;
using op::test::near;
using op::test::ramp;
using testing::ElementsAre;
using testing::HasSubstr;
using Ints = std::vector<int64_t>;

Net crop_net(std::vector<float> box, std::vector<Attr> attributes = {}) {
  Net net;
  net.input("x", {1, 3, 3, 1}).constant("boxes", f32({1, 4}, std::move(box))).constant("image", i32({1}, {0}));
  net.constant("size", i32({2}, {2, 2}));
  return net.node("CropAndResize", "y", {"x", "boxes", "image", "size"}, std::move(attributes));
}

TEST(tensorflow_operators, crop_and_resize_takes_the_corners_of_the_box) {
  EXPECT_THAT(floats(run(crop_net({0, 0, 1, 1}), {ramp({1, 3, 3, 1})})[0]), near({0, 2, 6, 8}));
  EXPECT_THAT(floats(run(crop_net({0.25f, 0, 0.25f, 0.5f}), {ramp({1, 3, 3, 1})})[0]), near({1.5, 2.5, 1.5, 2.5}));
}

TEST(tensorflow_operators, crop_and_resize_puts_a_value_outside_of_the_image) {
  EXPECT_THAT(floats(run(crop_net({0.5f, 0.5f, 1.5f, 1.5f}, {{"extrapolation_value", 7.0f}}), {ramp({1, 3, 3, 1})})[0]),
              near({4, 7, 7, 7}));
}

TEST(tensorflow_operators, reverse_sequence_turns_the_first_elements) {
  Net net;
  net.input("x", {2, 3}).constant("lengths", i32({2}, {2, 3}));
  net.node("ReverseSequence", "y", {"x", "lengths"}, {{"seq_dim", 1}, {"batch_dim", 0}});
  EXPECT_THAT(floats(run(net, {ramp({2, 3})})[0]), ElementsAre(1, 0, 2, 5, 4, 3));
}

TEST(tensorflow_operators, matrix_band_part_keeps_diagonals) {
  Net net;
  net.input("x", {3, 3}).constant("lower", i32({}, {0})).constant("upper", i32({}, {1}));
  net.node("MatrixBandPart", "y", {"x", "lower", "upper"});
  EXPECT_THAT(floats(run(net, {ramp({3, 3})})[0]), ElementsAre(0, 1, 0, 0, 4, 5, 0, 0, 8));
}

TEST(tensorflow_operators, diagonals_of_matrices) {
  Net net;
  net.input("x", {2}).node("MatrixDiag", "matrix", {"x"}).node("MatrixDiagPart", "part", {"matrix"});
  net.constant("ones", f32({2, 2}, {1, 1, 1, 1})).node("MatrixSetDiag", "set", {"ones", "x"});
  ImportOptions options;
  options.output_names = {"matrix", "part", "set"};
  const auto y = run(net, {f32({2}, {3, 4})}, options);
  EXPECT_THAT(floats(y[0]), ElementsAre(3, 0, 0, 4));
  EXPECT_THAT(floats(y[1]), ElementsAre(3, 4));
  EXPECT_THAT(floats(y[2]), ElementsAre(3, 1, 1, 4));
}

TEST(tensorflow_operators, roll_moves_elements_around) {
  Net net;
  net.input("x", {2, 3}).constant("shift", i32({2}, {1, -1})).constant("axis", i32({2}, {0, 1}));
  net.node("Roll", "y", {"x", "shift", "axis"});
  EXPECT_THAT(floats(run(net, {ramp({2, 3})})[0]), ElementsAre(4, 5, 3, 1, 2, 0));
}

TEST(tensorflow_operators, inverted_permutations_are_constants) {
  Net net;
  net.input("x", {2, 3, 1}).constant("p", i32({3}, {2, 0, 1})).node("InvertPermutation", "q", {"p"});
  net.node("Transpose", "t", {"x", "p"}).node("Transpose", "y", {"t", "q"});
  EXPECT_THAT(floats(run(net, {ramp({2, 3, 1})})[0]), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(tensorflow_operators, bicubic_resizing_of_a_plane_is_a_plane) {
  Net net;
  net.input("x", {1, 4, 4, 1}).constant("size", i32({2}, {8, 8}));
  net.node("ResizeBicubic", "y", {"x", "size"}, {{"half_pixel_centers", true}});
  const auto y = floats(run(net, {ramp({1, 4, 4, 1})})[0]);
  EXPECT_NEAR(y[3 * 8 + 3], 1.25f * 4 + 1.25f, 1e-5);  // away from the edges
}

// ---- recurrent cells: one unit, one feature, by hand

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

struct State {
  float cs = 0.5f, h = 0.25f;
};
// Gates i, candidate, f, o with the weights below.
State next(State s, float x, float forget_bias) {
  const float i = sigmoid(0.1f * x + 0.5f * s.h), ci = std::tanh(0.2f * x + 0.6f * s.h);
  const float f = sigmoid(0.3f * x + 0.7f * s.h + forget_bias), o = sigmoid(0.4f * x + 0.8f * s.h);
  const float cs = ci * i + s.cs * f;
  return {cs, std::tanh(cs) * o};
}
Net& lstm_weights(Net& net) {
  net.constant("cs", f32({1, 1}, {0.5f})).constant("h", f32({1, 1}, {0.25f})).constant("none", f32({1}, {0}));
  net.constant("w", f32({2, 4}, {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f}))
      .constant("b", f32({4}, {0, 0, 0, 0}));
  return net;
}

TEST(tensorflow_operators, lstm_cell_adds_a_forget_bias) {
  Net net;
  net.input("x", {1, 1});
  lstm_weights(net).node("LSTMBlockCell", "y", {"x", "cs", "h", "w", "none", "none", "none", "b"},
                         {{"forget_bias", 1.0f}});
  ImportOptions options;
  options.output_names = {"y:1", "y:6"};
  const auto y = run(net, {f32({1, 1}, {2})}, options);
  const State expected = next({}, 2, 1);
  EXPECT_THAT(floats(y[0]), near({expected.cs}));
  EXPECT_THAT(floats(y[1]), near({expected.h}));
}

TEST(tensorflow_operators, lstm_layer_is_unrolled) {
  Net net;
  net.input("x", {2, 1, 1}).constant("steps", op::test::i64({}, {2}));
  lstm_weights(net).node("BlockLSTM", "y", {"steps", "x", "cs", "h", "w", "none", "none", "none", "b"},
                         {{"forget_bias", 0.0f}, {"cell_clip", -1.0f}});
  ImportOptions options;
  options.output_names = {"y:6"};
  const State first = next({}, 2, 0), second = next(first, -1, 0);
  EXPECT_THAT(floats(run(net, {f32({2, 1, 1}, {2, -1})}, options)[0]), near({first.h, second.h}));
}

TEST(tensorflow_operators, suppression_tells_how_many_boxes_are_left) {
  Net net;
  net.input("boxes", {3, 4}).input("scores", {3}).constant("most", i32({}, {3})).constant("overlap", f32({}, {0.5f}));
  net.constant("least", f32({}, {0.1f})).constant("sigma", f32({}, {0}));
  net.node("NonMaxSuppressionV5", "y", {"boxes", "scores", "most", "overlap", "least", "sigma"});
  ImportOptions options;
  options.output_names = {"y", "y:1", "y:2"};
  const auto y =
      run(net, {f32({3, 4}, {0, 0, 1, 1, 0, 0, 1, 0.9f, 5, 5, 6, 6}), f32({3}, {0.9f, 0.8f, 0.95f})}, options);
  EXPECT_THAT(op::test::values<int32_t>(y[0]), ElementsAre(2, 0, 0));
  EXPECT_THAT(floats(y[1]), near({0.95f, 0.9f, 0}));
  EXPECT_EQ(y[2].data<int32_t>()[0], 2);
}

// ---- loops over lists of tensors, as TensorFlow 2 writes recurrent layers

FunctionDef function_of(const std::string& name, const std::vector<std::string>& arguments,
                        const std::vector<NodeDef>& nodes, const std::vector<std::string>& results) {
  FunctionDef body;
  body.mutable_signature()->set_name(name);
  for (const std::string& argument : arguments) body.mutable_signature()->add_input_arg()->set_name(argument);
  for (const NodeDef& node : nodes) *body.add_node_def() = node;
  for (size_t i = 0; i < results.size(); ++i) {
    const std::string result = fmt::format("r{}", i);
    body.mutable_signature()->add_output_arg()->set_name(result);
    (*body.mutable_ret())[result] = results[i];
  }
  return body;
}

NodeDef constant_node(const std::string& name, const Tensor& tensor) {
  return node_of("Const", name, {}, {{"value", tensor}, {"dtype", data_type_of(tensor.dtype())}});
}

// y[i] = x[0] + … + x[i]
Net list_loop() {
  Net net;
  net.input("x", {3, 2})
      .constant("shape", i32({1}, {2}))
      .constant("three", i32({}, {3}))
      .constant("zero", i32({}, {0}));
  net.constant("start", f32({2}, {0, 0}));
  net.node("TensorListFromTensor", "in", {"x", "shape"}).node("TensorListReserve", "out", {"shape", "three"});
  net.node("While", "loop", {"zero", "in", "out", "start"}, {{"cond", function("go_on")}, {"body", function("step")}});
  net.node("TensorListStack", "y", {"loop:2", "shape"});
  const std::vector<std::string> state = {"i", "from", "to", "sum"};
  *net.graph.mutable_library()->add_function() = function_of(
      "go_on", state, {constant_node("limit", i32({}, {3})), node_of("Less", "less", {"i", "limit:output:0"})},
      {"less:z:0"});
  *net.graph.mutable_library()->add_function() = function_of(
      "step", state,
      {constant_node("one", i32({}, {1})), constant_node("shape", i32({1}, {2})),
       node_of("TensorListGetItem", "get", {"from", "i", "shape:output:0"}),
       node_of("AddV2", "add", {"sum", "get:item:0"}), node_of("TensorListSetItem", "set", {"to", "i", "add:z:0"}),
       node_of("AddV2", "next", {"i", "one:output:0"})},
      {"next:z:0", "from", "set:output_handle:0", "add:z:0"});
  return net;
}

TEST(tensorflow_operators, loops_over_lists_are_unrolled) {
  EXPECT_THAT(floats(run(list_loop(), {ramp({3, 2})})[0]), ElementsAre(0, 1, 2, 4, 6, 9));
}

TEST(tensorflow_operators_refuse, lists_as_outputs) {
  ImportOptions options;
  options.output_names = {"out"};
  EXPECT_THAT(refusal(list_loop(), options), HasSubstr("output 'out' is a list of tensors"));
}

TEST(tensorflow_operators_refuse, lists_as_operands_and_tensors_as_lists) {
  Net net = list_loop();
  net.node("Relu", "r", {"in"});
  EXPECT_THAT(refusal(net), HasSubstr("node r (Relu): a list of tensors where a tensor is expected"));
  Net other;
  other.input("x", {2}).constant("shape", i32({0}, {})).node("TensorListStack", "y", {"x", "shape"});
  EXPECT_THAT(refusal(other), HasSubstr("input 0 is no list of tensors"));
  Net switched = list_loop();
  switched.node("Switch", "s", {"x", "in"}).node("Neg", "n", {"s"});
  EXPECT_THAT(refusal(switched), HasSubstr("a list of tensors where a tensor is expected"));
}

TEST(tensorflow_operators_refuse, elements_that_nobody_set) {
  Net net;
  net.input("x", {2}).constant("shape", i32({1}, {2})).constant("three", i32({}, {3}));
  net.node("TensorListReserve", "out", {"shape", "three"}).node("TensorListStack", "y", {"out", "shape"});
  EXPECT_THAT(refusal(net), HasSubstr("was never set"));
}

TEST(tensorflow_operators_refuse, cells_whose_weights_do_not_fit) {
  Net net;
  net.input("x", {1, 3});
  lstm_weights(net).node("LSTMBlockCell", "y", {"x", "cs", "h", "w", "none", "none", "none", "b"});
  EXPECT_THAT(refusal(net), HasSubstr("do not belong together"));
}

TEST(tensorflow_operators_refuse, regions_of_absurd_size) {
  Net net;
  net.input("x", {1, 3, 3, 1}).constant("boxes", f32({1, 4}, {0, 0, 1, 1})).constant("image", i32({1}, {0}));
  net.constant("size", i32({2}, {1 << 30, 2})).node("CropAndResize", "y", {"x", "boxes", "image", "size"});
  EXPECT_THAT(refusal(net), HasSubstr("1 parts of 1073741824 x 2; up to 4096 x 4096 are supported"));
}

TEST(tensorflow_operators_refuse, other_diagonals) {
  Net net;
  net.input("x", {2}).constant("k", i32({}, {1})).constant("any", i32({}, {-1})).constant("zero", f32({}, {0}));
  net.node("MatrixDiagV3", "y", {"x", "k", "any", "any", "zero"});
  EXPECT_THAT(refusal(net), HasSubstr("diagonals [1]; the main one is supported"));
}

}  // namespace
}  // namespace bmnet::frontend::tensorflow::test
