// Convolution: dense and grouped on the convolution unit, depthwise on the window unit. Padding, strides and dilations
// beyond the instruction's fields: the input is padded in DDR, and the kernel is applied tap by tap as 1x1 convolutions
// over strided views of the local input.
//
// Weights come as one run per lane and slice: pairs of input channels (see Builder::conv), then the biases of the
// lane's output channels.
#include <algorithm>

#include "target/bm1684/lower/elementwise.h"
#include "target/bm1684/lower/movement.h"
#include "target/bm1684/lower/spatial.h"

namespace bmnet::bm1684 {
namespace {

struct ConvShape {
  int64_t batch, input_channels, output_channels, groups;
  WindowAxes axes;
  View input;
  Tensor weights;              // [OC, IC/groups, KH, KW]
  std::optional<Tensor> bias;  // [OC]

  int64_t group_inputs() const { return input_channels / groups; }
  int64_t group_outputs() const { return output_channels / groups; }
  int64_t taps() const { return axes[0].kernel * axes[1].kernel; }
  View output() const { return dense_view(output_ref(), {batch, output_channels, axes[0].output, axes[1].output}); }
};

// Local weights of output channels [begin, begin + size) and input channels `depth` of their groups.
struct WeightLayout {
  int64_t lanes = 1;         // used
  int64_t weight_words = 0;  // per lane, even
  int64_t bias_words = 0;    // per lane
  struct Group {
    int lane;       // of its first output channel
    int64_t words;  // offset of its weights
    int64_t rows;   // lane rows that it touches
  };
  std::vector<Group> groups;
  int64_t words() const { return tile::round_up(weight_words + bias_words, 2); }
};

WeightLayout weight_layout(const ConvShape& conv, int64_t channels, int64_t depth) {
  WeightLayout layout;
  layout.lanes = std::min<int64_t>(channels, kLanes);
  const int64_t group_outputs = conv.groups == 1 ? channels : conv.group_outputs();
  const int64_t pairs = tile::ceil_div(depth, 2) * 2;
  // Groups that share a row of lanes and never straddle two can share their offsets.
  const bool in_rows = conv.groups == 1 || kLanes % group_outputs == 0 || group_outputs % kLanes == 0;
  int64_t next = 0;
  for (int64_t first = 0; first < channels; first += group_outputs) {
    const int lane = static_cast<int>(first % kLanes);
    const int64_t rows = tile::ceil_div(lane + group_outputs, kLanes);
    const int64_t words = pairs * conv.taps() * rows;
    if (in_rows && lane != 0) {
      layout.groups.push_back({lane, layout.groups.back().words, rows});
      continue;
    }
    layout.groups.push_back({lane, next, rows});
    next += words;
  }
  layout.weight_words = next;
  layout.bias_words = conv.bias ? tile::ceil_div(channels, kLanes) : 0;
  return layout;
}

std::vector<float> arrange_weights(const ConvShape& conv, const Range& channels, const Range& depth, bool tap_major) {
  const WeightLayout layout = weight_layout(conv, channels.size, depth.size);
  std::vector<float> words(layout.lanes * layout.words(), 0.0f);
  const auto weights = conv.weights.data<float>();
  const int64_t taps = conv.taps(), group_inputs = conv.group_inputs();
  const int64_t group_outputs = conv.groups == 1 ? channels.size : conv.group_outputs();
  const int64_t pair_words = tap_major ? tile::ceil_div(depth.size, 2) : 1;
  for (int64_t c = 0; c < channels.size; ++c) {
    const WeightLayout::Group& group = layout.groups[c / group_outputs];
    const int64_t place = group.lane + c % group_outputs, lane = place % kLanes, row = place / kLanes;
    float* run = words.data() + lane * layout.words() + group.words;
    for (int64_t k = 0; k < depth.size; ++k)
      for (int64_t tap = 0; tap < taps; ++tap) {
        // Tap-major: every tap is a 1x1 kernel of its own.
        const int64_t word = tap_major ? (tap * pair_words * group.rows + (k / 2) * group.rows + row) * 2 + k % 2
                                       : (((k / 2) * group.rows + row) * taps + tap) * 2 + k % 2;
        run[word] = weights[((channels.begin + c) * group_inputs + depth.begin + k) * taps + tap];
      }
    if (conv.bias)
      words[(c % kLanes) * layout.words() + layout.weight_words + c / kLanes] =
          conv.bias->data<float>()[channels.begin + c];
  }
  return words;
}

class ConvKernel : public Kernel {
 public:
  ConvKernel(ConvShape conv, bool by_tap) : conv_(std::move(conv)), by_tap_(by_tap) {}

  std::string_view name() const override { return by_tap_ ? "conv_by_tap" : "conv"; }

