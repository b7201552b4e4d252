// Layers with parameters, pooling, normalisation, resampling, recurrent layers, anchors.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "frontend/paddle/call.h"

namespace bmnet::frontend::paddle {
namespace {

using Integers = std::vector<int64_t>;

struct Window {
  Integers kernel, strides, dilations, pads;  // pads: begins, then ends
};

Result<Integers> per_axis(const Call& call, std::string_view name, size_t axes, int64_t least) {
  Integers values = call.integers(name);
  if (values.empty()) values.assign(axes, 1);
  if (values.size() != axes) return user_error("{} has {} values, {} are expected", name, values.size(), axes);
  for (const int64_t value : values)
    if (value < least) return user_error("{} has the value {}, at least {} is expected", name, value, least);
  return values;
}

// paddings (one or two per axis) under padding_algorithm, for an input [N,C,spatial…].
Status set_pads(const Call& call, const Shape& shape, Window& window) {
  const size_t axes = window.kernel.size();
  const std::string algorithm = call.text("padding_algorithm", "EXPLICIT");
  window.pads.assign(2 * axes, 0);
  if (algorithm == "VALID") return {};
  if (algorithm == "SAME") {
    window.dilations.assign(axes, 1);
    for (size_t i = 0; i < axes; ++i) {
      const int64_t results = (shape[i + 2] + window.strides[i] - 1) / window.strides[i];
      const int64_t pad = std::max<int64_t>((results - 1) * window.strides[i] + window.kernel[i] - shape[i + 2], 0);
      window.pads[i] = pad / 2, window.pads[axes + i] = pad - pad / 2;
    }
    return {};
  }
  Integers given = call.integers("paddings");
  if (given.empty()) given.assign(axes, 0);
  if (given.size() != axes && given.size() != 2 * axes)
    return user_error("paddings has {} values for {} axes", given.size(), axes);
  for (size_t i = 0; i < axes; ++i) {
    const bool pairs = given.size() == 2 * axes;
    window.pads[i] = given[pairs ? 2 * i : i];
    window.pads[axes + i] = given[pairs ? 2 * i + 1 : i];
  }
  if (std::ranges::any_of(window.pads, [](int64_t pad) { return pad < 0; }))
    return user_error("paddings {} are negative", to_string(given));
  return {};
}

// Kernel from a weight [.,.,kernel…] beside an input of as many axes.
Result<Window> window_of(const Call& call, ValueId x, ValueId weight) {
  const Shape shape = call.shape_of(x), kernel = call.shape_of(weight);
  if (kernel.size() < 3 || kernel.size() > 5 || shape.size() != kernel.size())
    return user_error("input {} and weight {} do not fit", to_string(shape), to_string(kernel));
  Window window;
  window.kernel.assign(kernel.begin() + 2, kernel.end());
  BMNET_ASSIGN(window.strides, per_axis(call, "strides", window.kernel.size(), 1));
  BMNET_ASSIGN(window.dilations, per_axis(call, "dilations", window.kernel.size(), 1));
  BMNET_TRY(set_pads(call, shape, window));
  return window;
}

Status refuse_fusion(const Call& call) {
  if (call.has("ResidualData")) return unsupported("a residual input fused into a convolution");
  const std::string activation = call.text("fuse_activation", "");
  if (!activation.empty() || call.boolean("fuse_relu", false) || call.boolean("fuse_brelu", false))
    return unsupported("a fused activation; save the program without fusion passes");
  return call.require_channels_first("data_format");
}

Result<Values> convolution(Call& call) {
  BMNET_TRY(refuse_fusion(call));
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  BMNET_ASSIGN(const ValueId weight, call.in("Filter"));
  BMNET_ASSIGN(const Window window, window_of(call, x, weight));
  Values inputs{x, weight};
  if (call.has("Bias")) {
    BMNET_ASSIGN(ValueId bias, call.in("Bias"));
    BMNET_ASSIGN(bias, call.reshape(bias, {element_count(call.shape_of(bias))}));
    inputs.push_back(bias);
  }
  return one(call.finish("conv",
                         {{"strides", window.strides},
                          {"pads", window.pads},
                          {"dilations", window.dilations},
                          {"group", call.integer("groups", 1)}},
                         inputs));
}

Result<Values> transposed_convolution(Call& call) {
  BMNET_TRY(refuse_fusion(call));
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  BMNET_ASSIGN(const ValueId weight, call.in("Filter"));
  if (call.text("padding_algorithm", "EXPLICIT") == "SAME") return unsupported("padding_algorithm=SAME");
  BMNET_ASSIGN(const Window window, window_of(call, x, weight));
  const size_t axes = window.kernel.size();
  Integers output_padding = call.integers("output_padding");
  const Integers output_size = call.integers("output_size");
  if (output_padding.empty()) output_padding.assign(axes, 0);
  if (output_padding.size() != axes || (!output_size.empty() && output_size.size() != axes))
    return user_error("output_padding or output_size does not fit {} axes", axes);
  for (size_t i = 0; i < output_size.size(); ++i) {
    const int64_t least = (call.shape_of(x)[i + 2] - 1) * window.strides[i] +
                          (window.kernel[i] - 1) * window.dilations[i] + 1 - window.pads[i] - window.pads[axes + i];
    output_padding[i] = output_size[i] - least;
    if (output_padding[i] < 0) return user_error("output_size {} is below {}", output_size[i], least);
  }
  return one(call.finish("conv_transpose",
                         {{"strides", window.strides},
                          {"pads", window.pads},
                          {"dilations", window.dilations},
                          {"output_padding", output_padding},
                          {"group", call.integer("groups", 1)}},
                         {x, weight}));
}

Result<Values> pooling(Call& call) {
  BMNET_TRY(call.require_channels_first("data_format"));
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const Shape shape = call.shape_of(x);
  if (shape.size() < 3 || shape.size() > 5) return user_error("its input {} is no image", to_string(shape));
  const size_t axes = shape.size() - 2;
  const std::string type = call.text("pooling_type", "max");
  if (type != "max" && type != "avg") return unsupported("pooling_type={}", type);
  Window window;
  window.strides.assign(axes, 1), window.dilations.assign(axes, 1), window.pads.assign(2 * axes, 0);
  Integers size = call.integers("ksize");
  if (call.has("KernelSize")) return unsupported("a kernel size that is an input");
  const bool adaptive = call.boolean("adaptive", false), global = call.boolean("global_pooling", false);
  if (global) size.assign(axes, 1);
  if (size.size() != axes || std::ranges::any_of(size, [](int64_t s) { return s < 1; }))
    return user_error("ksize {} does not fit {} axes", to_string(size), axes);
  if (adaptive || global) {
    for (size_t i = 0; i < axes; ++i) {
      if (shape[i + 2] % size[i])
        return unsupported("adaptive pooling of {} to {}; sizes must divide", to_string(shape), to_string(size));
      window.kernel.push_back(shape[i + 2] / size[i]);
    }
    window.strides = window.kernel;
  } else {
    window.kernel = size;
    BMNET_ASSIGN(window.strides, per_axis(call, "strides", axes, 1));
    BMNET_TRY(set_pads(call, shape, window));
  }
  for (size_t i = 0; i < axes; ++i)
    if (window.kernel[i] > shape[i + 2] + window.pads[i] + window.pads[axes + i])
      return user_error("ksize {} is larger than the padded input {}", to_string(window.kernel), to_string(shape));
  return one(call.finish("pool",
                         {{"kind", std::string(type == "max" ? "max" : "average")},
                          {"kernel", window.kernel},
                          {"strides", window.strides},
                          {"pads", window.pads},
                          {"dilations", Integers(axes, 1)},
                          {"rounding", std::string(call.boolean("ceil_mode", false) ? "ceil_keep" : "floor")},
                          {"count_include_pad", !call.boolean("exclusive", true)}},
                         {x}));
}

Result<Values> batch_norm(Call& call) {
  BMNET_TRY(call.require_channels_first("data_layout"));
  Values inputs;
  for (const char* name : {"X", "Scale", "Bias", "Mean", "Variance"}) {
    BMNET_ASSIGN(const ValueId input, call.in(name));
    inputs.push_back(input);
  }
  return one(call.finish("batch_norm", {{"epsilon", call.number("epsilon", 1e-5f)}}, inputs));
}

// Scale and bias reshaped to `shape`; ones and zeros for what is missing.
Result<Values> scale_and_bias(Call& call, ValueId x, const Shape& shape) {
  Values inputs{x};
  if (!call.has("Scale") && !call.has("Bias")) return inputs;
  for (const auto& [name, otherwise] : {std::pair{"Scale", 1}, std::pair{"Bias", 0}}) {
    BMNET_ASSIGN(ValueId value, call.has(name) ? call.in(name) : call.filled(DType::kF32, shape, otherwise));
    if (element_count(call.shape_of(value)) != element_count(shape))
      return user_error("{} has shape {}, {} is needed", name, to_string(call.shape_of(value)), to_string(shape));
    BMNET_ASSIGN(value, call.reshape(value, shape));
    inputs.push_back(value);
  }
  return inputs;
}

Result<Values> layer_norm(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(call.integer("begin_norm_axis", 1), call.rank_of(x)));
  const Shape shape = call.shape_of(x);
  BMNET_ASSIGN(const Values inputs, scale_and_bias(call, x, Shape(shape.begin() + axis, shape.end())));
  return one(call.finish("layer_norm", {{"axis", axis}, {"epsilon", call.number("epsilon", 1e-5f)}}, inputs));
}

Result<Values> group_norm(Call& call) {
  BMNET_TRY(call.require_channels_first("data_layout"));
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  if (call.rank_of(x) < 3) return user_error("its input {} is no image", to_string(call.shape_of(x)));
  const int64_t channels = call.shape_of(x)[1];
  BMNET_ASSIGN(const Values inputs, scale_and_bias(call, x, {channels}));
  const int64_t groups = call.kind() == "instance" ? channels : call.integer("groups", 1);
  return one(call.finish("group_norm", {{"groups", groups}, {"epsilon", call.number("epsilon", 1e-5f)}}, inputs));
}

Result<Values> affine_channel(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  if (call.rank_of(x) < 2) return user_error("its input has no channels");
  Shape shape(call.rank_of(x) - 1, 1);
  shape[0] = call.shape_of(x)[1];
  BMNET_ASSIGN(const Values inputs, scale_and_bias(call, x, shape));
  if (inputs.size() != 3) return user_error("it has neither Scale nor Bias");
  BMNET_ASSIGN(const ValueId scaled, call.binary("mul", x, inputs[1]));
  return one(call.finish("binary", {{"kind", std::string("add")}}, {scaled, inputs[2]}));
}

// Paddle does not divide alpha by the size.
Result<Values> lrn(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const int64_t size = call.integer("n", 5);
  const float alpha = call.number("alpha", 1e-4f) * static_cast<float>(size);
  return one(call.finish(
      "lrn", {{"size", size}, {"alpha", alpha}, {"beta", call.number("beta", 0.75f)}, {"k", call.number("k", 2)}},
      {x}));
}

// The wanted size of each axis, and the scales where the program states them.
Status interpolated_sizes(Call& call, const Shape& shape, Integers& sizes, std::vector<float>& scales) {
  const size_t axes = shape.size() - 2;
  if (call.has("OutSize") || call.has("SizeTensor")) {
    BMNET_ASSIGN(sizes, call.integers_from("", "OutSize", "SizeTensor"));
  } else {
    scales = call.numbers("scale");
    if (call.has("Scale")) {
      BMNET_ASSIGN(const ValueId scale, call.in("Scale"));
      const Tensor* known = call.constant_of(scale);
      if (!known || known->dtype() != DType::kF32) return unsupported("a scale that is only known at run time");
      scales.assign(known->data<float>().begin(), known->data<float>().end());
    }
    if (scales.size() == 1) scales.resize(axes, scales[0]);
    if (std::ranges::any_of(scales, [](float scale) { return !(scale > 0 && scale < 1e6f); })) scales.clear();
    if (!scales.empty() && scales.size() != axes) return user_error("{} scales for {} axes", scales.size(), axes);
    const char* const names[] = {"out_d", "out_h", "out_w"};
    for (size_t i = 0; i < axes; ++i)
      sizes.push_back(scales.empty() ? call.integer(names[3 - axes + i], -1)
                                     : static_cast<int64_t>(static_cast<float>(shape[i + 2]) * scales[i]));
  }
  if (sizes.size() == axes && std::ranges::all_of(sizes, [](int64_t size) { return size > 0; })) return {};
  return user_error("sizes {} do not fit the input {}", to_string(sizes), to_string(shape));
}

Result<Values> interpolate(Call& call) {
  BMNET_TRY(call.require_channels_first("data_layout"));
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  const Shape shape = call.shape_of(x);
  if (shape.size() < 3 || shape.size() > 5) return user_error("its input {} is no image", to_string(shape));
  Integers sizes;
  std::vector<float> scales;
  BMNET_TRY(interpolated_sizes(call, shape, sizes, scales));
  const std::string mode(call.kind());
  const bool align_corners = call.boolean("align_corners", true);
  std::string coordinates = call.integer("align_mode", 1) == 0 || mode == "cubic" ? "half_pixel" : "asymmetric";
  if (mode == "nearest") coordinates = "asymmetric";
  if (align_corners) coordinates = "align_corners", scales.clear();
  return one(call.finish("resize",
                         {{"sizes", sizes},
                          {"mode", mode},
                          {"coordinates", coordinates},
                          {"nearest_mode", std::string(align_corners ? "round_prefer_ceil" : "floor")},
                          {"scales", scales}},
                         {x}));
}

// ---- recurrent layers

struct Gates {
  std::string_view mode, kind;
  Integers order;  // nn's gate i is Paddle's gate order[i]
};
const Gates* find_gates(std::string_view mode) {
  static const Gates kGates[] = {{"LSTM", "lstm", {0, 3, 1, 2}},
                                 {"GRU", "gru", {1, 0, 2}},
                                 {"RNN_TANH", "rnn_tanh", {0}},
                                 {"RNN_RELU", "rnn_relu", {0}}};
  const auto* found = std::ranges::find(kGates, mode, &Gates::mode);
  return found == std::end(kGates) ? nullptr : found;
}

// A weight [G*H, …] with its gates in nn's order and an axis in front.
Result<ValueId> ordered_gates(Call& call, ValueId weight, const Gates& gates) {
  Shape shape = call.shape_of(weight);
  const auto count = std::ssize(gates.order);
  if (shape.empty() || shape[0] % count)
    return user_error("a weight of shape {} has no {} gates", to_string(shape), count);
  Values parts;
  for (const int64_t gate : gates.order) {
    BMNET_ASSIGN(const ValueId part, call.slice(weight, 0, gate * (shape[0] / count), shape[0] / count));
    parts.push_back(part);
  }
  BMNET_ASSIGN(const ValueId ordered, call.make("concat", {{"axis", int64_t{0}}}, parts));
  shape.insert(shape.begin(), 1);
  return call.reshape(ordered, shape);
}

// Weights (matrices, then biases; per layer, per direction: input part, recurrent part) of one layer as nn.rnn wants
// them: weight, recurrence, bias.
Result<Values> layer_weights(Call& call, const Values& list, size_t layer, size_t layers, size_t directions,
                             const Gates& gates) {
  Values result;
  const size_t biases = 2 * layers * directions;
  for (const auto& [offset, parts] : {std::pair<size_t, size_t>{0, 1}, {1, 1}, {biases, 2}}) {
    Values per_direction;
    for (size_t direction = 0; direction < directions; ++direction) {
      Values row;
      for (size_t part = 0; part < parts; ++part) {
        BMNET_ASSIGN(const ValueId ordered,
                     ordered_gates(call, list[offset + 2 * (layer * directions + direction) + part], gates));
        row.push_back(ordered);
      }
      BMNET_ASSIGN(const ValueId joined, call.make("concat", {{"axis", int64_t{1}}}, row));
      per_direction.push_back(joined);
    }
    BMNET_ASSIGN(const ValueId stacked, call.make("concat", {{"axis", int64_t{0}}}, per_direction));
    result.push_back(stacked);
  }
  return result;
}

Result<Values> rnn(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("Input"));  // [T,N,I]
  BMNET_ASSIGN(const Values weights, call.all("WeightList"));
  BMNET_ASSIGN(const Values states, call.all("PreState"));
  if (call.has("SequenceLength")) return unsupported("sequences of different lengths (SequenceLength)");
  const Gates* gates = find_gates(call.text("mode", ""));
  if (!gates) return unsupported("mode={}; LSTM, GRU, RNN_TANH and RNN_RELU can be compiled", call.text("mode", ""));
  const int64_t layers = call.integer("num_layers", 1), hidden = call.integer("hidden_size", 0);
  const int64_t directions = call.boolean("is_bidirec", false) ? 2 : 1;
  const size_t state_count = gates->kind == "lstm" ? 2 : 1;
  if (layers < 1 || layers > 64 || hidden < 1 || call.rank_of(x) != 3 ||
      std::ssize(weights) != 4 * layers * directions || states.size() != state_count)
    return user_error("{} layers of {} do not fit {} weights and {} states", layers, hidden, weights.size(),
                      states.size());
  const int64_t steps = call.shape_of(x)[0], batch = call.shape_of(x)[1];
  for (const ValueId state : states)
    if (call.shape_of(state) != Shape{layers * directions, batch, hidden})
      return user_error("a state has shape {}, [{},{},{}] is needed", to_string(call.shape_of(state)),
                        layers * directions, batch, hidden);
  std::vector<Values> last_states(state_count);
  for (int64_t layer = 0; layer < layers; ++layer) {
    BMNET_ASSIGN(const Values w, layer_weights(call, weights, layer, layers, directions, *gates));
    Values inputs{x, w[0], w[1], w[2]};
    for (size_t i = 0; i < 2; ++i) {
      BMNET_ASSIGN(const ValueId initial, i < state_count ? call.slice(states[i], 0, layer * directions, directions)
                                                          : call.filled(DType::kF32, {directions, batch, hidden}, 0));
      inputs.push_back(initial);
    }
    BMNET_ASSIGN(const Values results,
                 call.make_all("rnn",
                               {{"kind", std::string(gates->kind)},
                                {"direction", std::string(directions == 2 ? "bidirectional" : "forward")},
                                {"linear_before_reset", gates->kind == "gru"}},
                               inputs, 3));
    for (size_t i = 0; i < state_count; ++i) last_states[i].push_back(results[1 + i]);
    BMNET_ASSIGN(x, call.transpose(results[0], {0, 2, 1, 3}));  // [T,N,D,H]
    const Shape joined{steps, batch, directions * hidden};
    BMNET_ASSIGN(x, layer + 1 < layers ? call.reshape(x, joined) : call.finish("reshape", {{"shape", joined}}, {x}));
  }
  for (size_t i = 0; i < state_count; ++i) {
    BMNET_ASSIGN(const ValueId state, call.make("concat", {{"axis", int64_t{0}}}, last_states[i]));
    call.set("State", i, state);
  }
  return Values{x};
}

