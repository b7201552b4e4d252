// batch_norm, lrn.
#include <algorithm>
#include <cmath>

#include "target/bm1684/lower/math.h"
#include "target/bm1684/lower/spatial.h"

namespace bmnet::bm1684 {
namespace {

// scale[c] * x + offset[c] over [N, C, rest]
class ScaleKernel : public Kernel {
 public:
  ScaleKernel(Dims shape, std::vector<float> scale, std::vector<float> offset)
      : shape_(shape), scale_(std::move(scale)), offset_(std::move(offset)) {}

  std::string_view name() const override { return "batch_norm"; }

  std::array<Axis, kAxes> axes() const override {
    return {Axis{.size = shape_[0], .limit = 65535}, Axis{.size = shape_[1], .grain = shape_[1] > kLanes ? kLanes : 1},
            Axis{.size = shape_[2], .limit = 65535},
            Axis{.size = shape_[3], .grain = shape_[3] > 16 ? 16 : 1, .limit = 65535}, Axis{}};
  }

  std::vector<Need> needs(const Slice& slice) const override {
    const Range channels = slice.box[1];
    const int64_t lanes = std::min<int64_t>(channels.size, kLanes), rows = tile::ceil_div(channels.size, kLanes);
    return {Need::output(dense_view(output_ref(), shape_).part(slice.begin(), slice.size())),
            Need::input(dense_view(input_ref(0), shape_).part(slice.begin(), slice.size())),
            Need::coefficients(lanes, 2 * rows, fmt::format("{}+{}", channels.begin, channels.size),
                               [this, channels, lanes, rows] {
                                 std::vector<float> words(static_cast<size_t>(lanes * 2 * rows), 0.0f);
                                 for (int64_t c = 0; c < channels.size; ++c) {
                                   float* run = words.data() + c % kLanes * 2 * rows;
                                   run[c / kLanes] = scale_[channels.begin + c];
                                   run[rows + c / kLanes] = offset_[channels.begin + c];
                                 }
                                 return words;
                               })};
  }

  void emit(const Slice& slice, std::span<const Local> locals, tile::Builder& build) const override {
    const int64_t channels = slice.box[1].size, rows = tile::ceil_div(channels, kLanes);
    const Local scale = tile::make_local({1, channels, 1, 1}, Layout::kCompact, locals[2].offset);
    const Local offset =
        tile::make_local({1, channels, 1, 1}, Layout::kCompact, locals[2].offset + static_cast<uint32_t>(rows * 4));
    build.linear(tile::Linear::kMac, locals[0], locals[1], scale, offset);
  }

 private:
  Dims shape_;
  std::vector<float> scale_, offset_;
};

// N, C, H, W with everything behind H in W.
Dims channel_dims(const Shape& shape) {
  Dims dims = {shape.empty() ? 1 : shape[0], shape.size() > 1 ? shape[1] : 1, 1, 1};
  if (shape.size() > 2) dims[2] = shape[2];
  for (size_t i = 3; i < shape.size(); ++i) dims[3] *= shape[i];
  return dims;
}

std::vector<Recipe> batch_norm_recipes(const Problem& problem) {
  std::vector<float> scale, offset;
  const auto parameter = [&](size_t i) { return problem.constant(i)->data<float>(); };
  for (int64_t c = 0; c < problem.constant(1)->count(); ++c) {
    const double factor = parameter(1)[c] / std::sqrt(static_cast<double>(parameter(4)[c]) + problem.real("epsilon"));
    scale.push_back(static_cast<float>(factor));
    offset.push_back(static_cast<float>(parameter(2)[c] - parameter(3)[c] * factor));
  }
  Recipe recipe;
  recipe.name = "batch_norm";
  recipe.add(std::make_shared<ScaleKernel>(channel_dims(problem.input(0).shape), std::move(scale), std::move(offset)));
  return {std::move(recipe)};
}

// x / (k + alpha/size * sum of squares)^beta. Across channels the sum is a 1x1 convolution with a band of weights,
// inside a channel a window sum.
class LrnKernel : public Kernel {
 public:
  LrnKernel(Dims shape, bool across, int64_t size, float alpha, float beta, float k)
      : shape_(shape), across_(across), size_(size), alpha_(alpha), beta_(beta), k_(k) {
    const int64_t before = (size - 1) / 2;
    for (int i : {0, 1})
      window_[i] = WindowAxis{
          .input = shape[2 + i], .output = shape[2 + i], .kernel = across ? 1 : size, .begin_pad = across ? 0 : before};
  }

  std::string_view name() const override { return "lrn"; }

  std::array<Axis, kAxes> axes() const override {
    return {Axis{.size = shape_[0], .limit = 65535},
            Axis{.size = shape_[1], .grain = across_ ? 0 : (shape_[1] > kLanes ? kLanes : 1)},
            Axis{.size = shape_[2], .limit = 65535}, Axis{.size = shape_[3], .limit = 65535}, Axis{}};
  }

