// Products of more than two matrices, distances and similarities, bags of embeddings.
#include <algorithm>
#include <cmath>
#include <limits>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

ValueId product(Call& c, ValueId a, ValueId b, bool transpose_b = false) {
  return c.t.emit("matmul", {{"transpose_b", transpose_b}}, {a, b});
}
int64_t last_axis(Call& c, ValueId x) { return static_cast<int64_t>(c.t.shape(x).size()) - 1; }

// (sum |x|^p)^(1/p) along an axis.
ValueId length(Call& c, ValueId x, double p, int64_t axis, bool keep) {
  if (p == 1) return c.t.reduce("l1", x, {axis}, keep);
  if (p == 2) return c.t.reduce("l2", x, {axis}, keep);
  const ValueId size = c.t.unary("abs", x);
  if (p == 0) {
    const ValueId counted = c.t.compare("ne", x, c.t.scalar(DType::kF32, 0));
    return c.t.reduce("sum", c.t.cast(counted, DType::kF32), {axis}, keep);
  }
  if (std::isinf(p) && p > 0) return c.t.reduce("max", size, {axis}, keep);
  if (!(p > 0)) refuse("torch.{}: p {} is not supported; p >= 0 is", c.op(), p);
  return c.t.unary("power", c.t.reduce("sum", c.t.unary("power", size, p), {axis}, keep), 1 / p);
}

// x1 [...,P,M], x2 [...,R,M] -> [...,P,R]
Value cdist(Call& c) {
  const ValueId a = c.f32(0), b = c.f32(1);
  Shape left = c.t.shape(a), right = c.t.shape(b);
  if (left.size() < 2 || right.size() < 2) reject("torch.cdist of shapes {}, {}", to_string(left), to_string(right));
  left.insert(left.end() - 1, 1);
  right.insert(right.end() - 2, 1);
  const ValueId difference = c.t.binary("sub", c.t.reshape(a, left), c.t.reshape(b, right));
  return c.result(length(c, difference, c.number(2, 2), last_axis(c, difference), false));
}
Value pairwise_distance(Call& c) {
  const ValueId difference = c.t.unary("linear", c.t.binary("sub", c.f32(0), c.f32(1)), 1, c.number(3, 1e-6));
  if (c.t.shape(difference).empty()) reject("torch.pairwise_distance of scalars");
  return c.result(length(c, difference, c.number(2, 2), last_axis(c, difference), c.boolean(4, false)));
}
Value dist(Call& c) {
  const ValueId difference = c.t.binary("sub", c.f32(0), c.f32(1));
  const ValueId flat = c.t.reshape(difference, {element_count(c.t.shape(difference))});
  return c.result(length(c, flat, c.number(2, 2), 0, false));
}
Value cosine_similarity(Call& c) {
  const ValueId a = c.f32(0), b = c.f32(1);
  const ValueId product = c.t.binary("mul", a, b);
  const size_t rank = c.t.shape(product).size();
  const auto axis = static_cast<int64_t>(c.axis(c.integer(2, 1), rank));
  if (c.t.shape(a).size() != rank || c.t.shape(b).size() != rank || rank == 0)
    refuse("torch.cosine_similarity of shapes {} and {}: equal ranks of at least 1 are supported",
           to_string(c.t.shape(a)), to_string(c.t.shape(b)));
  const ValueId least = c.t.scalar(DType::kF32, c.number(3, 1e-8));
  const auto bounded = [&](ValueId x) { return c.t.binary("max", c.t.reduce("l2", x, {axis}, false), least); };
  return c.result(
      c.t.binary("div", c.t.reduce("sum", product, {axis}, false), c.t.binary("mul", bounded(a), bounded(b))));
}

Value chain(Call& c) {
  const std::vector<ValueId> matrices = c.tensors(0);
  if (matrices.empty()) reject("torch.{} of nothing", c.op());
  ValueId x = c.t.cast(matrices[0], DType::kF32);
  for (size_t i = 1; i < matrices.size(); ++i) x = product(c, x, c.t.cast(matrices[i], DType::kF32));
  return c.result(x);
}

ValueId scaled(Call& c, ValueId x, size_t index) {
  const double factor = c.number(index, 1);
  return factor == 1 ? x : c.t.unary("linear", x, factor, 0);
}
// beta * self + alpha * x
Value added(Call& c, ValueId x) {
  x = scaled(c, x, 4);
  return c.result(c.number(3, 1) == 0 ? x : c.t.binary("add", scaled(c, c.f32(0), 3), x));
}
ValueId outer(Call& c, ValueId a, ValueId b) {
  return c.t.binary("mul", c.t.reshape(a, {element_count(c.t.shape(a)), 1}), b);
}
Value ger(Call& c) { return c.result(outer(c, c.f32(0), c.f32(1))); }
Value addr(Call& c) { return added(c, outer(c, c.f32(1), c.f32(2))); }
Value addbmm(Call& c) { return added(c, c.t.reduce("sum", product(c, c.f32(1), c.f32(2)), {0}, false)); }

