#include "base/tensor.h"

#include <gtest/gtest.h>

namespace bmnet {
namespace {

TEST(tensor, a_scalar_has_one_element) { EXPECT_EQ(element_count(Shape{}), 1); }

TEST(tensor, prints_its_shape) { EXPECT_EQ(to_string(Shape{1, 3, 224, 224}), "[1,3,224,224]"); }

TEST(tensor, starts_with_zeros) {
  Tensor tensor({DType::kF32, {2, 2}});
  EXPECT_EQ(tensor.data<float>()[3], 0.0f);
}

TEST(tensor, a_copy_shares_the_data) {
  Tensor tensor = Tensor::of<int32_t>({2}, std::vector<int32_t>{1, 2});
  Tensor copy = tensor;
  copy.data<int32_t>()[0] = 7;
  EXPECT_EQ(tensor.data<int32_t>()[0], 7);
}

TEST(tensor, names_of_data_types_are_parsed_back) { EXPECT_EQ(*parse_dtype("i64"), DType::kI64); }

TEST(tensor, refuses_an_unknown_data_type) {
  EXPECT_EQ(parse_dtype("complex64").error().message, "unknown data type 'complex64'");
}

}  // namespace
}  // namespace bmnet
