// Convolution, pooling, normalisation of images, matrix products, resampling. The network's images are channels first.
#include <algorithm>

#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

// An attribute with one number an axis, of its spatial axes; all ones when it is not there. Windows over the batch or
// the channels are refused.
Result<Shape> spatial(Call& call, std::string_view name, size_t axes) {
  const Shape all = call.integers(name);
  if (all.empty()) return Shape(axes, 1);
  if (all.size() != axes + 2)
    return user_error("attribute '{}' has {} numbers, {} expected", name, all.size(), axes + 2);
  const size_t channel = call.channels_last() ? axes + 1 : 1;
  if (all[0] != 1 || all[channel] != 1)
    return unsupported("attribute '{}' is [{}]: windows over the batch or channel axis", name, fmt::join(all, ","));
  Shape result(all.begin() + (call.channels_last() ? 1 : 2), all.end() - (call.channels_last() ? 1 : 0));
  for (const int64_t value : result)
    if (value < 1) return user_error("attribute '{}' is [{}]", name, fmt::join(all, ","));
  return result;
}

struct Window {
  Shape kernel, strides, dilations, pads;  // pads: all begins, then all ends
};

// Pads by attribute `padding` for an input of `size` (spatial axes).
Status set_pads(Call& call, const Shape& size, Window& window) {
  const size_t axes = size.size();
  window.pads.assign(2 * axes, 0);
  const std::string padding = call.text("padding", "VALID");
  if (padding == "VALID") return {};
  if (padding == "EXPLICIT") {
    const Shape all = call.integers("explicit_paddings");
    if (all.size() != 2 * (axes + 2)) return user_error("explicit_paddings has {} numbers", all.size());
    const size_t first = call.channels_last() ? 1 : 2;
    for (size_t i = 0; i < axes; ++i) {
      window.pads[i] = all[2 * (first + i)];
      window.pads[axes + i] = all[2 * (first + i) + 1];
    }
    return {};
  }
  if (padding != "SAME") return user_error("padding '{}' is not defined", padding);
  for (size_t i = 0; i < axes; ++i) {
    const int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1;
    const int64_t steps = (size[i] + window.strides[i] - 1) / window.strides[i];
    const int64_t total = std::max<int64_t>((steps - 1) * window.strides[i] + reach - size[i], 0);
    window.pads[i] = total / 2;
    window.pads[axes + i] = total - total / 2;
  }
  return {};
}

Status check_rank(Call& call, size_t input, size_t rank) {
  if (call.shape(input).size() == rank) return {};
  return user_error("input {} has shape {}, {} axes are expected", input, to_string(call.shape(input)), rank);
}

Shape spatial_of(const Shape& image) { return {image.begin() + 2, image.end()}; }

// kernel…, input channels / group, output channels -> output channels, input channels / group, kernel…
Shape weight_permutation(int64_t rank) {
  Shape permutation{rank - 1, rank - 2};
  for (int64_t axis = 0; axis + 2 < rank; ++axis) permutation.push_back(axis);
  return permutation;
}

Result<Values> emit_conv(Call& call, ValueId image, ValueId weight, const Window& window, int64_t group) {
  return call.finish(
      "conv", {{"strides", window.strides}, {"pads", window.pads}, {"dilations", window.dilations}, {"group", group}},
      {image, weight}, call.channels_last());
}

// Spatial axes of an operator, by its kind: "2d", "1d depthwise".
size_t spatial_axes(const Call& call) { return static_cast<size_t>(call.kind()[0] - '0'); }
bool is_depthwise(const Call& call) { return call.kind().ends_with("depthwise"); }

// Weight and group of a convolution in the network's form. Depthwise: [kernel…, C, multiplier].
struct Filter {
  ValueId weight;
  int64_t group;
};
Result<Filter> filter_of(Call& call, ValueId image, bool depthwise) {
  const Shape& filter = call.shape(1);
  const int64_t rank = static_cast<int64_t>(filter.size());
  const int64_t channels = call.shape_of(image)[1];
  BMNET_ASSIGN(const ValueId plain, call.plain(1));
  if (depthwise) {
    if (filter[rank - 2] != channels) return user_error("weights {} for {} channels", to_string(filter), channels);
    Shape permutation{rank - 2, rank - 1}, shape{filter[rank - 2] * filter[rank - 1], 1};
    for (int64_t axis = 0; axis + 2 < rank; ++axis) {
      permutation.push_back(axis);
      shape.push_back(filter[axis]);
    }
    BMNET_ASSIGN(const ValueId moved, call.transpose(plain, permutation));
    BMNET_ASSIGN(const ValueId weight, call.reshape(moved, shape));
    return Filter{weight, channels};
  }
  const int64_t per_group = filter[rank - 2];
  if (per_group < 1 || channels % per_group)
    return user_error("weights {} for {} channels", to_string(filter), channels);
  BMNET_ASSIGN(const ValueId weight, call.transpose(plain, weight_permutation(rank)));
  return Filter{weight, channels / per_group};
}