Value inner(Call& c) {
  const ValueId a = c.f32(0), b = c.f32(1);
  if (c.t.shape(a).empty() || c.t.shape(b).empty()) return c.result(c.t.binary("mul", a, b));
  if (c.t.shape(a).size() > 2 || c.t.shape(b).size() > 2)
    refuse("torch.inner of shapes {} and {}: vectors and matrices are supported", to_string(c.t.shape(a)),
           to_string(c.t.shape(b)));
  return c.result(c.t.shape(b).size() == 1 ? product(c, a, b) : product(c, a, b, true));
}

// Axes `dims` of both summed over: each operand becomes a matrix.
Value tensordot(Call& c) {
  ValueId sides[2] = {c.f32(0), c.f32(1)};
  const std::vector<int64_t> summed[2] = {c.integers(2), c.integers(3)};
  if (summed[0].size() != summed[1].size())
    reject("torch.tensordot over {} and {} axes", summed[0].size(), summed[1].size());
  Shape result;
  for (int side = 0; side < 2; ++side) {
    const Shape shape = c.t.shape(sides[side]);
    std::vector<int64_t> inside, outside;
    for (const int64_t axis : summed[side]) inside.push_back(static_cast<int64_t>(c.axis(axis, shape.size())));
    for (size_t i = 0; i < shape.size(); ++i)
      if (std::ranges::find(inside, static_cast<int64_t>(i)) == inside.end()) {
        outside.push_back(static_cast<int64_t>(i));
        result.push_back(shape[i]);
      }
    if (inside.size() + outside.size() != shape.size()) reject("torch.tensordot names an axis twice");
    int64_t depth = 1;
    for (const int64_t axis : inside) depth *= shape[static_cast<size_t>(axis)];
    std::vector<int64_t> order = side == 0 ? outside : inside;
    order.insert(order.end(), (side == 0 ? inside : outside).begin(), (side == 0 ? inside : outside).end());
    const int64_t rest = depth == 0 ? 0 : element_count(shape) / depth;
    sides[side] = c.t.reshape(c.t.permute(sides[side], order), side == 0 ? Shape{rest, depth} : Shape{depth, rest});
  }
  return c.result(c.t.reshape(product(c, sides[0], sides[1]), result));
}

// out[n,o] = sum over i, j of a[n,i] * weight[o,i,j] * b[n,j] + bias[o]
Value bilinear(Call& c) {
  const ValueId a = c.f32(0), b = c.f32(1), weight = c.f32(2);
  const Shape left = c.t.shape(a), right = c.t.shape(b), w = c.t.shape(weight);
  if (left.empty() || right.size() != left.size() || w.size() != 3 || left.back() != w[1] || right.back() != w[2])
    reject("torch.bilinear of shapes {}, {}, {}", to_string(left), to_string(right), to_string(w));
  const int64_t rows = left.back() == 0 ? 0 : element_count(left) / left.back();
  const ValueId folded =
      product(c, c.t.reshape(a, {rows, w[1]}), c.t.reshape(c.t.permute(weight, {1, 0, 2}), {w[1], w[0] * w[2]}));
  const ValueId terms = c.t.binary("mul", c.t.reshape(folded, {rows, w[0], w[2]}), c.t.reshape(b, {rows, 1, w[2]}));
  ValueId y = c.t.reduce("sum", terms, {2}, false);
  if (c.given(3)) y = c.t.binary("add", y, c.f32(3));
  Shape result(left.begin(), left.end() - 1);
  result.push_back(w[0]);
  return c.result(c.t.reshape(y, result));
}

// Components 1 2, 2 0, 0 1 of the other two.
Value cross(Call& c) {
  const ValueId a = c.f32(0), b = c.f32(1);
  const Shape shape = c.t.shape(a);
  size_t axis = shape.size();
  if (c.given(2) || c.op() == "linalg_cross") {
    axis = c.axis(c.integer(2, -1), shape.size());
  } else {
    for (size_t i = shape.size(); i > 0; --i)
      if (shape[i - 1] == 3) axis = i - 1;
  }
  if (axis >= shape.size() || shape[axis] != 3 || c.t.shape(b) != shape)
    reject("torch.{} of shapes {} and {}", c.op(), to_string(shape), to_string(c.t.shape(b)));
  const auto turned = [&](ValueId x, int64_t by) {
    return c.t.concat({c.t.slice(x, axis, by, 3 - by), c.t.slice(x, axis, 0, by)}, static_cast<int64_t>(axis));
  };
  return c.result(
      c.t.binary("sub", c.t.binary("mul", turned(a, 1), turned(b, 2)), c.t.binary("mul", turned(a, 2), turned(b, 1))));
}

