// batch_norm, lrn, resize, compare, select, cast.
#include "plan/testing.h"

namespace bmnet::plan {
namespace {

using test::Attributes;
using test::check_graph;
using test::check_op;
using test::graph_of;
using test::noise;
using Ints = std::vector<int64_t>;

Tensor positive(Shape shape, uint32_t seed) {
  Tensor tensor = noise(std::move(shape), seed);
  for (float& x : tensor.data<float>()) x = std::abs(x) + 0.5f;
  return tensor;
}

TEST(batch_norm, per_channel) {
  check_op("batch_norm", {{"epsilon", 1e-3f}},
           {noise({2, 70, 6, 5}), noise({70}, 2), noise({70}, 3), noise({70}, 4), positive({70}, 5)}, {1, 2, 3, 4});
  check_op("batch_norm", {{"epsilon", 1e-3f}},
           {noise({2, 7}), noise({7}, 2), noise({7}, 3), noise({7}, 4), positive({7}, 5)}, {1, 2, 3, 4});
}
TEST(batch_norm, computed_parameters_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("batch_norm", {{"epsilon", 1e-3f}},
                               {noise({2, 7}), noise({7}), noise({7}), noise({7}), positive({7}, 5)}),
              testing::HasSubstr("must be constant"));
}

Attributes lrn(int64_t size, float alpha, float beta, const std::string& region) {
  return {{"size", size}, {"alpha", alpha}, {"beta", beta}, {"k", 1.0f}, {"region", region}};
}
TEST(lrn, across_channels) {
  check_op("lrn", lrn(5, 0.5f, 0.75f, "across"), {noise({2, 96, 7, 6})});
  check_op("lrn", lrn(4, 0.5f, 0.6f, "across"), {noise({1, 9, 7, 6})});
}
TEST(lrn, within_a_channel) { check_op("lrn", lrn(3, 0.5f, 0.75f, "within"), {noise({2, 9, 7, 6})}); }
TEST(lrn, slices) { check_op("lrn", lrn(5, 1e-4f, 0.75f, "across"), {noise({1, 64, 300, 300})}); }

Attributes resize(Ints sizes, const std::string& mode, const std::string& coordinates,
                  const std::string& nearest = "round_prefer_floor") {
  return {{"sizes", sizes},
          {"mode", mode},
          {"coordinates", coordinates},
          {"nearest_mode", nearest},
          {"scales", std::vector<float>{}},
          {"cubic_coeff", -0.75f},
          {"exclude_outside", false}};
}
TEST(resize, nearest_doubles) {
  check_op("resize", resize({14, 16}, "nearest", "asymmetric", "floor"), {noise({2, 70, 7, 8})}, {}, 0);
}
TEST(resize, every_mode_and_rule) {
  for (const char* mode : {"nearest", "linear", "cubic"})
    for (const char* rule : {"half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"}) {
      SCOPED_TRACE(fmt::format("{} {}", mode, rule));
      check_op("resize", resize({13, 20}, mode, rule), {noise({1, 5, 7, 8})});
      check_op("resize", resize({5, 3}, mode, rule), {noise({1, 5, 7, 8})});
    }
}
TEST(resize, one_axis) { check_op("resize", resize({30}, "linear", "half_pixel"), {noise({2, 5, 11})}); }
TEST(resize, slices) { check_op("resize", resize({640, 640}, "linear", "half_pixel"), {noise({1, 64, 320, 320})}); }
TEST(resize, wide_axes_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("resize", resize({2, 5000}, "linear", "half_pixel"), {noise({1, 1, 2, 2500})}),
              testing::HasSubstr("at most 4096"));
}

TEST(compare, every_kind) {
  const Tensor a = op::test::f32({2, 3}, {1, 2, 3, 4, -5, 0}), b = op::test::f32({3}, {1, 3, -0.0f});
  for (const char* kind : {"eq", "ne", "lt", "le", "gt", "ge"}) {
    SCOPED_TRACE(kind);
    op::Graph graph;
    const op::ValueId left = test::add_input(graph, {2, 3}), right = test::add_input(graph, {3});
    const op::ValueId mask = test::add_node(graph, "compare", {{"kind", std::string(kind)}}, {left, right});
    graph.outputs = {test::add_node(graph, "select", {}, {mask, left, right})};
    const auto outcome = check_graph(graph, {a, b}, 0);
    for (const LayerReport& layer : outcome.report.layers) EXPECT_TRUE(layer.on_tpu) << layer.note;
  }
}
TEST(compare, nothing_equals_nan_and_both_zeros_are_equal) {
  const float nan = NAN, inf = INFINITY;
  for (const char* kind : {"eq", "ne", "lt", "le", "gt", "ge"}) {
    SCOPED_TRACE(kind);
    test::check_op("compare", {{"kind", std::string(kind)}},
                   {test::f32({9}, {nan, nan, 1, 0, -0.0f, inf, -inf, inf, -1}),
                    test::f32({9}, {nan, 1, nan, -0.0f, 0, inf, -inf, -inf, 1})});
  }
}

TEST(compare, integers_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("compare", {{"kind", std::string("lt")}},
                               {op::test::i64({2}, {1, 2}), op::test::i64({2}, {2, 1})}),
              testing::HasSubstr("compares f32"));
}

TEST(cast, between_float_bool_and_integer) {
  op::Graph graph;
  const op::ValueId input = test::add_input(graph, {6});
  const op::ValueId number = test::add_node(graph, "cast", {{"to", std::string("i64")}}, {input});
  const op::ValueId truth = test::add_node(graph, "cast", {{"to", std::string("bool")}}, {number});
  graph.outputs = {test::add_node(graph, "cast", {{"to", std::string("f32")}}, {truth}), number};
  const auto outcome = check_graph(graph, {op::test::f32({6}, {0, -0.0f, 0.5f, 1, -2.7f, 100})}, 0);
  for (const LayerReport& layer : outcome.report.layers) EXPECT_TRUE(layer.on_tpu) << layer.note;
}
TEST(cast, integers_to_float_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("cast", {{"to", std::string("f32")}}, {op::test::i64({2}, {1, 2})}),
              testing::HasSubstr("does not convert"));
}

}  // namespace
}  // namespace bmnet::plan
