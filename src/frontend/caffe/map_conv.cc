// Layers with windows or weight matrices.
#include <algorithm>
#include <limits>

#include "frontend/caffe/mapping.h"

namespace bmnet::caffe {
namespace {

using Dims = std::vector<int64_t>;

// A window over the spatial axes; pads are the same at both ends.
struct Window {
  Dims kernel, strides, pads, dilations;

  Dims both_pads() const {
    Dims both = pads;
    both.insert(both.end(), pads.begin(), pads.end());
    return both;
  }
};

Dims convert(const google::protobuf::RepeatedField<uint32_t>& values) { return {values.begin(), values.end()}; }

// One value for all axes or one for each.
Result<Dims> per_axis(Dims values, size_t axes, int64_t otherwise, std::string_view what) {
  if (values.empty()) return Dims(axes, otherwise);
  if (values.size() == 1) return Dims(axes, values[0]);
  if (values.size() == axes) return values;
  return user_error("{} {} for {} spatial axes; give one, or one each", values.size(), what, axes);
}

constexpr int64_t kMaxWindow = 1 << 20;

Status check_window(const Window& window) {
  const auto in_range = [](const Dims& values, int64_t low) {
    return std::all_of(values.begin(), values.end(),
                       [&](int64_t value) { return value >= low && value <= kMaxWindow; });
  };
  if (!in_range(window.kernel, 1))
    return user_error("kernel size [{}]; at least 1 is needed", fmt::join(window.kernel, ","));
  if (!in_range(window.strides, 1))
    return user_error("stride [{}]; at least 1 is needed", fmt::join(window.strides, ","));
  if (!in_range(window.pads, 0)) return user_error("pad [{}] is absurd", fmt::join(window.pads, ","));
  if (!in_range(window.dilations, 1))
    return user_error("dilation [{}]; at least 1 is needed", fmt::join(window.dilations, ","));
  return {};
}

// Kernel, stride, pad: either the list for all axes, or the 2-D fields *_h and *_w.
Result<Window> window_of(const proto::ConvolutionParameter& conv, size_t axes) {
  if (axes < 1 || axes > 3) return unsupported("{} spatial axes; 1 to 3 are supported", axes);
  const bool kernel_hw = conv.has_kernel_h() || conv.has_kernel_w();
  const bool stride_hw = conv.has_stride_h() || conv.has_stride_w();
  const bool pad_hw = conv.has_pad_h() || conv.has_pad_w();
  if ((kernel_hw || stride_hw || pad_hw) && axes != 2)
    return user_error("fields for height and width with {} spatial axes", axes);
  if (kernel_hw && (conv.kernel_size_size() > 0 || !conv.has_kernel_h() || !conv.has_kernel_w())) {
    return user_error("either kernel_size, or both kernel_h and kernel_w are needed");
  }
  if (!kernel_hw && conv.kernel_size_size() == 0) return user_error("no kernel size");
  Dims kernel = kernel_hw ? Dims{conv.kernel_h(), conv.kernel_w()} : convert(conv.kernel_size());
  Dims strides = stride_hw ? Dims{conv.has_stride_h() ? conv.stride_h() : 1, conv.has_stride_w() ? conv.stride_w() : 1}
                           : convert(conv.stride());
  Dims pads = pad_hw ? Dims{conv.pad_h(), conv.pad_w()} : convert(conv.pad());
  Window window;
  BMNET_ASSIGN(window.kernel, per_axis(std::move(kernel), axes, 1, "kernel_size"));
  BMNET_ASSIGN(window.strides, per_axis(std::move(strides), axes, 1, "stride"));
  BMNET_ASSIGN(window.pads, per_axis(std::move(pads), axes, 0, "pad"));
  BMNET_ASSIGN(window.dilations, per_axis(convert(conv.dilation()), axes, 1, "dilation"));
  BMNET_TRY(check_window(window));
  return window;
}

struct Convolution {
  Window window;
  int64_t channels, outputs, group;
};

Result<Convolution> convolution_of(LayerCall& call, std::optional<int64_t> group) {
  const auto& conv = call.param().convolution_param();
  const Shape shape = call.shape(call.input());
  BMNET_ASSIGN(const int64_t axis, call.axis(conv.axis(), shape.size()));
  if (axis != 1) return unsupported("axis {}; only axis 1 (batch, channels, spatial axes) is supported", axis);
  Convolution result;
  BMNET_ASSIGN(result.window, window_of(conv, shape.size() - 2));
  result.channels = shape[1];
  result.outputs = conv.num_output();
  result.group = group.value_or(conv.group());
  if (result.outputs < 1) return user_error("num_output {}; at least 1 is needed", result.outputs);
  if (result.group < 1 || result.channels % result.group != 0 || result.outputs % result.group != 0) {
    return user_error("group {} does not divide {} input channels and {} outputs", result.group, result.channels,
                      result.outputs);
  }
  return result;
}

// Caffe runs every bottom through the same weights.
Result<Values> emit_convolution(LayerCall& call, std::string_view op, const Convolution& conv, Shape weight_shape) {
  BMNET_TRY(call.require_inputs(1, call.top_count()));
  weight_shape.insert(weight_shape.end(), conv.window.kernel.begin(), conv.window.kernel.end());
  Values operands(1);
  BMNET_ASSIGN(const ValueId weight, call.weight(0, weight_shape, Fill::kWeight));
  operands.push_back(weight);
  if (call.param().convolution_param().bias_term()) {
    BMNET_ASSIGN(const ValueId bias, call.weight(1, {conv.outputs}, Fill::kBias));
    operands.push_back(bias);
  }
  op::Attributes attributes{{"strides", conv.window.strides},
                            {"pads", conv.window.both_pads()},
                            {"dilations", conv.window.dilations},
                            {"group", conv.group}};
  if (op == "conv_transpose") attributes.set("output_padding", Dims(conv.window.kernel.size(), 0));
  Values tops;
  for (size_t i = 0; i < call.inputs().size(); ++i) {
    operands[0] = call.input(i);
    BMNET_ASSIGN(const ValueId top, call.top(op, attributes, operands, i));
    tops.push_back(top);
  }
  return tops;
}

Result<Window> pooling_window(const proto::PoolingParameter& pool, const Shape& shape) {
  if (pool.global_pooling()) return Window{{shape[2], shape[3]}, {1, 1}, {0, 0}, {1, 1}};
  const bool kernel_hw = pool.has_kernel_h() || pool.has_kernel_w();
  if (kernel_hw ? pool.has_kernel_size() || !pool.has_kernel_h() || !pool.has_kernel_w() : !pool.has_kernel_size()) {
    return user_error("either kernel_size, or both kernel_h and kernel_w are needed");
  }
  const bool stride_hw = pool.has_stride_h() && pool.has_stride_w();
  const bool pad_hw = pool.has_pad_h() || pool.has_pad_w();
  Window window{
      {pool.kernel_size(), pool.kernel_size()}, {pool.stride(), pool.stride()}, {pool.pad(), pool.pad()}, {1, 1}};
  if (kernel_hw) window.kernel = {pool.kernel_h(), pool.kernel_w()};
  if (stride_hw) window.strides = {pool.stride_h(), pool.stride_w()};
  if (pad_hw) window.pads = {pool.pad_h(), pool.pad_w()};
  BMNET_TRY(check_window(window));
  for (int i = 0; i < 2; ++i) {
    if (window.pads[i] >= window.kernel[i])
      return user_error("pad [{}] is not smaller than kernel [{}]", fmt::join(window.pads, ","),
                        fmt::join(window.kernel, ","));
  }
  return window;
}

// Caffe rounds up, and drops a last window that starts behind the input only where there is padding.
std::string rounding_of(const proto::PoolingParameter& pool, const Window& window) {
  if (pool.round_mode() == proto::PoolingParameter::FLOOR || (pool.has_ceil_mode() && !pool.ceil_mode()))
    return "floor";
  const bool padded = window.pads[0] > 0 || window.pads[1] > 0;
  const bool gaps = window.strides[0] > window.kernel[0] || window.strides[1] > window.kernel[1];
  return !padded && gaps ? "ceil_keep" : "ceil";
}

op::Attributes pool_attributes(const Window& window, std::string kind, std::string rounding) {
  return {{"kind", std::move(kind)},    {"kernel", window.kernel},       {"strides", window.strides},
          {"pads", window.both_pads()}, {"dilations", window.dilations}, {"rounding", std::move(rounding)},
          {"count_include_pad", true}};
}

// What every tap of the window sees, [N,C,height,width] each, taps row by row.
Result<Values> taps_of(LayerCall& call, ValueId input, const Window& window, int64_t height, int64_t width) {
  const Shape shape = call.shape(input);
  Values taps;
  for (int64_t i = 0; i < window.kernel[0]; ++i)
    for (int64_t j = 0; j < window.kernel[1]; ++j) {
      BMNET_ASSIGN(const ValueId tap,
                   call.step("slice",
                             {{"starts", Shape{0, 0, i * window.dilations[0], j * window.dilations[1]}},
                              {"sizes", Shape{shape[0], shape[1], height, width}},
                              {"steps", Shape{1, 1, window.strides[0], window.strides[1]}}},
                             {input}));
      taps.push_back(tap);
    }
  return taps;
}

constexpr int64_t kMaxTaps = 1024;

// Where in its plane of the input each maximum stands, as a float (top 1): the first of equal ones.
Result<ValueId> pooling_mask(LayerCall& call, const Window& window, const Shape& pooled) {
  const Shape shape = call.shape(call.input());
  const int64_t taps_count = window.kernel[0] * window.kernel[1];
  if (taps_count > kMaxTaps) return kNoValue;
  Dims pads(8, 0);
  for (size_t i = 0; i < 2; ++i) {
    pads[2 + i] = window.pads[i];
    pads[6 + i] = std::max<int64_t>(
        (pooled[2 + i] - 1) * window.strides[i] + window.kernel[i] - shape[2 + i] - window.pads[i], 0);
  }
  BMNET_ASSIGN(
      const ValueId padded,
      call.step("pad", {{"pads", pads}, {"mode", "constant"}, {"value", -std::numeric_limits<float>::infinity()}},
                {call.input()}));
  BMNET_ASSIGN(Values taps, taps_of(call, padded, window, pooled[2], pooled[3]));
  Shape column = pooled;
  column.push_back(1);
  for (ValueId& tap : taps) {
    BMNET_ASSIGN(tap, call.reshape(tap, column));
  }
  const std::string name = call.param().name() + "/taps";
  BMNET_ASSIGN(const Values all, call.graph().create("concat", name, {{"axis", int64_t{4}}}, taps, {&name, 1}));
  BMNET_ASSIGN(const ValueId best,
               call.step("arg_reduce", {{"kind", "max"}, {"axis", int64_t{4}}, {"keep_dims", false}}, {all[0]}));
  Tensor within({DType::kI64, {taps_count}}), start({DType::kI64, {pooled[2], pooled[3]}});
  for (int64_t i = 0; i < taps_count; ++i)
    within.data<int64_t>()[i] = i / window.kernel[1] * shape[3] + i % window.kernel[1];
  for (int64_t i = 0; i < start.count(); ++i)
    start.data<int64_t>()[i] = (i / pooled[3] * window.strides[0] - window.pads[0]) * shape[3] +
                               i % pooled[3] * window.strides[1] - window.pads[1];
  BMNET_ASSIGN(const ValueId offset,
               call.step("gather", {{"axis", int64_t{0}}}, {call.constant("within", std::move(within)), best}));
  BMNET_ASSIGN(const ValueId place,
               call.step("binary", {{"kind", "add"}}, {offset, call.constant("start", std::move(start))}));
  return call.top("cast", {{"to", "f32"}}, {place}, 1);
}

}  // namespace

Result<Values> map_convolution(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, call.inputs().size()));
  BMNET_ASSIGN(const Convolution conv, convolution_of(call, std::nullopt));
  return emit_convolution(call, "conv", conv, {conv.outputs, conv.channels / conv.group});
}