Result<Values> conv(Call& call) {
  const size_t axes = spatial_axes(call);
  BMNET_TRY(check_rank(call, 0, axes + 2));
  BMNET_TRY(check_rank(call, 1, axes + 2));
  BMNET_ASSIGN(const ValueId image, call.image_by_format(0));
  BMNET_ASSIGN(const Filter filter, filter_of(call, image, is_depthwise(call)));
  Window window;
  const Shape weights = call.shape(1);
  window.kernel.assign(weights.begin(), weights.end() - 2);
  BMNET_ASSIGN(window.strides, spatial(call, "strides", axes));
  BMNET_ASSIGN(window.dilations, spatial(call, "dilations", axes));
  BMNET_TRY(set_pads(call, spatial_of(call.shape_of(image)), window));
  return emit_conv(call, image, filter.weight, window, filter.group);
}

// x, weights, block, paddings, block, crops (simplify.cc).
Result<Values> dilated_conv(Call& call) {
  BMNET_TRY(check_rank(call, 0, 4));
  BMNET_TRY(check_rank(call, 1, 4));
  BMNET_ASSIGN(const Shape block, call.integers_of(2, "the block shape"));
  BMNET_ASSIGN(const Shape paddings, call.integers_of(3, "the paddings"));
  BMNET_ASSIGN(const Shape back, call.integers_of(4, "the block shape"));
  BMNET_ASSIGN(const Shape crops, call.integers_of(5, "the crops"));
  if (block.size() != 2 || back != block || paddings.size() != 4 || crops.size() != 4)
    return unsupported("SpaceToBatchND and BatchToSpaceND around a convolution with different blocks");
  BMNET_ASSIGN(const ValueId image, call.image(0));
  BMNET_ASSIGN(const Filter filter, filter_of(call, image, is_depthwise(call)));
  const Shape& size = call.shape_of(image);
  const Window window{
      .kernel = {call.shape(1)[0], call.shape(1)[1]},
      .strides = {1, 1},
      .dilations = block,
      .pads = {paddings[0] - crops[0], paddings[2] - crops[2], paddings[1] - crops[1], paddings[3] - crops[3]}};
  for (size_t i = 0; i < 2; ++i)
    if (block[i] < 1 || (size[2 + i] + paddings[2 * i] + paddings[2 * i + 1]) % block[i])
      return user_error("an axis of {} elements, padded by {} and {}, does not divide into blocks of {}", size[2 + i],
                        paddings[2 * i], paddings[2 * i + 1], block[i]);
  return emit_conv(call, image, filter.weight, window, filter.group);
}

// The gradient of a convolution towards its input: input sizes, weights [kernel…, result channels, channels], x.
Result<Values> conv_transpose(Call& call) {
  const size_t axes = spatial_axes(call);
  BMNET_TRY(check_rank(call, 1, axes + 2));
  BMNET_TRY(check_rank(call, 2, axes + 2));
  BMNET_ASSIGN(const Shape sizes, call.integers_of(0, "the size of the result"));
  if (sizes.size() != axes + 2) return user_error("the result's size has {} numbers", sizes.size());
  BMNET_TRY(checked_count(sizes));
  BMNET_ASSIGN(const ValueId image, call.image_by_format(2));
  BMNET_ASSIGN(const ValueId plain, call.plain(1));
  const int64_t rank = static_cast<int64_t>(axes) + 2;
  BMNET_ASSIGN(const ValueId weight, call.transpose(plain, weight_permutation(rank)));
  Window window;
  const Shape filter = call.shape(1);
  window.kernel.assign(filter.begin(), filter.end() - 2);
  BMNET_ASSIGN(window.strides, spatial(call, "strides", axes));
  BMNET_ASSIGN(window.dilations, spatial(call, "dilations", axes));
  const Shape result(sizes.begin() + (call.channels_last() ? 1 : 2), sizes.end() - (call.channels_last() ? 1 : 0));
  BMNET_TRY(set_pads(call, result, window));
  Shape extra;
  for (size_t i = 0; i < axes; ++i) {
    const int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1;
    const int64_t natural =
        (call.shape_of(image)[2 + i] - 1) * window.strides[i] + reach - window.pads[i] - window.pads[axes + i];
    extra.push_back(result[i] - natural);
    if (extra[i] < 0 || extra[i] >= std::max(window.strides[i], window.dilations[i]))
      return user_error("the result's size {} does not belong to an input of {} elements", result[i],
                        call.shape_of(image)[2 + i]);
  }
  return call.finish(
      "conv_transpose",
      {{"strides", window.strides}, {"pads", window.pads}, {"dilations", window.dilations}, {"output_padding", extra}},
      {image, weight}, call.channels_last());
}

