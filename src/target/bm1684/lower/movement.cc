#include "target/bm1684/lower/movement.h"

#include <algorithm>

#include "target/bm1684/lower/elementwise.h"

namespace bmnet::bm1684 {
namespace {

constexpr int64_t kMaxExtent = 65535;
constexpr int64_t kFullRateWords = 8;  // shorter runs slow the engine down

// A nest and where each of its tensors starts.
struct PlacedNest {
  Nest nest;
  std::vector<int64_t> offsets;
};

// The largest divisor of `size` that the engine's size fields hold.
int64_t engine_divisor(int64_t size) {
  int64_t inner = std::min(size, kMaxExtent);
  while (size % inner != 0) --inner;
  return inner;
}

// The nest as nests whose axes all fit the engine's size fields: longer axes become two, and a rest where no large
// number divides them.
void split_long_axes(PlacedNest placed, std::vector<PlacedNest>& result) {
  constexpr int64_t kFineDivisor = 1024, kChunk = 32768;
  Nest& nest = placed.nest;
  const auto found = std::ranges::find_if(nest.sizes, [](int64_t size) { return size > kMaxExtent; });
  if (found == nest.sizes.end()) return result.push_back(std::move(placed));
  const auto axis = static_cast<size_t>(found - nest.sizes.begin());
  const int64_t size = *found;
  int64_t inner = engine_divisor(size);
  if (inner < kFineDivisor) {
    PlacedNest rest = placed;
    rest.nest.sizes[axis] = size % kChunk;
    nest.sizes[axis] = size - size % kChunk;
    for (size_t t = 0; t < nest.strides.size(); ++t) rest.offsets[t] += nest.sizes[axis] * nest.strides[t][axis];
    split_long_axes(std::move(rest), result);
    inner = kChunk;
  }
  const auto next = static_cast<int64_t>(axis) + 1;
  nest.sizes[axis] /= inner;
  nest.sizes.insert(nest.sizes.begin() + next, inner);
  for (auto& strides : nest.strides) {
    strides.insert(strides.begin() + next, strides[axis]);
    strides[axis] *= inner;
  }
  split_long_axes(std::move(placed), result);
}

// The axes `chosen` of the nest become n, c, h, w of one command each; the others are unrolled.
template <typename Emit>
void for_each_command(const Nest& nest, const std::array<int, 4>& chosen, const std::vector<int64_t>& offsets,
                      Emit emit) {
  const size_t tensors = nest.strides.size();
  Dims shape{1, 1, 1, 1};
  std::vector<Dims> strides(tensors, Dims{1, 1, 1, 1});
  for (int k = 0; k < 4; ++k) {
    if (chosen[k] < 0) continue;
    shape[k] = nest.sizes[chosen[k]];
    for (size_t t = 0; t < tensors; ++t) strides[t][k] = nest.strides[t][chosen[k]];
  }
  std::vector<size_t> outer;
  for (size_t i = 0; i < nest.sizes.size(); ++i)
    if (std::ranges::find(chosen, static_cast<int>(i)) == chosen.end()) outer.push_back(i);
  std::vector<int64_t> index(outer.size(), 0);
  while (true) {
    std::vector<int64_t> at = offsets;
    for (size_t k = 0; k < outer.size(); ++k)
      for (size_t t = 0; t < tensors; ++t) at[t] += index[k] * nest.strides[t][outer[k]];
    emit(shape, strides, at);
    size_t k = outer.size();
    while (k > 0 && ++index[k - 1] == nest.sizes[outer[k - 1]]) index[--k] = 0;
    if (k == 0) return;
  }
}

// The innermost axis is w when it is contiguous everywhere; the largest others are n, c, h in order.
std::array<int, 4> choose_axes(const Nest& nest) {
  const int axes = static_cast<int>(nest.sizes.size());
  std::array<int, 4> chosen{-1, -1, -1, -1};
  int others = axes;
  const bool contiguous = std::ranges::all_of(nest.strides, [](const auto& strides) { return strides.back() == 1; });
  if (contiguous) chosen[3] = --others;
  std::vector<int> order(others);
  for (int i = 0; i < others; ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](int i) { return std::pair(-nest.sizes[i], i); });
  order.resize(std::min(others, 3));
  std::ranges::sort(order);
  for (size_t k = 0; k < order.size(); ++k) chosen[3 - order.size() + k] = order[k];
  return chosen;
}

// Two axes that swap their places with a contiguous block inside: one command transposes them. Returns the axis that is
// contiguous (next to the block) in the source and the one that is in the destination.
std::optional<std::pair<int, int>> transposed_pair(const Nest& nest) {
  const int axes = static_cast<int>(nest.sizes.size());
  int64_t block = 1;
  int last = axes;
  if (nest.strides[0].back() == 1 && nest.strides[1].back() == 1) {
    block = nest.sizes.back();
    --last;
  }
  if (block >= kFullRateWords) return std::nullopt;
  int source_fast = -1, destination_fast = -1;
  for (int i = 0; i < last; ++i) {
    if (nest.strides[0][i] == block) destination_fast = i;
    if (nest.strides[1][i] == block) source_fast = i;
  }
  if (source_fast < 0 || destination_fast < 0 || source_fast == destination_fast) return std::nullopt;
  return std::pair{source_fast, destination_fast};
}

// Descending strides of the destination: long runs come to the inside.
void order_by_destination(Nest& nest) {
  std::vector<size_t> order(nest.sizes.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](size_t i) { return std::pair(-nest.strides[0][i], i); });
  Nest sorted;
  sorted.strides.resize(nest.strides.size());
  for (size_t i : order) {
    sorted.sizes.push_back(nest.sizes[i]);
    for (size_t t = 0; t < nest.strides.size(); ++t) sorted.strides[t].push_back(nest.strides[t][i]);
  }
  nest = std::move(sorted);
}