Result<Values> map_depthwise_convolution(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, call.inputs().size()));
  const Shape shape = call.shape(call.input());
  if (shape.size() < 2) return user_error("its bottom has shape {}; channels are needed", to_string(shape));
  BMNET_ASSIGN(const Convolution conv, convolution_of(call, shape[1]));
  return emit_convolution(call, "conv", conv, {conv.outputs, 1});
}

Result<Values> map_deconvolution(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, call.inputs().size()));
  BMNET_ASSIGN(const Convolution conv, convolution_of(call, std::nullopt));
  return emit_convolution(call, "conv_transpose", conv, {conv.channels, conv.outputs / conv.group});
}

Result<Values> map_pooling(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& pool = call.param().pooling_param();
  const Shape shape = call.shape(call.input());
  if (shape.size() != 4) return user_error("its bottom has shape {}; four axes are needed", to_string(shape));
  if (pool.pool() == proto::PoolingParameter::STOCHASTIC) return unsupported("stochastic pooling; use MAX or AVE");
  BMNET_ASSIGN(const Window window, pooling_window(pool, shape));
  const std::string kind = pool.pool() == proto::PoolingParameter::AVE ? "average" : "max";
  BMNET_ASSIGN(const ValueId top,
               call.top("pool", pool_attributes(window, kind, rounding_of(pool, window)), {call.input()}));
  Values tops(call.top_count(), kNoValue);
  tops[0] = top;
  if (tops.size() == 2 && kind == "max") {
    BMNET_ASSIGN(tops[1], pooling_mask(call, window, call.shape(top)));
  }
  return tops;
}

