#include "frontend/adaptive_pool.h"

#include <gmock/gmock.h>

#include "frontend/testing.h"

namespace bmnet::frontend {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<nn::Model> pooled(Shape shape, const std::vector<int64_t>& sizes, PoolKind kind) {
  nn::GraphBuilder graph("net");
  const ValueId x = graph.input("x", {DType::kF32, std::move(shape)});
  Emitter node(graph, "pool", {"y"});
  BMNET_ASSIGN(const ValueId y, finish_adaptive_pool(node, x, sizes, kind));
  BMNET_TRY(graph.output("y", y));
  return graph.finish();
}

TEST(adaptive_pool, sizes_that_divide_are_one_pool) {
  const auto model = pooled({1, 1, 1, 4}, {1, 2}, PoolKind::kMax);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->to_graph()->nodes.size(), 1u);
  EXPECT_THAT(test::run_on(*model, {1, 2, 3, 4}), ElementsAre(2, 4));
}
TEST(adaptive_pool, windows_overlap_where_sizes_do_not_divide) {  // [0,2), [1,3) of three
  const auto average = pooled({1, 1, 1, 3}, {1, 2}, PoolKind::kAverage);
  ASSERT_TRUE(average) << average.error().message;
  EXPECT_THAT(test::run_on(*average, {1, 3, 7}), ElementsAre(2, 5));
  const auto most = pooled({1, 1, 3, 2}, {2, 2}, PoolKind::kMax);
  ASSERT_TRUE(most) << most.error().message;
  EXPECT_THAT(test::run_on(*most, {1, 9, 3, 0, 2, 4}), ElementsAre(3, 9, 3, 4));
}
TEST(adaptive_pool, an_input_may_grow) {
  const auto model = pooled({1, 1, 1, 2}, {1, 3}, PoolKind::kAverage);  // [0,1), [0,2), [1,2)
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(test::run_on(*model, {2, 4}), ElementsAre(2, 3, 4));
}
TEST(adaptive_pool, refuses_sizes_that_do_not_fit) {
  EXPECT_THAT(pooled({1, 1, 2, 2}, {2}, PoolKind::kMax).error().message,
              HasSubstr("sizes [2] do not fit the input [1,1,2,2]"));
  EXPECT_THAT(pooled({1, 1, 2, 2}, {0, 2}, PoolKind::kMax).error().message, HasSubstr("pooling [1,1,2,2] to [0,2]"));
}

}  // namespace
}  // namespace bmnet::frontend