// 1 and every further ratio with its inverse, as the operator completes them.
std::vector<float> completed_ratios(const std::vector<float>& given, bool flip) {
  std::vector<float> ratios{1};
  for (const float ratio : given) {
    if (std::ranges::any_of(ratios, [&](float known) { return std::fabs(known - ratio) < 1e-6f; })) continue;
    ratios.push_back(ratio);
    if (flip) ratios.push_back(1 / ratio);
  }
  ratios.erase(ratios.begin());
  return ratios;
}

Result<Values> prior_box(Call& call) {
  BMNET_ASSIGN(const ValueId feature, call.in("Input"));
  BMNET_ASSIGN(const ValueId image, call.in("Image"));
  const std::vector<float> max_sizes = call.numbers("max_sizes"), min_sizes = call.numbers("min_sizes");
  const std::vector<float> ratios = completed_ratios(call.numbers("aspect_ratios"), call.boolean("flip", true));
  if (!max_sizes.empty() && !ratios.empty() && !call.boolean("min_max_aspect_ratios_order", false))
    return unsupported("max_sizes without min_max_aspect_ratios_order");
  BMNET_ASSIGN(const ValueId both, call.make("prior_box",
                                             {{"min_sizes", min_sizes},
                                              {"max_sizes", max_sizes},
                                              {"aspect_ratios", ratios},
                                              {"clip", call.boolean("clip", true)},
                                              {"variance", call.numbers("variances")},
                                              {"step_h", call.number("step_h", 0)},
                                              {"step_w", call.number("step_w", 0)},
                                              {"offset", call.number("offset", 0.5f)}},
                                             {feature, image}));
  const Shape map = call.shape_of(feature);
  const int64_t priors = call.shape_of(both)[2] / (4 * map[2] * map[3]);
  Values results;
  for (int64_t i = 0; i < 2; ++i) {
    BMNET_ASSIGN(const ValueId part, call.slice(both, 1, i, 1));
    BMNET_ASSIGN(const ValueId boxes, call.reshape(part, {map[2], map[3], priors, 4}));
    results.push_back(boxes);
  }
  call.set("Variances", 0, results[1]);
  return Values{results[0]};
}

