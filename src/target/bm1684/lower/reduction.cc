// Operators over one axis or several: softmax, reduce. A tensor is seen as [outer, axis, inner]; the axis stands on h,
// so that maxima and sums along it are windows of one column; outer or inner elements are spread over the lanes.
#include <algorithm>

#include "target/bm1684/lower/elementwise.h"
#include "target/bm1684/lower/math.h"

namespace bmnet::bm1684 {
namespace {

// [outer, axis, inner] as n, c, h = axis, w.
struct AxisLayout {
  Dims shape, strides;
};

// Ways to fill the lanes: with outer elements or with inner ones.
std::vector<AxisLayout> axis_layouts(int64_t outer, int64_t axis, int64_t inner) {
  constexpr int64_t kMaxChannels = 4095, kMaxExtent = 65535;
  const auto counts = [](int64_t size) {
    std::vector<int64_t> result;
    if (size <= kMaxChannels) result.push_back(size);
    for (int64_t c = std::min(size - 1, kMaxChannels / kLanes * kLanes); c >= 1; --c)
      if (size % c == 0 && (c <= kLanes || c % kLanes == 0)) {
        result.push_back(c);
        if (c <= kLanes) break;
      }
    return result;
  };
  std::vector<AxisLayout> layouts;
  const int64_t block = axis * inner;
  for (int64_t c : counts(outer)) layouts.push_back({{outer / c, c, axis, inner}, {c * block, block, inner, 1}});
  if (inner > 1)
    for (int64_t c : counts(inner))
      if (c > 1) layouts.push_back({{outer, c, axis, inner / c}, {block, inner / c, inner, 1}});
  std::erase_if(layouts, [](const AxisLayout& layout) {
    return std::ranges::any_of(layout.shape, [](int64_t size) { return size > kMaxExtent; });
  });
  std::ranges::sort(layouts, {}, [](const AxisLayout& layout) {
    const Dims& s = layout.shape;
    const int64_t blocks = s[0] * tile::ceil_div(s[1], kLanes) * tile::ceil_div(s[2] * s[3], 16);
    return std::tuple(blocks * (s[3] < 8 && layout.strides[2] != s[3] ? 4 : 1), s[1], s[0]);
  });
  if (layouts.size() > 3) layouts.resize(3);
  return layouts;
}

struct AxisSplit {
  int64_t outer, axis, inner;
};
AxisSplit split_at(const Shape& shape, size_t first, size_t last) {
  return {element_count(std::span(shape).first(first)), element_count(std::span(shape).subspan(first, last - first)),
          element_count(std::span(shape).subspan(last))};
}

tile::Window column_window(int64_t rows) {
  tile::Window window;
  window.kernel = {rows, 1};
  return window;
}

class SoftmaxKernel : public Kernel {
 public:
  SoftmaxKernel(AxisLayout layout, bool logarithm) : layout_(layout), logarithm_(logarithm) {}

  std::string_view name() const override { return "softmax"; }

  std::array<Axis, kAxes> axes() const override {
    const Dims& s = layout_.shape;
    return {Axis{.size = s[0], .limit = 65535}, Axis{.size = s[1], .grain = s[1] > kLanes ? kLanes : 1},
            Axis{.size = s[2], .grain = 0, .limit = 65535},
            Axis{.size = s[3], .grain = s[3] > 16 ? 16 : 1, .limit = 65535}, Axis{}};
  }

  std::vector<Need> needs(const Slice& slice) const override {
    const Dims size = slice.size();
    const Dims row = {size[0], size[1], 1, size[3]};
    return {Need::output(View{output_ref(), 0, layout_.shape, layout_.strides}.part(slice.begin(), size)),
            Need::input(View{input_ref(0), 0, layout_.shape, layout_.strides}.part(slice.begin(), size)),
            Need::work(size),
            Need::work(size),
            Need::work(size),
            Need::work(row),
            Need::work(row),
            Need::work(row),
            Need::work(row)};
  }

