#include "frontend/caffe/mapping.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "nn/limits.h"

namespace bmnet::caffe {
namespace {

constexpr LayerRule compute(std::string_view type, Result<Values> (*map)(LayerCall&), std::string_view parameters,
                            std::string_view becomes, std::string_view remark = "") {
  return {type, Role::kCompute, map, 0, parameters, becomes, remark};
}
constexpr LayerRule source(std::string_view type, std::string_view parameters, std::string_view remark = "") {
  return {type, Role::kSource, nullptr, 0, parameters, "input", remark};
}
constexpr LayerRule sink(std::string_view type, size_t predictions, std::string_view remark) {
  return {type, Role::kSink, nullptr, predictions, "", "", remark};
}
constexpr LayerRule refused(std::string_view type, std::string_view remark) {
  return {type, Role::kRefused, nullptr, 0, "", "", remark};
}

constexpr std::string_view kSizeFromData = "the size comes from the data: state it with --shapes";
constexpr std::string_view kLeftOut = "left out; its prediction becomes an output";
constexpr std::string_view kConvolution =
    "num_output bias_term kernel_size kernel_h kernel_w stride stride_h stride_w pad pad_h pad_w dilation group axis";
constexpr std::string_view kCutBefore =
    "decodes on the host in the original; end the network before it with --output_names";

constexpr std::array kRules = std::to_array<LayerRule>({
    compute("AbsVal", map_unary, "", "unary abs"),
    sink("Accuracy", 1, kLeftOut),
    source("AnnotatedData", "", kSizeFromData),
    compute("ArgMax", map_argmax, "axis top_k out_max_val", "arg_reduce top_k"),
    compute("Axpy", map_axpy, "", "binary mul, add"),
    compute("BN", map_bn, "eps", "batch_norm"),
    compute("BNLL", map_unary, "", "unary softplus"),
    compute("BatchNorm", map_batch_norm, "use_global_stats eps", "batch_norm"),
    compute("BatchReindex", map_batch_reindex, "", "gather"),
    compute("Bias", map_bias, "axis num_axes", "binary add"),
    compute("Clip", map_clip, "min max", "unary clip"),
    compute("Concat", map_concat, "axis concat_dim", "concat"),
    compute("ContinuationIndicator", map_continuation_indicator, "time_step batch_size axis", "constant"),
    sink("ContrastiveLoss", 2, kLeftOut),
    compute("Convolution", map_convolution, kConvolution, "conv", "axis 1, 1 to 3 spatial axes"),
    compute("ConvolutionDepthwise", map_depthwise_convolution, kConvolution, "conv"),
    compute("Crop", map_crop, "axis offset", "slice"),
    source("Data", "", kSizeFromData),
    compute("Deconvolution", map_deconvolution, kConvolution, "conv_transpose", "axis 1, 1 to 3 spatial axes"),
    compute("DepthwiseConvolution", map_depthwise_convolution, kConvolution, "conv"),
    sink("DetectionEvaluate", 1, kLeftOut),
    compute("DetectionOutput", map_detection_output,
            "num_classes share_location background_label_id nms_param code_type keep_top_k variance_encoded_in_target "
            "confidence_threshold",
            "detection_output", "three bottoms; missing rows have image -1"),
    {"Dropout", Role::kIdentity, map_dropout, 0, "scale_train dropout_ratio", "",
     "vanishes; scale_train: false scales"},
    source("DummyData", "shape num channels height width"),
    compute("ELU", map_elu, "alpha", "unary elu"),
    compute("Eltwise", map_eltwise, "operation coeff", "binary mul, add, sub, max"),
    compute("Embed", map_embed, "num_output input_dim bias_term", "gather"),
    sink("EuclideanLoss", 1, kLeftOut),
    compute("Exp", map_exp, "base scale shift", "unary exp"),
    refused("Filter", "the number of its results depends on the data"),
    compute("Flatten", map_flatten, "axis end_axis", "reshape"),
    refused("FrcnDetection", kCutBefore),
    source("HDF5Data", "", kSizeFromData),
    sink("HDF5Output", 0, "left out"),
    compute("HSwish", map_unary, "", "unary hard_swish"),
    compute("HardSwish", map_unary, "", "unary hard_swish"),
    sink("HingeLoss", 1, kLeftOut),
    compute("Im2col", map_im2col, "kernel_size kernel_h kernel_w stride stride_h stride_w pad pad_h pad_w dilation",
            "pad slice concat", "two spatial axes"),
    source("ImageData", "batch_size new_height new_width is_color crop_size"),
    sink("InfogainLoss", 1, kLeftOut),
    compute("InnerProduct", map_inner_product, "num_output bias_term axis transpose", "matmul"),
    source("Input", "shape"),
    compute("Interp", map_interp, "height width zoom_factor shrink_factor pad_beg pad_end", "resize linear",
            "corners aligned"),
    compute("L2Normalization", map_l2_normalize, "", "lp_normalize", "of vectors"),
    compute("L2Normalize", map_l2_normalize, "", "lp_normalize", "of vectors"),
    compute("LRN", map_lrn, "local_size alpha beta norm_region k", "lrn"),
    compute("LSTM", map_lstm, "num_output", "matmul unary binary concat",
            "unrolled; without static input and expose_hidden"),
    compute("Log", map_log, "base scale shift", "unary log"),
    compute("MVN", map_mvn, "normalize_variance across_channels eps", "reduce mean"),
    compute("MatMul", map_matmul, "transpose_a transpose_b", "matmul"),
    source("MemoryData", "batch_size channels height width"),
    compute("Mish", map_unary, "", "unary mish"),
    sink("MultiBoxLoss", 2, kLeftOut),
    sink("MultinomialLogisticLoss", 1, kLeftOut),
    compute("Normalize", map_normalize, "across_spatial channel_shared eps", "lp_normalize"),
    compute("PReLU", map_prelu, "channel_shared", "prelu"),
    compute("PSROIPooling", map_psroi_pooling, "spatial_scale output_dim group_size", "psroi_pool"),
    compute("Padding", map_padding, "pad", "pad", "of the oldest format"),
    compute("Parameter", map_parameter, "shape", "constant"),
    compute("Permute", map_permute, "order", "transpose"),
    compute("PixelShuffle", map_pixel_shuffle, "upscale_factor", "depth_to_space"),
    compute("Pooling", map_pooling,
            "pool kernel_size kernel_h kernel_w stride stride_h stride_w pad pad_h pad_w global_pooling round_mode "
            "ceil_mode",
            "pool; of the mask slice concat arg_reduce gather", "MAX and AVE"),
    compute("Power", map_power, "power scale shift", "unary linear, power"),
    compute("PriorBox", map_prior_box,
            "min_size max_size aspect_ratio flip clip variance img_size img_h img_w step step_h step_w offset",
            "prior_box"),
    compute("Proposal", map_proposal,
            "feat_stride base_size min_size ratio scale pre_nms_topn post_nms_topn nms_thresh", "proposal",
            "missing regions have image -1"),
    compute("Python", map_python, "module layer param_str", "proposal",
            "only ProposalLayer of rpn.proposal_layer, with the settings of its test phase"),
    compute("RNN", map_rnn, "num_output", "matmul unary binary concat",
            "unrolled; without static input and expose_hidden"),
    compute("ROIAlign", map_roi_align, "pooled_h pooled_w spatial_scale sampling_ratio", "roi_align"),
    compute("ROIPooling", map_roi_pooling, "pooled_h pooled_w spatial_scale", "roi_pool"),
    compute("ReLU", map_relu, "negative_slope", "unary relu, leaky_relu"),
    compute("ReLU6", map_relu6, "threshold", "unary clip"),
    compute("Reduction", map_reduction, "operation axis coeff", "reduce"),
    compute("Reorg", map_reorg, "stride reverse", "space_to_depth", "reverse: false"),
    compute("Reshape", map_reshape, "shape axis num_axes", "reshape"),
    refused("RetinaFaceDetection", kCutBefore),
    compute("Reverse", map_reverse, "axis", "reverse"),
    compute("SPP", map_spatial_pyramid, "pyramid_height pool", "pool concat"),
    compute("Scale", map_scale, "axis num_axes bias_term", "binary mul, add"),
    compute("ShuffleChannel", map_shuffle_channel, "group", "reshape transpose"),
    compute("Sigmoid", map_unary, "", "unary sigmoid"),
    sink("SigmoidCrossEntropyLoss", 1, kLeftOut),
    sink("Silence", 0, "left out"),
    compute("Slice", map_slice, "axis slice_dim slice_point", "slice"),
    compute("Softmax", map_softmax, "axis", "softmax"),
    compute("SoftmaxWithLoss", map_softmax, "axis", "softmax", "labels left out"),
    {"Split", Role::kIdentity, nullptr, 0, "", "", "vanishes"},
    compute("Swish", map_swish, "beta", "unary silu"),
    compute("TanH", map_unary, "", "unary tanh"),
    compute("Threshold", map_threshold, "threshold", "compare cast"),
    compute("Tile", map_tile, "axis tiles", "tile"),
    compute("Upsample", map_upsample, "scale scale_h scale_w upsample_h upsample_w",
            "resize nearest; by a mask scatter_elements"),
    source("WindowData", "", kSizeFromData),
    refused("Yolov3DetectionOutput", kCutBefore),
});

constexpr LayerRule kUnknownLoss = sink("Loss", 1, kLeftOut);
static_assert(std::is_sorted(kRules.begin(), kRules.end(),
                             [](const LayerRule& a, const LayerRule& b) { return a.type < b.type; }));

uint64_t mix(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

struct Range {
  float low, high;
};

// Weights that keep the magnitude of the values about the same from layer to layer.
Range range_of(Fill fill, const Shape& shape) {
  const float fan_in = static_cast<float>(element_count(shape)) / static_cast<float>(shape.empty() ? 1 : shape[0]);
  const float bound = std::sqrt(6.0f / std::max(fan_in, 1.0f));
  switch (fill) {
    case Fill::kWeight:
      return {-bound, bound};
    case Fill::kBias:
    case Fill::kMean:
      return {-0.1f, 0.1f};
    case Fill::kVariance:
    case Fill::kScale:
      return {0.5f, 1.5f};
    case Fill::kSlope:
      return {0.0f, 0.5f};
    case Fill::kOne:
      break;
  }
  return {1.0f, 1.0f};
}

Tensor random_tensor(uint64_t seed, std::string_view layer, size_t index, const Shape& shape, Fill fill) {
  uint64_t state = mix(seed + 0x9e3779b97f4a7c15 * (index + 1));
  for (char c : layer) state = mix(state ^ static_cast<unsigned char>(c));
  const Range range = range_of(fill, shape);
  Tensor tensor({DType::kF32, shape});
  for (float& value : tensor.data<float>()) {
    const float unit = static_cast<float>(mix(state += 0x9e3779b97f4a7c15) >> 40) / static_cast<float>(1 << 24);
    value = range.low + (range.high - range.low) * unit;
  }
  return tensor;
}

Shape without_ones(const Shape& shape) {
  Shape result;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(result), [](int64_t dim) { return dim != 1; });
  return result;
}

}  // namespace

std::span<const LayerRule> layer_rules() { return kRules; }

const LayerRule* find_rule(std::string_view type) {
  const auto it = std::lower_bound(kRules.begin(), kRules.end(), type,
                                   [](const LayerRule& rule, std::string_view name) { return rule.type < name; });
  if (it != kRules.end() && it->type == type) return &*it;
  return type.ends_with("Loss") ? &kUnknownLoss : nullptr;
}

bool scales_in_inference(const proto::LayerParameter& layer) {
  return layer.type() == "Dropout" && !layer.dropout_param().scale_train();
}

Result<Values> one(Result<ValueId> value) {
  if (!value) return tl::unexpected(std::move(value).error());
  return Values{*value};
}

std::optional<size_t> WeightStore::count(const std::string& layer) const {
  const auto it = weights_.find(layer);
  if (it == weights_.end()) return std::nullopt;
  return it->second.size();
}

Result<Tensor> WeightStore::blob(const proto::LayerParameter& layer, size_t index, const Shape& shape, Fill fill) {
  if (!is_sane_shape(shape)) return user_error("blob {} would have shape {}", index, to_string(shape));
  const std::string shared_name =
      static_cast<int>(index) < layer.param_size() ? layer.param(static_cast<int>(index)).name() : "";
  const auto file = weights_.find(layer.name());
  const auto shared = shared_.find(shared_name);
  Tensor tensor;
  if (file != weights_.end()) {
    if (index >= file->second.size())
      return user_error("the caffemodel has {} blobs for it, blob {} is missing", file->second.size(), index);
    tensor = file->second[index];
  } else if (shared != shared_.end()) {
    tensor = shared->second;
  } else if (seed_) {
    BMNET_TRY(nn::reserve_constant(shape, DType::kF32));
    tensor = random_tensor(*seed_, shared_name.empty() ? layer.name() : shared_name, index, shape, fill);
  } else {
    return user_error(
        "{}", weights_.empty() ? "it needs weights; give the caffemodel" : "the caffemodel has no weights for it");
  }
  if (without_ones(tensor.shape()) != without_ones(shape)) {
    return user_error("blob {} of the caffemodel has shape {}, the prototxt makes it {}", index,
                      to_string(tensor.shape()), to_string(shape));
  }
  if (!shared_name.empty()) shared_.emplace(shared_name, tensor);
  return tensor.reshaped(shape);
}

Result<int64_t> LayerCall::axis(int64_t axis, size_t limit) const {
  const int64_t counted = axis < 0 ? axis + static_cast<int64_t>(limit) : axis;
  if (counted < 0 || counted >= static_cast<int64_t>(limit))
    return user_error("axis {} is out of range for {} axes", axis, limit);
  return counted;
}

Status LayerCall::require_inputs(size_t at_least, size_t at_most) const {
  if (inputs_.size() >= at_least && inputs_.size() <= at_most) return {};
  const std::string wanted =
      at_least == at_most ? fmt::format("{}", at_least) : fmt::format("{} to {}", at_least, at_most);
  return user_error("{} bottoms; {} are needed", inputs_.size(), wanted);
}

std::string LayerCall::part_name(std::string_view what) {
  const int uses = parts_[std::string(what)]++;
  return uses == 0 ? fmt::format("{}/{}", param().name(), what) : fmt::format("{}/{}_{}", param().name(), what, uses);
}

Result<ValueId> LayerCall::top(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                               size_t index) {
  if (index >= top_names_.size()) return user_error("it has {} tops; top {} is missing", top_names_.size(), index);
  BMNET_ASSIGN(const Values values,
               graph_.create(op, param().name(), std::move(attributes), inputs, {&top_names_[index], 1}));
  return values.front();
}

Result<ValueId> LayerCall::step(std::string_view op, op::Attributes attributes, std::initializer_list<ValueId> inputs) {
  std::string name = part_name(op);
  return graph_.create1(op, name, std::move(attributes), inputs, name);
}

Result<ValueId> LayerCall::reshape(ValueId value, Shape wanted) {
  if (shape(value) == wanted) return value;
  return step("reshape", {{"shape", std::move(wanted)}}, {value});
}

Result<ValueId> LayerCall::linear(ValueId value, float scale, float shift) {
  if (scale == 1.0f && shift == 0.0f) return value;
  return step("unary", {{"kind", "linear"}, {"alpha", scale}, {"beta", shift}}, {value});
}

Result<ValueId> LayerCall::weight(size_t index, const Shape& shape, Fill fill) {
  BMNET_ASSIGN(Tensor tensor, weights_.blob(param(), index, shape, fill));
  weights_used_ = std::max(weights_used_, index + 1);
  return constant(fmt::format("blob{}", index), std::move(tensor));
}

ValueId LayerCall::constant(std::string_view what, Tensor tensor) {
  return graph_.constant(part_name(what), std::move(tensor));
}

Result<ValueId> LayerCall::filled(std::string_view what, const Shape& shape, float value) {
  BMNET_TRY(nn::reserve_constant(shape, DType::kF32));
  Tensor tensor({DType::kF32, shape});
  std::ranges::fill(tensor.data<float>(), value);
  return constant(what, std::move(tensor));
}

}  // namespace bmnet::caffe