  std::array<Axis, kAxes> axes() const override {
    std::array<Axis, kAxes> axes;
    axes[kN] = {.size = conv_.batch, .limit = 65535};
    axes[kC] = {.size = conv_.output_channels};
    axes[kC].grain = conv_.groups > 1 ? conv_.group_outputs() : conv_.output_channels > kLanes ? kLanes : 1;
    axes[kH] = {.size = conv_.axes[0].output, .limit = 65535};
    axes[kW] = {.size = conv_.axes[1].output, .limit = 65535};
    axes[kDepth] = {.size = conv_.group_inputs(), .grain = conv_.groups > 1 ? 0 : 2, .limit = 4094};
    return axes;
  }

  std::vector<Need> needs(const Slice& slice) const override {
    const auto [vertical, horizontal] = pieces(slice);
    const Range inputs = input_channels(slice);
    const Range channels = slice.box[1], depth = slice.depth;
    const WeightLayout layout = weight_layout(conv_, channels.size, depth.size);
    const View input =
        conv_.input.part({slice.box[0].begin, inputs.begin, vertical.input.begin, horizontal.input.begin},
                         {slice.box[0].size, inputs.size, vertical.input.size, horizontal.input.size});
    return {Need::output(conv_.output().part(slice.begin(), slice.size())), Need::input(input),
            Need::coefficients(layout.lanes, layout.words(),
                               fmt::format("{}+{},{}+{}", channels.begin, channels.size, depth.begin, depth.size),
                               [this, channels, depth] { return arrange_weights(conv_, channels, depth, by_tap_); })};
  }

  void emit(const Slice& slice, std::span<const Local> locals, tile::Builder& build) const override {
    const Local &result = locals[0], &input = locals[1];
    const WeightLayout layout = weight_layout(conv_, slice.box[1].size, slice.depth.size);
    if (conv_.groups == 1) return emit_group(slice, result, input, locals[2], layout, 0, build);
    const Dims& size = result.shape;
    // The result's batch stride is the machine's own, so that a group of channels goes image by image.
    for (int64_t n = 0; n < size[0]; ++n)
      for (size_t g = 0; g < layout.groups.size(); ++g) {
        const int64_t group = static_cast<int64_t>(g);
        const Local part =
            result.part({n, group * conv_.group_outputs(), 0, 0}, {1, conv_.group_outputs(), size[2], size[3]});
        const Local source = input.part({n, group * conv_.group_inputs(), 0, 0},
                                        {1, conv_.group_inputs(), input.shape[2], input.shape[3]});
        emit_group(slice, part, source, locals[2], layout, g, build);
      }
  }

 private:
  std::pair<WindowPiece, WindowPiece> pieces(const Slice& slice) const {
    return {window_piece(conv_.axes[0], slice.box[2]), window_piece(conv_.axes[1], slice.box[3])};
  }
  Range input_channels(const Slice& slice) const {
    if (conv_.groups == 1) return slice.depth;
    const int64_t first = slice.box[1].begin / conv_.group_outputs(),
                  groups = slice.box[1].size / conv_.group_outputs();
    return {first * conv_.group_inputs(), groups * conv_.group_inputs()};
  }

  void emit_group(const Slice& slice, const Local& result, const Local& input, const Local& blob,
                  const WeightLayout& layout, size_t g, tile::Builder& build) const {
    const WeightLayout::Group& group = layout.groups[g];
    Local weights = blob;
    weights.lane = group.lane;
    weights.offset += static_cast<uint32_t>(group.words * 4);
    weights.shape = {1, 1, 1, 1};
    std::optional<Local> bias;
    if (conv_.bias && slice.first_depth) {
      const int64_t first_channel = conv_.groups == 1 ? 0 : static_cast<int64_t>(g) * conv_.group_outputs();
      const uint32_t offset = blob.offset + static_cast<uint32_t>((layout.weight_words + first_channel / kLanes) * 4);
      bias = tile::make_local({1, result.shape[1], 1, 1}, Layout::kCompact, offset, group.lane);
    }
    const auto [vertical, horizontal] = pieces(slice);
    if (!by_tap_) {
      build.conv(result, input, weights, bias, window_of(conv_.axes, vertical, horizontal), !slice.first_depth);
      return;
    }
    const int64_t tap_words = tile::ceil_div(slice.depth.size, 2) * 2 * group.rows;
    for (int64_t tap = 0; tap < conv_.taps(); ++tap) {
      const WindowAxis &y = conv_.axes[0], &x = conv_.axes[1];
      Local view = input.part({0, 0, tap / x.kernel * y.dilation, tap % x.kernel * x.dilation},
                              {result.shape[0], input.shape[1], result.shape[2], result.shape[3]});
      view.strides[2] *= y.stride;
      view.strides[3] *= x.stride;
      Local tap_weights = weights;
      tap_weights.offset += static_cast<uint32_t>(tap * tap_words * 4);
      build.conv(result, view, tap_weights, tap == 0 ? bias : std::nullopt, {}, !slice.first_depth || tap > 0);
    }
  }

