#include "op/testing.h"

namespace bmnet::op::test {
namespace {

Attributes along(int64_t axis) { return {{"axis", axis}}; }

TEST(gather, takes_slices) {
  EXPECT_THAT(floats(run("gather", along(0), {ramp({3, 2}), i64({2}, {2, 0})})), ElementsAre(4, 5, 0, 1));
  EXPECT_THAT(floats(run("gather", along(1), {ramp({2, 3}), i64({2}, {2, 0})})), ElementsAre(2, 0, 5, 3));
}
TEST(gather, negative_indices_count_from_the_end) {
  EXPECT_THAT(floats(run("gather", along(0), {ramp({3}), i32({1}, {-1})})), ElementsAre(2));
}
TEST(gather, a_scalar_index_removes_the_axis) {
  EXPECT_EQ(run("gather", along(0), {ramp({3, 2}), i64({}, {1})}).shape(), Shape{2});
}
TEST(gather, index_shape_takes_the_axis_place) {
  EXPECT_EQ(run("gather", along(1), {ramp({2, 3, 4}), i64({5, 1}, {0, 0, 0, 0, 0})}).shape(), (Shape{2, 5, 1, 4}));
}
TEST(gather, moves_integers) {
  EXPECT_THAT(longs(run("gather", along(0), {i64({3}, {7, 8, 9}), i64({1}, {1})})), ElementsAre(8));
}
TEST(gather, refuses_index_outside) {
  EXPECT_THAT(refusal("gather", along(0), {ramp({3}), i64({1}, {3})}),
              HasSubstr("index 3 is outside an axis of 3 elements"));
  EXPECT_THAT(refusal("gather", along(0), {ramp({3}), i64({1}, {-4})}), HasSubstr("index -4 is outside"));
}
TEST(gather, refuses_float_indices) {
  EXPECT_THAT(refusal("gather", along(0), {ramp({3}), ramp({1})}), HasSubstr("indices is f32, supported: i32, i64"));
}
TEST(gather, refuses_axis_outside) {
  EXPECT_THAT(refusal("gather", along(1), {ramp({3}), i64({1}, {0})}), HasSubstr("axis 1 is outside"));
}

TEST(gather_elements, takes_single_elements) {
  EXPECT_THAT(floats(run("gather_elements", along(1), {ramp({2, 3}), i64({2, 2}, {2, 0, -1, 1})})),
              ElementsAre(2, 0, 5, 4));
  EXPECT_THAT(floats(run("gather_elements", along(0), {ramp({3, 2}), i64({1, 2}, {2, 0})})), ElementsAre(4, 1));
}
TEST(gather_elements, refuses_indices_larger_than_input) {
  EXPECT_THAT(refusal("gather_elements", along(1), {ramp({1, 3}), i64({2, 1}, {0, 0})}),
              HasSubstr("exceed the input of shape [1,3] on axis 0"));
}
TEST(gather_elements, refuses_other_rank) {
  EXPECT_THAT(refusal("gather_elements", along(0), {ramp({3}), i64({1, 1}, {0})}), HasSubstr("rank 1 is needed"));
}

Attributes batched(int64_t batch_dims) { return {{"batch_dims", batch_dims}}; }
TEST(gather_nd, takes_elements_and_slices) {
  EXPECT_THAT(floats(run("gather_nd", batched(0), {ramp({2, 3}), i64({2, 2}, {0, 1, 1, -1})})), ElementsAre(1, 5));
  EXPECT_THAT(floats(run("gather_nd", batched(0), {ramp({2, 3}), i64({1, 1}, {1})})), ElementsAre(3, 4, 5));
}
TEST(gather_nd, within_batches) {
  const Tensor out = run("gather_nd", batched(1), {ramp({2, 3, 2}), i64({2, 1}, {1, 0})});
  EXPECT_EQ(out.shape(), (Shape{2, 2}));
  EXPECT_THAT(floats(out), ElementsAre(2, 3, 6, 7));
}
TEST(gather_nd, refuses_vectors_longer_than_the_rank) {
  EXPECT_THAT(refusal("gather_nd", batched(0), {ramp({2}), i64({1, 2}, {0, 0})}),
              HasSubstr("index vectors of 2 values do not address 1 axes"));
}
TEST(gather_nd, refuses_batches_that_differ) {
  EXPECT_THAT(refusal("gather_nd", batched(1), {ramp({2, 2}), i64({3, 1}, {0, 0, 0})}),
              HasSubstr("batch axis 0 has 2 elements in the input, 3 in indices"));
}
TEST(gather_nd, refuses_index_outside) {
  EXPECT_THAT(refusal("gather_nd", batched(0), {ramp({2}), i64({1, 1}, {2})}),
              HasSubstr("index 2 is outside an axis of 2"));
}

Attributes reducing(std::string reduction) { return {{"reduction", reduction}}; }
TEST(scatter_nd, replaces_elements_and_slices) {
  EXPECT_THAT(floats(run("scatter_nd", reducing("none"), {ramp({4}), i64({2, 1}, {3, 0}), f32({2}, {9, 8})})),
              ElementsAre(8, 1, 2, 9));
  EXPECT_THAT(floats(run("scatter_nd", reducing("none"), {ramp({2, 2}), i64({1, 1}, {1}), f32({1, 2}, {9, 8})})),
              ElementsAre(0, 1, 9, 8));
}
TEST(scatter_nd, reduces_in_order) {
  const Tensor input = f32({2}, {5, 2}), indices = i64({3, 1}, {0, 0, 1}), updates = f32({3}, {3, 7, 1});
  EXPECT_THAT(floats(run("scatter_nd", reducing("none"), {input, indices, updates})), ElementsAre(7, 1));
  EXPECT_THAT(floats(run("scatter_nd", reducing("add"), {input, indices, updates})), ElementsAre(15, 3));
  EXPECT_THAT(floats(run("scatter_nd", reducing("mul"), {input, indices, updates})), ElementsAre(105, 2));
  EXPECT_THAT(floats(run("scatter_nd", reducing("max"), {input, indices, updates})), ElementsAre(7, 2));
  EXPECT_THAT(floats(run("scatter_nd", reducing("min"), {input, indices, updates})), ElementsAre(3, 1));
}
TEST(scatter_nd, leaves_its_input_alone) {
  const Tensor input = ramp({2});
  run("scatter_nd", reducing("none"), {input, i64({1, 1}, {0}), f32({1}, {9})});
  EXPECT_THAT(floats(input), ElementsAre(0, 1));
}
TEST(scatter_nd, refuses_updates_of_another_shape) {
  EXPECT_THAT(refusal("scatter_nd", reducing("none"), {ramp({2}), i64({1, 1}, {0}), ramp({2})}),
              HasSubstr("updates has shape [2], [1] is needed"));
}
TEST(scatter_nd, refuses_unknown_reduction) {
  EXPECT_THAT(refusal("scatter_nd", reducing("mean"), {ramp({2}), i64({1, 1}, {0}), ramp({1})}),
              HasSubstr("reduction \"mean\""));
}
TEST(scatter_nd, refuses_mixed_types) {
  EXPECT_THAT(refusal("scatter_nd", reducing("none"), {ramp({2}), i64({1, 1}, {0}), i64({1}, {1})}),
              HasSubstr("the input is f32, but updates is i64"));
}
TEST(scatter_nd, refuses_reduction_of_masks) {
  EXPECT_THAT(refusal("scatter_nd", reducing("add"), {mask({1}, {1}), i64({1, 1}, {0}), mask({1}, {1})}),
              HasSubstr("the input of a reduction is bool"));
}

Attributes placing(int64_t axis, std::string reduction = "none") { return {{"axis", axis}, {"reduction", reduction}}; }
TEST(scatter_elements, replaces_single_elements) {
  EXPECT_THAT(floats(run("scatter_elements", placing(1), {ramp({1, 4}), i64({1, 2}, {1, -1}), f32({1, 2}, {9, 8})})),
              ElementsAre(0, 9, 2, 8));
  EXPECT_THAT(floats(run("scatter_elements", placing(0), {ramp({2, 2}), i64({1, 2}, {1, 0}), f32({1, 2}, {9, 8})})),
              ElementsAre(0, 8, 9, 3));
}
TEST(scatter_elements, reduces) {
  EXPECT_THAT(longs(run("scatter_elements", placing(0, "add"),
                        {i64({2}, {1, 2}), i64({3}, {0, 0, 1}), i64({3}, {10, 20, 30})})),
              ElementsAre(31, 32));
}
TEST(scatter_elements, refuses_updates_of_another_shape) {
  EXPECT_THAT(refusal("scatter_elements", placing(0), {ramp({2}), i64({1}, {0}), ramp({2})}),
              HasSubstr("updates has shape [2], [1] is needed"));
}
TEST(scatter_elements, refuses_index_outside) {
  EXPECT_THAT(refusal("scatter_elements", placing(0), {ramp({2}), i64({1}, {2}), ramp({1})}),
              HasSubstr("index 2 is outside"));
}

Attributes hot(int64_t depth, int64_t axis, std::string to = "f32") {
  return {{"depth", depth}, {"axis", axis}, {"on_value", 5.0f}, {"off_value", 1.0f}, {"to", to}};
}
TEST(one_hot, marks_the_index) {
  EXPECT_THAT(floats(run("one_hot", hot(3, 1), {i64({2}, {2, 0})})), ElementsAre(1, 1, 5, 5, 1, 1));
  EXPECT_THAT(floats(run("one_hot", hot(3, 0), {i64({2}, {2, 0})})), ElementsAre(1, 5, 1, 1, 5, 1));
}
TEST(one_hot, an_index_outside_marks_nothing) {
  EXPECT_THAT(floats(run("one_hot", hot(2, 1), {i64({3}, {2, -1, -3})})), ElementsAre(1, 1, 1, 5, 1, 1));
}
TEST(one_hot, takes_floats_and_gives_other_types) {
  EXPECT_THAT(longs(run("one_hot", hot(2, 0, "i64"), {f32({}, {1})})), ElementsAre(1, 5));
  EXPECT_THAT(bits(run("one_hot",
                       {{"depth", int64_t{2}},
                        {"axis", int64_t{0}},
                        {"on_value", 1.0f},
                        {"off_value", 0.0f},
                        {"to", std::string("bool")}},
                       {f32({}, {1})})),
              ElementsAre(0, 1));
}
TEST(one_hot, refuses_depth_zero) {
  EXPECT_THAT(refusal("one_hot", hot(0, 0), {i64({1}, {0})}), HasSubstr("depth 0 is below 1"));
}
TEST(one_hot, refuses_axis_outside) {
  EXPECT_THAT(refusal("one_hot", hot(2, 2), {i64({1}, {0})}), HasSubstr("axis 2 is outside a tensor of rank 2"));
}

}  // namespace
}  // namespace bmnet::op::test
