#include <random>

#include "plan/testing.h"

namespace bmnet::plan {
namespace {

using test::Attributes;
using test::check_op;
using test::noise;
using Ints = std::vector<int64_t>;

Attributes pool(const std::string& kind, Ints kernel, Ints strides, Ints pads, const std::string& rounding = "floor",
                bool include_pad = false) {
  return {{"kind", kind},
          {"kernel", kernel},
          {"strides", strides},
          {"pads", pads},
          {"dilations", Ints(kernel.size(), 1)},
          {"rounding", rounding},
          {"count_include_pad", include_pad}};
}

TEST(pool, max) { check_op("pool", pool("max", {2, 2}, {2, 2}, {0, 0, 0, 0}), {noise({2, 70, 8, 10})}); }
TEST(pool, max_ignores_padding) {
  Tensor negative = noise({1, 3, 6, 6});
  for (float& x : negative.data<float>()) x -= 2;
  check_op("pool", pool("max", {3, 3}, {2, 2}, {1, 1, 1, 1}), {negative});
}
TEST(pool, average_divides_by_what_lies_inside) {
  check_op("pool", pool("average", {3, 3}, {2, 2}, {1, 1, 1, 1}), {noise({2, 70, 9, 7})});
}
TEST(pool, average_counts_padding) {
  check_op("pool", pool("average", {3, 3}, {2, 2}, {1, 1, 1, 1}, "floor", true), {noise({2, 5, 9, 7})});
}
TEST(pool, ceil_rounding) {
  for (const char* rounding : {"ceil", "ceil_keep"})
    for (bool include_pad : {false, true}) {
      check_op("pool", pool("average", {3, 3}, {2, 2}, {0, 0, 0, 0}, rounding, include_pad), {noise({1, 3, 8, 10})});
      check_op("pool", pool("average", {3, 2}, {2, 2}, {1, 0, 1, 0}, rounding, include_pad), {noise({1, 3, 8, 9})});
    }
}
TEST(pool, global) {
  check_op("pool", pool("average", {7, 7}, {1, 1}, {0, 0, 0, 0}), {noise({1, 130, 7, 7})});
  check_op("pool", pool("max", {112, 112}, {112, 112}, {0, 0, 0, 0}), {noise({1, 3, 112, 112})});
}
TEST(pool, window_larger_than_local_memory) {
  check_op("pool", pool("average", {500, 600}, {1, 1}, {0, 0, 0, 0}), {noise({1, 3, 500, 600})});
  check_op("pool", pool("max", {500, 600}, {1, 1}, {0, 0, 0, 0}), {noise({1, 3, 500, 600})});
}
TEST(pool, wide_padding) { check_op("pool", pool("max", {37, 37}, {1, 1}, {18, 18, 18, 18}), {noise({1, 3, 20, 24})}); }
TEST(pool, one_spatial_axis) { check_op("pool", pool("average", {3}, {2}, {1, 1}), {noise({2, 4, 33})}); }
TEST(pool, large_strides_run_on_the_cpu) {
  EXPECT_THAT(test::why_on_cpu("pool", pool("max", {2, 2}, {16, 16}, {0, 0, 0, 0}), {noise({1, 1, 64, 64})}),
              testing::HasSubstr("strides above 15"));
}
TEST(pool, dilated_maximum_runs_on_the_cpu) {
  Attributes attributes = pool("max", {2, 2}, {1, 1}, {0, 0, 0, 0});
  attributes.set("dilations", Ints{2, 2});
  EXPECT_THAT(test::why_on_cpu("pool", attributes, {noise({1, 1, 8, 8})}), testing::HasSubstr("no dilated maximum"));
}

TEST(pool, random_shapes) {
  std::mt19937 random(3);
  const auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  for (int i = 0; i < 60; ++i) {
    const Ints kernel = {pick(1, 5), pick(1, 5)};
    const Ints pads = {pick(0, kernel[0] - 1), pick(0, kernel[1] - 1), pick(0, kernel[0] - 1), pick(0, kernel[1] - 1)};
    const Attributes attributes = pool(pick(0, 1) ? "max" : "average", kernel, {pick(1, 4), pick(1, 4)}, pads,
                                       pick(0, 1) ? "floor" : "ceil", pick(0, 1) != 0);
    SCOPED_TRACE(fmt::format("case {}: {}", i, op::to_string(attributes)));
    check_op("pool", attributes, {noise({pick(1, 3), pick(1, 140), kernel[0] + pick(0, 20), kernel[1] + pick(0, 20)})});
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace bmnet::plan