// Every window a column: [N, C*kernel, OH, OW].
Result<Values> map_im2col(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const Shape shape = call.shape(call.input());
  if (shape.size() != 4) return user_error("its bottom has shape {}; four axes are needed", to_string(shape));
  BMNET_ASSIGN(const Window window, window_of(call.param().convolution_param(), 2));
  const int64_t taps_count = window.kernel[0] * window.kernel[1];
  if (taps_count > kMaxTaps) return unsupported("{} elements in a window; at most {}", taps_count, kMaxTaps);
  Dims pads(8, 0), out(2);
  for (size_t i = 0; i < 2; ++i) {
    pads[2 + i] = pads[6 + i] = window.pads[i];
    const int64_t room = shape[2 + i] + 2 * window.pads[i] - ((window.kernel[i] - 1) * window.dilations[i] + 1);
    if (room < 0) return user_error("kernel [{}] is larger than {}", fmt::join(window.kernel, ","), to_string(shape));
    out[i] = room / window.strides[i] + 1;
  }
  BMNET_ASSIGN(const ValueId padded,
               call.step("pad", {{"pads", pads}, {"mode", "constant"}, {"value", 0.0f}}, {call.input()}));
  BMNET_ASSIGN(Values taps, taps_of(call, padded, window, out[0], out[1]));
  for (ValueId& tap : taps) {
    BMNET_ASSIGN(tap, call.reshape(tap, {shape[0], shape[1], 1, out[0] * out[1]}));
  }
  const std::string name = call.param().name() + "/taps";
  BMNET_ASSIGN(const Values all, call.graph().create("concat", name, {{"axis", int64_t{2}}}, taps, {&name, 1}));
  return one(call.top("reshape", {{"shape", Shape{shape[0], shape[1] * taps_count, out[0], out[1]}}}, {all[0]}));
}

