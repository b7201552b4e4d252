#include <random>

#include "plan/testing.h"

namespace bmnet::plan {
namespace {

using test::Attributes;
using test::check_op;
using test::noise;
using Ints = std::vector<int64_t>;

Attributes softmax(int64_t axis, bool logarithm = false) { return {{"axis", axis}, {"log", logarithm}}; }
Attributes reduce(const std::string& kind, Ints axes, bool keep = false) {
  return {{"kind", kind}, {"axes", axes}, {"keep_dims", keep}};
}

TEST(softmax, along_every_axis) {
  for (int64_t axis : {0, 1, 2, 3}) {
    SCOPED_TRACE(axis);
    check_op("softmax", softmax(axis), {noise({2, 21, 9, 11})}, {}, 2e-6);
    check_op("softmax", softmax(axis, true), {noise({2, 21, 9, 11})}, {}, 2e-6);
  }
}
TEST(softmax, large_operands_do_not_overflow) {
  check_op("softmax", softmax(1), {op::test::f32({1, 3}, {1000, 999, -1000})}, {}, 2e-6);
}
TEST(softmax, thousand_classes) { check_op("softmax", softmax(1), {noise({3, 1000})}, {}, 2e-6); }
TEST(softmax, slices) { check_op("softmax", softmax(1), {noise({1, 21, 400, 400})}, {}, 2e-6); }
TEST(softmax, long_axes_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("softmax", softmax(0), {noise({10000})}), testing::HasSubstr("at most 8192"));
}

// A layout with every inner element in a lane of its own.
TEST(reduce, few_inner_elements_behind_a_long_axis) {
  check_op("reduce", reduce("sum", {2}), {noise({1, 2, 29, 16})});
  check_op("reduce", reduce("mean", {0, 2}, true), {noise({1, 2, 29, 16})});
}

TEST(reduce, kinds) {
  for (const char* kind : {"sum", "mean", "max", "min"}) {
    SCOPED_TRACE(kind);
    check_op("reduce", reduce(kind, {2, 3}), {noise({2, 70, 6, 5})});
    check_op("reduce", reduce(kind, {1}, true), {noise({2, 70, 6, 5})});
    check_op("reduce", reduce(kind, {0, 2}), {noise({2, 7, 6, 5})});
    check_op("reduce", reduce(kind, {0, 1, 2, 3}), {noise({2, 7, 6, 5})});
    check_op("reduce", reduce(kind, {0}), {noise({40000})}, {}, 1e-4);
    check_op("reduce", reduce(kind, {1}), {noise({3, 300, 2000})}, {}, 1e-4);
  }
}
TEST(reduce, products_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("reduce", reduce("prod", {0}), {noise({4})}),
              testing::HasSubstr("sum, mean, max or min"));
}
TEST(reduce, huge_axes_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("reduce", reduce("sum", {0}), {noise({70000})}), testing::HasSubstr("at most 65535"));
}
TEST(reduce, random_axes) {
  std::mt19937 random(23);
  for (int i = 0; i < 40; ++i) {
    Shape shape;
    Ints axes;
    const int64_t rank = 1 + static_cast<int64_t>(random() % 5);
    for (int64_t axis = 0; axis < rank; ++axis) {
      shape.push_back(1 + static_cast<int64_t>(random() % 14));
      if (random() % 2) axes.push_back(axis);
    }
    if (axes.empty()) axes = {rank - 1};
    SCOPED_TRACE(fmt::format("case {}: {} over {}", i, bmnet::to_string(shape), axes));
    check_op("reduce", reduce(random() % 2 ? "mean" : "min", axes), {noise(shape)});
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace bmnet::plan
