// Normalisation layers.
#include <algorithm>
#include <cmath>

#include "frontend/tensorflow/keras/layer.h"

namespace bmnet::frontend::tensorflow::keras {
namespace {

// A weight that an option leaves out: `otherwise` everywhere.
Result<Tensor> optional_weight(const Layer& layer, std::string_view option, std::string_view role, const Shape& shape,
                               float otherwise) {
  if (layer.config.flag(option, true)) return layer.weight(role, shape);
  Tensor tensor({DType::kF32, shape});
  std::ranges::fill(tensor.data<float>(), otherwise);
  return tensor;
}

Result<Values> batch_norm(Layer& layer) {
  const int64_t rank = layer.rank();
  BMNET_ASSIGN(const Shape axes, layer.axes("axis", {-1}, rank));
  if (axes.size() != 1 || axes[0] == 0 || rank < 2) return unsupported("statistics of axes [{}]", fmt::join(axes, ","));
  const int64_t size = layer.shape()[axes[0]];
  const float epsilon = layer.config.number("epsilon", 1e-3f);
  BMNET_ASSIGN(const Tensor gamma, optional_weight(layer, "scale", "gamma", {size}, 1));
  BMNET_ASSIGN(const Tensor beta, optional_weight(layer, "center", "beta", {size}, 0));
  BMNET_ASSIGN(const Tensor mean, layer.weight("moving_mean", {size}));
  BMNET_ASSIGN(const Tensor variance, layer.weight("moving_variance", {size}));
  if (axes[0] == 1 || axes[0] == rank - 1) {
    BMNET_ASSIGN(const Value y,
                 layer.make("FusedBatchNormV3",
                            {layer.input(), layer.constant(gamma), layer.constant(beta), layer.constant(mean),
                             layer.constant(variance)},
                            {{"epsilon", epsilon},
                             {"is_training", false},
                             {"data_format", std::string(axes[0] == rank - 1 && rank > 2 ? "NHWC" : "NCHW")}}));
    return Values{y};
  }
  Shape shape(static_cast<size_t>(rank), 1);
  shape[axes[0]] = size;
  Tensor scale({DType::kF32, shape}), shift({DType::kF32, shape});
  for (int64_t i = 0; i < size; ++i) {
    const float factor = gamma.data<float>()[i] / std::sqrt(variance.data<float>()[i] + epsilon);
    scale.data<float>()[i] = factor;
    shift.data<float>()[i] = beta.data<float>()[i] - mean.data<float>()[i] * factor;
  }
  BMNET_ASSIGN(const Value scaled, layer.make("Mul", {layer.input(), layer.constant(scale)}));
  BMNET_ASSIGN(const Value y, layer.make("AddV2", {scaled, layer.constant(shift)}));
  return Values{y};
}

// Scale and bias, when there are any: gamma, then beta.
Result<std::vector<ValueId>> scale_and_bias(Layer& layer, ValueId x, const Shape& shape) {
  std::vector<ValueId> operands = {x};
  const bool scales = layer.config.flag("scale", true), centers = layer.config.flag("center", true);
  if (scales || centers) {
    BMNET_ASSIGN(const Tensor gamma, optional_weight(layer, "scale", "gamma", shape, 1));
    operands.push_back(layer.constant(gamma).id);
  }
  if (centers) {
    BMNET_ASSIGN(const Tensor beta, layer.weight("beta", shape));
    operands.push_back(layer.constant(beta).id);
  }
  return operands;
}

Result<Values> layer_norm(Layer& layer) {
  const int64_t rank = layer.rank();
  BMNET_ASSIGN(const Shape axes, layer.axes("axis", {-1}, rank));
  if (axes.empty() || axes.front() == 0 || axes.back() != rank - 1 ||
      axes.back() - axes.front() + 1 != static_cast<int64_t>(axes.size()))
    return unsupported("normalisation over axes [{}] of {}; the last axes are supported", fmt::join(axes, ","), rank);
  if (layer.config.flag("rms_scaling", false)) return unsupported("rms_scaling");
  const Shape all = layer.shape();
  BMNET_ASSIGN(const ValueId x, layer.plain(layer.input()));
  BMNET_ASSIGN(const std::vector<ValueId> operands, scale_and_bias(layer, x, {all.begin() + axes.front(), all.end()}));
  BMNET_ASSIGN(
      const ValueId y,
      layer.emitter.finish("layer_norm", {{"axis", axes.front()}, {"epsilon", layer.config.number("epsilon", 1e-3f)}},
                           operands));
  return Values{{y, false}};
}

Result<Values> group_norm(Layer& layer) {
  const int64_t rank = layer.rank();
  BMNET_ASSIGN(const Shape axes, layer.axes("axis", {-1}, rank));
  if (rank < 3 || axes.size() != 1 || (axes[0] != 1 && axes[0] != rank - 1))
    return unsupported("groups along axes [{}] of {}", fmt::join(axes, ","), rank);
  const bool last = axes[0] == rank - 1;
  const int64_t channels = layer.shape()[axes[0]];
  const int64_t groups = layer.config.integer("groups", 32);
  BMNET_ASSIGN(const ValueId x, last ? layer.image(layer.input()) : layer.plain(layer.input()));
  BMNET_ASSIGN(const std::vector<ValueId> operands, scale_and_bias(layer, x, {channels}));
  BMNET_ASSIGN(const ValueId y, layer.emitter.finish("group_norm",
                                                     {{"groups", groups == -1 ? channels : groups},
                                                      {"epsilon", layer.config.number("epsilon", 1e-3f)}},
                                                     operands));
  return Values{{y, last}};
}

// x / sqrt(max(sum of squares, 1e-12))
Result<Values> unit_norm(Layer& layer) {
  BMNET_ASSIGN(const Shape axes, layer.axes("axis", {-1}, layer.rank()));
  BMNET_ASSIGN(const ValueId x, layer.plain(layer.input()));
  BMNET_ASSIGN(const ValueId y, layer.emitter.finish("lp_normalize", {{"axes", axes}, {"floor", 1e-6f}}, {x}));
  return Values{{y, false}};
}

// clang-format off
constexpr Row kRows[] = {
    {"BatchNormalization", 1, 1, "axis epsilon center scale", batch_norm, "", "batch_norm", "one axis"},
    {"BatchNormalizationV1", 1, 1, "axis epsilon center scale", batch_norm, "", "batch_norm", "one axis"},
    {"GroupNormalization", 1, 1, "groups axis epsilon center scale", group_norm, "", "group_norm", ""},
    {"LayerNormalization", 1, 1, "axis epsilon center scale", layer_norm, "", "layer_norm", "the last axes"},
    {"SyncBatchNormalization", 1, 1, "axis epsilon center scale", batch_norm, "", "batch_norm", "one axis"},
    {"UnitNormalization", 1, 1, "axis", unit_norm, "", "lp_normalize", ""},
};
// clang-format on

}  // namespace

std::span<const Row> norm_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow::keras