// Level i of the pyramid pools into 2^i x 2^i bins; all bins of all levels in one row.
Result<Values> map_spatial_pyramid(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& spp = call.param().spp_param();
  const Shape shape = call.shape(call.input());
  if (shape.size() != 4) return user_error("its bottom has shape {}; four axes are needed", to_string(shape));
  if (spp.pool() == proto::SPPParameter::STOCHASTIC) return unsupported("stochastic pooling; use MAX or AVE");
  if (spp.pyramid_height() < 1 || spp.pyramid_height() > 8)
    return unsupported("pyramid_height {}; 1 to 8 are supported", spp.pyramid_height());
  Values levels;
  for (uint32_t level = 0; level < spp.pyramid_height(); ++level) {
    const int64_t bins = int64_t{1} << level;
    Window window{{}, {}, {}, {1, 1}};
    for (int axis = 2; axis < 4; ++axis) {
      const int64_t kernel = (shape[axis] + bins - 1) / bins;
      window.kernel.push_back(kernel);
      window.strides.push_back(kernel);
      window.pads.push_back((kernel * bins - shape[axis] + 1) / 2);
      if (window.pads.back() >= kernel) return unsupported("{} bins over {} pixels", bins, shape[axis]);
    }
    const std::string kind = spp.pool() == proto::SPPParameter::AVE ? "average" : "max";
    BMNET_ASSIGN(const ValueId pooled, call.step("pool", pool_attributes(window, kind, "ceil"), {call.input()}));
    BMNET_ASSIGN(const ValueId flat, call.reshape(pooled, {shape[0], element_count(call.shape(pooled)) / shape[0]}));
    levels.push_back(flat);
  }
  return one(call.top("concat", {{"axis", int64_t{1}}}, levels));
}