Result<Values> pool(Call& call) {
  const std::string format = call.text("data_format", "NHWC");
  if (format == "NCHW_VECT_C") return unsupported("data_format NCHW_VECT_C; use NHWC");
  const size_t axes = static_cast<size_t>(call.rank(0)) - 2;
  if (call.rank(0) < 3 || call.rank(0) > 5)  // three axes: a layer of Keras
    return user_error("an image is expected, not a tensor of shape {}", to_string(call.shape(0)));
  BMNET_ASSIGN(const ValueId image, call.image_by_format(0));
  Window window;
  BMNET_ASSIGN(window.kernel, spatial(call, "ksize", axes));
  BMNET_ASSIGN(window.strides, spatial(call, "strides", axes));
  window.dilations.assign(axes, 1);
  BMNET_TRY(set_pads(call, spatial_of(call.shape_of(image)), window));
  return call.finish("pool",
                     {{"kind", std::string(call.kind())},
                      {"kernel", window.kernel},
                      {"strides", window.strides},
                      {"pads", window.pads},
                      {"dilations", window.dilations}},
                     {image}, call.channels_last());
}

Result<Values> batch_norm(Call& call) {
  if (call.flag("is_training", true))
    return unsupported("is_training is set: statistics of the batch; export the model for inference");
  BMNET_ASSIGN(const ValueId image, call.image_by_format(0));
  return call.finish("batch_norm", {{"epsilon", call.number("epsilon", 1e-4f)}},
                     {image, call.value(1).id, call.value(2).id, call.value(3).id, call.value(4).id},
                     call.channels_last());
}

Result<Values> lrn(Call& call) {
  BMNET_TRY(check_rank(call, 0, 4));
  BMNET_ASSIGN(const ValueId image, call.image(0));
  const int64_t size = 2 * call.integer("depth_radius", 5) + 1;
  return call.finish("lrn",
                     {{"size", size},
                      {"alpha", call.number("alpha", 1) * static_cast<float>(size)},
                      {"beta", call.number("beta", 0.5f)},
                      {"k", call.number("bias", 1)}},
                     {image}, true);
}

Result<Values> matmul(Call& call) {
  const bool batched = call.kind() == "batched";
  BMNET_ASSIGN(const ValueId a, call.plain(0));
  BMNET_ASSIGN(const ValueId b, call.plain(1));
  if (call.rank(0) < 2 || call.rank(1) < 2 || (!batched && (call.rank(0) != 2 || call.rank(1) != 2)))
    return user_error("matrices are expected, not {} and {}", to_string(call.shape(0)), to_string(call.shape(1)));
  return call.finish("matmul",
                     {{"transpose_a", call.flag(batched ? "adj_x" : "transpose_a", false)},
                      {"transpose_b", call.flag(batched ? "adj_y" : "transpose_b", false)}},
                     {a, b});
}

Result<Values> resize(Call& call) {
  BMNET_TRY(check_rank(call, 0, 4));
  BMNET_ASSIGN(const Shape sizes, call.integers_of(1, "the new size"));
  if (sizes.size() != 2 || sizes[0] < 1 || sizes[1] < 1)
    return user_error("the new size is [{}]", fmt::join(sizes, ","));
  const bool corners = call.flag("align_corners", false), centers = call.flag("half_pixel_centers", false);
  if (corners && centers) return user_error("both align_corners and half_pixel_centers are set");
  const bool nearest = call.kind() == "nearest", cubic = call.kind() == "cubic";
  BMNET_ASSIGN(ValueId image, call.image(0));
  if (!nearest) {
    BMNET_ASSIGN(image, call.cast(image, DType::kF32));
  }
  return call.finish("resize",
                     {{"sizes", sizes},
                      {"mode", std::string(call.kind())},
                      {"coordinates", std::string(corners              ? "align_corners"
                                                  : centers && nearest ? "tf_half_pixel_for_nn"
                                                  : centers            ? "half_pixel"
                                                                       : "asymmetric")},
                      {"nearest_mode", std::string(corners ? "round_prefer_ceil" : "floor")},
                      // Keys' cubic with pixel centers, whose weights are those inside the image; else an older one.
                      {"cubic_coeff", centers ? -0.5f : -0.75f},
                      {"exclude_outside", cubic && centers}},
                     {image}, true);
}