  void emit(const Slice&, std::span<const Local> locals, tile::Builder& build) const override {
    Math math(build);
    const Local &d = locals[0], &x = locals[1], &e = locals[2], &t0 = locals[3], &t1 = locals[4], &row = locals[5];
    const tile::Window window = column_window(x.shape[2]);
    build.window_max(row, x, window);
    build.arith(tile::Arith::kSub, d, x, row);
    const Local& power = logarithm_ ? e : d;
    math.exp(power, d, t0, t1);
    build.window_sum(row, power, 1.0f, window);
    if (logarithm_) {
      math.log(locals[6], row, locals[7], locals[8]);
      build.arith(tile::Arith::kSub, d, d, locals[6]);
      return;
    }
    math.div(row, 1.0f, row);
    build.arith(tile::Arith::kMul, d, d, row);
  }

 private:
  AxisLayout layout_;
  bool logarithm_;
};

std::vector<Recipe> softmax_recipes(const Problem& problem) {
  const auto axis = static_cast<size_t>(problem.integer("axis"));
  const AxisSplit split = split_at(problem.input(0).shape, axis, axis + 1);
  std::vector<Recipe> recipes;
  for (const AxisLayout& layout : axis_layouts(split.outer, split.axis, split.inner)) {
    Recipe recipe;
    recipe.name = "softmax";
    recipe.add(std::make_shared<SoftmaxKernel>(layout, problem.flag("log")));
    recipes.push_back(std::move(recipe));
  }
  return recipes;
}

enum class Reduction { kSum, kMax, kMin };

class ReduceKernel : public Kernel {
 public:
  ReduceKernel(AxisLayout layout, Reduction reduction, float weight, Ref from, Ref to)
      : layout_(layout), reduction_(reduction), weight_(weight), from_(from), to_(to) {}

  std::string_view name() const override { return "reduce"; }

  std::array<Axis, kAxes> axes() const override {
    const Dims& s = layout_.shape;
    return {Axis{.size = s[0], .limit = 65535}, Axis{.size = s[1], .grain = s[1] > kLanes ? kLanes : 1},
            Axis{.size = 1, .grain = 0}, Axis{.size = s[3], .grain = s[3] > 16 ? 16 : 1, .limit = 65535},
            Axis{.size = s[2], .limit = 65535}};
  }

  std::vector<Need> needs(const Slice& slice) const override {
    const Dims begin = slice.begin(), size = slice.size();
    const Dims piece = {size[0], size[1], slice.depth.size, size[3]};
    // The result is dense in the same order, without the axis.
    const Dims& s = layout_.strides;
    const Dims result_strides = {s[0] / layout_.shape[2], channel_stride(), 1, 1};
    const View result{to_, 0, {layout_.shape[0], layout_.shape[1], 1, layout_.shape[3]}, result_strides};
    const View input{from_, 0, layout_.shape, layout_.strides};
    return {Need::output(result.part(begin, size)),
            Need::input(input.part({begin[0], begin[1], slice.depth.begin, begin[3]}, piece)), Need::work(size),
            Need::work(reduction_ == Reduction::kMin ? piece : Dims{1, 1, 1, 1})};
  }

  void emit(const Slice& slice, std::span<const Local> locals, tile::Builder& build) const override {
    Math math(build);
    const Local &d = locals[0], &x = locals[1], &partial = locals[2], &negated = locals[3];
    const Local& target = slice.first_depth ? d : partial;
    const tile::Window window = column_window(slice.depth.size);
    if (reduction_ == Reduction::kSum) {
      build.window_sum(target, x, weight_, window);
    } else if (reduction_ == Reduction::kMax) {
      build.window_max(target, x, window);
    } else {
      math.sub(negated, 0.0f, x);
      build.window_max(target, negated, window);
      math.sub(target, 0.0f, target);
    }
    if (slice.first_depth) return;
    if (reduction_ == Reduction::kSum) math.add(d, d, partial);
    if (reduction_ == Reduction::kMax) math.max(d, d, partial);
    if (reduction_ == Reduction::kMin) math.min(d, d, partial);
  }

 private:
  // Channels are outer elements (their block shrinks to `inner` words) or runs of inner elements (which stay).
  int64_t channel_stride() const {
    const bool outer = layout_.strides[1] == layout_.strides[2] * layout_.shape[2];
    return outer ? layout_.strides[2] : layout_.strides[1];
  }