Result<Values> map_inner_product(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& product = call.param().inner_product_param();
  const Shape shape = call.shape(call.input());
  BMNET_ASSIGN(const int64_t axis, call.axis(product.axis(), shape.size()));
  const int64_t outputs = product.num_output();
  if (outputs < 1) return user_error("num_output {}; at least 1 is needed", outputs);
  Shape rows(shape.begin(), shape.begin() + axis);
  const int64_t inner = element_count(std::span(shape).subspan(axis));
  rows.push_back(inner);
  BMNET_ASSIGN(const ValueId input, call.reshape(call.input(), rows));
  const Shape weight_shape = product.transpose() ? Shape{inner, outputs} : Shape{outputs, inner};
  BMNET_ASSIGN(const ValueId weight, call.weight(0, weight_shape, Fill::kWeight));
  Values operands{input, weight};
  if (product.bias_term()) {
    BMNET_ASSIGN(const ValueId bias, call.weight(1, {outputs}, Fill::kBias));
    operands.push_back(bias);
  }
  return one(call.top("matmul", {{"transpose_b", !product.transpose()}}, operands));
}

Result<Values> map_embed(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& embed = call.param().embed_param();
  BMNET_ASSIGN(const ValueId table, call.weight(0, {embed.input_dim(), embed.num_output()}, Fill::kWeight));
  BMNET_ASSIGN(const ValueId indices, call.step("cast", {{"to", "i64"}}, {call.input()}));
  if (!embed.bias_term()) return one(call.top("gather", {{"axis", int64_t{0}}}, {table, indices}));
  BMNET_ASSIGN(const ValueId rows, call.step("gather", {{"axis", int64_t{0}}}, {table, indices}));
  BMNET_ASSIGN(const ValueId bias, call.weight(1, {embed.num_output()}, Fill::kBias));
  return one(call.top("binary", {{"kind", "add"}}, {rows, bias}));
}

}  // namespace bmnet::caffe
