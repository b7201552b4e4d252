// Damaged, mislabelled and malicious files: each gives one message that names the file and the reason.
#include <fstream>
#include <random>

#include "frontend/onnx/testing.h"

namespace bmnet::frontend::onnx::test {
namespace {

using op::test::f32;
using op::test::i64;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
namespace fs = std::filesystem;

std::string error_of(const std::string& file, const fs::path& folder = ".") {
  const auto model = import_onnx(as_bytes(file), "bad.onnx", folder);
  return model ? "no error" : model.error().message;
}

Net small_classifier() {
  Net net(13);
  net.input("image", {1, 3, 8, 8}).constant("w", op::test::noise({8, 3, 3, 3})).constant("b", op::test::noise({8}));
  net.constant("fc", op::test::noise({8, 10})).constant("shape", i64({2}, {1, -1}));
  net.node("Conv", {"image", "w", "b"}, {"c"}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}).node("Relu", {"c"}, {"r"});
  net.node("GlobalAveragePool", {"r"}, {"p"})
      .node("Reshape", {"p", "shape"}, {"f"})
      .node("MatMul", {"f", "fc"}, {"logits"});
  return net.node("Softmax", {"logits"}, {"prob"}).output("prob");
}

TEST(hostile_file, every_cut_inside_the_graph_is_reported) {
  const std::string file = small_classifier().model.SerializeAsString();
  ASSERT_EQ(error_of(file), "no error");
  // Version and a few bytes of the graph's head stand before; behind the graph comes the list of operator sets.
  int refused = 0;
  for (size_t size = 0; size < file.size(); size += 1 + file.size() / 400) {
    const std::string message = error_of(file.substr(0, size));
    EXPECT_THAT(message, StartsWith("bad.onnx: ")) << size;
    EXPECT_EQ(message.find('\n'), message.npos);
    ++refused;
  }
  EXPECT_GE(refused, 300);
}

TEST(hostile_file, flipped_bits_never_do_harm) {
  const std::string file = small_classifier().model.SerializeAsString();
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 600; ++i) {
    std::string damaged = file;
    for (uint32_t flips = 1 + random() % 3; flips > 0; --flips)
      damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
    const std::string message = error_of(damaged);
    if (message == "no error") continue;  // a flip inside a weight
    EXPECT_THAT(message, StartsWith("bad.onnx: "));
    ++refused;
  }
  EXPECT_GE(refused, 20);
}

TEST(hostile_file, mislabelled_files_are_recognised) {
  EXPECT_THAT(error_of(""), HasSubstr("the file is empty"));
  EXPECT_THAT(error_of("PK\x03\x04 and more"), HasSubstr("not an ONNX model but a ZIP archive (a PyTorch model?)"));
  EXPECT_THAT(error_of("version https://git-lfs.github.com/spec/v1"), HasSubstr("git lfs pull"));
  EXPECT_THAT(error_of("name: \"LeNet\"\nlayer {"), HasSubstr("Caffe prototxt"));
  EXPECT_THAT(error_of(std::string("\x0a\x05LeNet", 7)),
              HasSubstr("byte 0 (ir_version): a length-delimited value stands where the format has a varint one"));
  EXPECT_THAT(error_of(std::string("\x08\x07", 2)), HasSubstr("it holds no graph"));
}

TEST(hostile_file, random_bytes_are_refused) {
  std::mt19937 random(2);
  for (int i = 0; i < 300; ++i) {
    std::string file(1 + random() % 300, '\0');
    for (char& byte : file) byte = static_cast<char>(random());
    EXPECT_THAT(error_of(file), StartsWith("bad.onnx: "));
  }
}

TEST(hostile_graph, a_circle_names_a_node_in_it) {
  Net net;
  net.input("x", {1}).node("Add", {"x", "b"}, {"a"}).node("Neg", {"a"}, {"b"}).output("b");
  EXPECT_EQ(refusal(net), "net.onnx: node Add:a (Add): the graph runs in a circle through this node");
}

TEST(hostile_graph, nodes_may_stand_in_any_order) {
  Net net;
  net.input("x", {1}).node("Neg", {"a"}, {"b"}).node("Abs", {"x"}, {"a"}).output("b");
  EXPECT_EQ(run(net, {f32({1}, {-2})})[0].data<float>()[0], -2);
}

TEST(hostile_graph, a_value_has_one_definition) {
  Net net;
  net.input("x", {1}).node("Neg", {"x"}, {"a"}).node("Abs", {"x"}, {"a"}).output("a");
  EXPECT_THAT(refusal(net), HasSubstr("value 'a' is defined twice: by node Neg:a and by node Abs:a"));
  Net twice;
  EXPECT_THAT(refusal(twice.constant("w", f32({1}, {1})).constant("w", f32({1}, {1})).output("w")),
              HasSubstr("initializer 'w' is defined twice"));
}

