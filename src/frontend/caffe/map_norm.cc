// Normalisations.
#include <numeric>

#include "frontend/caffe/mapping.h"

namespace bmnet::caffe {
namespace {

using Axes = std::vector<int64_t>;

Axes all_axes_but(size_t rank, std::initializer_list<int64_t> kept) {
  Axes axes;
  for (int64_t axis = 0; axis < static_cast<int64_t>(rank); ++axis) {
    if (std::find(kept.begin(), kept.end(), axis) == kept.end()) axes.push_back(axis);
  }
  return axes;
}

Result<ValueId> mean_over(LayerCall& call, ValueId value, const Axes& axes) {
  return call.step("reduce", {{"kind", "mean"}, {"axes", axes}, {"keep_dims", true}}, {value});
}

// BatchNorm with the statistics of the batch itself: (x - mean) / sqrt(variance + eps).
Result<Values> normalize_by_batch(LayerCall& call, float eps) {
  const Axes axes = all_axes_but(call.shape(call.input()).size(), {1});
  BMNET_ASSIGN(const ValueId mean, mean_over(call, call.input(), axes));
  BMNET_ASSIGN(const ValueId centred, call.step("binary", {{"kind", "sub"}}, {call.input(), mean}));
  BMNET_ASSIGN(const ValueId squares, call.step("unary", {{"kind", "square"}}, {centred}));
  BMNET_ASSIGN(const ValueId variance, mean_over(call, squares, axes));
  BMNET_ASSIGN(const ValueId shifted, call.linear(variance, 1.0f, eps));
  BMNET_ASSIGN(const ValueId deviation, call.step("unary", {{"kind", "sqrt"}}, {shifted}));
  return one(call.top("binary", {{"kind", "div"}}, {centred, deviation}));
}

}  // namespace

// Blobs: sum of means, sum of variances, and the number they must be divided by. A fork adds scale and bias.
Result<Values> map_batch_norm(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& norm = call.param().batch_norm_param();
  const Shape shape = call.shape(call.input());
  if (shape.size() < 2) return user_error("its bottom has shape {}; channels are needed", to_string(shape));
  const Shape channels{shape[1]};
  if (norm.has_use_global_stats() && !norm.use_global_stats()) return normalize_by_batch(call, norm.eps());
  BMNET_ASSIGN(ValueId mean, call.weight(0, channels, Fill::kMean));
  BMNET_ASSIGN(ValueId variance, call.weight(1, channels, Fill::kVariance));
  BMNET_ASSIGN(const ValueId total, call.weight(2, {}, Fill::kOne));
  const float weight = *static_cast<const float*>(call.graph().constant_value(total)->raw());
  const float factor = weight == 0.0f ? 0.0f : 1.0f / weight;
  BMNET_ASSIGN(mean, call.linear(mean, factor, 0.0f));
  BMNET_ASSIGN(variance, call.linear(variance, factor, 0.0f));
  ValueId scale = kNoValue, bias = kNoValue;
  if (call.weight_count(3) == 5) {
    BMNET_ASSIGN(scale, call.weight(3, channels, Fill::kScale));
    BMNET_ASSIGN(bias, call.weight(4, channels, Fill::kBias));
  } else {
    BMNET_ASSIGN(scale, call.filled("one", channels, 1.0f));
    BMNET_ASSIGN(bias, call.filled("zero", channels, 0.0f));
  }
  return one(call.top("batch_norm", {{"epsilon", norm.eps()}}, {call.input(), scale, bias, mean, variance}));
}

// A fork's BatchNorm and Scale in one layer. Blobs: slope, bias and, unless folded by its authors' tool, mean,
// variance.
Result<Values> map_bn(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const Shape shape = call.shape(call.input());
  if (shape.size() < 2) return user_error("its bottom has shape {}; channels are needed", to_string(shape));
  const Shape channels{shape[1]};
  BMNET_ASSIGN(const ValueId slope, call.weight(0, channels, Fill::kScale));
  BMNET_ASSIGN(const ValueId bias, call.weight(1, channels, Fill::kBias));
  if (call.weight_count(4) == 2) {
    Shape aligned(shape.size() - 1, 1);
    aligned[0] = shape[1];
    BMNET_ASSIGN(const ValueId slope_aligned, call.reshape(slope, aligned));
    BMNET_ASSIGN(const ValueId bias_aligned, call.reshape(bias, aligned));
    BMNET_ASSIGN(const ValueId scaled, call.step("binary", {{"kind", "mul"}}, {call.input(), slope_aligned}));
    return one(call.top("binary", {{"kind", "add"}}, {scaled, bias_aligned}));
  }
  BMNET_ASSIGN(const ValueId mean, call.weight(2, channels, Fill::kMean));
  BMNET_ASSIGN(const ValueId variance, call.weight(3, channels, Fill::kVariance));
  return one(call.top("batch_norm", {{"epsilon", call.param().bn_param().eps()}},
                      {call.input(), slope, bias, mean, variance}));
}

// Within a channel Caffe computes (1 + alpha * average of squares) ** -beta and ignores k.
Result<Values> map_lrn(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& lrn = call.param().lrn_param();
  const bool within = lrn.norm_region() == proto::LRNParameter::WITHIN_CHANNEL;
  const Shape shape = call.shape(call.input());
  if (shape.size() != 4) return user_error("its bottom has shape {}; four axes are needed", to_string(shape));
  if (lrn.local_size() % 2 == 0) return user_error("local_size {}; it must be odd", lrn.local_size());
  return one(call.top("lrn",
                      {{"size", int64_t{lrn.local_size()}},
                       {"alpha", lrn.alpha()},
                       {"beta", lrn.beta()},
                       {"k", within ? 1.0f : lrn.k()},
                       {"region", within ? "within" : "across"}},
                      {call.input()}));
}

// (x - mean) / (standard deviation + eps): eps stands outside of the root.
Result<Values> map_mvn(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& mvn = call.param().mvn_param();
  const Shape shape = call.shape(call.input());
  if (shape.size() < 3) return user_error("its bottom has shape {}; spatial axes are needed", to_string(shape));
  const Axes axes = mvn.across_channels() ? all_axes_but(shape.size(), {0}) : all_axes_but(shape.size(), {0, 1});
  BMNET_ASSIGN(const ValueId mean, mean_over(call, call.input(), axes));
  if (!mvn.normalize_variance()) return one(call.top("binary", {{"kind", "sub"}}, {call.input(), mean}));
  BMNET_ASSIGN(const ValueId centred, call.step("binary", {{"kind", "sub"}}, {call.input(), mean}));
  BMNET_ASSIGN(const ValueId squares, call.step("unary", {{"kind", "square"}}, {centred}));
  BMNET_ASSIGN(const ValueId variance, mean_over(call, squares, axes));
  BMNET_ASSIGN(const ValueId deviation, call.step("unary", {{"kind", "sqrt"}}, {variance}));
  BMNET_ASSIGN(const ValueId divisor, call.linear(deviation, 1.0f, mvn.eps()));
  return one(call.top("binary", {{"kind", "div"}}, {centred, divisor}));
}

// SSD: x / sqrt(sum of squares + eps), over the channels of a pixel or over all of an image, times a learned scale.
Result<Values> map_normalize(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const auto& norm = call.param().norm_param();
  const Shape shape = call.shape(call.input());
  if (shape.size() < 2) return user_error("its bottom has shape {}; channels are needed", to_string(shape));
  const Axes axes = norm.across_spatial() ? all_axes_but(shape.size(), {0}) : Axes{1};
  Shape scale_shape(shape.size() - 1, 1);
  if (!norm.channel_shared()) scale_shape[0] = shape[1];
  BMNET_ASSIGN(const ValueId scale, call.weight(0, scale_shape, Fill::kScale));
  BMNET_ASSIGN(const ValueId normal,
               call.step("lp_normalize", {{"axes", axes}, {"p", int64_t{2}}, {"epsilon", norm.eps()}}, {call.input()}));
  return one(call.top("binary", {{"kind", "mul"}}, {normal, scale}));
}

// Forks differ in what they do to images, and agree on vectors.
Result<Values> map_l2_normalize(LayerCall& call) {
  BMNET_TRY(call.require_inputs(1, 1));
  const Shape shape = call.shape(call.input());
  if (shape.size() < 2 || element_count(std::span(shape).subspan(2)) != 1)
    return unsupported(
        "of shape {}: forks normalise it in different ways; vectors [N,C] or [N,C,1,1] are supported, or "
        "Normalize for images",
        to_string(shape));
  return one(call.top("lp_normalize", {{"axes", std::vector<int64_t>{1}}, {"p", int64_t{2}}, {"epsilon", 1e-12f}},
                      {call.input()}));
}

}  // namespace bmnet::caffe
