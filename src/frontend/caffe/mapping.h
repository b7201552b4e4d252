// From Caffe layers to nn operators: one table row and one function per layer type.
//
// Adding a layer: its parameters in caffe.proto, a function in the map_*.cc of its family, a row in mapping.cc.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/caffe/net.h"
#include "frontend/caffe/weights.h"
#include "nn/graph_builder.h"

namespace bmnet::caffe {

using nn::GraphBuilder;
using ValueId = GraphBuilder::ValueId;
using Values = std::vector<ValueId>;

constexpr ValueId kNoValue = -1;  // of a top that has no form here, such as the mask of a pooling

// How to draw a blob that is missing when random weights are asked for.
enum class Fill { kWeight, kBias, kMean, kVariance, kScale, kSlope, kOne };

// Where the parameters of layers come from: the caffemodel, a layer that shares them by name, or chance.
class WeightStore {
 public:
  WeightStore(Weights weights, std::optional<uint64_t> random_seed)
      : weights_(std::move(weights)), seed_(random_seed) {}

  // Blob `index` of the layer in the given shape. Errors: the file has no such blob, or one of another shape.
  Result<Tensor> blob(const proto::LayerParameter& layer, size_t index, const Shape& shape, Fill fill);
  // Blobs the file has for the layer; nothing when it does not know the layer.
  std::optional<size_t> count(const std::string& layer) const;

 private:
  Weights weights_;
  std::optional<uint64_t> seed_;
  std::map<std::string, Tensor, std::less<>> shared_;  // by ParamSpec::name
};

// One layer on its way into the graph: what its mapping function reads and how it emits operators.
class LayerCall {
 public:
  LayerCall(const Layer& layer, Values inputs, std::vector<std::string> top_names, GraphBuilder& graph,
            WeightStore& weights)
      : layer_(layer), inputs_(std::move(inputs)), top_names_(std::move(top_names)), graph_(graph), weights_(weights) {}

  const proto::LayerParameter& param() const { return layer_.param; }
  const Values& inputs() const { return inputs_; }
  ValueId input(size_t index = 0) const { return inputs_[index]; }
  size_t top_count() const { return top_names_.size(); }
  const std::string& top_name(size_t index = 0) const { return top_names_[index]; }
  Shape shape(ValueId value) const { return graph_.info(value).shape; }  // a copy: emitting moves the original
  GraphBuilder& graph() { return graph_; }

  // The axis counted from the front; negative ones count from the end. Error: not below `limit`.
  Result<int64_t> axis(int64_t axis, size_t limit) const;
  Status require_inputs(size_t at_least, size_t at_most) const;

  // Emits the operator that makes top 0, or top `index`.
  Result<ValueId> top(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                      size_t index = 0);
  Result<ValueId> top(std::string_view op, op::Attributes attributes, std::initializer_list<ValueId> inputs,
                      size_t index = 0) {
    return top(op, std::move(attributes), std::span(inputs.begin(), inputs.size()), index);
  }
  // Emits an operator whose result is only used inside the layer.
  Result<ValueId> step(std::string_view op, op::Attributes attributes, std::initializer_list<ValueId> inputs);
  // step, or nothing at all when `shape` is the value's shape already.
  Result<ValueId> reshape(ValueId value, Shape shape);
  // x * scale + shift as a step; nothing for 1 and 0.
  Result<ValueId> linear(ValueId value, float scale, float shift);

  // A learned blob, or a constant of this layer, as a value.
  Result<ValueId> weight(size_t index, const Shape& shape, Fill fill);
  ValueId constant(std::string_view what, Tensor tensor);
  Result<ValueId> filled(std::string_view what, const Shape& shape, float value);
  // Blobs the caffemodel has for this layer; `otherwise` when it has none.
  size_t weight_count(size_t otherwise) const { return weights_.count(param().name()).value_or(otherwise); }
  size_t weights_used() const { return weights_used_; }

 private:
  std::string part_name(std::string_view what);

