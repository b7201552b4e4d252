#include <limits>

#include "op/testing.h"

namespace bmnet::op::test {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Attributes reduction(std::string kind, Ints axes, bool keep_dims = false) {
  return {{"kind", kind}, {"axes", axes}, {"keep_dims", keep_dims}};
}
Tensor reduce(std::string kind, Ints axes, Tensor input, bool keep_dims = false) {
  return run("reduce", reduction(kind, axes, keep_dims), {std::move(input)});
}

TEST(reduce, every_kind) {
  const Tensor input = f32({2, 2}, {1, -2, 3, 4});
  EXPECT_THAT(floats(reduce("mean", {1}, input)), ElementsAre(-0.5f, 3.5f));
  EXPECT_THAT(floats(reduce("sum", {1}, input)), ElementsAre(-1, 7));
  EXPECT_THAT(floats(reduce("max", {1}, input)), ElementsAre(1, 4));
  EXPECT_THAT(floats(reduce("min", {1}, input)), ElementsAre(-2, 3));
  EXPECT_THAT(floats(reduce("prod", {1}, input)), ElementsAre(-2, 12));
  EXPECT_THAT(floats(reduce("l1", {1}, input)), ElementsAre(3, 7));
  EXPECT_THAT(floats(reduce("l2", {1}, input)), near({2.236068f, 5}));
  EXPECT_THAT(floats(reduce("sum_square", {1}, input)), ElementsAre(5, 25));
  EXPECT_THAT(floats(reduce("log_sum", {1}, input)), near({kNan, 1.9459101f}));
  EXPECT_THAT(floats(reduce("log_sum_exp", {1}, input)), near({1.0485874f, 4.3132617f}));
}
TEST(reduce, over_outer_inner_and_all_axes) {
  EXPECT_THAT(floats(reduce("sum", {0}, ramp({2, 3}))), ElementsAre(3, 5, 7));
  EXPECT_THAT(floats(reduce("sum", {0, 2}, ramp({2, 2, 2}))), ElementsAre(10, 18));
  EXPECT_EQ(reduce("sum", {0, 1}, ramp({2, 3})).shape(), Shape{});
  EXPECT_THAT(floats(reduce("sum", {0, 1}, ramp({2, 3}))), ElementsAre(15));
}
TEST(reduce, keeps_axes_on_demand) {
  EXPECT_EQ(reduce("sum", {0, 2}, ramp({2, 3, 4}), true).shape(), (Shape{1, 3, 1}));
}
TEST(reduce, log_sum_exp_does_not_overflow) {
  EXPECT_THAT(floats(reduce("log_sum_exp", {0}, f32({2}, {1000, 1000}))), near({1000.6931f}, 1e-3f));
}
TEST(reduce, nothing_has_neutral_results) {
  const Tensor nothing = ramp({1, 0});
  EXPECT_THAT(floats(reduce("sum", {1}, nothing)), ElementsAre(0));
  EXPECT_THAT(floats(reduce("prod", {1}, nothing)), ElementsAre(1));
  EXPECT_THAT(floats(reduce("max", {1}, nothing)), ElementsAre(-kInf));
  EXPECT_THAT(floats(reduce("min", {1}, nothing)), ElementsAre(kInf));
  EXPECT_THAT(floats(reduce("mean", {1}, nothing)), near({kNan}));
  EXPECT_THAT(floats(reduce("log_sum_exp", {1}, nothing)), ElementsAre(-kInf));
}
TEST(reduce, passes_nan_on) { EXPECT_THAT(floats(reduce("max", {0}, f32({3}, {1, kNan, 2}))), near({kNan})); }
TEST(reduce, takes_integers) {
  EXPECT_THAT(longs(reduce("prod", {0}, i64({3}, {2, -3, 4}))), ElementsAre(-24));
  EXPECT_THAT(longs(reduce("mean", {0}, i64({2}, {-2, -3}))), ElementsAre(-2));
  EXPECT_THAT(longs(reduce("max", {0}, i64({2}, {-2, -3}))), ElementsAre(-2));
  EXPECT_THAT(longs(reduce("l1", {0}, i64({2}, {-2, -3}))), ElementsAre(5));
}
TEST(reduce, takes_masks) {
  const Tensor input = mask({3, 2}, {0, 0, 0, 9, 1, 2});
  EXPECT_THAT(bits(reduce("any", {1}, input)), ElementsAre(0, 1, 1));
  EXPECT_THAT(bits(reduce("all", {1}, input)), ElementsAre(0, 0, 1));
  EXPECT_THAT(bits(reduce("max", {1}, input)), ElementsAre(0, 1, 1));
  EXPECT_THAT(bits(reduce("min", {1}, input)), ElementsAre(0, 0, 1));
}
TEST(reduce, refuses_unknown_kind) {
  EXPECT_THAT(refusal("reduce", reduction("median", {0}), {ramp({1})}), HasSubstr("kind \"median\""));
}
TEST(reduce, refuses_unsorted_axes) {
  EXPECT_THAT(refusal("reduce", reduction("sum", {1, 0}), {ramp({1, 1})}),
              HasSubstr("axes [1,0] are not sorted and unique"));
}
TEST(reduce, refuses_axis_outside) {
  EXPECT_THAT(refusal("reduce", reduction("sum", {2}), {ramp({1, 1})}),
              HasSubstr("axes 2 is outside a tensor of rank 2"));
}
TEST(reduce, refuses_no_axes) {
  EXPECT_THAT(refusal("reduce", reduction("sum", {}), {ramp({1})}), HasSubstr("axes is empty"));
}
TEST(reduce, refuses_all_of_numbers) {
  EXPECT_THAT(refusal("reduce", reduction("all", {0}), {ramp({1})}), HasSubstr("the input is f32, supported: bool"));
}
TEST(reduce, refuses_sum_of_masks) {
  EXPECT_THAT(refusal("reduce", reduction("sum", {0}), {mask({1}, {1})}), HasSubstr("the input is bool"));
}

Attributes search(std::string kind, int64_t axis, bool keep_dims = false, bool last = false) {
  return {{"kind", kind}, {"axis", axis}, {"keep_dims", keep_dims}, {"select_last", last}};
}
TEST(arg_reduce, finds_the_place) {
  const Tensor input = f32({2, 3}, {1, 5, 5, -1, -2, -2});
  EXPECT_THAT(longs(run("arg_reduce", search("max", 1), {input})), ElementsAre(1, 0));
  EXPECT_THAT(longs(run("arg_reduce", search("min", 1), {input})), ElementsAre(0, 1));
  EXPECT_THAT(longs(run("arg_reduce", search("max", 1, false, true), {input})), ElementsAre(2, 0));
  EXPECT_THAT(longs(run("arg_reduce", search("max", 0), {input})), ElementsAre(0, 0, 0));
}
TEST(arg_reduce, keeps_the_axis_on_demand) {
  EXPECT_EQ(run("arg_reduce", search("max", 1, true), {ramp({2, 3})}).shape(), (Shape{2, 1}));
}
TEST(arg_reduce, nan_is_the_largest) {
  EXPECT_THAT(longs(run("arg_reduce", search("max", 0), {f32({3}, {1, kNan, kInf})})), ElementsAre(1));
}
TEST(arg_reduce, refuses_empty_axis) {
  EXPECT_THAT(refusal("arg_reduce", search("max", 1), {ramp({2, 0})}), HasSubstr("no element along axis 1"));
}
TEST(arg_reduce, refuses_axis_outside) {
  EXPECT_THAT(refusal("arg_reduce", search("max", 2), {ramp({2, 2})}), HasSubstr("axis 2 is outside"));
}
TEST(arg_reduce, refuses_unknown_kind) {
  EXPECT_THAT(refusal("arg_reduce", search("sum", 0), {ramp({2})}), HasSubstr("kind \"sum\" is not one of max, min"));
}

Attributes top(int64_t k, int64_t axis, bool largest = true) {
  return {{"k", k}, {"axis", axis}, {"largest", largest}, {"sorted", true}};
}
TEST(top_k, sorts_the_largest) {
  const Tensor input = f32({1, 4}, {3, 9, 1, 9});
  EXPECT_THAT(floats(run("top_k", top(3, 1), {input})), ElementsAre(9, 9, 3));
  EXPECT_THAT(longs(run("top_k", top(3, 1), {input}, 1)), ElementsAre(1, 3, 0));
}
TEST(top_k, sorts_the_smallest) {
  EXPECT_THAT(floats(run("top_k", top(2, 0, false), {f32({3}, {3, 1, 1})})), ElementsAre(1, 1));
  EXPECT_THAT(longs(run("top_k", top(2, 0, false), {f32({3}, {3, 1, 1})}, 1)), ElementsAre(1, 2));
}
TEST(top_k, runs_along_an_outer_axis) {
  EXPECT_THAT(floats(run("top_k", top(2, 0), {f32({3, 2}, {1, 6, 2, 5, 3, 4})})), ElementsAre(3, 6, 2, 5));
  EXPECT_THAT(longs(run("top_k", top(2, 0), {f32({3, 2}, {1, 6, 2, 5, 3, 4})}, 1)), ElementsAre(2, 0, 1, 1));
}
TEST(top_k, may_take_none) { EXPECT_EQ(run("top_k", top(0, 0), {ramp({3})}).shape(), Shape{0}); }
TEST(top_k, refuses_more_than_there_are) {
  EXPECT_THAT(refusal("top_k", top(4, 0), {ramp({3})}), HasSubstr("k 4 is not in 0 to 3"));
}
TEST(top_k, refuses_negative_k) {
  EXPECT_THAT(refusal("top_k", top(-1, 0), {ramp({3})}), HasSubstr("k -1 is not in 0 to 3"));
}

Attributes running(int64_t axis, bool exclusive = false, bool reverse = false) {
  return {{"axis", axis}, {"exclusive", exclusive}, {"reverse", reverse}};
}
TEST(cumsum, every_form) {
  const Tensor input = f32({4}, {1, 2, 3, 4});
  EXPECT_THAT(floats(run("cumsum", running(0), {input})), ElementsAre(1, 3, 6, 10));
  EXPECT_THAT(floats(run("cumsum", running(0, true), {input})), ElementsAre(0, 1, 3, 6));
  EXPECT_THAT(floats(run("cumsum", running(0, false, true), {input})), ElementsAre(10, 9, 7, 4));
  EXPECT_THAT(floats(run("cumsum", running(0, true, true), {input})), ElementsAre(9, 7, 4, 0));
}
TEST(cumsum, along_an_outer_axis_of_integers) {
  EXPECT_THAT(longs(run("cumsum", running(0), {i64({2, 2}, {1, 2, 3, 4})})), ElementsAre(1, 2, 4, 6));
}
TEST(cumsum, refuses_axis_outside) {
  EXPECT_THAT(refusal("cumsum", running(1), {ramp({3})}), HasSubstr("axis 1 is outside"));
}
TEST(cumsum, refuses_masks) {
  EXPECT_THAT(refusal("cumsum", running(0), {mask({1}, {1})}), HasSubstr("the input is bool"));
}

}  // namespace
}  // namespace bmnet::op::test
