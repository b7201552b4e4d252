#include "op/testing.h"

namespace bmnet::op::test {
namespace {

Attributes transposed(bool a, bool b) { return {{"transpose_a", a}, {"transpose_b", b}}; }
const Attributes kPlain = transposed(false, false);

TEST(matmul, multiplies_matrices) {
  EXPECT_THAT(floats(run("matmul", kPlain, {f32({2, 2}, {1, 2, 3, 4}), f32({2, 2}, {5, 6, 7, 8})})),
              ElementsAre(19, 22, 43, 50));
}
TEST(matmul, transposes_either_operand) {
  const Tensor a = f32({2, 1}, {1, 2}), b = f32({1, 2}, {3, 4});
  EXPECT_THAT(floats(run("matmul", transposed(true, true), {a, b})), ElementsAre(11));
  EXPECT_THAT(floats(run("matmul", kPlain, {a, b})), ElementsAre(3, 4, 6, 8));
}
TEST(matmul, vectors_lose_their_axis) {
  const Tensor vector = f32({2}, {1, 10}), matrix = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(run("matmul", kPlain, {vector, vector}).shape(), Shape{});
  EXPECT_THAT(floats(run("matmul", kPlain, {vector, vector})), ElementsAre(101));
  EXPECT_THAT(floats(run("matmul", kPlain, {vector, matrix})), ElementsAre(41, 52, 63));
  EXPECT_THAT(floats(run("matmul", transposed(true, false), {matrix, vector})), ElementsAre(41, 52, 63));
}
TEST(matmul, broadcasts_batch_axes) {
  const Tensor out = run("matmul", kPlain, {f32({2, 1, 1, 1}, {1, 2}), f32({3, 1, 1}, {1, 10, 100})});
  EXPECT_EQ(out.shape(), (Shape{2, 3, 1, 1}));
  EXPECT_THAT(floats(out), ElementsAre(1, 10, 100, 2, 20, 200));
}
TEST(matmul, adds_a_bias_that_broadcasts) {
  EXPECT_THAT(floats(run("matmul", kPlain, {f32({2, 1}, {1, 2}), f32({1, 2}, {1, 10}), f32({2}, {5, 6})})),
              ElementsAre(6, 16, 7, 26));
  EXPECT_THAT(floats(run("matmul", kPlain, {f32({2, 1}, {1, 2}), f32({1, 2}, {1, 10}), f32({2, 1}, {5, 6})})),
              ElementsAre(6, 15, 8, 26));
}
TEST(matmul, multiplies_integers) {
  EXPECT_THAT(longs(run("matmul", kPlain, {i64({1, 2}, {3, -4}), i64({2, 1}, {5, 6})})), ElementsAre(-9));
}
TEST(matmul, an_empty_inner_axis_gives_zero) {
  EXPECT_THAT(floats(run("matmul", kPlain, {f32({2, 0}, {}), f32({0, 1}, {})})), ElementsAre(0, 0));
}
TEST(matmul, counts_macs) {
  const std::vector<TensorInfo> inputs = {{DType::kF32, {5, 2, 3}}, {DType::kF32, {3, 4}}};
  EXPECT_EQ(find("matmul")->macs(kPlain, inputs), 5 * 2 * 3 * 4);
}
TEST(matmul, refuses_inner_extents_that_differ) {
  EXPECT_THAT(refusal("matmul", kPlain, {ramp({2, 3}), ramp({2, 3})}),
              HasSubstr("inner extents 3 and 2 of [2,3] x [2,3] differ"));
}
TEST(matmul, refuses_batch_axes_that_do_not_broadcast) {
  EXPECT_THAT(refusal("matmul", kPlain, {ramp({2, 1, 1}), ramp({3, 1, 1})}), HasSubstr("do not broadcast"));
}
TEST(matmul, refuses_bias_that_does_not_broadcast) {
  EXPECT_THAT(refusal("matmul", kPlain, {ramp({1, 1}), ramp({1, 2}), ramp({3})}),
              HasSubstr("the bias of shape [3] does not broadcast to [1,2]"));
}
TEST(matmul, refuses_transposed_vector) {
  EXPECT_THAT(refusal("matmul", transposed(true, false), {ramp({2}), ramp({2, 1})}),
              HasSubstr("transpose_a needs rank 2"));
}
TEST(matmul, refuses_scalar) {
  EXPECT_THAT(refusal("matmul", kPlain, {f32({}, {1}), ramp({2, 1})}), HasSubstr("rank 1 or more is needed"));
}
TEST(matmul, refuses_mixed_types) {
  EXPECT_THAT(refusal("matmul", kPlain, {ramp({1, 1}), i64({1, 1}, {1})}), HasSubstr("a is f32, but b is i64"));
}

Tensor einsum(std::string equation, std::vector<Tensor> inputs) {
  return run("einsum", {{"equation", equation}}, std::move(inputs));
}
std::string einsum_refusal(std::string equation, std::vector<Tensor> inputs) {
  return refusal("einsum", {{"equation", equation}}, std::move(inputs));
}

TEST(einsum, multiplies_matrices) {
  EXPECT_THAT(floats(einsum("ij, jk -> ik", {f32({2, 2}, {1, 2, 3, 4}), f32({2, 2}, {5, 6, 7, 8})})),
              ElementsAre(19, 22, 43, 50));
}
TEST(einsum, transposes) { EXPECT_THAT(floats(einsum("ij->ji", {ramp({2, 3})})), ElementsAre(0, 3, 1, 4, 2, 5)); }
TEST(einsum, sums) {
  EXPECT_THAT(floats(einsum("ij->i", {ramp({2, 3})})), ElementsAre(3, 12));
  EXPECT_THAT(floats(einsum("ij->", {ramp({2, 3})})), ElementsAre(15));
}
TEST(einsum, walks_the_diagonal) {
  EXPECT_THAT(floats(einsum("ii->i", {ramp({3, 3})})), ElementsAre(0, 4, 8));
  EXPECT_THAT(floats(einsum("ii", {ramp({3, 3})})), ElementsAre(12));
}
TEST(einsum, without_an_arrow_sorts_single_labels) {
  EXPECT_THAT(floats(einsum("ba", {ramp({2, 3})})), ElementsAre(0, 3, 1, 4, 2, 5));
}
TEST(einsum, ellipsis_broadcasts) {
  const Tensor out = einsum("...ij,...jk->...ik", {f32({2, 1, 1}, {1, 2}), f32({1, 2}, {10, 20})});
  EXPECT_EQ(out.shape(), (Shape{2, 1, 2}));
  EXPECT_THAT(floats(out), ElementsAre(10, 20, 20, 40));
}
TEST(einsum, an_ellipsis_may_be_summed) {
  EXPECT_THAT(floats(einsum("...i->i", {ramp({2, 3})})), ElementsAre(3, 5, 7));
}
TEST(einsum, takes_three_operands) {
  EXPECT_THAT(floats(einsum("i,ij,j->", {f32({2}, {1, 2}), f32({2, 2}, {1, 2, 3, 4}), f32({2}, {10, 100})})),
              ElementsAre(1 * 210 + 2 * 430));
}
TEST(einsum, outer_product) {
  EXPECT_THAT(floats(einsum("i,j->ij", {f32({2}, {1, 2}), f32({2}, {3, 4})})), ElementsAre(3, 4, 6, 8));
}
TEST(einsum, refuses_another_number_of_terms) {
  EXPECT_THAT(einsum_refusal("ij,jk->ik", {ramp({2, 2})}), HasSubstr("2 terms for 1 operands"));
}
TEST(einsum, refuses_another_rank) {
  EXPECT_THAT(einsum_refusal("ijk->i", {ramp({2, 2})}), HasSubstr("does not fit operand 0"));
}
TEST(einsum, refuses_extents_that_differ) {
  EXPECT_THAT(einsum_refusal("i,i->", {ramp({2}), ramp({3})}), HasSubstr("has 3 elements"));
}
TEST(einsum, refuses_unknown_result_label) {
  EXPECT_THAT(einsum_refusal("i->j", {ramp({2})}), HasSubstr("has no source"));
}
TEST(einsum, refuses_repeated_result_label) {
  EXPECT_THAT(einsum_refusal("i->ii", {ramp({2})}), HasSubstr("stands twice"));
}
TEST(einsum, refuses_other_characters) {
  EXPECT_THAT(einsum_refusal("i1->i", {ramp({2, 2})}), HasSubstr("'1' in the term"));
}
TEST(einsum, refuses_two_ellipses) {
  EXPECT_THAT(einsum_refusal("...i...->i", {ramp({2, 2})}), HasSubstr("two ellipses"));
}

}  // namespace
}  // namespace bmnet::op::test
