// What programs mean: control flow, views, in-place operators, element types, names.
#include "frontend/pytorch/testing.h"

namespace bmnet::frontend::pytorch::test {
namespace {

using testing::ElementsAre;

std::vector<float> result(const std::vector<std::string>& lines, const Tensor& x, const std::string& more = "") {
  return values(run(module("x: Tensor", lines, more), {x})[0]);
}
const Tensor kTwoByTwo = floats({2, 2}, {1, 2, 3, 4});

TEST(evaluator, unrolls_loops_over_shapes) {
  EXPECT_THAT(result({"y = x", "for i in range(torch.size(x, 0)):", "  y = torch.add(y, i)", "return y"}, kTwoByTwo),
              ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(result({"n = 3", "while torch.gt(n, 0):", "  x = torch.mul(x, 2)", "  n = torch.sub(n, 1)", "return x"},
                     kTwoByTwo),
              ElementsAre(8, 16, 24, 32));
}

TEST(evaluator, decides_branches_by_shape) {
  EXPECT_THAT(
      result({"if torch.eq(torch.dim(x), 2):", "  y = torch.neg(x)", "else:", "  y = x", "return y"}, kTwoByTwo),
      ElementsAre(-1, -2, -3, -4));
}

TEST(evaluator, calls_functions_with_defaults) {
  EXPECT_THAT(result({"_0 = __torch__.twice", "return _0(x, )"}, kTwoByTwo,
                     "def twice(x: Tensor,\n    n: int=2) -> Tensor:\n  return torch.mul(x, n)\n"),
              ElementsAre(2, 4, 6, 8));
}

TEST(evaluator, unpacks_tuples_and_lists) {
  EXPECT_THAT(
      result({"a, b, = torch.chunk(x, 2, 1)", "c, = torch.split(x, 2)", "return torch.cat([b, a], 1)"}, kTwoByTwo),
      ElementsAre(2, 1, 4, 3));
  EXPECT_THAT(result({"l = annotate(List[Tensor], [])", "_0 = torch.append(l, x)", "_1 = torch.append(l, x)",
                      "return torch.cat(l, 0)"},
                     floats({1}, {7})),
              ElementsAre(7, 7));
}

TEST(views, in_place_writes_reach_the_base) {
  EXPECT_THAT(result({"y = torch.clone(x)", "_0 = torch.fill_(torch.select(y, 0, 1), 9)", "return y"}, kTwoByTwo),
              ElementsAre(1, 2, 9, 9));
  EXPECT_THAT(
      result({"y = torch.clone(x)", "_0 = torch.copy_(torch.slice(y, 1, 0, 1), torch.slice(x, 1, 1, 2))", "return y"},
             kTwoByTwo),
      ElementsAre(2, 2, 4, 4));
  EXPECT_THAT(
      result({"y = torch.clone(x)", "_0 = torch.add_(torch.transpose(torch.view(y, [1, 4]), 0, 1), 1)", "return y"},
             kTwoByTwo),
      ElementsAre(2, 3, 4, 5));
  EXPECT_THAT(result({"y = torch.clone(x)", "_0 = torch.zero_(torch.slice(y, 0, 0, 4, 2))", "return y"},
                     floats({4}, {1, 2, 3, 4})),
              ElementsAre(0, 2, 0, 4));
}

TEST(views, see_later_writes_of_the_base) {
  EXPECT_THAT(
      result({"y = torch.clone(x)", "v = torch.select(y, 0, 0)", "_0 = torch.mul_(y, 10)", "return v"}, kTwoByTwo),
      ElementsAre(10, 20));
}

TEST(views, copies_do_not) {
  EXPECT_THAT(result({"y = torch.clone(x)", "_0 = torch.mul_(y, 10)", "return x"}, kTwoByTwo), ElementsAre(1, 2, 3, 4));
}

TEST(promotion, numbers_raise_only_the_category) {
  EXPECT_THAT(result({"i = torch.to(x, 3)", "return torch.add(i, 0.5)"}, kTwoByTwo), ElementsAre(1.5, 2.5, 3.5, 4.5));
  EXPECT_EQ(run(module("x: Tensor", {"return torch.add(torch.to(x, 3), 1)"}), {kTwoByTwo})[0].dtype(), DType::kI32);
  EXPECT_EQ(run(module("x: Tensor", {"return torch.sum(torch.gt(x, 2))"}), {kTwoByTwo})[0].dtype(), DType::kI64);
}

TEST(shapes, are_folded) {
  EXPECT_THAT(result({"_0 = ops.prim.NumToTensor(torch.size(x, 1))",
                      "n = int(torch.mul(_0, ops.prim.NumToTensor(torch.size(x, 0))))", "return torch.view(x, [n])"},
                     kTwoByTwo),
              ElementsAre(1, 2, 3, 4));
}

TEST(names, inputs_are_the_arguments_and_outputs_are_numbered) {
  const auto model =
      import_bytes(module("image: Tensor,\n    mask: Tensor", {"return (torch.add(image, mask), image)"}), {{2}, {2}});
  ASSERT_TRUE(model) << model.error().message;
  const auto graph = model->to_graph();
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->values[static_cast<size_t>(graph->inputs[1])].name, "mask");
  EXPECT_THAT(graph->output_names, ElementsAre("output_0", "output_1"));
}

}  // namespace
}  // namespace bmnet::frontend::pytorch::test
