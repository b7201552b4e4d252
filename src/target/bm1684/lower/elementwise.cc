#include "target/bm1684/lower/elementwise.h"

#include <algorithm>
#include <ranges>

namespace bmnet::bm1684 {
namespace {

constexpr size_t kMaxParts = 64;
constexpr size_t kMaxArrangements = 3;
constexpr int64_t kMaxChannels = 4095;
constexpr int64_t kMaxExtent = 65535;

class ElementwiseKernel : public Kernel {
 public:
  ElementwiseKernel(std::string name, Arrangement arrangement, std::vector<Ref> operands, int work,
                    ElementwiseEmitter emit)
      : name_(std::move(name)),
        arrangement_(std::move(arrangement)),
        operands_(std::move(operands)),
        work_(work),
        emit_(std::move(emit)) {}

  std::string_view name() const override { return name_; }

  std::array<Axis, kAxes> axes() const override {
    std::array<Axis, kAxes> axes;
    for (int i = 0; i < 4; ++i)
      axes[i] = {.size = arrangement_.shape[i], .grain = 1, .limit = i == kC ? kMaxChannels : kMaxExtent};
    if (axes[kC].size > kLanes) axes[kC].grain = kLanes;
    axes[kW].grain = axes[kW].size > 16 ? 16 : 1;  // a full vector, and no short DMA runs
    return axes;
  }

  std::vector<Need> needs(const Slice& slice) const override {
    std::vector<Need> needs = {Need::output(result_view().part(slice.begin(), slice.size()))};
    for (size_t i = 0; i < operands_.size(); ++i) needs.push_back(Need::input(operand_view(i, slice)));
    for (int i = 0; i < work_; ++i) needs.push_back(Need::work(slice.size()));
    return needs;
  }

  void emit(const Slice& slice, std::span<const Local> locals, tile::Builder& build) const override {
    ElementwiseLocals tensors{.result = locals[0], .operands = {}, .work = {}};
    for (size_t i = 0; i < operands_.size(); ++i) {
      Local operand = locals[1 + i];
      if (repeats_channels(i)) {
        operand.shape[1] = slice.size()[1];
        operand.strides[1] = 0;
      }
      tensors.operands.push_back(operand);
    }
    tensors.work.assign(locals.begin() + 1 + static_cast<int64_t>(operands_.size()), locals.end());
    emit_(build, tensors);
  }

 private:
  View result_view() const {
    return {output_ref(), arrangement_.offsets[0], arrangement_.shape, arrangement_.strides[0]};
  }

  // A channel axis of one element needs no repetition; channels of one lane row are loaded as they are.
  bool repeats_channels(size_t operand) const {
    return arrangement_.shape[1] > 1 && arrangement_.strides[1 + operand][1] == 0;
  }

  View operand_view(size_t i, const Slice& slice) const {
    const Dims& strides = arrangement_.strides[1 + i];
    View view{operands_[i], arrangement_.offsets[1 + i], arrangement_.shape, strides};
    Dims begin = slice.begin(), size = slice.size();
    for (int axis : {0, 2, 3})
      if (strides[axis] == 0) begin[axis] = 0, size[axis] = 1;
    if (repeats_channels(i)) size[1] = std::min<int64_t>(size[1], kLanes);
    return view.part(begin, size);
  }

