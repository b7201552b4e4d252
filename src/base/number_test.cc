#include "base/number.h"

#include <gtest/gtest.h>

namespace bmnet {
namespace {

TEST(parse_finite, takes_the_whole_text) {
  EXPECT_EQ(parse_finite("1e-4"), 1e-4);
  EXPECT_EQ(parse_finite("-103.94"), -103.94);
  EXPECT_EQ(parse_finite(""), std::nullopt);
  EXPECT_EQ(parse_finite("1,5"), std::nullopt);
  EXPECT_EQ(parse_finite("nan"), std::nullopt);
  EXPECT_EQ(parse_finite("1e999"), std::nullopt);
}

TEST(parse_number, knows_infinity) { EXPECT_EQ(parse_number<float>("-inf"), -INFINITY); }

TEST(parse_number, of_an_integer_type) {
  EXPECT_EQ(parse_number<int64_t>("-7"), -7);
  EXPECT_EQ(parse_number<int64_t>("7x"), std::nullopt);
  EXPECT_EQ(parse_number<int64_t>("99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_number<uint64_t>("-1"), std::nullopt);
}

TEST(parse_unsigned, is_decimal_or_hexadecimal) {
  EXPECT_EQ(parse_unsigned("31"), 31u);
  EXPECT_EQ(parse_unsigned("0x1f"), 31u);
  EXPECT_EQ(parse_unsigned("0XFFFFFFFFFFFFFFFF"), UINT64_MAX);
  for (const char* wrong : {"", "0x", "1f", "-1", "0x-1", "0x1ffffffffffffffff"})
    EXPECT_FALSE(parse_unsigned(wrong)) << wrong;
}

}  // namespace
}  // namespace bmnet