TEST(hostile_graph, an_undefined_value_is_named) {
  Net net;
  EXPECT_THAT(refusal(net.input("x", {1}).node("Add", {"x", "ghost"}, {"y"}).output("y")),
              HasSubstr("node Add:y (Add): value 'ghost' is not defined: no input, initializer or node gives it"));
}

TEST(hostile_graph, counts_of_inputs_and_attributes_are_checked) {
  Net net;
  net.input("x", {1});
  Net inputs = net;
  EXPECT_THAT(refusal(inputs.node("Relu", {"x", "x"}, {"y"}).output("y")), HasSubstr("2 inputs, 1 expected"));
  Net unknown = net;
  EXPECT_THAT(refusal(unknown.node("Relu", {"x"}, {"y"}, {{"slope", 1}}).output("y")),
              HasSubstr("attribute 'slope' is unknown for this operator"));
  Net type = net;
  EXPECT_THAT(refusal(type.node("Softmax", {"x"}, {"y"}, {{"axis", 1.0f}}).output("y")),
              HasSubstr("attribute 'axis' has another type"));
}

TEST(hostile_graph, all_unknown_operators_are_named_at_once) {
  Net net;
  net.input("x", {1}).node("Foo", {"x"}, {"a"}).node("Relu", {"a"}, {"b"}).node("Bar", {"b"}, {"c"});
  net.node("Unique", {"c"}, {"d"}).output("d");
  EXPECT_THAT(refusal(net),
              HasSubstr("3 nodes cannot be compiled\n  node Foo:a (Foo): the operator is not known\n  node "
                        "Bar:c (Bar): the operator is not known\n  node Unique:d (Unique): the size of its result"));
}

TEST(hostile_graph, a_survey_gives_the_network_in_front_of_unknown_operators) {
  Net net;
  net.input("x", {1}).node("Relu", {"x"}, {"a"}).node("Foo", {"a"}, {"b"}).output("b");
  Survey survey;
  const auto graph = import_graph(net, {.survey = &survey});
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_THAT(graph->output_names, testing::ElementsAre("a"));
  ASSERT_EQ(survey.blockers.size(), 1u);
  EXPECT_EQ(survey.blockers[0].op, "Foo");
}

TEST(hostile_graph, unknown_operators_say_what_is_wrong) {
  Net net;
  net.input("x", {1});
  Net unknown = net;
  EXPECT_THAT(refusal(unknown.node("Foo", {"x"}, {"y"}).output("y")),
              HasSubstr("node Foo:y (Foo): the operator is not known"));
  Net domain = net;
  EXPECT_THAT(refusal(domain.node("Foo", {"x"}, {"y"}, {}, "com.acme").output("y")),
              HasSubstr("operators of domain 'com.acme' cannot be compiled"));
  Net early(11);
  EXPECT_THAT(refusal(early.input("x", {1}).node("HardSwish", {"x"}, {"y"}).output("y")),
              HasSubstr("exists from operator set 14 on, the model imports 11"));
  Net late(99);
  EXPECT_THAT(refusal(late.input("x", {1}).output("x")), HasSubstr("operator set 99 is newer than 26"));
}

TEST(hostile_graph, loops_sequences_and_training_are_refused_by_name) {
  for (const char* op :
       {"Loop", "Scan", "SequenceEmpty", "RandomNormal", "SoftmaxCrossEntropyLoss", "Unique", "StringNormalizer"}) {
    Net net;
    EXPECT_THAT(refusal(net.input("x", {1}).node(op, {"x"}, {"y"}).output("y")),
                HasSubstr(fmt::format("node {0}:y ({0}): ", op)));
  }
}

TEST(hostile_graph, absurd_dimensions_are_refused) {
  Net huge;
  EXPECT_THAT(refusal(huge.input("x", {1 << 30, 1 << 30, 1 << 30}).node("Relu", {"x"}, {"y"}).output("y")),
              HasSubstr("has more than 2^40 elements"));
  Net filled;
  filled.constant("s", i64({2}, {1 << 30, 1 << 9})).node("ConstantOfShape", {"s"}, {"y"}).output("y");
  EXPECT_THAT(refusal(filled), HasSubstr("bytes of constants that the file does not hold"));
  Net tiled;
  tiled.input("x", {2}).constant("r", i64({1}, {INT64_MAX})).node("Tile", {"x", "r"}, {"y"}).output("y");
  EXPECT_THAT(refusal(tiled), HasSubstr("(Tile): repeats"));
  Net padded;
  padded.input("x", {1, 1, 4, 4}).input("w", {1, 1, 1, 1});
  padded.node("Conv", {"x", "w"}, {"y"}, {{"pads", std::vector<int64_t>{INT64_MAX, 0, 0, 0}}}).output("y");
  EXPECT_THAT(refusal(padded), HasSubstr("is out of range"));
}

