#include "frontend/declarations.h"

#include <gtest/gtest.h>

namespace bmnet::frontend {
namespace {

constexpr std::string_view kConv = "auto_pad:s group:i pads:is";

TEST(declarations, tell_names_and_types) {
  EXPECT_EQ(attribute_names(kConv), "auto_pad group pads");
  EXPECT_EQ(declared_type(kConv, "auto_pad"), "s");
  EXPECT_EQ(declared_type(kConv, "pads"), "is");
  EXPECT_EQ(declared_type(kConv, "pad"), "");
}

TEST(declarations, may_be_empty) {
  EXPECT_TRUE(declared_attributes("").empty());
  EXPECT_EQ(attribute_names(""), "");
}

}  // namespace
}  // namespace bmnet::frontend