  std::string name_;
  Arrangement arrangement_;
  std::vector<Ref> operands_;
  int work_;
  ElementwiseEmitter emit_;
};

// Cycles-like figure for ranking: vector blocks, and the penalty of short runs of the result in DDR.
double rank(const Arrangement& a) {
  const double blocks = static_cast<double>(a.shape[0] * tile::ceil_div(a.shape[1], kLanes) *
                                            tile::ceil_div(a.shape[2] * a.shape[3], 16));
  const int64_t run = a.strides[0][3] == 1 ? (a.strides[0][2] == a.shape[3] ? a.shape[2] * a.shape[3] : a.shape[3]) : 1;
  const double words = static_cast<double>(tile::count(a.shape));
  return 2 * blocks + words * 4 / 53.4 * (run < 8 ? 8.0 / static_cast<double>(run) : 1.0);
}

// Moves axis `axis` of the nest, or its outer `channels` pieces, into c; the others into n, h, w in order.
std::vector<Arrangement> with_channels(const Nest& nest, size_t axis, int64_t channels) {
  const size_t tensors = nest.strides.size();
  const int64_t inner = nest.sizes[axis] / channels;
  Nest rest;
  rest.strides.resize(tensors);
  for (size_t i = 0; i < nest.sizes.size(); ++i) {
    const int64_t size = i == axis ? inner : nest.sizes[i];
    if (size == 1) continue;
    rest.sizes.push_back(size);
    for (size_t t = 0; t < tensors; ++t) rest.strides[t].push_back(nest.strides[t][i]);
  }
  Arrangement base;
  base.shape[1] = channels;
  base.offsets.assign(tensors, 0);
  for (size_t t = 0; t < tensors; ++t) base.strides.push_back({0, nest.strides[t][axis] * inner, 0, 0});
  // The last three axes become n, h, w (w first); outer ones are unrolled.
  const size_t used = std::min<size_t>(rest.sizes.size(), 3), unrolled = rest.sizes.size() - used;
  constexpr int kTargets[] = {3, 2, 0};
  for (size_t k = 0; k < used; ++k) {
    const size_t i = rest.sizes.size() - 1 - k;
    base.shape[kTargets[k]] = rest.sizes[i];
    for (size_t t = 0; t < tensors; ++t) base.strides[t][kTargets[k]] = rest.strides[t][i];
  }
  std::vector<Arrangement> parts = {base};
  for (size_t i = 0; i < unrolled; ++i) {
    if (parts.size() * static_cast<size_t>(rest.sizes[i]) > kMaxParts) return {};
    std::vector<Arrangement> more;
    for (const Arrangement& part : parts)
      for (int64_t k = 0; k < rest.sizes[i]; ++k) {
        more.push_back(part);
        for (size_t t = 0; t < tensors; ++t) more.back().offsets[t] += k * rest.strides[t][i];
      }
    parts = std::move(more);
  }
  return parts;
}

// A single axis that no number near the lane count divides: all lanes full, and a short rest.
std::vector<Arrangement> with_rest(const Nest& nest) {
  const size_t tensors = nest.strides.size();
  const int64_t inner = nest.sizes[0] / kLanes, rest = nest.sizes[0] % kLanes;
  Nest body = nest;
  body.sizes[0] = inner * kLanes;
  std::vector<Arrangement> parts = with_channels(body, 0, kLanes);
  Arrangement tail;
  tail.shape = {1, 1, 1, rest};
  for (size_t t = 0; t < tensors; ++t) {
    tail.strides.push_back({0, 0, 0, nest.strides[t][0]});
    tail.offsets.push_back(nest.strides[t][0] * inner * kLanes);
  }
  parts.push_back(tail);
  return parts;
}

// Useful numbers of channels to cut an axis into.
std::vector<int64_t> channel_counts(int64_t size) {
  std::vector<int64_t> counts;
  if (size <= kMaxChannels) counts.push_back(size);
  for (int64_t d = std::min<int64_t>(size - 1, kLanes); d >= 1; --d)
    if (size % d == 0) {
      counts.push_back(d);
      break;
    }
  for (int64_t rows = std::min<int64_t>(kMaxChannels, size - 1) / kLanes; rows > 1; --rows)
    if (size % (rows * kLanes) == 0 && size / (rows * kLanes) >= 16) {
      counts.push_back(rows * kLanes);
      break;
    }
  return counts;
}

}  // namespace

void merge_axes(Nest& nest) {
  Nest merged;
  merged.strides.resize(nest.strides.size());
  for (size_t i = 0; i < nest.sizes.size(); ++i) {
    if (nest.sizes[i] == 1) continue;
    const bool joins =
        !merged.sizes.empty() && std::ranges::all_of(std::views::iota(size_t{0}, nest.strides.size()), [&](size_t t) {
          return merged.strides[t].back() == nest.strides[t][i] * nest.sizes[i];
        });
    if (joins) {
      merged.sizes.back() *= nest.sizes[i];
      for (size_t t = 0; t < nest.strides.size(); ++t) merged.strides[t].back() = nest.strides[t][i];
      continue;
    }
    merged.sizes.push_back(nest.sizes[i]);
    for (size_t t = 0; t < nest.strides.size(); ++t) merged.strides[t].push_back(nest.strides[t][i]);
  }
  if (merged.sizes.empty()) {
    merged.sizes = {1};
    for (auto& strides : merged.strides) strides = {1};
  }
  nest = std::move(merged);
}

Nest broadcast_nest(const Shape& result, std::span<const Shape> operands) {
  Nest nest;
  nest.sizes = result;
  const auto add = [&](const Shape& shape) {
    std::vector<int64_t> strides(result.size(), 0);
    int64_t stride = 1;
    for (size_t k = 0; k < shape.size(); ++k) {
      const size_t from = shape.size() - 1 - k, to = result.size() - 1 - k;
      if (shape[from] != 1) strides[to] = stride;
      stride *= shape[from];
    }
    nest.strides.push_back(std::move(strides));
  };
  add(result);
  for (const Shape& shape : operands) add(shape);
  merge_axes(nest);
  return nest;
}

std::vector<std::vector<Arrangement>> arrangements(const Nest& nest) {
  struct Ranked {
    double rank;
    size_t order;  // of the offer: ties are decided by it
    std::vector<Arrangement> parts;
  };
  std::vector<Ranked> ranked;
  const auto offer = [&](std::vector<Arrangement> parts) {
    if (parts.empty()) return;
    double sum = 0;
    for (const Arrangement& part : parts) sum += rank(part) + 200;  // a part costs latency
    ranked.push_back({sum, ranked.size(), std::move(parts)});
  };
  for (size_t axis = 0; axis < nest.sizes.size(); ++axis)
    for (int64_t channels : channel_counts(nest.sizes[axis])) offer(with_channels(nest, axis, channels));
  if (nest.sizes.size() == 1 && nest.sizes[0] > kLanes && nest.sizes[0] % kLanes != 0) offer(with_rest(nest));
  std::ranges::sort(ranked, {}, [](const Ranked& entry) { return std::pair(entry.rank, entry.order); });
  if (ranked.size() > kMaxArrangements) ranked.resize(kMaxArrangements);
  std::vector<std::vector<Arrangement>> result;
  for (Ranked& entry : ranked) result.push_back(std::move(entry.parts));
  return result;
}

std::vector<Recipe> elementwise_recipes(std::string name, const Nest& nest, std::span<const Ref> operands, int work,
                                        ElementwiseEmitter emit) {
  std::vector<Recipe> recipes;
  for (const std::vector<Arrangement>& parts : arrangements(nest)) {
    Recipe recipe;
    recipe.name = name;
    for (const Arrangement& part : parts)
      recipe.add(std::make_shared<ElementwiseKernel>(name, part, std::vector<Ref>(operands.begin(), operands.end()),
                                                     work, emit));
    recipes.push_back(std::move(recipe));
  }
  return recipes;
}

}  // namespace bmnet::bm1684