  const Layer& layer_;
  Values inputs_;
  std::vector<std::string> top_names_;
  GraphBuilder& graph_;
  WeightStore& weights_;
  size_t weights_used_ = 0;
  std::map<std::string, int, std::less<>> parts_;
};

enum class Role {
  kCompute,   // becomes operators
  kIdentity,  // every top is the bottom
  kSource,    // its tops are network inputs
  kSink,      // left out; its first `predictions` bottoms are results, the others labels
  kRefused,   // known and not supported; `remark` says why
};

struct LayerRule {
  std::string_view type;
  Role role;
  Result<Values> (*map)(LayerCall& call);  // kCompute: one value per top
  size_t predictions;                      // kSink
  std::string_view parameters;             // that have a meaning, for the operator reference
  std::string_view becomes;
  std::string_view remark;
};

// By type.
std::span<const LayerRule> layer_rules();
// Null when unknown. A type that ends in "Loss" is a sink even when unknown.
const LayerRule* find_rule(std::string_view type);
// True for a Dropout of a fork that scales in inference rather than in training.
bool scales_in_inference(const proto::LayerParameter& layer);

Result<Values> one(Result<ValueId> value);

// map_conv.cc
Result<Values> map_convolution(LayerCall& call);
Result<Values> map_depthwise_convolution(LayerCall& call);
Result<Values> map_deconvolution(LayerCall& call);
Result<Values> map_pooling(LayerCall& call);
Result<Values> map_spatial_pyramid(LayerCall& call);
Result<Values> map_im2col(LayerCall& call);
Result<Values> map_inner_product(LayerCall& call);
Result<Values> map_embed(LayerCall& call);
// map_activation.cc
Result<Values> map_relu(LayerCall& call);
Result<Values> map_relu6(LayerCall& call);
Result<Values> map_prelu(LayerCall& call);
Result<Values> map_elu(LayerCall& call);
Result<Values> map_unary(LayerCall& call);
Result<Values> map_swish(LayerCall& call);
Result<Values> map_clip(LayerCall& call);
Result<Values> map_power(LayerCall& call);
Result<Values> map_exp(LayerCall& call);
Result<Values> map_log(LayerCall& call);
Result<Values> map_threshold(LayerCall& call);
Result<Values> map_dropout(LayerCall& call);
// map_arithmetic.cc
Result<Values> map_eltwise(LayerCall& call);
Result<Values> map_scale(LayerCall& call);
Result<Values> map_bias(LayerCall& call);
Result<Values> map_axpy(LayerCall& call);
Result<Values> map_reduction(LayerCall& call);
Result<Values> map_argmax(LayerCall& call);
Result<Values> map_softmax(LayerCall& call);
Result<Values> map_matmul(LayerCall& call);
// map_norm.cc
Result<Values> map_batch_norm(LayerCall& call);
Result<Values> map_bn(LayerCall& call);
Result<Values> map_lrn(LayerCall& call);
Result<Values> map_mvn(LayerCall& call);
Result<Values> map_normalize(LayerCall& call);
Result<Values> map_l2_normalize(LayerCall& call);
// map_shape.cc
Result<Values> map_concat(LayerCall& call);
Result<Values> map_slice(LayerCall& call);
Result<Values> map_flatten(LayerCall& call);
Result<Values> map_reshape(LayerCall& call);
Result<Values> map_permute(LayerCall& call);
Result<Values> map_crop(LayerCall& call);
Result<Values> map_tile(LayerCall& call);
Result<Values> map_padding(LayerCall& call);
Result<Values> map_parameter(LayerCall& call);
Result<Values> map_shuffle_channel(LayerCall& call);
Result<Values> map_pixel_shuffle(LayerCall& call);
Result<Values> map_reorg(LayerCall& call);
Result<Values> map_interp(LayerCall& call);
Result<Values> map_upsample(LayerCall& call);
Result<Values> map_reverse(LayerCall& call);
Result<Values> map_batch_reindex(LayerCall& call);
// map_detection.cc
Result<Values> map_prior_box(LayerCall& call);
Result<Values> map_detection_output(LayerCall& call);
// map_region.cc
Result<Values> map_proposal(LayerCall& call);
Result<Values> map_python(LayerCall& call);
Result<Values> map_roi_pooling(LayerCall& call);
Result<Values> map_psroi_pooling(LayerCall& call);
Result<Values> map_roi_align(LayerCall& call);
// map_recurrent.cc
Result<Values> map_lstm(LayerCall& call);
Result<Values> map_rnn(LayerCall& call);
Result<Values> map_continuation_indicator(LayerCall& call);

}  // namespace bmnet::caffe
