#include "frontend/mxnet/call.h"

#include <algorithm>
#include <cmath>

#include "nn/limits.h"

namespace bmnet::frontend::mxnet {
namespace {

// clang-format off
constexpr Row refused(std::string_view name, std::string_view remark) {
  return {name, 0, kAny, kNoParameters, nullptr, "", "", "", remark};
}
constexpr std::string_view kTraining = "it belongs to training; end the network before it with --output_names";
constexpr std::string_view kControl = "control flow over sub-graphs is not supported";
constexpr std::string_view kQuantized = "a quantised network keeps its values as integers; convert the f32 network instead";
constexpr std::string_view kOpen = "the number of its results depends on the data; end the network before it with --output_names";
constexpr std::string_view kRandom = "random values are drawn at run time; name the node as an input with --input_names";
constexpr Row kRefused[] = {
    refused("Custom", "its code is not part of the model; end the network before it with --output_names"),
    refused("_contrib_MultiBoxTarget", kTraining), refused("MultiBoxTarget", kTraining), refused("CTCLoss", kTraining),
    refused("_contrib_CTCLoss", kTraining), refused("_contrib_ctc_loss", kTraining), refused("softmax_cross_entropy", kTraining),
    refused("_contrib_bipartite_matching", kTraining), refused("_contrib_DeformablePSROIPooling", "deformable pooling has no operator here"),
    refused("_foreach", kControl), refused("_while_loop", kControl), refused("_cond", kControl),
    refused("_contrib_quantize", kQuantized), refused("_contrib_quantize_v2", kQuantized), refused("_contrib_dequantize", kQuantized),
    refused("_contrib_requantize", kQuantized), refused("_contrib_quantized_conv", kQuantized),
    refused("_contrib_quantized_fully_connected", kQuantized), refused("_contrib_quantized_pooling", kQuantized),
    refused("_contrib_quantized_concat", kQuantized), refused("_contrib_quantized_flatten", kQuantized),
    refused("_contrib_quantized_act", kQuantized), refused("_contrib_quantized_elemwise_add", kQuantized),
    refused("_sg_mkldnn_conv", "oneDNN has fused it; save the network before its optimisation"),
    refused("_sg_mkldnn_fully_connected", "oneDNN has fused it; save the network before its optimisation"),
    refused("_contrib_boolean_mask", kOpen), refused("_npi_boolean_mask", kOpen), refused("_npi_nonzero", kOpen), refused("_npi_unique", kOpen),
    refused("_random_uniform", kRandom), refused("_random_normal", kRandom), refused("_sample_uniform", kRandom),
    refused("_sample_normal", kRandom), refused("_sample_multinomial", kRandom), refused("_shuffle", kRandom),
};
// clang-format on

// Random parameters must keep a deep network's values in range: variances and scales near 1, weights by fan-in.
void draw(std::mt19937& generator, const std::string& name, Tensor& tensor) {
  const bool positive = name.ends_with("var") || name.ends_with("gamma");
  const int64_t outputs = tensor.shape().empty() ? 1 : tensor.shape()[0];
  const float spread =
      1.0f / std::sqrt(static_cast<float>(std::max<int64_t>(tensor.count() / std::max<int64_t>(outputs, 1), 1)));
  for (float& value : tensor.data<float>()) {
    const float uniform = static_cast<float>(generator()) / 4294967296.0f;  // the same on every machine
    value = positive ? 0.5f + uniform : (2 * uniform - 1) * spread;
  }
}

}  // namespace

std::span<const Row> refused_rows() { return kRefused; }

const Row* find_row(std::string_view op) {
  auto all = families();
  all.push_back(refused_rows());
  for (const auto& rows : all)
    for (const Row& row : rows)
      if (row.name == op) return &row;
  const std::string_view older = older_name(op);
  return older == op ? nullptr : find_row(older);
}

ParameterStore::ParameterStore(Params params, std::optional<uint64_t> seed) : params_(std::move(params)) {
  if (seed) generator_.emplace(static_cast<uint32_t>(*seed));
}

Result<Tensor> ParameterStore::take(const std::string& name, const Shape& shape) {
  BMNET_TRY(checked_elements(shape));
  const auto found = params_.find(name);
  if (found == params_.end()) {
    if (!generator_)
      return user_error("the parameter file has no '{}'; --weight random draws parameters at random", name);
    BMNET_TRY(nn::reserve_constant(shape, DType::kF32));
    Tensor tensor({DType::kF32, shape});
    draw(*generator_, name, tensor);
    return params_.emplace(name, tensor).first->second;
  }
  if (found->second.shape() != shape)
    return user_error("parameter '{}' has shape {}, the node needs {}", name, to_string(found->second.shape()),
                      to_string(shape));
  return found->second;
}

Result<ValueId> Call::in(size_t i) const {
  if (operands_[i].value) return *operands_[i].value;
  return user_error("the parameter file has no '{}'", operands_[i].parameter);
}

Result<Values> Call::all_inputs() const {
  Values values;
  for (size_t i = 0; i < operands_.size(); ++i) {
    BMNET_ASSIGN(const ValueId value, in(i));
    values.push_back(value);
  }
  return values;
}

Result<ValueId> Call::parameter(size_t i, const Shape& shape) {
  if (i >= operands_.size()) return user_error("{} inputs; input {}, a parameter, is missing", operands_.size(), i);
  if (operands_[i].value) {
    const ValueId value = *operands_[i].value;
    if (shape_of(value) == shape) return value;
    return user_error("input {} has shape {}, the node needs {}", i, to_string(shape_of(value)), to_string(shape));
  }
  BMNET_ASSIGN(Tensor tensor, parameters_.take(operands_[i].parameter, shape));
  return graph().constant(operands_[i].parameter, std::move(tensor));
}

std::optional<Shape> Call::stored_shape(size_t i) const {
  if (!has(i)) return std::nullopt;
  if (operands_[i].value) return shape_of(*operands_[i].value);
  if (parameters_.has(operands_[i].parameter)) return parameters_.tensor(operands_[i].parameter).shape();
  return std::nullopt;
}

}  // namespace bmnet::frontend::mxnet