TEST(hostile_tensor, data_must_fit_the_shape) {
  Net net;
  net.constant("w", f32({2}, {1, 2})).output("w");
  net.model.mutable_graph()->mutable_initializer(0)->set_dims(0, 3);
  EXPECT_EQ(refusal(net), "net.onnx: initializer 'w': FLOAT of shape [3] needs 12 bytes of data, the file holds 8");
  net.model.mutable_graph()->mutable_initializer(0)->set_dims(0, -1);
  EXPECT_THAT(refusal(net), HasSubstr("shape [-1] has a negative dimension"));
  net.model.mutable_graph()->mutable_initializer(0)->clear_raw_data();
  net.model.mutable_graph()->mutable_initializer(0)->set_dims(0, 2);
  EXPECT_THAT(refusal(net), HasSubstr("shape [2] needs 2 elements, the file holds 0"));
  net.model.mutable_graph()->mutable_initializer(0)->set_data_type(77);
  EXPECT_THAT(refusal(net), HasSubstr("element type 77 is not one of the format's"));
}

TEST(hostile_function, endless_recursion_ends) {
  Net net;
  auto& function = *net.model.add_functions();
  function.set_name("Again");
  function.set_domain("mine");
  function.add_input("a");
  function.add_output("b");
  onnx_file::GraphProto body;
  add_node(body, "Again", {"a"}, {"b"}, {}, "mine");
  *function.add_node() = body.node(0);
  EXPECT_THAT(refusal(net.input("x", {1}).node("Again", {"x"}, {"y"}, {}, "mine").output("y")),
              HasSubstr("deeper than 32 levels"));
}

// ---- external data

class external_data : public testing::Test {
 protected:
  void SetUp() override {
    folder = fs::temp_directory_path() / fmt::format("bmnet_onnx_{}", ::getpid());
    fs::create_directories(folder / "model");
    std::ofstream(folder / "secret.bin", std::ios::binary).write("\0\0\x80\x3f", 4);
    std::ofstream(folder / "model" / "w.bin", std::ios::binary).write("junk\0\0\x80\x3f\0\0\0\x40", 12);
  }
  void TearDown() override { fs::remove_all(folder); }

  Net net_with(const std::string& location, const std::string& offset = "4", const std::string& length = "8") {
    Net net;
    auto& tensor = *net.model.mutable_graph()->add_initializer();
    tensor.set_name("w");
    tensor.set_data_type(TensorProto::FLOAT);
    tensor.add_dims(2);
    tensor.set_data_location(TensorProto::EXTERNAL);
    for (const auto& [key, value] :
         {std::pair("location", location), std::pair("offset", offset), std::pair("length", length)}) {
      tensor.add_external_data()->set_key(key);
      tensor.mutable_external_data()->rbegin()->set_value(value);
    }
    return net.output("w");
  }
  std::string error_with(const Net& net) { return error_of(net.model.SerializeAsString(), folder / "model"); }

  fs::path folder;
};

TEST_F(external_data, is_read_from_the_models_folder) {
  std::ofstream(folder / "model" / "net.onnx", std::ios::binary) << net_with("w.bin").model.SerializeAsString();
  const auto model = import_onnx(folder / "model" / "net.onnx");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->name(), "net");
  const op::Graph graph = model->to_graph().value();
  EXPECT_EQ(graph.values[graph.outputs[0]].constant->data<float>()[1], 2);
}

TEST_F(external_data, may_not_leave_the_models_folder) {
  EXPECT_THAT(error_with(net_with("../secret.bin", "0", "4")),
              HasSubstr("external data '../secret.bin' lies outside the model's folder"));
  EXPECT_THAT(error_with(net_with((folder / "secret.bin").string(), "0", "4")),
              HasSubstr("lies outside the model's folder"));
  fs::create_symlink(folder / "secret.bin", folder / "model" / "link.bin");
  EXPECT_THAT(error_with(net_with("link.bin", "0", "4")), HasSubstr("lies outside the model's folder"));
}

TEST_F(external_data, must_be_there_and_long_enough) {
  EXPECT_THAT(error_with(net_with("missing.bin")), AllOf(HasSubstr("initializer 'w'"), HasSubstr("missing.bin")));
  EXPECT_THAT(error_with(net_with("w.bin", "8", "8")), HasSubstr("bytes 8 to 16 are asked for, the file has 12"));
  EXPECT_THAT(error_with(net_with("w.bin", "-4", "8")), HasSubstr("offset '-4' is not a number of bytes"));
  EXPECT_THAT(error_with(net_with("w.bin", "18446744073709551615", "8")), HasSubstr("the file has 12"));
  EXPECT_THAT(error_with(net_with("")), HasSubstr("external data without a location"));
}

}  // namespace
}  // namespace bmnet::frontend::onnx::test
