#include "op/testing.h"

namespace bmnet::op {
namespace {

TEST(registry, is_sorted_and_complete) {
  std::string_view previous;
  for (const OpSpec& spec : registry()) {
    EXPECT_LT(previous, spec.name);
    EXPECT_NE(spec.infer, nullptr) << spec.name;
    EXPECT_NE(spec.reference, nullptr) << spec.name;
    EXPECT_EQ(find(spec.name), &spec);
    previous = spec.name;
  }
}

TEST(registry, find_of_an_unknown_name_is_null) {
  EXPECT_EQ(find("convolution"), nullptr);
  EXPECT_EQ(find(""), nullptr);
  EXPECT_EQ(find("zzz"), nullptr);
}

TEST(registry, infer_survives_no_operands_and_no_attributes) {
  for (const OpSpec& spec : registry()) EXPECT_FALSE(spec.infer({}, {})) << spec.name;
}

TEST(evaluate, an_unknown_operator_is_a_bug) {
  EXPECT_EQ(evaluate("convolution", {}, {}).error().kind, ErrorKind::kBug);
}

}  // namespace
}  // namespace bmnet::op