  std::vector<Need> needs(const Slice& slice) const override {
    const WindowPiece y = window_piece(window_[0], slice.box[2]), x = window_piece(window_[1], slice.box[3]);
    const Dims begin = slice.begin(), size = slice.size();
    const Dims halo = {size[0], size[1], y.input.size, x.input.size};
    std::vector<Need> needs = {
        Need::output(dense_view(output_ref(), shape_).part(begin, size)),
        Need::input(dense_view(input_ref(0), shape_).part({begin[0], begin[1], y.input.begin, x.input.begin}, halo)),
        Need::work(halo),
        Need::work(size),
        Need::work(size),
        Need::work(size)};
    if (across_)
      needs.push_back(
          Need::coefficients(std::min<int64_t>(shape_[1], kLanes), band_words(), "band", [this] { return band(); }));
    return needs;
  }

  void emit(const Slice& slice, std::span<const Local> locals, tile::Builder& build) const override {
    Math math(build);
    const Local &d = locals[0], &x = locals[1], &squares = locals[2], &sum = locals[3], &t0 = locals[4],
                &t1 = locals[5];
    const WindowPiece y = window_piece(window_[0], slice.box[2]), across = window_piece(window_[1], slice.box[3]);
    math.mul(squares, x, x);
    if (across_)
      build.conv(sum, squares, locals[6], std::nullopt, {});
    else
      build.window_sum(sum, squares, alpha_ / static_cast<float>(size_ * size_), window_of(window_, y, across));
    math.add(sum, sum, k_);
    if (beta_ == 0.75f) {
      // s^-0.75 = s^-0.5 s^-0.5 (s^-0.5)^-0.5
      math.rsqrt(t0, sum);
      math.rsqrt(t1, t0);
      math.mul(t0, t0, t0);
      math.mul(t0, t0, t1);
    } else {
      math.log(t0, sum, t1, d);
      math.mul(t0, t0, -beta_);
      math.exp(t0, t0, t1, d);
    }
    Local centre = x;
    if (!across_)
      centre = x.part({0, 0, slice.box[2].begin - y.input.begin, slice.box[3].begin - across.input.begin}, d.shape);
    build.arith(tile::Arith::kMul, d, centre, t0);
  }

 private:
  int64_t rows() const { return tile::ceil_div(shape_[1], kLanes); }
  int64_t band_words() const { return tile::ceil_div(shape_[1], 2) * 2 * rows(); }

  // alpha/size where the input channel lies in the window of the output channel; laid out as Builder::conv wants it.
  std::vector<float> band() const {
    const int64_t channels = shape_[1], before = (size_ - 1) / 2;
    std::vector<float> words(static_cast<size_t>(std::min<int64_t>(channels, kLanes) * band_words()), 0.0f);
    for (int64_t oc = 0; oc < channels; ++oc)
      for (int64_t ic = std::max<int64_t>(0, oc - before); ic < std::min(channels, oc - before + size_); ++ic)
        words[oc % kLanes * band_words() + (ic / 2 * rows() + oc / kLanes) * 2 + ic % 2] =
            alpha_ / static_cast<float>(size_);
    return words;
  }

  Dims shape_;
  bool across_;
  int64_t size_;
  float alpha_, beta_, k_;
  WindowAxes window_;
};

std::vector<Recipe> lrn_recipes(const Problem& problem) {
  Recipe recipe;
  recipe.name = "lrn";
  const bool across = problem.text("region") != "within";
  const Dims shape = across ? channel_dims(problem.input(0).shape) : image_dims(problem.input(0).shape);
  recipe.add(std::make_shared<LrnKernel>(shape, across, problem.integer("size"), problem.real("alpha"),
                                         problem.real("beta"), problem.real("k")));
  return {std::move(recipe)};
}

constexpr Constraint kBatchNormConstraints[] = {
    {"scale, bias, mean and variance must be constant",
     [](const Problem& p) { return p.constant(1) && p.constant(2) && p.constant(3) && p.constant(4); }},
};
constexpr Constraint kLrnConstraints[] = {
    {"the window may have at most 16 elements inside a channel",
     [](const Problem& p) { return p.text("region") != "within" || p.integer("size") <= kMaxPad + 1; }},
    {"more than 4095 channels have no form",
     [](const Problem& p) { return p.input(0).shape.size() < 2 || p.input(0).shape[1] <= 4095; }},
};

}  // namespace

const Lowering& lowering_batch_norm() {
  static const Lowering lowering{
      .op = "batch_norm", .constraints = kBatchNormConstraints, .recipes = batch_norm_recipes};
  return lowering;
}

const Lowering& lowering_lrn() {
  static const Lowering lowering{.op = "lrn", .constraints = kLrnConstraints, .recipes = lrn_recipes};
  return lowering;
}

}  // namespace bmnet::bm1684