Result<Values> depth_to_space(Call& call) {
  BMNET_TRY(check_rank(call, 0, 4));
  BMNET_ASSIGN(const ValueId image, call.image_by_format(0));
  return call.finish(call.kind(), {{"block", call.integer("block_size", 2)}}, {image}, call.channels_last());
}

constexpr std::string_view kConv = "strides:is padding:s explicit_paddings:is dilations:is data_format:s";
constexpr std::string_view kPool = "ksize:is strides:is padding:s explicit_paddings:is data_format:s";
constexpr std::string_view kNorm = "epsilon:f is_training:b data_format:s";
constexpr std::string_view kResize = "align_corners:b half_pixel_centers:b";

// clang-format off
constexpr Row kRows[] = {
    {"Conv2D", 2, 2, kConv, conv, "2d", "conv", ""},
    {"Conv3D", 2, 2, kConv, conv, "3d", "conv", ""},
    {"DepthwiseConv2dNative", 2, 2, kConv, conv, "2d depthwise", "conv", ""},
    {"bmnet.DilatedConv2D", 6, 6, "", dilated_conv, "2d", "conv", "Conv2D between SpaceToBatchND and BatchToSpaceND"},
    {"bmnet.DilatedDepthwiseConv2D", 6, 6, "", dilated_conv, "2d depthwise", "conv", "DepthwiseConv2dNative between SpaceToBatchND and BatchToSpaceND"},
    {"bmnet.Conv1D", 2, 2, kConv, conv, "1d", "conv", "a layer of Keras"},
    {"bmnet.DepthwiseConv1D", 2, 2, kConv, conv, "1d depthwise", "conv", "a layer of Keras"},
    {"bmnet.Conv1DBackpropInput", 3, 3, kConv, conv_transpose, "1d", "conv_transpose", "a layer of Keras"},
    {"Conv2DBackpropInput", 3, 3, kConv, conv_transpose, "2d", "conv_transpose", "size known at import"},
    {"Conv3DBackpropInputV2", 3, 3, kConv, conv_transpose, "3d", "conv_transpose", "size known at import"},
    {"MaxPool", 1, 1, kPool, pool, "max", "pool", "not over channels"},
    {"MaxPool3D", 1, 1, kPool, pool, "max", "pool", "not over channels"},
    {"AvgPool", 1, 1, kPool, pool, "average", "pool", "not over channels"},
    {"AvgPool3D", 1, 1, kPool, pool, "average", "pool", "not over channels"},
    {"FusedBatchNorm", 5, 5, kNorm, batch_norm, "", "batch_norm", "is_training false"},
    {"FusedBatchNormV2", 5, 5, kNorm, batch_norm, "", "batch_norm", "is_training false"},
    {"FusedBatchNormV3", 5, 5, kNorm, batch_norm, "", "batch_norm", "is_training false"},
    {"LRN", 1, 1, "depth_radius:i bias:f alpha:f beta:f", lrn, "", "lrn", ""},
    {"MatMul", 2, 2, "transpose_a:b transpose_b:b", matmul, "", "matmul", ""},
    {"BatchMatMul", 2, 2, "adj_x:b adj_y:b", matmul, "batched", "matmul", ""},
    {"BatchMatMulV2", 2, 2, "adj_x:b adj_y:b", matmul, "batched", "matmul", ""},
    {"BatchMatMulV3", 2, 2, "adj_x:b adj_y:b", matmul, "batched", "matmul", ""},
    {"ResizeBicubic", 2, 2, kResize, resize, "cubic", "resize", "size known at import"},
    {"ResizeBilinear", 2, 2, kResize, resize, "linear", "resize", "size known at import"},
    {"ResizeNearestNeighbor", 2, 2, kResize, resize, "nearest", "resize", "size known at import"},
    {"DepthToSpace", 1, 1, "block_size:i data_format:s", depth_to_space, "depth_to_space", "depth_to_space", ""},
    {"SpaceToDepth", 1, 1, "block_size:i data_format:s", depth_to_space, "space_to_depth", "space_to_depth", ""},
};
// clang-format on

}  // namespace

std::span<const Row> window_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