// clang-format off
constexpr std::string_view kConvolution = "strides paddings dilations groups padding_algorithm";
constexpr std::string_view kPooling = "pooling_type ksize strides paddings padding_algorithm ceil_mode exclusive adaptive global_pooling";
constexpr std::string_view kInterpolation = "out_h out_w scale align_corners align_mode";
constexpr std::string_view kDividing = "channels first; adaptive sizes that divide the input";
constexpr Row interpolation(std::string_view name, std::string_view kind) {
  return {name, interpolate, kind, kInterpolation, "resize", "sizes known at compile time"};
}
constexpr Row kRows[] = {
    {"conv2d", convolution, "", kConvolution, "conv", "channels first", "Output"},
    {"conv3d", convolution, "", kConvolution, "conv", "channels first", "Output"},
    {"depthwise_conv2d", convolution, "", kConvolution, "conv", "channels first", "Output"},
    {"conv2d_transpose", transposed_convolution, "", "strides paddings dilations groups output_padding output_size", "conv_transpose", "channels first", "Output"},
    {"depthwise_conv2d_transpose", transposed_convolution, "", "strides paddings dilations groups output_padding output_size", "conv_transpose", "channels first", "Output"},
    {"pool2d", pooling, "", kPooling, "pool", kDividing}, {"pool3d", pooling, "", kPooling, "pool", kDividing},
    {"batch_norm", batch_norm, "", "epsilon", "batch_norm", "", "Y"},
    {"sync_batch_norm", batch_norm, "", "epsilon", "batch_norm", "", "Y"},
    {"layer_norm", layer_norm, "", "begin_norm_axis epsilon", "layer_norm", "", "Y"},
    {"instance_norm", group_norm, "instance", "epsilon", "group_norm", "", "Y"},
    {"group_norm", group_norm, "", "groups epsilon", "group_norm", "", "Y"},
    {"affine_channel", affine_channel, "", "", "binary", ""},
    {"lrn", lrn, "", "n k alpha beta", "lrn", ""},
    interpolation("nearest_interp", "nearest"), interpolation("nearest_interp_v2", "nearest"),
    interpolation("bilinear_interp", "linear"), interpolation("bilinear_interp_v2", "linear"),
    interpolation("linear_interp", "linear"), interpolation("linear_interp_v2", "linear"),
    interpolation("bicubic_interp", "cubic"), interpolation("bicubic_interp_v2", "cubic"),
    {"rnn", rnn, "", "mode num_layers hidden_size is_bidirec", "rnn", "without SequenceLength"},
    {"prior_box", prior_box, "", "min_sizes max_sizes aspect_ratios flip clip variances step_h step_w offset", "prior_box", "", "Boxes"},
};
// clang-format on

}  // namespace

std::span<const Row> layer_rows() { return kRows; }

}  // namespace bmnet::frontend::paddle