// A nest of destination and source that fits the engine.
void add_engine_copy(Recipe& recipe, const PlacedNest& placed, Ref to, Ref from) {
  const Nest& nest = placed.nest;
  if (const auto pair = transposed_pair(nest)) {
    const auto [source_fast, destination_fast] = *pair;
    // source [n = destination_fast][c = source_fast][block]
    const bool has_block = nest.strides[0].back() == 1 && nest.strides[1].back() == 1;
    const int block = has_block ? static_cast<int>(nest.sizes.size()) - 1 : -1;
    for_each_command(
        nest, {destination_fast, source_fast, -1, block}, placed.offsets,
        [&](const Dims& shape, const std::vector<Dims>& strides, const std::vector<int64_t>& at) {
          const Dims swapped = {shape[1], shape[0], shape[2], shape[3]};
          const Dims swapped_strides = {strides[0][1], strides[0][0], strides[0][2], strides[0][3]};
          recipe.add(Move{
              Move::Kind::kTransposeNc, {to, at[0], swapped, swapped_strides}, {from, at[1], shape, strides[1]}, 0});
        });
    return;
  }
  for_each_command(
      nest, choose_axes(nest), placed.offsets,
      [&](const Dims& shape, const std::vector<Dims>& strides, const std::vector<int64_t>& at) {
        recipe.add(Move{Move::Kind::kCopy, {to, at[0], shape, strides[0]}, {from, at[1], shape, strides[1]}, 0});
      });
}

}  // namespace

std::vector<int64_t> dense_strides(std::span<const int64_t> shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

void add_copy(Recipe& recipe, std::span<const int64_t> sizes, const StridedWindow& to, const StridedWindow& from) {
  if (const auto backwards = std::ranges::find_if(from.strides, [](int64_t stride) { return stride < 0; });
      backwards != from.strides.end()) {
    // The engine only walks forwards: element by element along this axis.
    const auto axis = static_cast<size_t>(backwards - from.strides.begin());
    std::vector<int64_t> piece(sizes.begin(), sizes.end());
    piece[axis] = 1;
    StridedWindow to_piece = to, from_piece = from;
    from_piece.strides[axis] = 0;
    for (int64_t i = 0; i < sizes[axis]; ++i) {
      to_piece.offset = to.offset + i * to.strides[axis];
      from_piece.offset = from.offset + i * from.strides[axis];
      add_copy(recipe, piece, to_piece, from_piece);
    }
    return;
  }
  Nest nest{{sizes.begin(), sizes.end()}, {to.strides, from.strides}};
  merge_axes(nest);
  order_by_destination(nest);
  merge_axes(nest);
  std::vector<PlacedNest> pieces;
  split_long_axes({std::move(nest), {to.offset, from.offset}}, pieces);
  for (const PlacedNest& piece : pieces) add_engine_copy(recipe, piece, to.ref, from.ref);
}

void add_copy(Recipe& recipe, const View& to, const View& from) {
  add_copy(recipe, to.shape, {to.ref, to.offset, {to.strides.begin(), to.strides.end()}},
           {from.ref, from.offset, {from.strides.begin(), from.strides.end()}});
}

void add_fill(Recipe& recipe, std::span<const int64_t> sizes, const StridedWindow& to, uint32_t bits) {
  Nest nest{{sizes.begin(), sizes.end()}, {to.strides}};
  merge_axes(nest);
  std::vector<PlacedNest> pieces;
  split_long_axes({std::move(nest), {to.offset}}, pieces);
  for (const PlacedNest& piece : pieces)
    for_each_command(piece.nest, choose_axes(piece.nest), piece.offsets,
                     [&](const Dims& shape, const std::vector<Dims>& strides, const std::vector<int64_t>& at) {
                       const View target{to.ref, at[0], shape, strides[0]};
                       recipe.add(Move{Move::Kind::kFill, target, target, bits});
                     });
}

void add_fill(Recipe& recipe, const View& to, uint32_t bits) {
  add_fill(recipe, to.shape, {to.ref, to.offset, {to.strides.begin(), to.strides.end()}}, bits);
}

}  // namespace bmnet::bm1684
