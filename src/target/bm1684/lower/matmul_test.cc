#include <random>

#include "plan/testing.h"

namespace bmnet::plan {
namespace {

using test::Attributes;
using test::check_op;
using test::noise;
using test::ramp;

Attributes matmul(bool transpose_a = false, bool transpose_b = false) {
  return {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}};
}

TEST(matmul, two_by_two) { check_op("matmul", matmul(), {ramp({2, 2}), ramp({2, 2})}); }
TEST(matmul, fully_connected) {
  check_op("matmul", matmul(false, true), {noise({3, 200}), noise({1000, 200}, 2), noise({1000}, 3)}, {1, 2});
}
TEST(matmul, every_transposition) {
  for (bool a : {false, true})
    for (bool b : {false, true}) {
      SCOPED_TRACE(fmt::format("transposed: a {} b {}", a, b));
      const Shape left = a ? Shape{40, 7} : Shape{7, 40}, right = b ? Shape{90, 40} : Shape{40, 90};
      check_op("matmul", matmul(a, b), {noise(left), noise(right, 2)});
      check_op("matmul", matmul(a, b), {noise(left), noise(right, 2)}, {1});
      check_op("matmul", matmul(a, b), {noise(left), noise(right, 2)}, {0});
    }
}
TEST(matmul, batches_broadcast) {
  check_op("matmul", matmul(), {noise({2, 3, 5, 17}), noise({2, 3, 17, 9}, 2)});
  check_op("matmul", matmul(), {noise({2, 3, 5, 17}), noise({17, 9}, 2)}, {1});
  check_op("matmul", matmul(), {noise({2, 1, 5, 17}), noise({3, 17, 9}, 2)});
  check_op("matmul", matmul(true), {noise({4, 17, 5}), noise({17, 9}, 2)});
}
TEST(matmul, vectors) {
  check_op("matmul", matmul(), {noise({17}), noise({17, 9}, 2)});
  check_op("matmul", matmul(), {noise({5, 17}), noise({17}, 2)});
  check_op("matmul", matmul(), {noise({17}), noise({17}, 2)});
}
TEST(matmul, bias_of_any_form) {
  check_op("matmul", matmul(), {noise({5, 17}), noise({17, 9}, 2), noise({1}, 3)}, {2});
  check_op("matmul", matmul(), {noise({5, 17}), noise({17, 9}, 2), noise({9}, 3)});
  check_op("matmul", matmul(), {noise({5, 17}), noise({17, 9}, 2), noise({5, 1}, 3)}, {2});
  check_op("matmul", matmul(), {noise({5, 17}), noise({17}, 2), noise({5}, 3)}, {2});
}
TEST(matmul, weights_larger_than_local_memory) {
  const auto outcome =
      check_op("matmul", matmul(), {noise({2, 5000}), noise({5000, 3000}, 2), noise({3000}, 3)}, {1, 2}, 1e-4);
  EXPECT_GT(outcome.report.layers.at(0).slices, 3);
}
TEST(matmul, many_rows) { check_op("matmul", matmul(), {noise({20000, 64}), noise({64, 30}, 2)}, {1}); }

TEST(matmul, random_shapes) {
  std::mt19937 random(9);
  const auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  for (int i = 0; i < 40; ++i) {
    const int64_t m = pick(1, 70), k = pick(1, 300), n = pick(1, 300);
    const bool a = pick(0, 1) != 0, b = pick(0, 1) != 0;
    SCOPED_TRACE(fmt::format("case {}: {}x{}x{} {} {}", i, m, k, n, a, b));
    check_op("matmul", matmul(a, b), {noise(a ? Shape{k, m} : Shape{m, k}), noise(b ? Shape{n, k} : Shape{k, n}, 2)});
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace bmnet::plan
