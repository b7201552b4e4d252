#include "base/half.h"

#include <gtest/gtest.h>

namespace bmnet {
namespace {

TEST(half, reads_normal_and_tiny_numbers) {
  EXPECT_EQ(half_to_float(0x3c00), 1.0f);
  EXPECT_EQ(half_to_float(0xc100), -2.5f);
  EXPECT_EQ(half_to_float(0x7bff), 65504.0f);
  EXPECT_EQ(half_to_float(0x0001), 0x1p-24f);
}

TEST(half, keeps_the_sign_of_zero_infinity_and_nan) {
  EXPECT_TRUE(std::signbit(half_to_float(0x8000)));
  EXPECT_EQ(half_to_float(0xfc00), -INFINITY);
  EXPECT_TRUE(std::isnan(half_to_float(0x7e00)));
}

TEST(half, rounds_to_nearest_and_ties_to_even) {
  EXPECT_EQ(float_to_half(1.0f + 0x1p-11f), 0x3c00);      // half way: the even one
  EXPECT_EQ(float_to_half(1.0f + 3 * 0x1p-11f), 0x3c02);  // half way: the even one
  EXPECT_EQ(float_to_half(1.0f + 0x1p-11f + 0x1p-20f), 0x3c01);
  EXPECT_EQ(float_to_half(65519.0f), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);  // infinity
}

TEST(half, every_pattern_survives_the_way_there_and_back) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value))));
    else
      EXPECT_EQ(float_to_half(value), half);
  }
}

TEST(bfloat, is_the_upper_half_of_an_f32) {
  EXPECT_EQ(bfloat_to_float(0x3fc0), 1.5f);
  EXPECT_EQ(bfloat_to_float(0xff80), -INFINITY);
  EXPECT_EQ(float_to_bfloat(1.5f), 0x3fc0);
  EXPECT_EQ(float_to_bfloat(1.0f + 0x1p-8f), 0x3f80);  // half way: the even one
  EXPECT_TRUE(std::isnan(bfloat_to_float(float_to_bfloat(NAN))));
}

}  // namespace
}  // namespace bmnet
