// Resampling, first along columns, then along rows. Every output line is a weighted sum of a few input lines; lines
// with the same weights at regular distances are one command each. The weights are those of the reference kernel, which
// is asked what it does with unit vectors: all modes and coordinate rules come along.
#include <algorithm>
#include <cmath>

#include "op/op.h"
#include "target/bm1684/lower/spatial.h"

namespace bmnet::bm1684 {
namespace {

constexpr float kSameWeight = 2e-6f;
constexpr float kNoWeight = 1e-9f;
constexpr int64_t kMaxPeriod = 64;
constexpr int64_t kMaxAxis = 4096;

struct Tap {
  int64_t source;
  float weight;
};
using Line = std::vector<Tap>;  // of one output position

// Output positions first, first + step, … whose lines are line(first) moved by 0, source_step, …
struct LineGroup {
  int64_t first, step, count, source_step;
};

bool moved(const Line& a, const Line& b, int64_t distance) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (b[i].source - a[i].source != distance || std::abs(a[i].weight - b[i].weight) > kSameWeight) return false;
  return true;
}

std::vector<LineGroup> group_lines(const std::vector<Line>& lines, const Range& range) {
  std::vector<LineGroup> groups;
  std::vector<bool> done(static_cast<size_t>(range.size), false);
  for (int64_t first = range.begin; first < range.end(); ++first) {
    if (done[first - range.begin]) continue;
    LineGroup best{first, 1, 1, 1};
    for (int64_t step = 1; step <= kMaxPeriod && first + step < range.end() && !lines[first].empty(); ++step) {
      if (lines[first + step].empty()) continue;
      const int64_t distance = lines[first + step][0].source - lines[first][0].source;
      if (distance < 0) continue;
      int64_t count = 1;
      while (first + count * step < range.end() && !done[first + count * step - range.begin] &&
             moved(lines[first], lines[first + count * step], count * distance))
        ++count;
      if (count > best.count) best = {first, step, count, distance};
    }
    for (int64_t k = 0; k < best.count; ++k) done[best.first + k * best.step - range.begin] = true;
    groups.push_back(best);
  }
  return groups;
}

Range sources(const std::vector<Line>& lines, const Range& range) {
  int64_t low = INT64_MAX, high = -1;
  for (int64_t i = range.begin; i < range.end(); ++i)
    for (const Tap& tap : lines[i]) {
      low = std::min(low, tap.source);
      high = std::max(high, tap.source);
    }
  return high < 0 ? Range{0, 1} : Range{low, high - low + 1};
}

// `result` = lines of `range` from `source`, whose first line is `source_begin`; along axis 2 (rows) or 3 (columns).
void emit_lines(tile::Builder& build, const std::vector<Line>& lines, const Range& range, int axis, const Local& result,
                const Local& source, int64_t source_begin) {
  for (const LineGroup& group : group_lines(lines, range)) {
    const auto view = [&](const Local& tensor, int64_t first, int64_t step) {
      Dims begin{0, 0, 0, 0}, size = result.shape;
      begin[axis] = first;
      size[axis] = group.count;
      Local part = tensor.part(begin, size);
      part.strides[axis] *= step;
      return part;
    };
    const Local target = view(result, group.first - range.begin, group.step);
    const Line& line = lines[group.first];
    if (line.empty()) build.arith(tile::Arith::kCopy, target, 0.0f, 0.0f);
    for (size_t i = 0; i < line.size(); ++i) {
      const Local operand = view(source, line[i].source - source_begin, group.source_step);
      if (i == 0 && line[i].weight == 1)
        build.copy(target, operand);
      else
        build.arith(i == 0 ? tile::Arith::kMul : tile::Arith::kMac, target, operand, line[i].weight);
    }
  }
}

class ResizeKernel : public Kernel {
 public:
  ResizeKernel(Dims input, Dims output, std::array<std::vector<Line>, 2> lines)
      : input_(input), output_(output), lines_(std::move(lines)) {}

  std::string_view name() const override { return "resize"; }

  std::array<Axis, kAxes> axes() const override {
    return {Axis{.size = output_[0], .limit = 65535},
            Axis{.size = output_[1], .grain = output_[1] > kLanes ? kLanes : 1},
            Axis{.size = output_[2], .limit = 65535},
            Axis{.size = output_[3], .grain = output_[3] > 16 ? 16 : 1, .limit = 65535}, Axis{}};
  }

