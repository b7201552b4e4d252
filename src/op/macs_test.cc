#include "op/macs.h"

#include <gtest/gtest.h>

#include "op/op.h"

namespace bmnet::op {
namespace {

TEST(bounded_product, multiplies) {
  EXPECT_EQ(bounded_product({}), 1);
  EXPECT_EQ(bounded_product({3, 4, 5}), 60);
  EXPECT_EQ(bounded_product({INT64_MAX, INT64_MAX, 0}), 0);
}

TEST(bounded_product, does_not_overflow) {
  EXPECT_EQ(bounded_product({int64_t{1} << 32, int64_t{1} << 32}), kMostMacs);
  EXPECT_EQ(bounded_product({INT64_MAX, INT64_MAX, INT64_MAX}), kMostMacs);
}

// Each tensor may be, their product not.
TEST(macs, of_absurd_products_are_bounded) {
  const int64_t k = int64_t{1} << 16, n = int64_t{1} << 15;
  const TensorInfo a{DType::kF32, {n, n}}, b{DType::kF32, {n, n}}, c{DType::kF32, {k, k / 4}};
  EXPECT_EQ(find("matmul")->macs({{"transpose_a", false}, {"transpose_b", false}}, {{a, b}}), n * n * n);
  EXPECT_EQ(find("einsum")->macs({{"equation", std::string("ab,cd->ab")}}, {{c, c}}), kMostMacs);
}

}  // namespace
}  // namespace bmnet::op
