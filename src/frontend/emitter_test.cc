#include "frontend/emitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "op/testing.h"

namespace bmnet::frontend {
namespace {

using op::test::f32;
using op::test::i64;
using op::test::u8;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A graph with one input x [2,3] of f32.
struct Bench {
  nn::GraphBuilder graph{"test"};
  ValueId x = graph.input("x", {DType::kF32, {2, 3}});
  Emitter emitter(std::vector<std::string> outputs, EmptyTensors empty = EmptyTensors::kRefused) {
    return Emitter(graph, "node", std::move(outputs), empty);
  }
};

TEST(emitter, names_results_as_the_model_does_and_parts_after_the_first_result) {
  Bench bench;
  Emitter emit = bench.emitter({"y"});
  const ValueId part = emit.unary("exp", bench.x).value();
  const ValueId result = emit.finish("unary", {{"kind", std::string("relu")}}, {part}).value();
  EXPECT_EQ(bench.graph.name(part), "y/unary.0");
  EXPECT_EQ(bench.graph.name(result), "y");
}

TEST(emitter, results_that_the_model_leaves_out_are_called_unused) {
  Bench bench;
  Emitter emit = bench.emitter({"", "indices"});
  const ValueId inputs[] = {bench.x};
  const Values values = emit.finish_all("top_k", {{"k", int64_t{2}}, {"axis", int64_t{1}}}, inputs, 2).value();
  EXPECT_EQ(bench.graph.name(values[0]), "node/unused.0");
  EXPECT_EQ(bench.graph.name(values[1]), "indices");
}

TEST(emitter, gives_the_operand_where_nothing_would_change) {
  Bench bench;
  Emitter emit = bench.emitter({"y"});
  EXPECT_EQ(emit.reshape(bench.x, {2, 3}), bench.x);
  EXPECT_EQ(emit.transpose(bench.x, {0, 1}), bench.x);
  EXPECT_EQ(emit.cast(bench.x, DType::kF32), bench.x);
  EXPECT_EQ(emit.linear(bench.x, 1, 0), bench.x);
  EXPECT_EQ(emit.slice(bench.x, 1, 0, 3), bench.x);
}

TEST(emitter, reads_integers_of_any_integer_type) {
  Bench bench;
  Emitter emit = bench.emitter({"y"});
  EXPECT_THAT(emit.known_integers(emit.constant(i64({2}, {1, INT64_MAX})), "the pads").value(),
              ElementsAre(1, int64_t{1} << 40));
  EXPECT_THAT(emit.known_integers(emit.constant(u8({2}, {7, 255})), "the pads").value(), ElementsAre(7, 255));
  EXPECT_THAT(emit.known_integers(emit.constant(f32({1}, {1})), "the pads").error().message,
              HasSubstr("the pads is a list of floats"));
}

TEST(emitter, a_value_of_run_time_is_refused_with_its_name_and_the_cure) {
  Bench bench;
  const auto shape = bench.emitter({"y"}).known_integers(bench.x, "the shape");
  EXPECT_EQ(shape.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(shape.error().message, HasSubstr("the shape ('x') is only known at run time; make it a constant"));
}

TEST(emitter, one_number_is_one_number) {
  Bench bench;
  Emitter emit = bench.emitter({"y"});
  EXPECT_EQ(emit.known_number(emit.constant(f32({}, {0.5f})), "the ratio"), 0.5f);
  EXPECT_THAT(emit.known_number(emit.constant(f32({2}, {1, 2})), "the ratio").error().message,
              HasSubstr("the ratio has 2 elements, one is expected"));
}

TEST(emitter, errors_do_not_name_the_node_which_the_importer_does) {
  Bench bench;
  Emitter emit = bench.emitter({"y"});
  const auto reshaped = emit.reshape(bench.x, {4, 2});
  ASSERT_FALSE(reshaped);
  EXPECT_FALSE(reshaped.error().message.starts_with("node: ")) << reshaped.error().message;
}

TEST(emitter, axes_count_from_both_ends) {
  EXPECT_EQ(Emitter::normal_axis(-1, 4), 3);
  EXPECT_THAT(Emitter::normal_axis(4, 4).error().message, HasSubstr("axis 4 does not exist in a tensor of 4 axes"));
  EXPECT_THAT(Emitter::normal_axes({-1, 0}, 3).value(), ElementsAre(0, 2));
  EXPECT_THAT(Emitter::normal_axes({-1, 2}, 3).error().message, HasSubstr("name one axis twice"));
}

TEST(emitter, empty_tensors_only_where_the_framework_has_them) {
  Bench bench;
  EXPECT_THAT(bench.emitter({"y"}).slice(bench.x, 1, 0, 0).error().message, HasSubstr("a dimension below 1"));
  EXPECT_TRUE(bench.emitter({"z"}, EmptyTensors::kAllowed).slice(bench.x, 1, 0, 0));
}

TEST(emitter, fills_tensors_of_a_sensible_size) {
  Bench bench;
  Emitter emit = bench.emitter({"y"});
  const Tensor* threes = emit.constant_of(emit.filled(DType::kI32, {2}, 3).value());
  EXPECT_THAT(threes->data<int32_t>(), ElementsAre(3, 3));
  EXPECT_FALSE(emit.filled(DType::kF32, {1 << 20, 1 << 19}, 0));
}

}  // namespace
}  // namespace bmnet::frontend
