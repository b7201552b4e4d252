// Layers with parameters, pooling, normalisation, resampling.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "frontend/adaptive_pool.h"
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

// What an optimised program does with the product at once: a residual is added, then an activation applied.
struct Fusion {
  bool residual = false;
  std::string activation;
  bool any() const { return residual || !activation.empty(); }
};
Fusion fusion_of(const Call& call) {
  Fusion fusion{call.has("ResidualData"), call.text("fuse_activation", "")};
  if (call.boolean("fuse_relu", false)) fusion.activation = "relu";
  if (call.boolean("fuse_brelu", false)) fusion.activation = "relu6";
  if (fusion.activation == "identity") fusion.activation.clear();
  return fusion;
}

Result<Values> finish_fused(Call& call, ValueId x, const Fusion& fusion) {
  if (fusion.residual) {
    BMNET_ASSIGN(const ValueId residual, call.in("ResidualData"));
    BMNET_ASSIGN(x, call.binary("add", x, residual));
  }
  return one(call.activated(x, fusion.activation));
}

Result<Values> convolution(Call& call) {
  BMNET_TRY(call.require_channels_first("data_format"));
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  BMNET_ASSIGN(const ValueId weight, call.in("Filter"));
  BMNET_ASSIGN(const Window window, window_of(call, x, weight));
  Values inputs{x, weight};
  if (call.has("Bias")) {
    BMNET_ASSIGN(ValueId bias, call.in("Bias"));
    BMNET_ASSIGN(bias, call.reshape(bias, {element_count(call.shape_of(bias))}));
    inputs.push_back(bias);
  }
  const op::Attributes attributes = {{"strides", window.strides},
                                     {"pads", window.pads},
                                     {"dilations", window.dilations},
                                     {"group", call.integer("groups", 1)}};
  const Fusion fusion = fusion_of(call);
  if (!fusion.any()) return one(call.finish("conv", attributes, inputs));
  BMNET_ASSIGN(const ValueId product, call.make("conv", attributes, inputs));
  return finish_fused(call, product, fusion);
}

Result<Values> transposed_convolution(Call& call) {
  if (fusion_of(call).any()) return unsupported("a fused activation; save the program without fusion passes");
  BMNET_TRY(call.require_channels_first("data_format"));
  BMNET_ASSIGN(const ValueId x, call.in("Input"));
  BMNET_ASSIGN(const ValueId weight, call.in("Filter"));
  if (call.text("padding_algorithm", "EXPLICIT") == "SAME")
    return unsupported("padding_algorithm=SAME of a transposed convolution");
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
  const bool adaptive = call.boolean("adaptive", false), global = call.boolean("global_pooling", false);
  if (global) size.assign(axes, 1);
  if (size.size() != axes || std::ranges::any_of(size, [](int64_t s) { return s < 1; }))
    return user_error("ksize {} does not fit {} axes", to_string(size), axes);
  if (adaptive || global)
    return one(finish_adaptive_pool(call, x, size, type == "max" ? PoolKind::kMax : PoolKind::kAverage));
  window.kernel = size;
  BMNET_ASSIGN(window.strides, per_axis(call, "strides", axes, 1));
  BMNET_TRY(set_pads(call, shape, window));
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

// clang-format off
constexpr std::string_view kConvolution = "strides paddings dilations groups padding_algorithm";
constexpr std::string_view kPooling = "pooling_type ksize strides paddings padding_algorithm ceil_mode exclusive adaptive global_pooling";
constexpr std::string_view kInterpolation = "out_h out_w scale align_corners align_mode";
constexpr std::string_view kFirst = "channels first";
constexpr Row interpolation(std::string_view name, std::string_view kind) {
  return {name, interpolate, kind, kInterpolation, "resize", "sizes known at compile time"};
}
constexpr Row kRows[] = {
    {"conv2d", convolution, "", kConvolution, "conv", "channels first", "Output"},
    {"conv3d", convolution, "", kConvolution, "conv", "channels first", "Output"},
    {"depthwise_conv2d", convolution, "", kConvolution, "conv", "channels first", "Output"},
    {"conv2d_transpose", transposed_convolution, "", "strides paddings dilations groups output_padding output_size", "conv_transpose", "channels first", "Output"},
    {"depthwise_conv2d_transpose", transposed_convolution, "", "strides paddings dilations groups output_padding output_size", "conv_transpose", "channels first", "Output"},
    {"conv3d_transpose", transposed_convolution, "", "strides paddings dilations groups output_padding output_size", "conv_transpose", "channels first", "Output"},
    {"pool2d", pooling, "", kPooling, "pool", kFirst}, {"pool3d", pooling, "", kPooling, "pool", kFirst},
    {"max_pool2d_with_index", pooling, "", kPooling, "pool", "without Mask"}, {"max_pool3d_with_index", pooling, "", kPooling, "pool", "without Mask"},
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
    interpolation("trilinear_interp", "linear"), interpolation("trilinear_interp_v2", "linear"),
    interpolation("bicubic_interp", "cubic"), interpolation("bicubic_interp_v2", "cubic"),
};
// clang-format on

}  // namespace

std::span<const Row> layer_rows() { return kRows; }

}  // namespace bmnet::frontend::paddle