// Sums, means or maxima of rows of a table; `offsets` says where every bag begins.
struct Bags {
  std::vector<int64_t> begins;  // and the end of the last
};
Bags bags_of(Call& c, int64_t indices) {
  const Tensor* offsets = c.t.known(c.t.cast(c.tensor(2), DType::kI64));
  if (!offsets) refuse("torch.embedding_bag with computed offsets is not supported; offsets must be constant");
  Bags bags;
  bags.begins.assign(offsets->data<int64_t>().begin(), offsets->data<int64_t>().end());
  if (!c.boolean(7, false)) bags.begins.push_back(indices);
  if (bags.begins.size() < 2 || bags.begins.size() > 65536 || !std::ranges::is_sorted(bags.begins) ||
      bags.begins.front() != 0 || bags.begins.back() > indices)
    reject("torch.embedding_bag: {} offsets for {} indices", bags.begins.size() - 1, indices);
  return bags;
}
ValueId averaged(Call& c, ValueId rows, const Bags& bags, bool mean) {
  const int64_t count = c.t.shape(rows)[0], out = static_cast<int64_t>(bags.begins.size()) - 1;
  if (count > (int64_t{1} << 26) / out) refuse("torch.embedding_bag of {} indices in {} bags", count, out);
  std::vector<float> shares(static_cast<size_t>(count * out), 0);
  for (int64_t bag = 0; bag < out; ++bag) {
    const int64_t begin = bags.begins[static_cast<size_t>(bag)], end = bags.begins[static_cast<size_t>(bag) + 1];
    for (int64_t i = begin; i < end; ++i)
      shares[static_cast<size_t>(bag * count + i)] = mean ? 1.0f / static_cast<float>(end - begin) : 1.0f;
  }
  return product(c, c.t.floats(shares, {out, count}), rows);
}
ValueId largest(Call& c, ValueId rows, const Bags& bags) {
  if (bags.begins.size() > 1025) refuse("torch.embedding_bag: maxima of {} bags; at most 1024", bags.begins.size() - 1);
  std::vector<ValueId> parts;
  for (size_t bag = 0; bag + 1 < bags.begins.size(); ++bag) {
    const int64_t size = bags.begins[bag + 1] - bags.begins[bag];
    parts.push_back(size == 0 ? c.t.filled(DType::kF32, {1, c.t.shape(rows)[1]}, 0)
                              : c.t.reduce("max", c.t.slice(rows, 0, bags.begins[bag], size), {0}, true));
  }
  return c.t.concat(parts, 0);
}
// f(weight, indices, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights, include_last_offset, padding_idx)
Value embedding_bag(Call& c) {
  const ValueId weight = c.f32(0), indices = c.t.cast(c.tensor(1), DType::kI64);
  if (c.t.shape(weight).size() != 2 || c.t.shape(indices).size() != 1)
    reject("torch.embedding_bag: a table of shape {}, indices of shape {}", to_string(c.t.shape(weight)),
           to_string(c.t.shape(indices)));
  if (c.integer(8, -1) >= 0) refuse("torch.embedding_bag with padding_idx is not supported; leave it out");
  if (c.t.is_open_ended(indices)) refuse("torch.embedding_bag of indices whose number depends on the data");
  const int64_t mode = c.integer(4, 0), count = c.t.shape(indices)[0];
  const Bags bags = bags_of(c, count);
  ValueId rows = c.t.emit("gather", {{"axis", int64_t{0}}}, {weight, indices});
  if (c.given(6)) rows = c.t.binary("mul", rows, c.t.reshape(c.f32(6), {count, 1}));
  const ValueId y = mode == 2 ? largest(c, rows, bags) : averaged(c, rows, bags, mode == 1);
  const auto training = [] {
    auto cell = std::make_shared<Cell>();
    cell->name = "a second result of torch.embedding_bag";
    return cell;
  };
  return make_tuple({c.result(y), training(), training(), training()});
}

constexpr std::string_view kBag =
    "weight indices offsets scale_grad_by_freq mode sparse per_sample_weights include_last_offset padding_idx";

constexpr OpRow kRows[] = {
    {"cdist", "x1 x2 p compute_mode", cdist, "binary reduce"},
    {"_cdist_forward", "x1 x2 p compute_mode", cdist, "binary reduce"},
    {"pairwise_distance", "x1 x2 p eps keepdim", pairwise_distance, "binary reduce"},
    {"dist", "self other p", dist, "binary reduce"},
    {"cosine_similarity", "x1 x2 dim eps", cosine_similarity, "binary reduce"},
    {"chain_matmul", "matrices", chain, "matmul"},
    {"linalg_multi_dot", "tensors", chain, "matmul"},
    {"ger", "self vec2", ger, "binary"},
    {"addr", "self vec1 vec2 beta alpha", addr, "binary"},
    {"addbmm", "self batch1 batch2 beta alpha", addbmm, "matmul reduce"},
    {"inner", "self other", inner, "matmul"},
    {"tensordot", "self other dims_self dims_other", tensordot, "transpose matmul"},
    {"bilinear", "input1 input2 weight bias", bilinear, "matmul binary reduce"},
    {"cross", "self other dim", cross, "slice concat binary"},
    {"linalg_cross", "self other dim", cross, "slice concat binary"},
    {"embedding_bag", kBag, embedding_bag, "gather matmul", "constant offsets, no padding_idx"},
    {"_embedding_bag", kBag, embedding_bag, "gather matmul", "constant offsets, no padding_idx"},
};

}  // namespace

std::span<const OpRow> distance_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
