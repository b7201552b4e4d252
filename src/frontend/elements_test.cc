#include "frontend/elements.h"

#include <gtest/gtest.h>

namespace bmnet::frontend {
namespace {

TEST(half_to_float, reads_normal_and_tiny_numbers) {
  EXPECT_EQ(half_to_float(0x3c00), 1.0f);
  EXPECT_EQ(half_to_float(0xc100), -2.5f);
  EXPECT_EQ(half_to_float(0x7bff), 65504.0f);
  EXPECT_EQ(half_to_float(0x0001), std::ldexp(1.0f, -24));
}

TEST(half_to_float, keeps_the_sign_of_zero_infinity_and_nan) {
  EXPECT_TRUE(std::signbit(half_to_float(0x8000)));
  EXPECT_EQ(half_to_float(0xfc00), -INFINITY);
  EXPECT_TRUE(std::isnan(half_to_float(0x7e00)));
}

TEST(bfloat_to_float, is_the_upper_half_of_an_f32) {
  EXPECT_EQ(bfloat_to_float(0x3fc0), 1.5f);
  EXPECT_EQ(bfloat_to_float(0xff80), -INFINITY);
}

TEST(load_element, reads_at_any_alignment) {
  const uint8_t data[] = {0xaa, 0x01, 0x00, 0x02, 0x00};
  EXPECT_EQ(load_element<uint16_t>(data + 1, 0), 1);
  EXPECT_EQ(load_element<uint16_t>(data + 1, 1), 2);
}

}  // namespace
}  // namespace bmnet::frontend
