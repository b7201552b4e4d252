// The rules that TensorFlow's operators have of their own, each on a tiny graph.
#include "frontend/tensorflow/testing.h"

namespace bmnet::frontend::tensorflow::test {
namespace {

using op::test::f32;
using op::test::floats;
using op::test::i32;
using op::test::longs;
using op::test::near;
using op::test::ramp;
using op::test::u8;
using testing::ElementsAre;
using testing::HasSubstr;
using Ints = std::vector<int64_t>;

Tensor ones(Shape shape) {
  Tensor tensor({DType::kF32, std::move(shape)});
  std::ranges::fill(tensor.data<float>(), 1.0f);
  return tensor;
}

Net conv_net(const std::string& padding, int stride) {
  Net net;
  net.input("x", {1, 4, 4, 1}).constant("w", ones({3, 3, 1, 1}));
  return net.node("Conv2D", "y", {"x", "w"}, {{"strides", Ints{1, stride, stride, 1}}, {"padding", padding}});
}

TEST(tensorflow_rules, same_padding_puts_the_odd_pad_behind) {
  const auto y = run(conv_net("SAME", 2), {ramp({1, 4, 4, 1})});
  EXPECT_EQ(y[0].shape(), (Shape{1, 2, 2, 1}));
  EXPECT_THAT(floats(y[0]), ElementsAre(45, 39, 66, 50));
}

TEST(tensorflow_rules, valid_padding_is_none) {
  EXPECT_THAT(floats(run(conv_net("VALID", 1), {ramp({1, 4, 4, 1})})[0]), ElementsAre(45, 54, 81, 90));
}

TEST(tensorflow_rules, element_wise_operators_stay_in_the_layout_of_the_images) {
  Net net = conv_net("SAME", 1);
  net.constant("b", f32({1}, {1})).node("BiasAdd", "z", {"y", "b"}).node("Relu", "r", {"z"});
  net.node("MaxPool", "p", {"r"}, {{"ksize", Ints{1, 2, 2, 1}}, {"strides", Ints{1, 2, 2, 1}}, {"padding", "VALID"}});
  EXPECT_EQ(operators(net), "reshape conv binary unary pool reshape");
}

TEST(tensorflow_rules, a_transpose_to_channels_first_costs_nothing) {
  Net net;
  net.input("x", {1, 4, 4, 2}).constant("w", ones({1, 1, 2, 3}));
  net.node("Conv2D", "y", {"x", "w"}, {{"strides", Ints{1, 1, 1, 1}}, {"padding", "VALID"}});
  net.constant("order", i32({4}, {0, 3, 1, 2})).node("Transpose", "t", {"y", "order"});
  EXPECT_EQ(operators(net), "transpose conv");
}

TEST(tensorflow_rules, channels_first_models_need_no_transposes) {
  Net net;
  net.input("x", {1, 2, 4, 4}).constant("w", ones({1, 1, 2, 3}));
  net.node("Conv2D", "y", {"x", "w"}, {{"strides", Ints{1, 1, 1, 1}}, {"padding", "VALID"}, {"data_format", "NCHW"}});
  EXPECT_EQ(operators(net), "conv");
}

TEST(tensorflow_rules, a_dilated_convolution_between_batches_is_one_convolution) {
  Net net;
  net.input("x", {1, 6, 6, 1}).constant("w", ones({3, 3, 1, 1})).constant("block", i32({2}, {2, 2}));
  net.constant("pads", i32({2, 2}, {2, 2, 2, 2})).constant("crops", i32({2, 2}, {0, 0, 0, 0}));
  net.node("SpaceToBatchND", "s", {"x", "block", "pads"});
  net.node("Conv2D", "c", {"s", "w"}, {{"strides", Ints{1, 1, 1, 1}}, {"padding", "VALID"}});
  net.node("BatchToSpaceND", "y", {"c", "block", "crops"});
  EXPECT_EQ(operators(net), "reshape conv reshape");
  // The same by the long way: the output in the middle keeps the parts apart.
  Net parts = net;
  parts.node("Identity", "i", {"c"}).node("BatchToSpaceND", "z", {"i", "block", "crops"});
  ImportOptions both;
  both.output_names = {"y", "z"};
  const auto results = run(parts, {ramp({1, 6, 6, 1})}, both);
  EXPECT_EQ(floats(results[0]), floats(results[1]));
}

TEST(tensorflow_rules, transposed_convolution_takes_its_size_from_an_input) {
  Net net;
  net.input("x", {1, 2, 2, 1}).constant("w", ones({3, 3, 1, 1})).constant("size", i32({4}, {1, 4, 4, 1}));
  net.node("Conv2DBackpropInput", "y", {"size", "w", "x"}, {{"strides", Ints{1, 2, 2, 1}}, {"padding", "SAME"}});
  EXPECT_THAT(floats(run(net, {f32({1, 2, 2, 1}, {1, 2, 3, 4})})[0]),
              ElementsAre(1, 1, 3, 2, 1, 1, 3, 2, 4, 4, 10, 6, 3, 3, 7, 4));
}

TEST(tensorflow_rules, strided_slice_obeys_its_masks) {
  Net net;
  net.input("x", {2, 3, 4}).constant("b", i32({3}, {1, 0, 0})).constant("e", i32({3}, {0, 0, 1}));
  net.constant("s", i32({3}, {1, 1, 1}));
  // x[1, ..., newaxis]
  net.node("StridedSlice", "y", {"x", "b", "e", "s"},
           {{"shrink_axis_mask", 1}, {"ellipsis_mask", 2}, {"new_axis_mask", 4}});
  const auto y = run(net, {ramp({2, 3, 4})});
  EXPECT_EQ(y[0].shape(), (Shape{3, 4, 1}));
  EXPECT_EQ(floats(y[0])[0], 12);
}

TEST(tensorflow_rules, strided_slice_runs_backwards) {
  Net net;
  net.input("x", {4}).constant("b", i32({1}, {0})).constant("e", i32({1}, {0})).constant("s", i32({1}, {-2}));
  net.node("StridedSlice", "y", {"x", "b", "e", "s"}, {{"begin_mask", 1}, {"end_mask", 1}});
  EXPECT_THAT(floats(run(net, {ramp({4})})[0]), ElementsAre(3, 1));
}

TEST(tensorflow_rules, shape_arithmetic_folds) {
  Net net;
  net.input("x", {2, 3, 4}).node("Shape", "s", {"x"}).constant("zero", i32({1}, {0})).constant("one", i32({1}, {1}));
  net.node("StridedSlice", "n", {"s", "zero", "one", "one"}, {{"shrink_axis_mask", 1}});
  net.constant("rest", i32({}, {-1})).node("Pack", "to", {"n", "rest"}).node("Reshape", "y", {"x", "to"});
  EXPECT_EQ(operators(net), "reshape");
}

TEST(tensorflow_rules, dequantize_min_first_rounds_the_minimum_to_the_scale) {
  Net net;
  net.input("x", {2}).constant("q", u8({2}, {0, 255})).constant("low", f32({}, {-1})).constant("high", f32({}, {1.5}));
  net.node("Dequantize", "d", {"q", "low", "high"}, {{"mode", "MIN_FIRST"}}).node("Add", "y", {"x", "d"});
  const float scale = 2.5f / 255;
  const float low = -102 * scale;
  EXPECT_THAT(floats(run(net, {f32({2}, {0, 0})})[0]), near({low, low + 2.5f}));
}

TEST(tensorflow_rules, dequantize_min_combined_keeps_the_minimum) {
  Net net;
  net.input("x", {2}).constant("q", u8({2}, {0, 255})).constant("low", f32({}, {-1})).constant("high", f32({}, {1.5}));
  net.node("Dequantize", "d", {"q", "low", "high"}).node("Add", "y", {"x", "d"});
  EXPECT_THAT(floats(run(net, {f32({2}, {0, 0})})[0]), near({-1, 1.5}));
}

TEST(tensorflow_rules, symmetric_padding_repeats_the_edge) {
  Net net;
  net.input("x", {3}).constant("p", i32({1, 2}, {2, 1})).node("MirrorPad", "y", {"x", "p"}, {{"mode", "SYMMETRIC"}});
  EXPECT_THAT(floats(run(net, {ramp({3})})[0]), ElementsAre(1, 0, 0, 1, 2, 2));
}

TEST(tensorflow_rules, a_switch_on_a_placeholder_for_training_is_off) {
  Net net;
  net.input("x", {2}).input("training", {}, DType::kBool).node("Switch", "s", {"x", "training"});
  net.node("Neg", "infer", {"s"}).node("Exp", "train", {"s:1"}).node("Merge", "y", {"train", "infer"});
  EXPECT_EQ(operators(net), "unary");
  EXPECT_THAT(floats(run(net, {f32({2}, {1, 2})})[0]), ElementsAre(-1, -2));
}

TEST(tensorflow_rules, dropout_is_its_input) {
  Net net;
  net.input("x", {2}).input("keep", {}).node("RealDiv", "scaled", {"x", "keep"}).node("Shape", "shape", {"x"});
  net.node("RandomUniform", "noise", {"shape"}).node("Add", "sum", {"keep", "noise"}).node("Floor", "mask", {"sum"});
  net.node("Mul", "dropout", {"scaled", "mask"}).node("Neg", "y", {"dropout"});
  EXPECT_EQ(operators(net), "unary");
}

TEST(tensorflow_rules, functions_are_inlined) {
  Net net;
  net.input("x", {2})
      .node("StatefulPartitionedCall", "call", {"x"}, {{"f", function("body")}})
      .node("Neg", "y", {"call"});
  FunctionDef& body = *net.graph.mutable_library()->add_function();
  body.mutable_signature()->set_name("body");
  body.mutable_signature()->add_input_arg()->set_name("a");
  body.mutable_signature()->add_output_arg()->set_name("b");
  *body.add_node_def() = node_of("Square", "square", {"a"});
  (*body.mutable_ret())["b"] = "square:y:0";
  EXPECT_THAT(floats(run(net, {f32({2}, {2, 3})})[0]), ElementsAre(-4, -9));
}

TEST(tensorflow_rules, text_graphs_are_read) {
  const std::string text = R"(
    node { name: "x" op: "Placeholder"
           attr { key: "dtype" value { type: DT_FLOAT } }
           attr { key: "shape" value { shape { dim { size: -1 } dim { size: 2 } } } } }
    node { name: "y" op: "Neg" input: "x" })";
  ImportOptions options;
  options.batch = 3;
  const auto model = import_tensorflow(as_bytes(text), "net.pbtxt", ".", options);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_TRUE(looks_like_tensorflow(as_bytes(text)));
}

TEST(tensorflow_rules, constants_may_state_one_value_for_all) {
  Net net;
  net.input("x", {3}).constant("c", f32({}, {0})).node("Add", "y", {"x", "c"});
  TensorProto& tensor = *(*net.graph.mutable_node(1)->mutable_attr())["value"].mutable_tensor();
  tensor.clear_tensor_content();
  tensor.mutable_tensor_shape()->add_dim()->set_size(3);
  tensor.add_float_val(5);
  EXPECT_THAT(floats(run(net, {f32({3}, {1, 2, 3})})[0]), ElementsAre(6, 7, 8));
}

TEST(tensorflow_rules, reductions_that_drop_the_image_axes_need_no_transpose) {
  Net net = conv_net("SAME", 1);
  net.constant("axes", i32({2}, {1, 2})).node("Mean", "m", {"y", "axes"});
  EXPECT_EQ(operators(net), "reshape conv reduce");
}

// ---- refusals

TEST(tensorflow_refuses, archives_of_keras_3) {
  EXPECT_THAT(import_tensorflow(as_bytes(std::string("PK\x03\x04 zip")), "net.keras", ".").error().message,
              HasSubstr("net.keras: a zip archive, as Keras 3 writes .keras files; save the model as HDF5"));
}

TEST(tensorflow_refuses, a_graph_in_a_circle) {
  Net net;
  net.node("Neg", "a", {"b"}).node("Neg", "b", {"a"}).node("Neg", "c", {"a"});
  EXPECT_THAT(refusal(net), HasSubstr("in a circle"));
}

TEST(tensorflow_refuses, an_unknown_operator) {
  Net net;
  net.input("x", {1}).node("Frobnicate", "y", {"x"});
  EXPECT_EQ(refusal(net), "net.pb: node y (Frobnicate): the operator is not known");
}

TEST(tensorflow_refuses, all_unknown_operators_at_once) {
  Net net;
  net.input("x", {1}).node("Frobnicate", "a", {"x"}).node("Neg", "b", {"a"}).node("ReluGrad", "c", {"b", "b"});
  net.node("Neg", "d", {"c"});
  EXPECT_EQ(
      refusal(net),
      "net.pb: 2 nodes cannot be compiled\n  node a (Frobnicate): the operator is not known\n  node c (ReluGrad): "
      "it belongs to training; freeze the graph for inference");
}

TEST(tensorflow_refuses, a_training_graph_by_name) {
  Net net;
  net.input("x", {1}).node("ReluGrad", "g", {"x", "x"}).node("Neg", "y", {"g"});
  EXPECT_THAT(refusal(net), HasSubstr("node g (ReluGrad): it belongs to training"));
}

TEST(tensorflow_refuses, absurd_dimensions) {
  Net net;
  net.input("x", {int64_t{1} << 40, int64_t{1} << 40}).node("Neg", "y", {"x"});
  EXPECT_THAT(refusal(net), HasSubstr("more than 2^40 elements"));
}

TEST(tensorflow_refuses, a_dynamic_shape_that_nobody_fixes) {
  Net net;
  net.input("x", {-1, 3}).node("Neg", "y", {"x"});
  EXPECT_THAT(refusal(net), HasSubstr("fix it with --shapes"));
}

TEST(tensorflow_refuses, a_function_that_calls_itself) {
  Net net;
  net.input("x", {2}).node("PartitionedCall", "y", {"x"}, {{"f", function("f")}});
  FunctionDef& body = *net.graph.mutable_library()->add_function();
  body.mutable_signature()->set_name("f");
  body.mutable_signature()->add_input_arg()->set_name("a");
  body.mutable_signature()->add_output_arg()->set_name("b");
  *body.add_node_def() = node_of("PartitionedCall", "again", {"a"}, {{"f", function("f")}});
  (*body.mutable_ret())["b"] = "again:output:0";
  EXPECT_THAT(refusal(net), HasSubstr("deeper than 32"));
}

TEST(tensorflow_refuses, variables_without_values) {
  Net net;
  net.input("x", {2}).node("VariableV2", "v", {}).node("Add", "y", {"x", "v"});
  EXPECT_THAT(refusal(net), HasSubstr("has the variable 'v' and no values"));
}

TEST(tensorflow_refuses, constants_that_the_file_does_not_hold_without_end) {
  Net net;
  net.constant("c", f32({}, {0})).input("x", {1});
  TensorProto& tensor = *(*net.graph.mutable_node(0)->mutable_attr())["value"].mutable_tensor();
  tensor.clear_tensor_content();
  tensor.mutable_tensor_shape()->add_dim()->set_size(int64_t{1} << 36);
  net.node("Add", "y", {"x", "c"});
  EXPECT_THAT(refusal(net), HasSubstr("that the file does not hold"));
}

TEST(tensorflow_refuses, text_that_nests_without_end) {
  const auto refusal_of = [](const std::string& text) {
    const auto model = import_tensorflow(as_bytes(text), "net.pbtxt", ".");
    return model ? "imported" : model.error().message;
  };
  std::string nest = "node { name: 'a' op: 'Const' attr { key: 'value' value {";
  for (int i = 0; i < 10000; ++i) nest += " func { attr { value {";
  EXPECT_THAT(refusal_of(nest), testing::StartsWith("net.pbtxt: line 1, column "));
  std::string unknown = "node { name: 'a' op: 'Const' }\n";
  for (int i = 0; i < 10000; ++i) unknown += "x {";
  EXPECT_THAT(refusal_of(unknown), testing::StartsWith("net.pbtxt: line 2, column "));
}

TEST(tensorflow_refuses, files_cut_off_anywhere) {
  const std::string file = conv_net("SAME", 1).graph.SerializeAsString();
  for (size_t size = 0; size < file.size(); ++size) {
    const auto model = import_tensorflow(as_bytes(file.substr(0, size)), "net.pb", ".");
    if (!model) EXPECT_THAT(model.error().message, testing::StartsWith("net.pb: "));
  }
}

}  // namespace
}  // namespace bmnet::frontend::tensorflow::test
