#include <random>

#include "plan/testing.h"

namespace bmnet::plan {
namespace {

using test::Attributes;
using test::check_op;
using test::noise;
using test::ramp;
using Ints = std::vector<int64_t>;

TEST(transpose, two_axes) { check_op("transpose", {{"permutation", Ints{1, 0}}}, {ramp({3, 5})}, {}, 0); }
TEST(transpose, every_permutation) {
  Ints permutation = {0, 1, 2, 3};
  do {
    SCOPED_TRACE(fmt::format("{}", permutation));
    check_op("transpose", {{"permutation", permutation}}, {noise({3, 10, 4, 9})}, {}, 0);
  } while (std::ranges::next_permutation(permutation).found);
}
TEST(transpose, six_axes) {
  check_op("transpose", {{"permutation", Ints{0, 3, 4, 1, 5, 2}}}, {noise({2, 3, 2, 4, 3, 5})}, {}, 0);
}
TEST(transpose, long_axes) { check_op("transpose", {{"permutation", Ints{1, 0}}}, {noise({3, 70001})}, {}, 0); }
TEST(transpose, integers) {
  Tensor numbers({DType::kI64, {2, 3}});
  for (int i = 0; i < 6; ++i) numbers.data<int64_t>()[i] = i - 3;
  const op::Graph graph = test::graph_of("transpose", {{"permutation", Ints{1, 0}}}, {numbers}, {});
  test::check_graph(graph, {numbers}, 0);
}

TEST(concat, along_every_axis) {
  check_op("concat", {{"axis", int64_t{0}}}, {noise({2, 3, 4}), noise({1, 3, 4}, 2)}, {}, 0);
  check_op("concat", {{"axis", int64_t{1}}}, {noise({2, 3, 4}), noise({2, 5, 4}, 2), noise({2, 1, 4}, 3)}, {1}, 0);
  check_op("concat", {{"axis", int64_t{2}}}, {noise({2, 3, 4}), noise({2, 3, 1}, 2)}, {}, 0);
}

TEST(slice, with_steps) {
  check_op("slice", {{"starts", Ints{0, 1, 2}}, {"sizes", Ints{2, 2, 3}}, {"steps", Ints{1, 1, 2}}}, {noise({2, 4, 9})},
           {}, 0);
  check_op("slice", {{"starts", Ints{1, 3}}, {"sizes", Ints{2, 4}}, {"steps", Ints{-1, -1}}}, {noise({2, 4})}, {}, 0);
}

TEST(pad, with_a_constant) {
  check_op("pad", {{"pads", Ints{0, 1, 2, 0, 3, 1}}, {"mode", std::string("constant")}, {"value", 2.5f}},
           {noise({2, 3, 4})}, {}, 0);
  check_op("pad", {{"pads", Ints{0, -1, 2, 0, 3, -1}}, {"mode", std::string("constant")}, {"value", 0.0f}},
           {noise({2, 3, 4})}, {}, 0);
}
TEST(pad, by_repetition) {
  for (const char* mode : {"edge", "reflect", "wrap"}) {
    SCOPED_TRACE(mode);
    check_op("pad", {{"pads", Ints{0, 0, 2, 1, 0, 0, 1, 3}}, {"mode", std::string(mode)}, {"value", 0.0f}},
             {noise({2, 3, 5, 6})}, {}, 0);
  }
}

TEST(broadcast_to, new_and_old_axes) {
  check_op("broadcast_to", {{"shape", Ints{2, 3, 4, 5}}}, {noise({3, 1, 5})}, {}, 0);
}
TEST(tile, repeats) { check_op("tile", {{"repeats", Ints{2, 1, 3}}}, {noise({2, 3, 4})}, {}, 0); }

TEST(gather, constant_indices) {
  check_op("gather", {{"axis", int64_t{1}}}, {noise({2, 9, 4}), op::test::i64({2, 3}, {0, 2, 4, -1, 3, 3})}, {1}, 0);
}
TEST(gather, computed_indices_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("gather", {{"axis", int64_t{0}}}, {noise({4}), op::test::i64({2}, {1, 2})}),
              testing::HasSubstr("the indices must be constant"));
}
TEST(gather, scattered_indices_run_on_the_cpu) {
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < 10000; ++i) indices.push_back((i * 7919) % 10007);
  EXPECT_THAT(
      test::why_on_cpu("gather", {{"axis", int64_t{0}}}, {noise({10007}), op::test::i64({10000}, indices)}, {1}),
      testing::HasSubstr("4096 memory commands"));
}

TEST(movement, random_slices_of_random_transposes) {
  std::mt19937 random(17);
  for (int i = 0; i < 40; ++i) {
    const size_t rank = 1 + random() % 5;
    Shape shape;
    Ints permutation;
    for (size_t axis = 0; axis < rank; ++axis) {
      shape.push_back(1 + static_cast<int64_t>(random() % 12));
      permutation.push_back(static_cast<int64_t>(axis));
    }
    std::ranges::shuffle(permutation, random);
    SCOPED_TRACE(fmt::format("case {}: {} by {}", i, bmnet::to_string(shape), permutation));
    op::Graph graph;
    const op::ValueId input = test::add_input(graph, shape);
    const op::ValueId turned = test::add_node(graph, "transpose", {{"permutation", permutation}}, {input});
    Ints starts, sizes, steps;
    for (int64_t size : graph.values[turned].info.shape) {
      starts.push_back(static_cast<int64_t>(random()) % size);
      steps.push_back(1 + static_cast<int64_t>(random() % 3));
      sizes.push_back(1 + (size - 1 - starts.back()) / steps.back());
    }
    graph.outputs = {
        test::add_node(graph, "slice", {{"starts", starts}, {"sizes", sizes}, {"steps", steps}}, {turned})};
    test::check_graph(graph, {noise(shape)}, 0);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace bmnet::plan
