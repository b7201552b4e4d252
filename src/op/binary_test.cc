#include <limits>

#include "op/testing.h"

namespace bmnet::op::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

Floats on_floats(std::string kind, Floats a, Floats b) {
  const auto n = static_cast<int64_t>(a.size());
  return floats(run("binary", {{"kind", kind}}, {f32({n}, a), f32({n}, b)}));
}
Ints on_longs(std::string kind, Ints a, Ints b) {
  const auto n = static_cast<int64_t>(a.size());
  return longs(run("binary", {{"kind", kind}}, {i64({n}, a), i64({n}, b)}));
}

TEST(binary, arithmetic_on_floats) {
  EXPECT_THAT(on_floats("add", {1, 2}, {10, 20}), ElementsAre(11, 22));
  EXPECT_THAT(on_floats("sub", {1, 2}, {10, 20}), ElementsAre(-9, -18));
  EXPECT_THAT(on_floats("mul", {3, 2}, {10, 20}), ElementsAre(30, 40));
  EXPECT_THAT(on_floats("div", {1, -7}, {4, 2}), ElementsAre(0.25f, -3.5f));
  EXPECT_THAT(on_floats("pow", {2, 9}, {3, 0.5f}), ElementsAre(8, 3));
  EXPECT_THAT(on_floats("mod", {7, -7, 7}, {3, 3, -3}), ElementsAre(1, 2, -2));
  EXPECT_THAT(on_floats("fmod", {7, -7, 7}, {3, 3, -3}), ElementsAre(1, -1, 1));
  EXPECT_THAT(on_floats("floor_div", {7, -7}, {2, 2}), ElementsAre(3, -4));
  EXPECT_THAT(on_floats("squared_difference", {1, 5}, {4, 3}), ElementsAre(9, 4));
  EXPECT_THAT(on_floats("atan2", {1, 0}, {0, -1}), near({1.5707963f, 3.1415927f}));
}
TEST(binary, max_and_min_pass_nan_on) {
  EXPECT_THAT(on_floats("max", {1, 5, kNan, 1}, {2, 3, 1, kNan}), near({2, 5, kNan, kNan}));
  EXPECT_THAT(on_floats("min", {1, 5, kNan, 1}, {2, 3, 1, kNan}), near({1, 3, kNan, kNan}));
}
TEST(binary, arithmetic_on_integers) {
  EXPECT_THAT(on_longs("div", {7, -7, 5}, {2, 2, 0}), ElementsAre(3, -3, 0));
  EXPECT_THAT(on_longs("floor_div", {7, -7, -6}, {2, 2, 2}), ElementsAre(3, -4, -3));
  EXPECT_THAT(on_longs("mod", {7, -7, 7, 7}, {3, 3, -3, 0}), ElementsAre(1, 2, -2, 0));
  EXPECT_THAT(on_longs("fmod", {7, -7}, {3, 3}), ElementsAre(1, -1));
  EXPECT_THAT(on_longs("pow", {2, -3, 2, -1}, {10, 3, -1, -3}), ElementsAre(1024, -27, 0, -1));
}
TEST(binary, integers_wrap_around) {
  EXPECT_THAT(on_longs("sub", {kLeast}, {1}), ElementsAre(std::numeric_limits<int64_t>::max()));
  EXPECT_THAT(on_longs("mul", {kLeast}, {-1}), ElementsAre(kLeast));
  EXPECT_THAT(on_longs("div", {kLeast}, {-1}), ElementsAre(kLeast));
  EXPECT_THAT(on_longs("fmod", {kLeast}, {-1}), ElementsAre(0));
  EXPECT_THAT(values<uint8_t>(run("binary", {{"kind", std::string("add")}}, {u8({1}, {200}), u8({1}, {100})})),
              ElementsAre(44));
}
TEST(binary, bits) {
  EXPECT_THAT(on_longs("and", {6}, {3}), ElementsAre(2));
  EXPECT_THAT(on_longs("or", {6}, {3}), ElementsAre(7));
  EXPECT_THAT(on_longs("xor", {6}, {3}), ElementsAre(5));
  EXPECT_THAT(on_longs("shift_left", {1, 1, 1}, {3, 64, -1}), ElementsAre(8, 0, 0));
  EXPECT_THAT(on_longs("shift_right", {16, -16, 1}, {2, 2, 64}), ElementsAre(4, -4, 0));
}
TEST(binary, logic_on_masks) {
  const Tensor a = mask({4}, {0, 0, 5, 1}), b = mask({4}, {0, 9, 0, 2});
  EXPECT_THAT(bits(run("binary", {{"kind", std::string("and")}}, {a, b})), ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(bits(run("binary", {{"kind", std::string("or")}}, {a, b})), ElementsAre(0, 1, 1, 1));
  EXPECT_THAT(bits(run("binary", {{"kind", std::string("xor")}}, {a, b})), ElementsAre(0, 1, 1, 0));
}
TEST(binary, broadcasts_both_ways) {
  const Tensor out = run("binary", {{"kind", std::string("sub")}}, {f32({2, 1}, {10, 20}), f32({3}, {1, 2, 3})});
  EXPECT_EQ(out.shape(), (Shape{2, 3}));
  EXPECT_THAT(floats(out), ElementsAre(9, 8, 7, 19, 18, 17));
}
TEST(binary, broadcasts_an_inner_axis) {
  EXPECT_THAT(floats(run("binary", {{"kind", std::string("add")}}, {ramp({2, 2, 2}), f32({2, 1}, {10, 20})})),
              ElementsAre(10, 11, 22, 23, 14, 15, 26, 27));
}
TEST(binary, a_scalar_meets_everything) {
  EXPECT_THAT(floats(run("binary", {{"kind", std::string("mul")}}, {f32({}, {2}), ramp({3})})), ElementsAre(0, 2, 4));
}
TEST(binary, an_empty_operand_gives_an_empty_result) {
  EXPECT_EQ(run("binary", {{"kind", std::string("mul")}}, {ramp({0, 3}), ramp({1})}).shape(), (Shape{0, 3}));
}
TEST(binary, refuses_shapes_that_do_not_broadcast) {
  EXPECT_THAT(refusal("binary", {{"kind", std::string("add")}}, {ramp({2}), ramp({3})}),
              HasSubstr("shapes [2] and [3] do not broadcast"));
}
TEST(binary, refuses_mixed_types) {
  EXPECT_THAT(refusal("binary", {{"kind", std::string("add")}}, {ramp({2}), i64({2}, {1, 2})}),
              HasSubstr("a is f32, but b is i64"));
}
TEST(binary, refuses_bits_of_floats) {
  EXPECT_THAT(refusal("binary", {{"kind", std::string("xor")}}, {ramp({2}), ramp({2})}),
              HasSubstr("an operand of xor is f32"));
}
TEST(binary, refuses_atan2_of_integers) {
  EXPECT_THAT(refusal("binary", {{"kind", std::string("atan2")}}, {i64({1}, {1}), i64({1}, {1})}),
              HasSubstr("an operand of atan2 is i64"));
}
TEST(binary, refuses_arithmetic_on_masks) {
  EXPECT_THAT(refusal("binary", {{"kind", std::string("add")}}, {mask({1}, {1}), mask({1}, {1})}),
              HasSubstr("an operand of add is bool"));
}
TEST(binary, refuses_unknown_kind) {
  EXPECT_THAT(refusal("binary", {{"kind", std::string("plus")}}, {ramp({2}), ramp({2})}), HasSubstr("kind \"plus\""));
}

TEST(compare_op, every_relation) {
  const Tensor a = f32({4}, {1, 2, 3, kNan}), b = f32({4}, {2, 2, 2, kNan});
  const auto relation = [&](std::string kind) { return bits(run("compare", {{"kind", kind}}, {a, b})); };
  EXPECT_THAT(relation("eq"), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(relation("ne"), ElementsAre(1, 0, 1, 1));
  EXPECT_THAT(relation("lt"), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(relation("le"), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(relation("gt"), ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(relation("ge"), ElementsAre(0, 1, 1, 0));
}
TEST(compare_op, broadcasts_and_takes_masks) {
  EXPECT_THAT(bits(run("compare", {{"kind", std::string("eq")}}, {mask({3}, {0, 1, 9}), mask({1}, {5})})),
              ElementsAre(0, 1, 1));
  EXPECT_THAT(bits(run("compare", {{"kind", std::string("lt")}}, {i64({2}, {kLeast, 1}), i64({1}, {0})})),
              ElementsAre(1, 0));
}
TEST(compare_op, refuses_unknown_kind) {
  EXPECT_THAT(refusal("compare", {{"kind", std::string("==")}}, {ramp({2}), ramp({2})}),
              HasSubstr("is not one of eq, ne"));
}

TEST(select, chooses_by_the_condition) {
  EXPECT_THAT(floats(run("select", {}, {mask({3}, {1, 0, 4}), f32({3}, {1, 2, 3}), f32({1}, {9})})),
              ElementsAre(1, 9, 3));
}
TEST(select, broadcasts_all_three) {
  const Tensor out = run("select", {}, {mask({2, 1}, {1, 0}), i64({2}, {1, 2}), i64({1, 1}, {7})});
  EXPECT_EQ(out.shape(), (Shape{2, 2}));
  EXPECT_THAT(longs(out), ElementsAre(1, 2, 7, 7));
}
TEST(select, refuses_numeric_condition) {
  EXPECT_THAT(refusal("select", {}, {ramp({1}), ramp({1}), ramp({1})}),
              HasSubstr("the condition is f32, supported: bool"));
}
TEST(select, refuses_mixed_types) {
  EXPECT_THAT(refusal("select", {}, {mask({1}, {1}), ramp({1}), i64({1}, {1})}),
              HasSubstr("on_true is f32, but on_false is i64"));
}

TEST(prelu, scales_what_is_negative) {
  EXPECT_THAT(floats(run("prelu", {}, {f32({1, 2, 2}, {-1, 1, -2, 2}), f32({2, 1}, {0.5f, 10})})),
              ElementsAre(-0.5f, 1, -20, 2));
}
TEST(prelu, refuses_slope_that_widens_the_input) {
  EXPECT_THAT(refusal("prelu", {}, {ramp({1, 2}), ramp({3, 1})}),
              HasSubstr("the slope of shape [3,1] does not broadcast to [1,2]"));
}

Tensor cast(Tensor input, std::string to) { return run("cast", {{"to", to}}, {std::move(input)}); }

TEST(cast, goes_towards_zero) { EXPECT_THAT(longs(cast(f32({3}, {1.9f, -1.9f, 0.5f}), "i64")), ElementsAre(1, -1, 0)); }
TEST(cast, saturates_what_does_not_fit) {
  EXPECT_THAT(values<uint8_t>(cast(f32({3}, {300, -5, kNan}), "u8")), ElementsAre(255, 0, 0));
  EXPECT_THAT(values<int32_t>(cast(f32({2}, {3e9f, -3e9f}), "i32")), ElementsAre(2147483647, -2147483647 - 1));
  EXPECT_THAT(longs(cast(f32({1}, {std::numeric_limits<float>::infinity()}), "i64")),
              ElementsAre(std::numeric_limits<int64_t>::max()));
}
TEST(cast, integers_wrap_around) { EXPECT_THAT(values<int8_t>(cast(i64({2}, {300, -1}), "i8")), ElementsAre(44, -1)); }
TEST(cast, bool_is_zero_or_one) {
  EXPECT_THAT(bits(cast(f32({4}, {0, 0.1f, -2, kNan}), "bool")), ElementsAre(0, 1, 1, 1));
  EXPECT_THAT(floats(cast(mask({2}, {0, 9}), "f32")), ElementsAre(0, 1));
}
TEST(cast, half_rounds_to_nearest_even) {
  const Tensor half = cast(f32({6}, {1, -2, 65504, 65520, 5.9604645e-8f, 1 + 0x1p-11f}), "f16");
  EXPECT_THAT(values<uint16_t>(half), ElementsAre(0x3c00, 0xc000, 0x7bff, 0x7c00, 0x0001, 0x3c00));
  EXPECT_THAT(floats(cast(half, "f32")),
              near({1, -2, 65504, std::numeric_limits<float>::infinity(), 5.9604645e-8f, 1}, 0));
}
TEST(cast, every_half_survives) {
  Tensor all({DType::kF16, {0x7c00}});
  for (int i = 0; i < 0x7c00; ++i) static_cast<uint16_t*>(all.raw())[i] = static_cast<uint16_t>(i);
  EXPECT_EQ(values<uint16_t>(cast(cast(all, "f32"), "f16")), values<uint16_t>(all));
}
TEST(cast, bfloat_rounds_to_nearest_even) {
  const Tensor brain = cast(f32({4}, {1, -3, 1 + 0x1p-8f, kNan}), "bf16");
  EXPECT_THAT(values<uint16_t>(brain), ElementsAre(0x3f80, 0xc040, 0x3f80, 0x7fc0));
  EXPECT_THAT(floats(cast(brain, "f32")), near({1, -3, 1, kNan}, 0));
}
TEST(cast, refuses_unknown_type) {
  EXPECT_THAT(refusal("cast", {{"to", std::string("f128")}}, {ramp({1})}), HasSubstr("unknown data type 'f128'"));
}

}  // namespace
}  // namespace bmnet::op::test
