// Convolutions, pooling, resampling, padding and cropping of images of 1 to 3 spatial axes.
#include <algorithm>

#include "frontend/tensorflow/keras/layer.h"

namespace bmnet::frontend::tensorflow::keras {
namespace {

std::string format_of(const Layer& layer) { return layer.channels_last() ? "NHWC" : "NCHW"; }

// One number a spatial axis, among all axes.
Shape among_all(const Layer& layer, Shape spatial, int64_t elsewhere) {
  spatial.insert(spatial.begin(), elsewhere);
  spatial.insert(layer.channels_last() ? spatial.end() : spatial.begin() + 1, elsewhere);
  return spatial;
}

Status check_image(const Layer& layer, size_t axes) {
  if (layer.shape().size() == axes + 2) return {};
  return user_error("a tensor of shape {}; a batch, {} spatial axes and channels are expected",
                    to_string(layer.shape()), axes);
}

Shape spatial_shape(const Layer& layer) {
  const Shape shape = layer.shape();
  const auto first = shape.begin() + (layer.channels_last() ? 1 : 2);
  return {first, first + static_cast<std::ptrdiff_t>(shape.size()) - 2};
}

// Number of spatial axes: the first character of the row's kind.
size_t axes_of(const Layer& layer) { return static_cast<size_t>(layer.kind()[0] - '0'); }

// padding, strides, dilations as TensorFlow's attributes.
Result<op::Attributes> window_attributes(const Layer& layer, const Shape& kernel) {
  const size_t axes = kernel.size();
  op::Attributes attributes = {
      {"strides", among_all(layer, layer.config.sizes("strides", axes, 1), 1)},
      {"dilations", among_all(layer, layer.config.sizes("dilation_rate", axes, 1), 1)},
      {"data_format", format_of(layer)},
  };
  const std::string padding = layer.config.text("padding", "valid");
  if (padding == "causal" && axes == 1) {  // the step itself and those before
    const int64_t before = (kernel[0] - 1) * layer.config.sizes("dilation_rate", 1, 1)[0];
    Shape pads(6, 0);
    pads[layer.channels_last() ? 2 : 4] = before;
    attributes.set("padding", std::string("EXPLICIT"));
    attributes.set("explicit_paddings", pads);
  } else if (padding == "valid" || padding == "same") {
    attributes.set("padding", std::string(padding == "valid" ? "VALID" : "SAME"));
  } else {
    return unsupported("padding '{}'", padding);
  }
  return attributes;
}

Result<Values> with_bias_and_activation(Layer& layer, Value y, int64_t filters) {
  BMNET_ASSIGN(y, add_bias(layer, y, filters));
  BMNET_ASSIGN(y, activate(layer, y));
  return Values{y};
}

constexpr std::string_view kConv[] = {"", "bmnet.Conv1D", "Conv2D", "Conv3D"};
constexpr std::string_view kDepthwise[] = {"", "bmnet.DepthwiseConv1D", "DepthwiseConv2dNative"};
constexpr std::string_view kTranspose[] = {"", "bmnet.Conv1DBackpropInput", "Conv2DBackpropInput",
                                           "Conv3DBackpropInputV2"};

Result<Values> conv(Layer& layer) {
  const size_t axes = axes_of(layer);
  BMNET_TRY(check_image(layer, axes));
  const int64_t filters = layer.config.integer("filters", -1), groups = layer.config.integer("groups", 1);
  const int64_t channels = layer.shape()[layer.channel_axis(layer.rank())];
  if (groups < 1 || channels % groups) return user_error("{} groups of {} channels", groups, channels);
  Shape weights = layer.config.sizes("kernel_size", axes, 1);
  BMNET_ASSIGN(const op::Attributes attributes, window_attributes(layer, weights));
  weights.insert(weights.end(), {channels / groups, filters});
  BMNET_ASSIGN(const Value kernel, layer.weight_value("kernel", weights));
  BMNET_ASSIGN(const Value y, layer.make(kConv[axes], {layer.input(), kernel}, attributes));
  return with_bias_and_activation(layer, y, filters);
}

// Of each channel on its own; the kernel's last axis: results of a channel.
Result<Value> depthwise(Layer& layer, int64_t& results) {
  const size_t axes = axes_of(layer);
  BMNET_TRY(check_image(layer, axes));
  const int64_t channels = layer.shape()[layer.channel_axis(layer.rank())];
  const int64_t multiplier = layer.config.integer("depth_multiplier", 1);
  Shape weights = layer.config.sizes("kernel_size", axes, 1);
  BMNET_ASSIGN(const op::Attributes attributes, window_attributes(layer, weights));
  weights.insert(weights.end(), {channels, multiplier});
  const char* role = layer.weights().has("depthwise_kernel") ? "depthwise_kernel" : "kernel";  // Keras 3
  BMNET_ASSIGN(const Value kernel, layer.weight_value(role, weights));
  results = channels * multiplier;
  return layer.make(kDepthwise[axes], {layer.input(), kernel}, attributes);
}

Result<Values> depthwise_conv(Layer& layer) {
  int64_t results = 0;
  BMNET_ASSIGN(const Value y, depthwise(layer, results));
  return with_bias_and_activation(layer, y, results);
}

Result<Values> separable_conv(Layer& layer) {
  int64_t results = 0;
  BMNET_ASSIGN(const Value y, depthwise(layer, results));
  const size_t axes = axes_of(layer);
  const int64_t filters = layer.config.integer("filters", -1);
  Shape weights(axes, 1);
  weights.insert(weights.end(), {results, filters});
  BMNET_ASSIGN(const Value kernel, layer.weight_value("pointwise_kernel", weights));
  BMNET_ASSIGN(const Value z, layer.make(kConv[axes], {y, kernel},
                                         {{"padding", std::string("VALID")}, {"data_format", format_of(layer)}}));
  return with_bias_and_activation(layer, z, filters);
}

// Size of an axis of a transposed convolution's result.
int64_t transposed_size(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, bool same, int64_t extra) {
  const int64_t reach = (kernel - 1) * dilation + 1;
  if (extra < 0) return same ? size * stride : size * stride + std::max<int64_t>(reach - stride, 0);
  return (size - 1) * stride + reach - 2 * (same ? reach / 2 : 0) + extra;
}

Result<Values> conv_transpose(Layer& layer) {
  const size_t axes = axes_of(layer);
  BMNET_TRY(check_image(layer, axes));
  const int64_t filters = layer.config.integer("filters", -1);
  const int64_t channels = layer.shape()[layer.channel_axis(layer.rank())];
  const Shape kernel = layer.config.sizes("kernel_size", axes, 1), size = spatial_shape(layer);
  const Shape strides = layer.config.sizes("strides", axes, 1),
              dilations = layer.config.sizes("dilation_rate", axes, 1);
  Shape extra(axes, -1);
  if (layer.config.has("output_padding")) {
    extra = layer.config.integers("output_padding");
    if (extra.size() == 1) extra.resize(axes, extra[0]);
    if (extra.size() != axes) return user_error("output_padding of {} numbers", extra.size());
  }
  BMNET_ASSIGN(const op::Attributes attributes, window_attributes(layer, kernel));
  const bool same = layer.config.text("padding", "valid") == "same";
  Shape spatial;
  for (size_t i = 0; i < axes; ++i)
    spatial.push_back(transposed_size(size[i], kernel[i], strides[i], dilations[i], same, extra[i]));
  Shape result = among_all(layer, spatial, filters);
  result[0] = layer.shape()[0];
  Shape weights = kernel;
  weights.insert(weights.end(), {filters, channels});
  BMNET_ASSIGN(const Value weight, layer.weight_value("kernel", weights));
  BMNET_ASSIGN(const Value y,
               layer.make(kTranspose[axes], {layer.integers(result), weight, layer.input()}, attributes));
  return with_bias_and_activation(layer, y, filters);
}

// kind: "2max", "2average".
Result<Values> pool(Layer& layer) {
  const size_t axes = axes_of(layer);
  BMNET_TRY(check_image(layer, axes));
  const Shape size = layer.config.sizes("pool_size", axes, 2);
  BMNET_ASSIGN(op::Attributes attributes, window_attributes(layer, size));
  const Shape strides = layer.config.has("strides") ? layer.config.sizes("strides", axes, 1) : size;
  attributes.set("ksize", among_all(layer, size, 1));
  attributes.set("strides", among_all(layer, strides, 1));
  BMNET_ASSIGN(const Value y,
               layer.make(layer.kind().substr(1) == "max" ? "MaxPool" : "AvgPool", {layer.input()}, attributes));
  return Values{y};
}

Result<Values> global_pool(Layer& layer) {
  const size_t axes = axes_of(layer);
  BMNET_TRY(check_image(layer, axes));
  std::vector<int64_t> reduced;
  for (size_t i = 0; i < axes; ++i) reduced.push_back(static_cast<int64_t>(i) + (layer.channels_last() ? 1 : 2));
  BMNET_ASSIGN(const Value y,
               layer.make(layer.kind().substr(1) == "max" ? "Max" : "Mean", {layer.input(), layer.integers(reduced)},
                          {{"keep_dims", layer.config.flag("keepdims", false)}}));
  return Values{y};
}

// Before and behind of every spatial axis: n, [n, m] (1-D: before and behind), [[a, b], …].
Result<Shape> borders(const Layer& layer, std::string_view name, size_t axes) {
  const Json* given = layer.config.entry(name);
  Shape pairs;
  const auto add = [&](const Json& json, int64_t times) {
    for (; times > 0 && json.is_number_integer(); --times) pairs.push_back(integer_of(json));
  };
  if (!given) return Shape(2 * axes, 1);
  if (given->is_number_integer()) {
    add(*given, static_cast<int64_t>(2 * axes));
  } else if (given->is_array()) {
    for (const Json& item : *given) {
      if (item.is_array()) {
        for (const Json& number : item) add(number, 1);
      } else {
        add(item, axes == 1 ? 1 : 2);
      }
    }
  }
  if (pairs.size() != 2 * axes || std::ranges::any_of(pairs, [](int64_t size) { return size < 0; }))
    return user_error("'{}' of its configuration does not name what is before and behind of {} axes", name, axes);
  return pairs;
}

Result<Values> zero_padding(Layer& layer) {
  const size_t axes = axes_of(layer);
  BMNET_TRY(check_image(layer, axes));
  BMNET_ASSIGN(const Shape pairs, borders(layer, "padding", axes));
  std::vector<int64_t> all(2 * (axes + 2), 0);
  std::ranges::copy(pairs, all.begin() + (layer.channels_last() ? 2 : 4));
  const Value paddings = layer.constant(Tensor::of<int64_t>({static_cast<int64_t>(axes) + 2, 2}, all));
  BMNET_ASSIGN(const Value y, layer.make("Pad", {layer.input(), paddings}));
  return Values{y};
}

// A part of the spatial axes: from `starts`, of `sizes`.
Result<Values> cut_out(Layer& layer, const Shape& starts, const Shape& sizes) {
  Shape all_starts = among_all(layer, starts, 0), all_sizes = among_all(layer, sizes, -1);
  BMNET_ASSIGN(const Value y,
               layer.make("Slice", {layer.input(), layer.integers(all_starts), layer.integers(all_sizes)}));
  return Values{y};
}

Result<Values> cropping(Layer& layer) {
  const size_t axes = axes_of(layer);
  BMNET_TRY(check_image(layer, axes));
  BMNET_ASSIGN(const Shape pairs, borders(layer, "cropping", axes));
  Shape starts, sizes = spatial_shape(layer);
  for (size_t i = 0; i < axes; ++i) {
    starts.push_back(pairs[2 * i]);
    sizes[i] -= pairs[2 * i] + pairs[2 * i + 1];
    if (sizes[i] < 1) return user_error("nothing is left of axis {} of {}", i, to_string(layer.shape()));
  }
  return cut_out(layer, starts, sizes);
}

Result<Values> center_crop(Layer& layer) {
  BMNET_TRY(check_image(layer, 2));
  const Shape from = spatial_shape(layer), to = {layer.config.integer("height", 0), layer.config.integer("width", 0)};
  Shape starts;
  for (size_t i = 0; i < 2; ++i) {
    if (to[i] < 1 || to[i] > from[i]) return unsupported("a part of {} of {}; use Resizing", to[i], from[i]);
    starts.push_back((from[i] - to[i]) / 2);
  }
  return cut_out(layer, starts, to);
}

// Pixel centers lie at halves since TensorFlow 2.
Result<Values> resized(Layer& layer, const Shape& sizes, const std::string& interpolation, bool half_pixels) {
  if (interpolation != "nearest" && interpolation != "bilinear")
    return unsupported("interpolation '{}'; nearest and bilinear are supported", interpolation);
  const bool nearest = interpolation == "nearest";
  BMNET_ASSIGN(ValueId image, layer.channels_last() ? layer.image(layer.input()) : layer.plain(layer.input()));
  if (!nearest) {
    BMNET_ASSIGN(image, layer.emitter.cast(image, DType::kF32));
  }
  const std::string centers = nearest ? "tf_half_pixel_for_nn" : "half_pixel";
  BMNET_ASSIGN(const ValueId y,
               layer.emitter.finish("resize",
                                    {{"sizes", sizes},
                                     {"mode", std::string(nearest ? "nearest" : "linear")},
                                     {"coordinates", half_pixels ? centers : std::string("asymmetric")},
                                     {"nearest_mode", std::string("floor")}},
                                    {image}));
  return Values{{y, layer.channels_last()}};
}

Result<Values> up_sampling(Layer& layer) {
  const size_t axes = axes_of(layer);
  BMNET_TRY(check_image(layer, axes));
  const Shape factors = layer.config.sizes("size", axes, 2);
  Shape sizes = spatial_shape(layer);
  for (size_t i = 0; i < axes; ++i)
    sizes[i] = std::min(sizes[i] * std::min(factors[i], int64_t{1} << 20), int64_t{1} << 40);
  const std::string interpolation = axes == 2 ? layer.config.text("interpolation", "nearest") : "nearest";
  // Whole factors: the nearest pixel is the same by either rule.
  const bool half_pixels = interpolation != "nearest" && layer.converter.is_tensorflow_2();
  return resized(layer, sizes, interpolation, half_pixels);
}

Result<Values> resizing(Layer& layer) {
  BMNET_TRY(check_image(layer, 2));
  for (const char* option : {"crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"})
    if (layer.config.flag(option, false)) return unsupported("{}", option);
  const Shape sizes = {layer.config.integer("height", 0), layer.config.integer("width", 0)};
  if (sizes[0] < 1 || sizes[1] < 1) return user_error("a height of {} and a width of {}", sizes[0], sizes[1]);
  return resized(layer, sizes, layer.config.text("interpolation", "bilinear"), true);
}

constexpr std::string_view kWindow =
    "filters kernel_size strides padding data_format dilation_rate groups activation use_bias";
constexpr std::string_view kDeep =
    "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias";
constexpr std::string_view kBack =
    "filters kernel_size strides padding output_padding data_format dilation_rate activation use_bias";
constexpr std::string_view kPool = "pool_size strides padding data_format";
constexpr std::string_view kGlobal = "data_format keepdims";

// clang-format off
constexpr Row kRows[] = {
    {"AveragePooling1D", 1, 1, kPool, pool, "1average", "pool", ""},
    {"AveragePooling2D", 1, 1, kPool, pool, "2average", "pool", ""},
    {"AveragePooling3D", 1, 1, kPool, pool, "3average", "pool", ""},
    {"CenterCrop", 1, 1, "height width data_format", center_crop, "", "slice", "a part of the image"},
    {"Conv1D", 1, 1, kWindow, conv, "1", "conv", ""},
    {"Conv1DTranspose", 1, 1, kBack, conv_transpose, "1", "conv_transpose", ""},
    {"Conv2D", 1, 1, kWindow, conv, "2", "conv", ""},
    {"Conv2DTranspose", 1, 1, kBack, conv_transpose, "2", "conv_transpose", ""},
    {"Conv3D", 1, 1, kWindow, conv, "3", "conv", ""},
    {"Conv3DTranspose", 1, 1, kBack, conv_transpose, "3", "conv_transpose", ""},
    {"Convolution2D", 1, 1, kWindow, conv, "2", "conv", ""},
    {"Cropping1D", 1, 1, "cropping", cropping, "1", "slice", ""},
    {"Cropping2D", 1, 1, "cropping data_format", cropping, "2", "slice", ""},
    {"Cropping3D", 1, 1, "cropping data_format", cropping, "3", "slice", ""},
    {"DepthwiseConv1D", 1, 1, kDeep, depthwise_conv, "1", "conv", ""},
    {"DepthwiseConv2D", 1, 1, kDeep, depthwise_conv, "2", "conv", ""},
    {"GlobalAveragePooling1D", 1, 1, kGlobal, global_pool, "1average", "reduce", ""},
    {"GlobalAveragePooling2D", 1, 1, kGlobal, global_pool, "2average", "reduce", ""},
    {"GlobalAveragePooling3D", 1, 1, kGlobal, global_pool, "3average", "reduce", ""},
    {"GlobalMaxPooling1D", 1, 1, kGlobal, global_pool, "1max", "reduce", ""},
    {"GlobalMaxPooling2D", 1, 1, kGlobal, global_pool, "2max", "reduce", ""},
    {"GlobalMaxPooling3D", 1, 1, kGlobal, global_pool, "3max", "reduce", ""},
    {"MaxPooling1D", 1, 1, kPool, pool, "1max", "pool", ""},
    {"MaxPooling2D", 1, 1, kPool, pool, "2max", "pool", ""},
    {"MaxPooling3D", 1, 1, kPool, pool, "3max", "pool", ""},
    {"Resizing", 1, 1, "height width interpolation data_format", resizing, "", "resize", "nearest, bilinear"},
    {"SeparableConv1D", 1, 1, kDeep, separable_conv, "1", "conv", ""},
    {"SeparableConv2D", 1, 1, kDeep, separable_conv, "2", "conv", ""},
    {"UpSampling1D", 1, 1, "size", up_sampling, "1", "resize", ""},
    {"UpSampling2D", 1, 1, "size interpolation data_format", up_sampling, "2", "resize", "nearest, bilinear"},
    {"UpSampling3D", 1, 1, "size data_format", up_sampling, "3", "resize", ""},
    {"ZeroPadding1D", 1, 1, "padding", zero_padding, "1", "pad", ""},
    {"ZeroPadding2D", 1, 1, "padding data_format", zero_padding, "2", "pad", ""},
    {"ZeroPadding3D", 1, 1, "padding data_format", zero_padding, "3", "pad", ""},
};
// clang-format on

}  // namespace

std::span<const Row> window_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow::keras