  ConvShape conv_;
  bool by_tap_;
};

class DepthwiseKernel : public Kernel {
 public:
  explicit DepthwiseKernel(ConvShape conv) : conv_(std::move(conv)) {}

  std::string_view name() const override { return "depthwise"; }

  std::array<Axis, kAxes> axes() const override {
    std::array<Axis, kAxes> axes;
    axes[kN] = {.size = conv_.batch, .limit = 65535};
    axes[kC] = {.size = conv_.output_channels, .grain = conv_.output_channels > kLanes ? kLanes : 1};
    axes[kH] = {.size = conv_.axes[0].output, .limit = 65535};
    axes[kW] = {.size = conv_.axes[1].output, .limit = 65535};
    return axes;
  }

  std::vector<Need> needs(const Slice& slice) const override {
    const WindowPiece vertical = window_piece(conv_.axes[0], slice.box[2]),
                      horizontal = window_piece(conv_.axes[1], slice.box[3]);
    const Range channels = slice.box[1];
    const View input =
        conv_.input.part({slice.box[0].begin, channels.begin, vertical.input.begin, horizontal.input.begin},
                         {slice.box[0].size, channels.size, vertical.input.size, horizontal.input.size});
    const int64_t rows = tile::ceil_div(channels.size, kLanes);
    const int64_t words = rows * (conv_.taps() + (conv_.bias ? 1 : 0));
    return {Need::output(conv_.output().part(slice.begin(), slice.size())), Need::input(input),
            Need::coefficients(std::min<int64_t>(channels.size, kLanes), words,
                               fmt::format("{}+{}", channels.begin, channels.size),
                               [this, channels] { return arrange(channels); })};
  }

  void emit(const Slice& slice, std::span<const Local> locals, tile::Builder& build) const override {
    const int64_t channels = slice.box[1].size, rows = tile::ceil_div(channels, kLanes);
    const Local weights =
        tile::make_local({1, channels, conv_.axes[0].kernel, conv_.axes[1].kernel}, Layout::kCompact, locals[2].offset);
    std::optional<Local> bias;
    if (conv_.bias)
      bias = tile::make_local({1, channels, 1, 1}, Layout::kCompact,
                              locals[2].offset + static_cast<uint32_t>(rows * conv_.taps() * 4));
    const WindowPiece vertical = window_piece(conv_.axes[0], slice.box[2]),
                      horizontal = window_piece(conv_.axes[1], slice.box[3]);
    build.depthwise(locals[0], locals[1], weights, bias, window_of(conv_.axes, vertical, horizontal));
  }

 private:
  // Per lane: the kernels of its channels, then their biases.
  std::vector<float> arrange(const Range& channels) const {
    const int64_t lanes = std::min<int64_t>(channels.size, kLanes), rows = tile::ceil_div(channels.size, kLanes),
                  taps = conv_.taps();
    const int64_t words = rows * (taps + (conv_.bias ? 1 : 0));
    std::vector<float> content(lanes * words, 0.0f);
    const auto weights = conv_.weights.data<float>();
    for (int64_t c = 0; c < channels.size; ++c) {
      float* run = content.data() + c % kLanes * words;
      for (int64_t tap = 0; tap < taps; ++tap)
        run[c / kLanes * taps + tap] = weights[(channels.begin + c) * taps + tap];
      if (conv_.bias) run[rows * taps + c / kLanes] = conv_.bias->data<float>()[channels.begin + c];
    }
    return content;
  }

