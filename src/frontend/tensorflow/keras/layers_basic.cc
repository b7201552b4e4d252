// Dense layers, activations, and what does nothing at inference.
#include <cmath>
#include <limits>

#include "frontend/tensorflow/keras/layer.h"

namespace bmnet::frontend::tensorflow::keras {
namespace {

constexpr float kHighest = std::numeric_limits<float>::max();

Result<Value> unary(Layer& layer, const Value& x, std::string_view kind, float alpha = 0, float beta = 0) {
  BMNET_ASSIGN(const ValueId id,
               layer.emitter.finish("unary", {{"kind", std::string(kind)}, {"alpha", alpha}, {"beta", beta}}, {x.id}));
  return Value{id, x.channels_first};
}

Result<Values> nothing(Layer& layer) { return layer.inputs(); }
Result<Values> refuse(Layer& layer) { return unsupported("{}", layer.remark()); }

Result<Values> dense(Layer& layer) {
  const int64_t units = layer.config.integer("units", -1);
  const Shape shape = layer.shape();
  if (shape.size() < 2) return user_error("a tensor of shape {}; a batch and features are expected", to_string(shape));
  BMNET_ASSIGN(const Value kernel, layer.weight_value("kernel", {shape.back(), units}));
  BMNET_ASSIGN(const Value product,
               layer.make(shape.size() == 2 ? "MatMul" : "BatchMatMulV2", {layer.input(), kernel}));
  Value y = product;
  if (layer.config.flag("use_bias", true)) {
    BMNET_ASSIGN(const Value bias, layer.weight_value("bias", {units}));
    BMNET_ASSIGN(y, layer.make("BiasAdd", {product, bias}));
  }
  BMNET_ASSIGN(y, activate(layer, y));
  return Values{y};
}

Result<Values> activation(Layer& layer) {
  BMNET_ASSIGN(const Value y, activate(layer, layer.input()));
  return Values{y};
}

// max_value where x is beyond it, negative_slope * (x - threshold) up to the threshold.
Result<Values> relu(Layer& layer) {
  const float slope = layer.config.number("negative_slope", 0), threshold = layer.config.number("threshold", 0);
  const float highest = layer.config.number("max_value", kHighest);
  const bool limited = layer.config.has("max_value");
  const Value& x = layer.input();
  Value y = x;
  if (threshold == 0) {
    if (slope == 0 && limited) {
      BMNET_ASSIGN(y, unary(layer, x, "clip", 0, highest));
      return Values{y};
    }
    BMNET_ASSIGN(y.id, layer.emitter.unary(slope == 0 ? "relu" : "leaky_relu", x.id, slope));
  } else if (slope == 0) {
    BMNET_ASSIGN(y.id, layer.emitter.unary("thresholded_relu", x.id, threshold));
  } else {
    BMNET_ASSIGN(const ValueId limit, layer.emitter.filled(DType::kF32, {}, threshold));
    BMNET_ASSIGN(const ValueId beyond, layer.emitter.make("compare", {{"kind", std::string("gt")}}, {x.id, limit}));
    BMNET_ASSIGN(const ValueId below, layer.emitter.linear(x.id, slope, -slope * threshold));
    BMNET_ASSIGN(const ValueId chosen, layer.emitter.make("select", {}, {beyond, x.id, below}));
    y = {chosen, x.channels_first};
  }
  if (limited) {
    BMNET_ASSIGN(y, unary(layer, y, "clip", -kHighest, highest));
  }
  return Values{y};
}

Result<Values> leaky_relu(Layer& layer) {
  const float slope = layer.config.number(layer.config.has("negative_slope") ? "negative_slope" : "alpha", 0.3f);
  BMNET_ASSIGN(const Value y, unary(layer, layer.input(), "leaky_relu", slope));
  return Values{y};
}
Result<Values> elu(Layer& layer) {
  BMNET_ASSIGN(const Value y, unary(layer, layer.input(), "elu", layer.config.number("alpha", 1)));
  return Values{y};
}
Result<Values> thresholded_relu(Layer& layer) {
  BMNET_ASSIGN(const Value y, unary(layer, layer.input(), "thresholded_relu", layer.config.number("theta", 1)));
  return Values{y};
}

// The slopes have the shape of a sample, 1 on shared axes (which count the batch).
Result<Values> prelu(Layer& layer) {
  Shape shape = layer.shape();
  BMNET_ASSIGN(const Shape shared, layer.axes("shared_axes", {}, layer.rank()));
  for (const int64_t axis : shared) shape[axis] = 1;
  shape.erase(shape.begin());
  BMNET_ASSIGN(const Value slopes, layer.weight_value("alpha", shape));
  BMNET_ASSIGN(const Value slope, layer.make("bmnet.Like", {slopes, layer.input()}));
  BMNET_ASSIGN(const ValueId y, layer.emitter.finish("prelu", {}, {layer.input().id, slope.id}));
  return Values{{y, layer.input().channels_first}};
}

Result<Values> softmax(Layer& layer) {
  BMNET_ASSIGN(const Shape axes, layer.axes("axis", {-1}, layer.rank()));
  if (axes.size() != 1) return unsupported("softmax over several axes");
  Value x = layer.input();
  if (axes[0] == layer.rank() - 1) {
    BMNET_ASSIGN(const Value y, layer.make("Softmax", {x}));
    return Values{y};
  }
  BMNET_ASSIGN(const ValueId plain, layer.plain(x));
  BMNET_ASSIGN(const ValueId y, layer.emitter.finish("softmax", {{"axis", axes[0]}}, {plain}));
  return Values{{y, false}};
}

// Rows of a table by integers, which older versions take as floats.
Result<Values> embedding(Layer& layer) {
  if (layer.config.flag("mask_zero", false))
    return unsupported("mask_zero: later layers would skip masked steps; save the model without the mask");
  const int64_t rows = layer.config.integer("input_dim", -1), width = layer.config.integer("output_dim", -1);
  BMNET_ASSIGN(const Value table, layer.weight_value("embeddings", {rows, width}));
  BMNET_ASSIGN(const ValueId plain, layer.plain(layer.input()));
  ValueId indices = plain;
  if (layer.dtype(layer.input()) == DType::kF32) {
    BMNET_ASSIGN(indices, layer.emitter.cast(plain, DType::kI32));
  }
  BMNET_ASSIGN(const Value y, layer.make("GatherV2", {table, {indices, false}, layer.integer(0)}));
  return Values{y};
}

// One number for all, or one for each channel.
Result<Values> rescaling(Layer& layer) {
  const std::vector<float> scales = layer.config.numbers("scale"), offsets = layer.config.numbers("offset");
  Value y = layer.input();
  if (layer.dtype(y) != DType::kF32) {
    BMNET_ASSIGN(const ValueId floats, layer.emitter.cast(y.id, DType::kF32));
    y.id = floats;
  }
  const float scale = scales.size() == 1 ? scales[0] : 1, offset = offsets.size() == 1 ? offsets[0] : 0;
  if (scales.size() <= 1 && offsets.size() <= 1) {
    BMNET_ASSIGN(y, unary(layer, y, "linear", scale, offset));
    return Values{y};
  }
  for (const auto& [op, numbers] : {std::pair{"Mul", &scales}, std::pair{"AddV2", &offsets}}) {
    if (numbers->empty()) continue;
    const Value operand = layer.constant(Tensor::of<float>({static_cast<int64_t>(numbers->size())}, *numbers));
    BMNET_ASSIGN(y, layer.make(op, {y, operand}));
  }
  return Values{y};
}

// (x - mean) / max(sqrt(variance), 1e-7), both along the kept axes.
Result<Values> normalization(Layer& layer) {
  constexpr float kLeast = 1e-7f;
  Shape shape, kept_shape;
  if (layer.config.has("axis")) {
    BMNET_ASSIGN(const Shape kept, layer.axes("axis", {-1}, layer.rank()));
    shape.assign(static_cast<size_t>(layer.rank()), 1);
    for (const int64_t axis : kept) kept_shape.push_back(shape[axis] = layer.shape()[axis]);
  }
  const int64_t count = element_count(shape);
  std::vector<float> mean = layer.config.numbers("mean"), variance = layer.config.numbers("variance");
  if (mean.empty()) {
    for (auto [role, numbers] : {std::pair{"mean", &mean}, std::pair{"variance", &variance}}) {
      BMNET_ASSIGN(const Tensor tensor, layer.weight(role, kept_shape));
      numbers->assign(tensor.data<float>().begin(), tensor.data<float>().end());
    }
  }
  for (std::vector<float>* numbers : {&mean, &variance}) {
    if (numbers->size() == 1) numbers->resize(static_cast<size_t>(count), numbers->front());
    if (static_cast<int64_t>(numbers->size()) != count)
      return user_error("{} means or variances for {} elements", numbers->size(), count);
  }
  std::vector<float> scale;
  for (const float v : variance) scale.push_back(1 / std::max(std::sqrt(v), kLeast));
  if (layer.config.flag("invert", false)) return unsupported("invert; use a Rescaling layer");
  BMNET_ASSIGN(const Value centered,
               layer.make("Sub", {layer.input(), layer.constant(Tensor::of<float>(shape, mean))}));
  BMNET_ASSIGN(const Value y, layer.make("Mul", {centered, layer.constant(Tensor::of<float>(shape, scale))}));
  return Values{y};
}

// clang-format off
constexpr Row kRows[] = {
    {"Activation", 1, 1, "activation", activation, "", "unary softmax", ""},
    {"ActivityRegularization", 1, 1, "", nothing, "", "", ""},
    {"AlphaDropout", 1, 1, "", nothing, "", "", ""},
    {"Dense", 1, 1, "units activation use_bias", dense, "", "matmul", ""},
    {"Dropout", 1, 1, "", nothing, "", "", ""},
    {"ELU", 1, 1, "alpha", elu, "", "unary", ""},
    {"Embedding", 1, 1, "input_dim output_dim mask_zero", embedding, "", "gather", "without mask_zero"},
    {"GaussianDropout", 1, 1, "", nothing, "", "", ""},
    {"GaussianNoise", 1, 1, "", nothing, "", "", ""},
    {"Identity", 1, 1, "", nothing, "", "", ""},
    {"LeakyReLU", 1, 1, "alpha negative_slope", leaky_relu, "", "unary", ""},
    {"Normalization", 1, 1, "axis mean variance", normalization, "", "binary", ""},
    {"PReLU", 1, 1, "shared_axes", prelu, "", "prelu", ""},
    {"RandomBrightness", 1, 1, "", nothing, "", "", ""},
    {"RandomContrast", 1, 1, "", nothing, "", "", ""},
    {"RandomFlip", 1, 1, "", nothing, "", "", ""},
    {"RandomHeight", 1, 1, "", nothing, "", "", ""},
    {"RandomRotation", 1, 1, "", nothing, "", "", ""},
    {"RandomTranslation", 1, 1, "", nothing, "", "", ""},
    {"RandomWidth", 1, 1, "", nothing, "", "", ""},
    {"RandomZoom", 1, 1, "", nothing, "", "", ""},
    {"ReLU", 1, 1, "max_value negative_slope threshold", relu, "", "unary", ""},
    {"Rescaling", 1, 1, "scale offset", rescaling, "", "unary", ""},
    {"Softmax", 1, 1, "axis", softmax, "", "softmax", ""},
    {"SpatialDropout1D", 1, 1, "", nothing, "", "", ""},
    {"SpatialDropout2D", 1, 1, "", nothing, "", "", ""},
    {"SpatialDropout3D", 1, 1, "", nothing, "", "", ""},
    {"ThresholdedReLU", 1, 1, "theta", thresholded_relu, "", "unary", ""},
};

#define BMNET_REFUSED(name, reason) {name, 0, kAny, "", refuse, "", "nothing", reason}
constexpr Row kRefused[] = {
    BMNET_REFUSED("CategoryEncoding", "tables of words and numbers are for the host; feed the network behind it"),
    BMNET_REFUSED("ConvLSTM1D", "recurrent convolutions cannot be compiled; unroll them"),
    BMNET_REFUSED("ConvLSTM2D", "recurrent convolutions cannot be compiled; unroll them"),
    BMNET_REFUSED("ConvLSTM3D", "recurrent convolutions cannot be compiled; unroll them"),
    BMNET_REFUSED("CuDNNGRU", "weights in cuDNN's form; load them into a GRU layer and save the model again"),
    BMNET_REFUSED("CuDNNLSTM", "weights in cuDNN's form; load them into an LSTM layer and save the model again"),
    BMNET_REFUSED("Discretization", "tables of words and numbers are for the host; feed the network behind it"),
    BMNET_REFUSED("Hashing", "tables of words and numbers are for the host; feed the network behind it"),
    BMNET_REFUSED("IntegerLookup", "tables of words and numbers are for the host; feed the network behind it"),
    BMNET_REFUSED("Lambda", "its function is Python code; use layers, or save the model as a SavedModel"),
    BMNET_REFUSED("LocallyConnected1D", "weights that differ from place to place; use a convolution"),
    BMNET_REFUSED("LocallyConnected2D", "weights that differ from place to place; use a convolution"),
    BMNET_REFUSED("Masking", "later layers would skip masked steps; feed sequences of full length and save the model without the mask"),
    BMNET_REFUSED("RandomCrop", "its result depends on chance; use CenterCrop"),
    BMNET_REFUSED("StringLookup", "tables of words and numbers are for the host; feed the network behind it"),
    BMNET_REFUSED("TensorFlowOpLayer", "it wraps a node of a graph; save the model as a SavedModel"),
    BMNET_REFUSED("TextVectorization", "tables of words and numbers are for the host; feed the network behind it"),
};
#undef BMNET_REFUSED
// clang-format on

}  // namespace

std::span<const Row> basic_rows() { return kRows; }
std::span<const Row> refused_rows() { return kRefused; }

}  // namespace bmnet::frontend::tensorflow::keras
