#include "nn/graph_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace bmnet::nn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor floats(Shape shape, std::vector<float> values) { return Tensor::of<float>(std::move(shape), values); }
Tensor integers(std::vector<int64_t> values) {
  return Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, values);
}

op::Attributes kind(const char* name) { return {{"kind", std::string(name)}}; }

// y = relu(x + 1)
Model small_model() {
  GraphBuilder builder("small");
  const auto x = builder.input("x", {DType::kF32, {1, 2}});
  const auto one = builder.constant("one", floats({1}, {1}));
  const auto sum = *builder.create1("binary", "plus", kind("add"), {x, one}, "sum");
  const auto y = *builder.create1("unary", "act", kind("relu"), {sum}, "y");
  EXPECT_TRUE(builder.output("result", y));
  return *builder.finish();
}

TEST(graph_builder, infers_the_shape_of_a_broadcast) {
  GraphBuilder builder("g");
  const auto a = builder.input("a", {DType::kF32, {2, 1}});
  const auto b = builder.input("b", {DType::kF32, {3}});
  EXPECT_EQ(builder.info(*builder.create1("binary", "n", kind("add"), {a, b}, "y")).shape, (Shape{2, 3}));
}

TEST(graph_builder, folds_a_call_of_constants_at_once) {
  GraphBuilder builder("g");
  const auto a = builder.constant("a", integers({1, 2}));
  const auto b = builder.constant("b", integers({10, 20}));
  const auto sum = *builder.create1("binary", "n", kind("add"), {a, b}, "sum");
  ASSERT_NE(builder.constant_value(sum), nullptr);
  EXPECT_THAT(builder.constant_value(sum)->data<int64_t>(), ElementsAre(11, 22));
}

TEST(graph_builder, an_error_begins_with_the_name_of_the_node) {
  GraphBuilder builder("g");
  const auto a = builder.input("a", {DType::kF32, {2}});
  const auto b = builder.input("b", {DType::kF32, {3}});
  EXPECT_THAT(builder.create1("binary", "bad_add", kind("add"), {a, b}, "y").error().message,
              testing::StartsWith("bad_add: "));
}

TEST(graph_builder, refuses_an_attribute_that_the_operator_does_not_have) {
  GraphBuilder builder("g");
  const auto a = builder.input("a", {DType::kF32, {2}});
  const auto result = builder.create1("unary", "n", {{"kind", std::string("relu")}, {"slope", 1.0f}}, {a}, "y");
  EXPECT_EQ(result.error().message, "n: operator 'unary' has no attribute 'slope'");
}

TEST(graph_builder, refuses_a_network_without_outputs) {
  GraphBuilder builder("g");
  builder.input("a", {DType::kF32, {2}});
  EXPECT_EQ(builder.finish().error().message, "the network has no outputs");
}

TEST(model, becomes_plain_data_with_the_names_of_the_user) {
  const op::Graph graph = *small_model().to_graph();
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.name, "small");
  EXPECT_EQ(graph.nodes[0].name, "plus");
  EXPECT_EQ(graph.values[graph.nodes[0].outputs[0]].name, "sum");
  EXPECT_EQ(graph.values[graph.inputs[0]].name, "x");
  EXPECT_THAT(graph.output_names, ElementsAre("result"));
}

TEST(model, fills_in_attributes_that_were_left_out) {
  const op::Graph graph = *small_model().to_graph();
  EXPECT_EQ(*graph.nodes[1].attributes.get<float>("alpha"), 0.0f);
}

TEST(model, keeps_big_weights_where_they_are) {
  GraphBuilder builder("g");
  const Tensor weight = floats({100}, std::vector<float>(100, 0.5f));
  const auto x = builder.input("x", {DType::kF32, {100}});
  const auto w = builder.constant("w", weight);
  ASSERT_TRUE(builder.output("y", *builder.create1("binary", "n", kind("mul"), {x, w}, "y")));
  const op::Graph graph = *builder.finish()->to_graph();
  const op::Value& value = graph.values[graph.nodes[0].inputs[1]];
  EXPECT_EQ(value.constant->raw(), weight.raw());
}

TEST(model, a_umodel_is_read_back_the_same) {
  const auto path = std::filesystem::path(testing::TempDir()) / "small.fp32umodel";
  const Model model = small_model();
  ASSERT_TRUE(model.save(path));
  const auto loaded = Model::load(path);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->to_text(), model.to_text());
}

TEST(model, a_umodel_has_the_same_bytes_each_time) {
  const auto folder = std::filesystem::path(testing::TempDir());
  ASSERT_TRUE(small_model().save(folder / "a"));
  ASSERT_TRUE(small_model().save(folder / "b"));
  std::ifstream a(folder / "a", std::ios::binary), b(folder / "b", std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(a), {}), std::string(std::istreambuf_iterator<char>(b), {}));
}

}  // namespace
}  // namespace bmnet::nn
