// Operators on numbers small enough to check by hand, family by family; each limit with its refusal.
#include "frontend/pytorch/testing.h"

namespace bmnet::frontend::pytorch::test {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;

// The one result of `expression` over x (and y).
std::vector<float> value(const std::string& expression, const Tensor& x) {
  return values(run(module("x: Tensor", {"return torch.to(" + expression + ", 6)"}), {x})[0]);
}
std::vector<float> value(const std::string& expression, const Tensor& x, const Tensor& y) {
  return values(run(module("x: Tensor,\n    y: Tensor", {"return torch.to(" + expression + ", 6)"}), {x, y})[0]);
}
std::string refused(const std::string& expression, const std::vector<Shape>& shapes) {
  std::string parameters;
  for (size_t i = 0; i < shapes.size(); ++i)
    parameters += fmt::format("{}{}: Tensor", i ? ",\n    " : "", std::string(1, "xyzuv"[i]));
  return refusal(module(parameters, {"return " + expression}), shapes);
}
testing::Matcher<std::vector<float>> close_to(const std::vector<float>& expected) {
  return testing::Pointwise(FloatNear(1e-5f), expected);
}
const Tensor kRow = floats({1, 1, 1, 4}, {1, 2, 3, 4});
const Tensor kSquare = floats({2, 2}, {1, 2, 3, 4});

// ---- Sampling and windows

TEST(torch_vision, grid_sampler) {
  EXPECT_THAT(value("torch.grid_sampler(x, y, 0, 0, True)", kRow, floats({1, 1, 2, 2}, {0, 0, 1, 0})),
              ElementsAre(2.5f, 4));
  EXPECT_THAT(value("torch.grid_sampler(x, y, 1, 1, False)", kRow, floats({1, 1, 2, 2}, {-2, 0, 0.3f, 0})),
              ElementsAre(1, 3));
  EXPECT_THAT(refused("torch.grid_sampler(x, y, 3, 0, True)", {{1, 1, 1, 4}, {1, 1, 2, 2}}),
              HasSubstr("interpolation mode 3"));
}
TEST(torch_vision, affine_grid_generator) {
  const Tensor identity = floats({1, 2, 3}, {1, 0, 0, 0, 1, 0});
  EXPECT_THAT(value("torch.affine_grid_generator(x, [1, 1, 1, 2], False)", identity), ElementsAre(-0.5f, 0, 0.5f, 0));
  EXPECT_THAT(value("torch.affine_grid_generator(x, [1, 1, 1, 2], True)", identity), ElementsAre(-1, 0, 1, 0));
  EXPECT_THAT(refused("torch.affine_grid_generator(x, [1, 1, 2], True)", {{1, 2, 3}}), HasSubstr("for size [1,1,2]"));
}
TEST(torch_vision, unfold_gives_windows_of_an_axis) {
  EXPECT_THAT(value("torch.unfold(x, 0, 2, 1)", floats({3}, {1, 2, 3})), ElementsAre(1, 2, 2, 3));
  EXPECT_THAT(refused("torch.unfold(x, 0, 4, 1)", {{3}}), HasSubstr("windows of 4 in steps of 1 over shape [3]"));
}
TEST(torch_vision, im2col_and_back) {
  EXPECT_THAT(value("torch.im2col(x, [1, 2], [1, 1], [0, 0], [1, 1])", kRow), ElementsAre(1, 2, 3, 2, 3, 4));
  EXPECT_THAT(value("torch.col2im(x, [1, 4], [1, 2], [1, 1], [0, 0], [1, 1])", floats({1, 2, 3}, {1, 2, 3, 2, 3, 4})),
              ElementsAre(1, 4, 6, 4));
  EXPECT_THAT(refused("torch.im2col(x, [5, 5], [1, 1], [0, 0], [1, 1])", {{1, 1, 4, 4}}),
              HasSubstr("a kernel of [5,5] is larger than [1,1,4,4]"));
  EXPECT_THAT(refused("torch.col2im(x, [1, 9], [1, 2], [1, 1], [0, 0], [1, 1])", {{1, 2, 3}}),
              HasSubstr("3 windows, size [1,9] has 8"));
}
TEST(torch_vision, max_unpool2d_puts_values_back) {
  EXPECT_THAT(values(run(module("x: Tensor", {"v, i, = torch.max_pool2d_with_indices(x, [1, 2], [1, 2])",
                                              "return torch.max_unpool2d(v, i, [1, 4])"}),
                         {floats({1, 1, 1, 4}, {1, 2, 4, 3})})[0]),
              ElementsAre(0, 2, 4, 0));
}
TEST(torch_vision, deform_conv2d) {
  const std::string call = "ops.torchvision.deform_conv2d(x, y, z, u, v, 1, 1, 0, 0, 1, 1, 1, 1, True)";
  const std::string code =
      module("x: Tensor,\n    y: Tensor,\n    z: Tensor,\n    u: Tensor,\n    v: Tensor", {"return " + call});
  const Tensor offset = floats({1, 2, 1, 4}, {0, 0, 0, 0, 1, 0.5f, 0, 0});
  EXPECT_THAT(values(run(code, {kRow, floats({1, 1, 1, 1}, {2}), offset, floats({1, 1, 1, 4}, {1, 1, 1, 0}),
                                floats({1}, {0.5f})})[0]),
              ElementsAre(4.5f, 5.5f, 6.5f, 0.5f));
  EXPECT_THAT(refusal(code, {{1, 1, 1, 4}, {1, 1, 1, 1}, {1, 2, 1, 3}, {1, 1, 1, 4}, {1}}),
              HasSubstr("the offset has shape [1,2,1,3], [1,2,1,4] is needed"));
}

// ---- Regions

TEST(torch_regions, roi_pool) {
  EXPECT_THAT(
      values(run(module("x: Tensor,\n    y: Tensor", {"p, _0, = ops.torchvision.roi_pool(x, y, 1., 1, 2)", "return p"}),
                 {kRow, floats({1, 5}, {0, 0, 0, 3, 0})})[0]),
      ElementsAre(2, 4));
}
TEST(torch_regions, ps_roi_align_takes_a_channel_for_every_bin) {
  const std::string code =
      module("x: Tensor,\n    y: Tensor", {"p, _0, = ops.torchvision.ps_roi_align(x, y, 1., 1, 2, 1)", "return p"});
  EXPECT_THAT(values(run(code, {floats({1, 2, 1, 2}, {1, 2, 30, 40}), floats({1, 5}, {0, 0, 0, 2, 1})})[0]),
              ElementsAre(1, 40));
  EXPECT_THAT(refusal(code, {{1, 3, 1, 2}, {1, 5}}), HasSubstr("2 bins of shape [1,3,1,2]"));
}
TEST(torch_regions, ps_roi_pool_averages_a_channel_for_every_bin) {
  const std::string code =
      module("x: Tensor,\n    y: Tensor", {"p, _0, = ops.torchvision.ps_roi_pool(x, y, 0.5, 1, 2)", "return p"});
  EXPECT_THAT(values(run(code, {floats({1, 2, 1, 2}, {1, 2, 30, 40}), floats({1, 5}, {0, 0, 0, 4, 2})})[0]),
              ElementsAre(1, 40));
  EXPECT_THAT(refusal(code, {{1, 3, 1, 2}, {1, 5}}), HasSubstr("ps_roi_pool: 2 bins of shape [1,3,1,2]"));
}
const Tensor kBoxes = floats({3, 4}, {0, 0, 2, 2, 0, 0, 2, 1.9f, 5, 5, 6, 6});
TEST(torch_regions, nms_gives_as_many_indices_as_boxes) {
  const Tensor scores = floats({3}, {0.5f, 0.9f, 0.7f});
  EXPECT_THAT(value("ops.torchvision.nms(x, y, 0.5)", kBoxes, scores), ElementsAre(1, 2, -1));
  EXPECT_THAT(value("torch.index(y, [ops.torchvision.nms(x, y, 0.5)])", kBoxes, scores), ElementsAre(0.9f, 0.7f, 0));
  EXPECT_THAT(value("torch.index_select(x, 0, torch.slice(ops.torchvision.nms(x, y, 0.5), 0, 1, 3))", kBoxes, scores),
              ElementsAre(5, 5, 6, 6, 0, 0, 0, 0));
}
TEST(torch_regions, what_would_count_missing_boxes_is_refused) {
  EXPECT_THAT(refused("torch.add(ops.torchvision.nms(x, y, 0.5), 1)", {{3, 4}, {3}}),
              HasSubstr("the number of indices depends on the data"));
  EXPECT_THAT(refused("torch.embedding(x, ops.torchvision.nms(x, y, 0.5))", {{3, 4}, {3}}),
              HasSubstr("indices whose number depends on the data"));
}

// ---- Indices

TEST(torch_index, scatter_reduce) {
  const auto call = [](const char* kind, const char* self) {
    return fmt::format("torch.scatter_reduce(x, 0, torch.tensor([0, 0]), y, \"{}\", include_self={})", kind, self);
  };
  const Tensor x = floats({2}, {1, 5}), y = floats({2}, {2, 4});
  EXPECT_THAT(value(call("sum", "True"), x, y), ElementsAre(7, 5));
  EXPECT_THAT(value(call("mean", "True"), x, y), close_to({7.0f / 3, 5}));
  EXPECT_THAT(value(call("mean", "False"), x, y), ElementsAre(3, 5));
  EXPECT_THAT(value(call("amax", "False"), x, y), ElementsAre(4, 5));
  EXPECT_THAT(refused("torch.scatter_reduce(x, 0, torch.tensor([0, 0]), y, \"median\")", {{2}, {2}}),
              HasSubstr("reduce 'median' is not sum, prod, mean, amax or amin"));
}
TEST(torch_index, whole_slices) {
  EXPECT_THAT(value("torch.index_add(x, 0, torch.tensor([1]), y)", kSquare, floats({1, 2}, {10, 20})),
              ElementsAre(1, 2, 13, 24));
  EXPECT_THAT(value("torch.index_copy(x, 1, torch.tensor([0]), y)", kSquare, floats({2, 1}, {8, 9})),
              ElementsAre(8, 2, 9, 4));
  EXPECT_THAT(value("torch.index_fill(x, 0, torch.tensor([0]), 7)", kSquare), ElementsAre(7, 7, 3, 4));
}
TEST(torch_index, index_put_behind_the_first_axis) {
  EXPECT_THAT(value("torch.index_put_(torch.clone(x), [None, torch.tensor([1])], y)", kSquare, floats({2, 1}, {8, 9})),
              ElementsAre(1, 8, 3, 9));
}
TEST(torch_index, take_and_take_along_dim) {
  EXPECT_THAT(value("torch.take(x, torch.tensor([3, 0]))", kSquare), ElementsAre(4, 1));
  EXPECT_THAT(value("torch.take_along_dim(x, torch.view(torch.tensor([1, 0]), [2, 1]), 1)", kSquare),
              ElementsAre(2, 3));
}
TEST(torch_index, nonzero_of_what_is_known) {
  EXPECT_THAT(value("torch.index_select(x, 0, torch.view(torch.nonzero(torch.tensor([0., 2.])), [-1]))", kSquare),
              ElementsAre(3, 4));
  EXPECT_THAT(refused("torch.nonzero(x)", {{2}}),
              testing::AllOf(HasSubstr("code/__torch__.py line"), HasSubstr("as many rows as the data has")));
  EXPECT_THAT(refused("torch.masked_select(x, torch.gt(x, 0))", {{2}}), HasSubstr("as many elements as the data has"));
}
TEST(torch_index, embedding_bag) {
  const std::string bags = "(torch.embedding_bag(x, torch.tensor([0, 1, 1]), torch.tensor([0, 2]), False, {}))[0]";
  EXPECT_THAT(value(fmt::format(fmt::runtime(bags), 0), kSquare), ElementsAre(4, 6, 3, 4));
  EXPECT_THAT(value(fmt::format(fmt::runtime(bags), 1), kSquare), ElementsAre(2, 3, 3, 4));
  EXPECT_THAT(value(fmt::format(fmt::runtime(bags), 2), kSquare), ElementsAre(3, 4, 3, 4));
  EXPECT_THAT(refused("torch.embedding_bag(x, torch.tensor([0]), torch.to(y, 4))", {{2, 2}, {1}}),
              HasSubstr("offsets must be constant"));
}

// ---- Functions, distances, products

TEST(torch_functions, of_one_element) {
  const Tensor x = floats({2}, {0, 0.5f});
  EXPECT_THAT(value("torch.erfc(x)", x), close_to({1, 0.4795001f}));
  EXPECT_THAT(value("torch.special_expit(x)", x), close_to({0.5f, 0.6224593f}));
  EXPECT_THAT(value("torch.sinc(x)", x), close_to({1, 0.6366198f}));
  EXPECT_THAT(value("torch.logit(x, 0.1)", x), close_to({-2.1972246f, 0}));
  EXPECT_THAT(value("torch.rad2deg(x)", x), close_to({0, 28.647888f}));
  EXPECT_THAT(value("torch.nan_to_num(torch.div(x, 0.), 3., 7.)", x), ElementsAre(3, 7));
  EXPECT_THAT(value("torch.signbit(torch.sub(x, 0.25))", x), ElementsAre(1, 0));
}
TEST(torch_functions, of_two_elements) {
  const Tensor a = floats({2}, {3, 0}), b = floats({2}, {-4, 2});
  EXPECT_THAT(value("torch.hypot(x, y)", a, b), ElementsAre(5, 2));
  EXPECT_THAT(value("torch.copysign(x, y)", a, b), ElementsAre(-3, 0));
  EXPECT_THAT(value("torch.logaddexp(x, y)", a, b), close_to({3.0009115f, 2.126928f}));
  EXPECT_THAT(value("torch.heaviside(x, y)", a, b), ElementsAre(1, 2));
  EXPECT_THAT(value("torch.isclose(x, y)", a, a), ElementsAre(1, 1));
  EXPECT_THAT(refused("torch.isclose(x, y, 0.1, 0.1, True)", {{2}, {2}}), HasSubstr("equal_nan=False is"));
}
TEST(torch_distances, between_vectors) {
  const Tensor a = floats({1, 2}, {0, 0}), b = floats({2, 2}, {3, 4, 0, 1});
  EXPECT_THAT(value("torch.cdist(x, y)", a, b), ElementsAre(5, 1));
  EXPECT_THAT(value("torch.cdist(x, y, 1.)", a, b), ElementsAre(7, 1));
  EXPECT_THAT(value("torch.cosine_similarity(x, y, 1)", floats({2, 2}, {1, 0, 0, 2}), b), close_to({0.6f, 1}));
  EXPECT_THAT(value("torch.pairwise_distance(x, y, 1., 0.)", b, b), ElementsAre(0, 0));
  EXPECT_THAT(refused("torch.cdist(x, y, -1.)", {{1, 2}, {2, 2}}), HasSubstr("p -1 is not supported; p >= 0 is"));
}
TEST(torch_products, of_several_axes) {
  EXPECT_THAT(value("torch.tensordot(x, y, [0], [1])", kSquare, kSquare), ElementsAre(7, 15, 10, 22));
  EXPECT_THAT(value("torch.inner(x, y)", kSquare, kSquare), ElementsAre(5, 11, 11, 25));
  EXPECT_THAT(value("torch.cross(x, y, 0)", floats({3}, {1, 0, 0}), floats({3}, {0, 1, 0})), ElementsAre(0, 0, 1));
  EXPECT_THAT(value("torch.bilinear(x, y, torch.view(torch.tensor([1., 0., 0., 1.]), [1, 2, 2]))", kSquare, kSquare),
              ElementsAre(5, 25));
}

// ---- Arrangement and order

TEST(torch_arrange, stacks_and_turns) {
  EXPECT_THAT(value("torch.hstack([x, y])", kSquare, kSquare), ElementsAre(1, 2, 1, 2, 3, 4, 3, 4));
  EXPECT_THAT(value("torch.rot90(x, 1, [0, 1])", kSquare), ElementsAre(2, 4, 1, 3));
  EXPECT_THAT(value("torch.rot90(x, -1, [0, 1])", kSquare), ElementsAre(3, 1, 4, 2));
  EXPECT_THAT(value("torch.fliplr(x)", kSquare), ElementsAre(2, 1, 4, 3));
  EXPECT_THAT(value("torch.block_diag([x, torch.tensor([9.])])", kSquare), ElementsAre(1, 2, 0, 3, 4, 0, 0, 0, 9));
}
TEST(torch_arrange, diagonals) {
  EXPECT_THAT(value("torch.diagonal(x)", kSquare), ElementsAre(1, 4));
  EXPECT_THAT(value("torch.trace(x)", kSquare), ElementsAre(5));
  EXPECT_THAT(value("torch.diag_embed(x)", floats({2}, {1, 2})), ElementsAre(1, 0, 0, 2));
  EXPECT_THAT(refused("torch.diag_embed(x, 0, 0, 1)", {{2, 2}}), HasSubstr("-2 and -1 are"));
}
TEST(torch_order, median_and_kthvalue) {
  const Tensor x = floats({4}, {4, 1, 3, 2});
  EXPECT_THAT(value("torch.median(x)", x), ElementsAre(2));
  EXPECT_THAT(value("(torch.kthvalue(x, 3))[1]", x), ElementsAre(2));
  EXPECT_THAT(refused("(torch.kthvalue(x, 5))[0]", {{4}}), HasSubstr("element 5 of shape [4]"));
}
TEST(torch_order, places_among_boundaries) {
  const Tensor x = floats({3}, {0, 1, 2});
  EXPECT_THAT(value("torch.bucketize(x, torch.tensor([0., 1.]))", x), ElementsAre(0, 1, 2));
  EXPECT_THAT(value("torch.searchsorted(torch.tensor([0., 1.]), x, right=True)", x), ElementsAre(1, 2, 2));
}

// ---- Recurrent, attention, quantized

TEST(torch_cells, rnn_tanh_cell) {
  EXPECT_THAT(value("torch.rnn_tanh_cell(x, y, torch.full([1, 1], 2.), torch.full([1, 1], 1.))",
                    floats({1, 1}, {0.25f}), floats({1, 1}, {0.5f})),
              close_to({0.7615942f}));
}
TEST(torch_cells, packed_sequences_are_refused) {
  EXPECT_THAT(refused("torch._pack_padded_sequence(x, y, True)", {{2, 3, 1}, {2}}), HasSubstr("pad the sequences"));
}
TEST(torch_quantized, numbers_are_rounded_to_the_scale) {
  EXPECT_THAT(value("torch.dequantize(torch.quantize_per_tensor(x, 0.5, 2, 13))", floats({4}, {0.6f, -9, 500, 0.75f})),
              ElementsAre(0.5f, -1, 126.5f, 1));
  EXPECT_THAT(refused("torch.quantize_per_tensor(x, 0., 2, 13)", {{2}}), HasSubstr("a scale of 0"));
}
TEST(torch_quantized, packs_and_runs_linear_and_conv) {
  EXPECT_THAT(values(run(module("x: Tensor", {"w = torch.view(torch.tensor([1., 1.]), [1, 2])",
                                              "p = ops.quantized.linear_prepack(w, None)",
                                              "return ops.quantized.linear_relu(x, p, 0.5, 0)"}),
                         {floats({2, 2}, {1, 0.3f, -5, 1})})[0]),
              ElementsAre(1.5f, 0));
  EXPECT_THAT(values(run(module("x: Tensor", {"w = torch.view(torch.tensor([1., 1.]), [1, 1, 1, 2])",
                                              "p = ops.quantized.conv2d_prepack(w, None, [1, 2], [0, 0], [1, 1], 1)",
                                              "return ops.quantized.conv2d(x, p, 2., 0)"}),
                         {kRow})[0]),
              ElementsAre(4, 8));
  EXPECT_THAT(refused("ops.quantized.linear(x, 3, 1., 0)", {{2, 2}}),
              HasSubstr("packed parameters of an unknown kind"));
}

}  // namespace
}  // namespace bmnet::frontend::pytorch::test
