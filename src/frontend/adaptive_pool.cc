#include "frontend/adaptive_pool.h"

#include <algorithm>
#include <numeric>

namespace bmnet::frontend {
namespace {

using Integers = std::vector<int64_t>;

struct Span {
  int64_t first, last;  // behind the window
};
Span window(int64_t i, int64_t count, int64_t length) {
  return {i * length / count, ((i + 1) * length + count - 1) / count};
}

// Axis `axis` of length L becomes a product with [L,count], whose columns average the windows.
Result<ValueId> average_axis(Emitter& node, ValueId x, int64_t axis, int64_t count) {
  const int64_t length = node.shape_of(x)[axis];
  std::vector<float> weights(static_cast<size_t>(length * count), 0);
  for (int64_t i = 0; i < count; ++i) {
    const Span span = window(i, count, length);
    for (int64_t at = span.first; at < span.last; ++at)
      weights[at * count + i] = 1 / static_cast<float>(span.last - span.first);
  }
  const ValueId matrix = node.constant(Shape{length, count}, weights);
  Shape permutation(node.rank_of(x));
  std::iota(permutation.begin(), permutation.end(), 0);
  std::swap(permutation[axis], permutation.back());
  BMNET_ASSIGN(x, node.transpose(x, permutation));
  BMNET_ASSIGN(x, node.make("matmul", {}, {x, matrix}));
  return node.transpose(x, permutation);
}

Result<ValueId> maximum_axis(Emitter& node, ValueId x, int64_t axis, int64_t count) {
  const int64_t length = node.shape_of(x)[axis];
  Values windows;
  for (int64_t i = 0; i < count; ++i) {
    const Span span = window(i, count, length);
    BMNET_ASSIGN(const ValueId part, node.slice(x, axis, span.first, span.last - span.first));
    BMNET_ASSIGN(
        const ValueId most,
        node.make("reduce", {{"kind", std::string("max")}, {"axes", Integers{axis}}, {"keep_dims", true}}, {part}));
    windows.push_back(most);
  }
  return node.make("concat", {{"axis", axis}}, windows);
}

}  // namespace

Result<ValueId> finish_adaptive_pool(Emitter& node, ValueId x, const Integers& sizes, PoolKind kind) {
  constexpr int64_t kMostWindows = 1 << 12, kMostPairs = 1 << 24;
  const Shape shape = node.shape_of(x);
  if (sizes.empty() || sizes.size() + 2 != shape.size())
    return user_error("sizes {} do not fit the input {}", to_string(sizes), to_string(shape));
  Integers kernel;
  bool divides = true;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 1 || sizes[i] > kMostWindows || shape[i + 2] > kMostPairs / sizes[i])
      return unsupported("pooling {} to {}", to_string(shape), to_string(sizes));
    divides = divides && shape[i + 2] % sizes[i] == 0;
    kernel.push_back(shape[i + 2] / sizes[i]);
  }
  if (divides)
    return node.finish("pool",
                       {{"kind", std::string(kind == PoolKind::kMax ? "max" : "average")},
                        {"kernel", kernel},
                        {"strides", kernel},
                        {"pads", Integers(2 * sizes.size(), 0)},
                        {"dilations", Integers(sizes.size(), 1)}},
                       {x});
  for (size_t i = 0; i < sizes.size(); ++i) {
    const auto axis = static_cast<int64_t>(i) + 2;
    if (shape[axis] == sizes[i]) continue;
    BMNET_ASSIGN(
        x, kind == PoolKind::kMax ? maximum_axis(node, x, axis, sizes[i]) : average_axis(node, x, axis, sizes[i]));
  }
  return x;
}

}  // namespace bmnet::frontend
