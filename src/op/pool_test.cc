#include <limits>

#include "op/testing.h"

namespace bmnet::op::test {
namespace {

struct PoolCase {
  std::string kind = "max";
  Ints kernel = {2}, strides = {2}, pads = {0, 0}, dilations = {1};
  std::string rounding = "floor";
  bool count_include_pad = false;
  operator Attributes() const {
    return {{"kind", kind},
            {"kernel", kernel},
            {"strides", strides},
            {"pads", pads},
            {"dilations", dilations},
            {"rounding", rounding},
            {"count_include_pad", count_include_pad}};
  }
};

TEST(pool, takes_the_maximum) {
  EXPECT_THAT(floats(run("pool", PoolCase{}, {f32({1, 1, 5}, {1, 4, 2, 3, 9})})), ElementsAre(4, 3));
}
TEST(pool, maximum_ignores_padding) {
  EXPECT_THAT(floats(run("pool", PoolCase{.pads = {1, 1}}, {f32({1, 1, 2}, {-4, -2})})), ElementsAre(-4, -2));
}
TEST(pool, runs_over_two_axes) {
  const PoolCase two = {
      .kind = "average", .kernel = {2, 2}, .strides = {1, 1}, .pads = {0, 0, 0, 0}, .dilations = {1, 1}};
  EXPECT_THAT(floats(run("pool", two, {ramp({1, 1, 2, 3})})), ElementsAre(2, 3));
}
TEST(pool, average_divides_by_elements_inside) {
  EXPECT_THAT(floats(run("pool", PoolCase{.kind = "average", .pads = {1, 1}}, {f32({1, 1, 2}, {4, 2})})),
              ElementsAre(4, 2));
}
TEST(pool, average_may_count_padding) {
  EXPECT_THAT(floats(run("pool", PoolCase{.kind = "average", .pads = {1, 1}, .count_include_pad = true},
                         {f32({1, 1, 2}, {4, 2})})),
              ElementsAre(2, 1));
}
TEST(pool, ceil_adds_a_window_that_reaches_beyond_the_end) {
  EXPECT_THAT(floats(run("pool", PoolCase{.kind = "average", .rounding = "ceil", .count_include_pad = true},
                         {f32({1, 1, 3}, {1, 3, 8})})),
              ElementsAre(2, 8));  // the last divisor is 1: what lies behind the padded input does not count
}
TEST(pool, ceil_drops_a_window_that_starts_in_the_padding) {
  EXPECT_EQ(run("pool", PoolCase{.kernel = {1}, .strides = {2}, .pads = {0, 1}, .rounding = "ceil"}, {ramp({1, 1, 2})})
                .shape(),
            (Shape{1, 1, 1}));
}
TEST(pool, ceil_keep_keeps_it_without_any_element) {
  const Tensor input = f32({1, 1, 3}, {1, 2, 3});
  const PoolCase wide = {.kernel = {1}, .strides = {3}, .pads = {0, 0}, .rounding = "ceil_keep"};
  PoolCase average = wide;
  average.kind = "average";
  EXPECT_THAT(floats(run("pool", wide, {input})), ElementsAre(1, std::numeric_limits<float>::lowest()));
  EXPECT_THAT(floats(run("pool", average, {input})), ElementsAre(1, 0));
}
TEST(pool, dilates) {
  EXPECT_THAT(floats(run("pool", PoolCase{.strides = {1}, .dilations = {2}}, {f32({1, 1, 4}, {5, 9, 1, 2})})),
              ElementsAre(5, 9));
}
TEST(pool, takes_bytes) {
  EXPECT_THAT(values<uint8_t>(run("pool", PoolCase{}, {u8({1, 1, 4}, {1, 200, 7, 3})})), ElementsAre(200, 7));
}
TEST(pool, passes_nan_on) {
  EXPECT_THAT(floats(run("pool", PoolCase{}, {f32({1, 1, 2}, {std::numeric_limits<float>::quiet_NaN(), 1})})),
              near({std::numeric_limits<float>::quiet_NaN()}));
}

TEST(pool, refuses_unknown_kind) {
  EXPECT_THAT(refusal("pool", PoolCase{.kind = "median"}, {ramp({1, 1, 4})}),
              HasSubstr("kind \"median\" is not one of max, average"));
}
TEST(pool, refuses_window_larger_than_input) {
  EXPECT_THAT(refusal("pool", PoolCase{.kernel = {5}}, {ramp({1, 1, 4})}),
              HasSubstr("spans 5 elements, the padded input has 4"));
}
TEST(pool, refuses_negative_padding) {
  EXPECT_THAT(refusal("pool", PoolCase{.pads = {-1, 0}}, {ramp({1, 1, 4})}), HasSubstr("pads -1 is below 0"));
}
TEST(pool, refuses_input_of_another_rank) {
  EXPECT_THAT(refusal("pool", PoolCase{}, {ramp({1, 1, 4, 4})}), HasSubstr("rank 3 is needed"));
}
TEST(pool, refuses_four_axes) {
  EXPECT_THAT(refusal("pool", PoolCase{.kernel = {1, 1, 1, 1}}, {ramp({1, 1, 1, 1, 1, 1})}),
              HasSubstr("pooling over 4 axes"));
}
TEST(pool, refuses_stride_zero) {
  EXPECT_THAT(refusal("pool", PoolCase{.strides = {0}}, {ramp({1, 1, 4})}), HasSubstr("strides 0 is below 1"));
}
TEST(pool, refuses_average_of_integers) {
  EXPECT_THAT(refusal("pool", PoolCase{.kind = "average"}, {u8({1, 1, 2}, {1, 2})}), HasSubstr("the input is u8"));
}

}  // namespace
}  // namespace bmnet::op::test