  AxisLayout layout_;
  Reduction reduction_;
  float weight_;
  Ref from_, to_;
};

// Contiguous ranges of reduced axes, last first.
std::vector<std::pair<size_t, size_t>> reduced_ranges(const Shape& shape, const std::vector<int64_t>& axes) {
  std::vector<std::pair<size_t, size_t>> ranges;
  for (size_t i = axes.size(); i-- > 0;) {
    const auto axis = static_cast<size_t>(axes[i]);
    bool joins = !ranges.empty();
    for (size_t between = axis + 1; joins && between < ranges.back().first; ++between) joins = shape[between] == 1;
    if (joins)
      ranges.back().first = axis;
    else
      ranges.emplace_back(axis, axis + 1);
  }
  return ranges;
}

std::optional<Reduction> reduction_of(std::string_view kind) {
  if (kind == "sum" || kind == "mean") return Reduction::kSum;
  if (kind == "max") return Reduction::kMax;
  if (kind == "min") return Reduction::kMin;
  return std::nullopt;
}

std::vector<Recipe> reduce_recipes(const Problem& problem) {
  const Reduction reduction = *reduction_of(problem.text("kind"));
  Shape shape = problem.input(0).shape;
  const auto ranges = reduced_ranges(shape, problem.integers("axes"));
  std::vector<Recipe> recipes(1);
  recipes[0].name = "reduce";
  Ref from = input_ref(0);
  for (size_t i = 0; i < ranges.size(); ++i) {
    const auto [first, last] = ranges[i];
    const AxisSplit split = split_at(shape, first, last);
    for (size_t axis = first; axis < last; ++axis) shape[axis] = 1;
    const float weight = problem.text("kind") == "mean" ? 1.0f / static_cast<float>(split.axis) : 1.0f;
    // Every layout of the last range is a recipe; earlier ranges take the most promising one.
    const bool is_last = i + 1 == ranges.size();
    auto layouts = axis_layouts(split.outer, split.axis, split.inner);
    if (layouts.empty()) return {};
    if (!is_last) layouts.resize(1);
    const Ref to = is_last ? output_ref() : recipes[0].add_scratch(element_count(shape));
    std::vector<Recipe> extended;
    for (const AxisLayout& layout : layouts) {
      extended.push_back(recipes[0]);
      extended.back().add(std::make_shared<ReduceKernel>(layout, reduction, weight, from, to));
    }
    recipes = std::move(extended);
    from = to;
  }
  return recipes;
}

constexpr int64_t kMaxExtent = 65535;

constexpr Constraint kSoftmaxConstraints[] = {
    {"the softmax axis must have at most 8192 elements",
     [](const Problem& p) { return p.input(0).shape[static_cast<size_t>(p.integer("axis"))] <= 8192; }},
    {"the operand has too many elements around the axis",
     [](const Problem& p) {
       const auto axis = static_cast<size_t>(p.integer("axis"));
       const AxisSplit split = split_at(p.input(0).shape, axis, axis + 1);
       return !axis_layouts(split.outer, split.axis, split.inner).empty();
     }},
};
constexpr Constraint kReduceConstraints[] = {
    {"the TPU reduces by sum, mean, max or min",
     [](const Problem& p) { return reduction_of(p.text("kind")).has_value(); }},
    {"reduced axes must have at most 65535 elements together",
     [](const Problem& p) {
       Shape shape = p.input(0).shape;
       for (const auto& [first, last] : reduced_ranges(shape, p.integers("axes")))
         if (split_at(shape, first, last).axis > kMaxExtent) return false;
       return true;
     }},
    {"the operand has too many elements around the axes",
     [](const Problem& p) { return !reduction_of(p.text("kind")) || !reduce_recipes(p).empty(); }},
};

}  // namespace

const Lowering& lowering_softmax() {
  static const Lowering lowering{.op = "softmax", .constraints = kSoftmaxConstraints, .recipes = softmax_recipes};
  return lowering;
}

const Lowering& lowering_reduce() {
  static const Lowering lowering{.op = "reduce", .constraints = kReduceConstraints, .recipes = reduce_recipes};
  return lowering;
}

}  // namespace bmnet::bm1684