  std::vector<Need> needs(const Slice& slice) const override {
    const Range rows = sources(lines_[0], slice.box[2]), columns = sources(lines_[1], slice.box[3]);
    const Dims begin = slice.begin(), size = slice.size();
    return {Need::output(dense_view(output_ref(), output_).part(begin, size)),
            Need::input(dense_view(input_ref(0), input_)
                            .part({begin[0], begin[1], rows.begin, columns.begin},
                                  {size[0], size[1], rows.size, columns.size})),
            Need::work({size[0], size[1], size[2], columns.size})};
  }

  void emit(const Slice& slice, std::span<const Local> locals, tile::Builder& build) const override {
    const Range rows = sources(lines_[0], slice.box[2]), columns = sources(lines_[1], slice.box[3]);
    emit_lines(build, lines_[0], slice.box[2], 2, locals[2], locals[1], rows.begin);
    emit_lines(build, lines_[1], slice.box[3], 3, locals[0], locals[2], columns.begin);
  }

 private:
  Dims input_, output_;
  std::array<std::vector<Line>, 2> lines_;
};

// What the operator does along one spatial axis.
std::optional<std::vector<Line>> axis_lines(const Problem& problem, size_t spatial_axis, int64_t input,
                                            int64_t output) {
  op::Attributes attributes = problem.node.attributes;
  attributes.set("sizes", std::vector<int64_t>{output});
  const auto scales = attributes.get_or<std::vector<float>>("scales", {});
  if (!scales.empty()) attributes.set("scales", std::vector<float>{scales[spatial_axis]});
  Tensor unit({DType::kF32, {input, 1, input}});
  for (int64_t i = 0; i < input; ++i) unit.data<float>()[i * input + i] = 1;
  const Tensor operands[] = {unit};
  const auto response = op::evaluate("resize", attributes, operands);
  if (!response) return std::nullopt;
  std::vector<Line> lines(static_cast<size_t>(output));
  const auto values = response->at(0).data<float>();
  for (int64_t o = 0; o < output; ++o)
    for (int64_t i = 0; i < input; ++i)
      if (const float weight = values[i * output + o]; std::abs(weight) > kNoWeight) lines[o].push_back({i, weight});
  return lines;
}

std::vector<Recipe> resize_recipes(const Problem& problem) {
  const Dims input = image_dims(problem.input(0).shape), output = image_dims(problem.output().shape);
  const size_t spatial = problem.input(0).shape.size() - 2;
  std::array<std::vector<Line>, 2> lines;
  for (size_t i = 0; i < 2; ++i) {
    if (i + spatial < 2) {
      lines[i] = {{{0, 1.0f}}};
      continue;
    }
    auto found = axis_lines(problem, i - (2 - spatial), input[2 + i], output[2 + i]);
    if (!found) return {};
    lines[i] = std::move(*found);
  }
  Recipe recipe;
  recipe.name = "resize";
  recipe.add(std::make_shared<ResizeKernel>(input, output, std::move(lines)));
  return {std::move(recipe)};
}

constexpr Constraint kConstraints[] = {
    {"the TPU resizes one or two spatial axes",
     [](const Problem& p) { return p.input(0).shape.size() == 3 || p.input(0).shape.size() == 4; }},
    {"spatial axes must have at most 4096 elements",
     [](const Problem& p) {
       return std::ranges::all_of(std::span(p.input(0).shape).subspan(2),
                                  [](int64_t size) { return size <= kMaxAxis; }) &&
              std::ranges::all_of(std::span(p.output().shape).subspan(2),
                                  [](int64_t size) { return size <= kMaxAxis; });
     }},
    {"a window of the resampling covers more than 16 elements",
     [](const Problem& p) {
       const size_t spatial = p.input(0).shape.size() - 2;
       for (size_t i = 0; i < spatial; ++i) {
         const auto lines = axis_lines(p, i, p.input(0).shape[2 + i], p.output().shape[2 + i]);
         if (!lines || std::ranges::any_of(*lines, [](const Line& line) { return line.size() > 16; })) return false;
       }
       return true;
     }},
};

}  // namespace

const Lowering& lowering_resize() {
  static const Lowering lowering{.op = "resize", .constraints = kConstraints, .recipes = resize_recipes};
  return lowering;
}

}  // namespace bmnet::bm1684