  ConvShape conv_;
};

bool fits_instruction(const WindowAxis& axis) {
  return axis.begin_pad <= kMaxPad && axis.end_pad() <= kMaxPad && axis.stride <= kMaxStride &&
         axis.dilation <= kMaxDilation && axis.inserted <= kMaxInserted && windows_meet_input(axis);
}
bool fields_hold(const WindowAxis& axis) { return axis.stride <= kMaxStride && axis.dilation <= kMaxDilation; }

// Groups of one input channel and several output channels: every input channel repeated, then depthwise.
View add_repeated_channels(Recipe& recipe, const View& input, int64_t times) {
  const Dims& s = input.shape;
  const Dims shape = {s[0], s[1] * times, s[2], s[3]};
  const View target = dense_view(recipe.add_scratch(tile::count(shape)), shape);
  const int64_t sizes[] = {s[0], s[1], times, s[2], s[3]};
  add_copy(recipe, sizes, {target.ref, 0, dense_strides(sizes)},
           {input.ref, input.offset, {input.strides[0], input.strides[1], 0, input.strides[2], input.strides[3]}});
  return target;
}

// conv over `conv.input`, whatever its padding, stride and dilation.
Recipe recipe_of(ConvShape conv) {
  Recipe recipe;
  recipe.name = "conv";
  const bool direct = std::ranges::all_of(conv.axes, fits_instruction);
  if (!direct) {
    conv.input = add_padding(recipe, conv.input, conv.axes, 0);
    conv.axes = padded_axes(conv.axes);
  }
  const bool single_input = conv.group_inputs() == 1 && conv.groups > 1;
  if (single_input && std::ranges::all_of(conv.axes, fields_hold)) {
    if (conv.group_outputs() > 1) conv.input = add_repeated_channels(recipe, conv.input, conv.group_outputs());
    conv.groups = conv.output_channels;
    conv.input_channels = conv.output_channels;
    recipe.name = "depthwise";
    recipe.add(std::make_shared<DepthwiseKernel>(std::move(conv)));
    return recipe;
  }
  const bool by_tap = !std::ranges::all_of(conv.axes, fields_hold);
  recipe.add(std::make_shared<ConvKernel>(std::move(conv), by_tap));
  return recipe;
}

std::vector<Recipe> conv_recipes(const Problem& problem) {
  const Tensor& weights = *problem.constant(1);
  const std::vector<int64_t> kernel(weights.shape().begin() + 2, weights.shape().end());
  ConvShape conv;
  const Dims input = image_dims(problem.input(0).shape);
  conv.batch = input[0];
  conv.input_channels = input[1];
  conv.output_channels = weights.shape()[0];
  conv.groups = problem.integer("group", 1);
  conv.axes = window_axes(problem, kernel);
  conv.input = dense_view(input_ref(0), input);
  conv.weights = weights;
  if (const Tensor* bias = problem.constant(2)) conv.bias = *bias;
  return {recipe_of(std::move(conv))};
}

// A transposed convolution is a convolution with the rotated kernel over the input with zeros between its elements.
std::vector<Recipe> conv_transpose_recipes(const Problem& problem) {
  const Tensor& weights = *problem.constant(1);  // [IC, OC/groups, KH, KW]
  const std::vector<int64_t> kernel(weights.shape().begin() + 2, weights.shape().end());
  ConvShape conv;
  const Dims input = image_dims(problem.input(0).shape);
  conv.batch = input[0];
  conv.input_channels = input[1];
  conv.groups = problem.integer("group", 1);
  conv.output_channels = weights.shape()[1] * conv.groups;
  conv.axes = window_axes(problem, kernel);
  const auto strides = problem.integers("strides");
  for (size_t i = 0; i < kernel.size(); ++i) {
    WindowAxis& axis = conv.axes[2 - kernel.size() + i];
    axis.inserted = strides[i] - 1;
    axis.stride = 1;
    axis.begin_pad = axis.reach() - 1 - axis.begin_pad;
  }
  conv.input = dense_view(input_ref(0), input);
  if (const Tensor* bias = problem.constant(2)) conv.bias = *bias;

  const int64_t group_outputs = weights.shape()[1], group_inputs = conv.group_inputs(), taps = conv.taps();
  conv.weights = Tensor({DType::kF32, {conv.output_channels, group_inputs, conv.axes[0].kernel, conv.axes[1].kernel}});
  const auto from = weights.data<float>();
  const auto to = conv.weights.data<float>();
  for (int64_t oc = 0; oc < conv.output_channels; ++oc)
    for (int64_t k = 0; k < group_inputs; ++k)
      for (int64_t tap = 0; tap < taps; ++tap)
        to[(oc * group_inputs + k) * taps + tap] =
            from[((oc / group_outputs * group_inputs + k) * group_outputs + oc % group_outputs) * taps + taps - 1 -
                 tap];
  return {recipe_of(std::move(conv))};
}

constexpr Constraint kConstraints[] = {
    {"the TPU convolves over one or two spatial axes",
     [](const Problem& p) { return p.input(0).shape.size() == 3 || p.input(0).shape.size() == 4; }},
    {"the weights must be constant", [](const Problem& p) { return p.constant(1) != nullptr; }},
    {"the bias must be constant", [](const Problem& p) { return p.inputs() < 3 || p.constant(2) != nullptr; }},
};

}  // namespace

const Lowering& lowering_conv() {
  static const Lowering lowering{.op = "conv", .constraints = kConstraints, .recipes = conv_recipes};
  return lowering;
}

const Lowering& lowering_conv_transpose() {
  static const Lowering lowering{
      .op = "conv_transpose", .constraints = kConstraints, .recipes = conv_transpose_recipes};
  return lowering;
}

}  // namespace bmnet::bm1684
