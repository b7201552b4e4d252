#include "nn/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/graph_builder.h"

namespace bmnet::nn {
namespace {

using testing::HasSubstr;

TEST(constant_budget, ends) {
  const SmallModels small({.made_bytes = 100});
  ConstantBudget budget;
  EXPECT_TRUE(budget.take(Shape{5, 5}, DType::kF32));
  const Status more = budget.take(Shape{1}, DType::kU8);
  ASSERT_FALSE(more);
  EXPECT_THAT(more.error().message, HasSubstr("more than 100 bytes of constants that the file does not hold"));
  EXPECT_TRUE(budget.take(Shape{0}, DType::kF32));
}

TEST(constant_budget, does_not_overflow) {
  const int64_t huge = int64_t{1} << 32;
  EXPECT_FALSE(ConstantBudget().take(Shape{huge, huge}, DType::kF32));
  EXPECT_FALSE(ConstantBudget().take(Shape{huge, huge, huge, huge}, DType::kF32));
  EXPECT_FALSE(ConstantBudget().take(Shape{-1}, DType::kF32));
}

TEST(constant_budget, is_4_GiB_by_default) {
  EXPECT_TRUE(ConstantBudget().take(Shape{int64_t{4} << 30}, DType::kU8));
  EXPECT_FALSE(ConstantBudget().take(Shape{(int64_t{4} << 30) + 1}, DType::kU8));
}

TEST(constant_budget, is_one_for_each_model) {
  const SmallModels small({.made_bytes = 100});
  GraphBuilder outer("outer");
  EXPECT_TRUE(reserve_constant(Shape{100}, DType::kU8));
  EXPECT_FALSE(reserve_constant(Shape{1}, DType::kU8));
  {
    const GraphBuilder inner("inner");
    EXPECT_TRUE(reserve_constant(Shape{100}, DType::kU8));
  }
  EXPECT_FALSE(reserve_constant(Shape{1}, DType::kU8));
}

Result<bool> is_folded(int64_t elements) {
  GraphBuilder graph("g");
  const auto one = graph.constant("one", Tensor::of<float>({1}, std::vector<float>{1}));
  BMNET_ASSIGN(const auto wide, graph.create1("broadcast_to", "wide", {{"shape", Shape{elements}}}, {one}, "wide"));
  return graph.constant_value(wide) != nullptr;
}

TEST(small_models, fold_less) {
  EXPECT_TRUE(*is_folded(1000));
  const SmallModels small({.folded_elements = 100});
  EXPECT_TRUE(*is_folded(100));
  EXPECT_FALSE(*is_folded(1000));
}

// 4096 x 4096 windows of 2048 x 2048 elements: left to run time.
TEST(folding, leaves_windows_that_would_take_hours) {
  GraphBuilder graph("g");
  const auto one = graph.constant("one", Tensor::of<float>({1, 1, 1, 1}, std::vector<float>{1}));
  const auto wide = graph.create1("broadcast_to", "wide", {{"shape", Shape{1, 1, 6143, 6143}}}, {one}, "wide");
  ASSERT_TRUE(wide) << wide.error().message;
  const auto pooled = graph.create1("pool", "pooled",
                                    {{"kind", std::string("average")},
                                     {"kernel", Shape{2048, 2048}},
                                     {"strides", Shape{1, 1}},
                                     {"pads", Shape{0, 0, 0, 0}},
                                     {"dilations", Shape{1, 1}}},
                                    {*wide}, "pooled");
  ASSERT_TRUE(pooled) << pooled.error().message;
  EXPECT_EQ(graph.constant_value(*pooled), nullptr);
}

TEST(small_models, may_lie_within_each_other) {
  const SmallModels outer({.folded_elements = 100});
  {
    const SmallModels inner({.folded_elements = 10});
    EXPECT_FALSE(*is_folded(100));
  }
  EXPECT_TRUE(*is_folded(100));
}

// A model may outlive the scope it was made in.
TEST(small_models, can_be_kept) {
  std::optional<Model> model;
  {
    const SmallModels small({});
    GraphBuilder graph("kept");
    ASSERT_TRUE(graph.output("x", graph.input("x", {DType::kF32, {2}})));
    model = *graph.finish();
  }
  EXPECT_EQ(model->name(), "kept");
  EXPECT_TRUE(model->to_graph());
}

}  // namespace
}  // namespace bmnet::nn
