#include "frontend/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bmnet::frontend {
namespace {

using ::testing::HasSubstr;

TEST(checked_elements, counts_the_elements_of_a_shape) {
  EXPECT_EQ(checked_elements(Shape{2, 3, 4}), 24);
  EXPECT_EQ(checked_elements(Shape{}), 1);
}

TEST(checked_elements, refuses_empty_tensors_unless_they_are_allowed) {
  EXPECT_THAT(checked_elements(Shape{2, 0}).error().message, HasSubstr("shape [2,0] has a dimension below 1"));
  EXPECT_EQ(checked_elements(Shape{2, 0}, EmptyTensors::kAllowed), 0);
  EXPECT_THAT(checked_elements(Shape{0, -1}, EmptyTensors::kAllowed).error().message,
              HasSubstr("shape [0,-1] has a negative dimension"));
}

TEST(checked_elements, refuses_products_beyond_two_to_the_forty) {
  const int64_t million = int64_t{1} << 20;
  EXPECT_EQ(checked_elements(Shape{million, million}), million * million);
  EXPECT_THAT(checked_elements(Shape{million, million, 2}).error().message, HasSubstr("more than 2^40 elements"));
  EXPECT_THAT(checked_elements(Shape{0, INT64_MAX, INT64_MAX}, EmptyTensors::kAllowed).error().message,
              HasSubstr("more than 2^40 elements"));
}

TEST(tamed, cuts_what_cannot_be_a_size) {
  EXPECT_EQ(tamed(-7), -7);
  EXPECT_EQ(tamed(INT64_MAX), int64_t{1} << 40);
  EXPECT_EQ(tamed(INT64_MIN), -(int64_t{1} << 40));
}

}  // namespace
}  // namespace bmnet::frontend
