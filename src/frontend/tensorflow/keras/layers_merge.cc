// Layers of several tensors, and TensorFlow's functions as layers.
#include <algorithm>

#include "frontend/tensorflow/keras/layer.h"

namespace bmnet::frontend::tensorflow::keras {
namespace {

// Tensors of fewer axes get axes of size 1 behind the batch.
Result<Values> of_one_rank(Layer& layer) {
  size_t rank = 0;
  for (const Value& value : layer.inputs()) rank = std::max(rank, layer.shape(value).size());
  Values values;
  for (const Value& value : layer.inputs()) {
    Shape shape = layer.shape(value);
    if (shape.size() == rank || shape.empty()) {
      values.push_back(value);
      continue;
    }
    shape.insert(shape.begin() + 1, rank - shape.size(), 1);
    BMNET_ASSIGN(const Value wide, layer.reshape(value, shape));
    values.push_back(wide);
  }
  return values;
}

Result<Value> folded(Layer& layer, std::string_view op) {
  BMNET_ASSIGN(const Values values, of_one_rank(layer));
  Value result = values[0];
  for (size_t i = 1; i < values.size(); ++i) {
    BMNET_ASSIGN(result, layer.make(op, {result, values[i]}));
  }
  return result;
}

Result<Values> merge(Layer& layer) {
  BMNET_ASSIGN(const Value y, folded(layer, layer.kind()));
  return Values{y};
}

Result<Values> average(Layer& layer) {
  BMNET_ASSIGN(const Value sum, folded(layer, "AddV2"));
  const float share = 1.0f / static_cast<float>(layer.inputs().size());
  BMNET_ASSIGN(const ValueId y,
               layer.emitter.finish("unary", {{"kind", std::string("linear")}, {"alpha", share}}, {sum.id}));
  return Values{{y, sum.channels_first}};
}

Result<Values> concatenate(Layer& layer) {
  Values operands = layer.inputs();
  operands.push_back(layer.integer(layer.config.integer("axis", -1)));
  BMNET_ASSIGN(const Value y, layer.make("ConcatV2", std::move(operands)));
  return Values{y};
}

// Sum of products along one axis of each; the batch stays.
Result<Values> dot(Layer& layer) {
  Shape axes = layer.config.integers("axes");
  if (axes.size() == 1) axes.push_back(axes[0]);
  if (axes.size() != 2) return unsupported("axes [{}]; one of each tensor is supported", fmt::join(axes, ","));
  Values operands;
  bool flat[2];
  for (size_t i = 0; i < 2; ++i) {
    const Shape shape = layer.shape(i);
    if (shape.size() != 2 && shape.size() != 3)
      return unsupported("a tensor of shape {}; 2 or 3 axes are supported", to_string(shape));
    BMNET_ASSIGN(axes[i], Emitter::normal_axis(axes[i], layer.rank(i)));
    if (axes[i] == 0) return unsupported("products along the batch");
    Value x = layer.input(i);
    if (layer.config.flag("normalize", false)) {
      BMNET_ASSIGN(const ValueId plain, layer.plain(x));
      BMNET_ASSIGN(const ValueId unit,
                   layer.emitter.make("lp_normalize", {{"axes", Shape{axes[i]}}, {"floor", 1e-6f}}, {plain}));
      x = {unit, false};
    }
    flat[i] = shape.size() == 2;
    if (flat[i]) {  // a row, a column
      BMNET_ASSIGN(x, layer.reshape(x, i == 0 ? Shape{shape[0], 1, shape[1]} : Shape{shape[0], shape[1], 1}));
      axes[i] = i == 0 ? 2 : 1;
    }
    operands.push_back(x);
  }
  BMNET_ASSIGN(Value y, layer.make("BatchMatMulV2", operands, {{"adj_x", axes[0] == 1}, {"adj_y", axes[1] == 2}}));
  const Shape shape = layer.shape(y);
  if (flat[0] && flat[1]) {
    BMNET_ASSIGN(y, layer.reshape(y, {shape[0], 1}));
  } else if (flat[0] || flat[1]) {
    BMNET_ASSIGN(y, layer.reshape(y, {shape[0], shape[flat[0] ? 2 : 1]}));
  }
  return Values{y};
}

// ---- tf.add(x, 3.0) and the like, which functional models hold as layers

struct TensorFunction {
  std::string_view name, op;
};
constexpr TensorFunction kBinary[] = {
    {"__operators__.add", "AddV2"},
    {"math.add", "AddV2"},
    {"math.subtract", "Sub"},
    {"__operators__.sub", "Sub"},
    {"math.multiply", "Mul"},
    {"__operators__.mul", "Mul"},
    {"math.divide", "RealDiv"},
    {"math.truediv", "RealDiv"},
    {"__operators__.truediv", "RealDiv"},
    {"math.maximum", "Maximum"},
    {"math.minimum", "Minimum"},
    {"math.pow", "Pow"},
    {"__operators__.pow", "Pow"},
    {"math.squared_difference", "SquaredDifference"},
};
constexpr TensorFunction kUnary[] = {
    {"nn.relu", "Relu"},         {"nn.relu6", "Relu6"},
    {"nn.elu", "Elu"},           {"nn.selu", "Selu"},
    {"nn.silu", "Swish"},        {"nn.swish", "Swish"},
    {"nn.sigmoid", "Sigmoid"},   {"math.sigmoid", "Sigmoid"},
    {"nn.tanh", "Tanh"},         {"math.tanh", "Tanh"},
    {"nn.softplus", "Softplus"}, {"math.softplus", "Softplus"},
    {"nn.softmax", "Softmax"},   {"math.exp", "Exp"},
    {"math.log", "Log"},         {"math.sqrt", "Sqrt"},
    {"math.rsqrt", "Rsqrt"},     {"math.square", "Square"},
    {"math.abs", "Abs"},         {"math.negative", "Neg"},
    {"identity", "Identity"},    {"stop_gradient", "StopGradient"},
    {"math.erf", "Erf"},         {"math.floor", "Floor"},
};
constexpr TensorFunction kReduce[] = {
    {"math.reduce_mean", "Mean"}, {"math.reduce_sum", "Sum"},   {"math.reduce_max", "Max"},
    {"math.reduce_min", "Min"},   {"math.reduce_prod", "Prod"},
};

const TensorFunction* find_function(std::span<const TensorFunction> table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &TensorFunction::name);
  return found == table.end() ? nullptr : &*found;
}

// The argument with that name, or argument `i` (lists of tensors count one each); null when it was not given.
const Operand* argument(const Layer& layer, size_t i, std::string_view name) {
  if (const Operand* keyword = layer.keyword(name)) return keyword;
  return i < layer.operands().positional.size() ? &layer.operands().positional[i] : nullptr;
}

Result<Value> tensor_argument(Layer& layer, size_t i, std::string_view name, DType dtype) {
  const Operand* operand = argument(layer, i, name);
  if (!operand) return user_error("argument '{}' is missing", name);
  if (operand->tensors.size() == 1) return operand->tensors[0];
  if (!operand->constant || !operand->constant->is_number())
    return unsupported("argument '{}' is neither a tensor nor a number", name);
  BMNET_ASSIGN(const ValueId id, layer.emitter.filled(dtype, {}, operand->constant->get<double>()));
  return Value{id, false};
}

Result<std::vector<int64_t>> integer_argument(const Layer& layer, size_t i, std::string_view name) {
  const Operand* operand = argument(layer, i, name);
  std::vector<int64_t> values;
  if (operand && operand->constant && operand->constant->is_number_integer()) return {{integer_of(*operand->constant)}};
  if (!operand || !operand->constant || !operand->constant->is_array())
    return unsupported("argument '{}' is not given as constant integers", name);
  for (const Json& item : *operand->constant) {
    if (!item.is_number_integer()) return unsupported("argument '{}' is not given as constant integers", name);
    values.push_back(integer_of(item));
  }
  return values;
}

Result<Values> tensor_function(Layer& layer) {
  const std::string name = layer.config.text("function", "");
  DType dtype = DType::kF32;
  if (!layer.inputs().empty()) dtype = layer.dtype(layer.input());
  if (const TensorFunction* binary = find_function(kBinary, name)) {
    BMNET_ASSIGN(const Value x, tensor_argument(layer, 0, "x", dtype));
    BMNET_ASSIGN(const Value y, tensor_argument(layer, 1, "y", dtype));
    return layer.operators(binary->op, {x, y});
  }
  BMNET_ASSIGN(const Value x, tensor_argument(layer, 0, "x", dtype));
  if (const TensorFunction* unary = find_function(kUnary, name)) return layer.operators(unary->op, {x});
  if (const TensorFunction* reduce = find_function(kReduce, name)) {
    BMNET_ASSIGN(const std::vector<int64_t> axes, integer_argument(layer, 1, "axis"));
    const Operand* keep = argument(layer, 2, "keepdims");
    const bool keeps = keep && keep->constant && keep->constant->is_boolean() && keep->constant->get<bool>();
    return layer.operators(reduce->op, {x, layer.integers(axes)}, {{"keep_dims", keeps}});
  }
  if (name == "reshape") {
    BMNET_ASSIGN(const std::vector<int64_t> shape, integer_argument(layer, 1, "shape"));
    return layer.operators("Reshape", {x, layer.integers(shape)});
  }
  if (name == "transpose" || name == "compat.v1.transpose") {
    BMNET_ASSIGN(const std::vector<int64_t> permutation, integer_argument(layer, 1, "perm"));
    return layer.operators("Transpose", {x, layer.integers(permutation)});
  }
  if (name == "expand_dims") {
    BMNET_ASSIGN(const std::vector<int64_t> axis, integer_argument(layer, 1, "axis"));
    return layer.operators("ExpandDims", {x, layer.integers(axis)});
  }
  if (name == "nn.depth_to_space" || name == "compat.v1.depth_to_space") {
    BMNET_ASSIGN(const std::vector<int64_t> block, integer_argument(layer, 1, "block_size"));
    return layer.operators("DepthToSpace", {x}, {{"block_size", block.empty() ? 0 : block[0]}});
  }
  return unsupported("function tf.{} cannot be compiled as a layer; save the model as a SavedModel", name);
}

Result<Values> tensor_concat(Layer& layer) {
  if (layer.config.text("function", "") != "concat") return tensor_function(layer);
  BMNET_ASSIGN(const std::vector<int64_t> axis, integer_argument(layer, 1, "axis"));
  Values operands = layer.operands().positional.empty() ? Values{} : layer.operands().positional[0].tensors;
  // Keras writes the list's tensors as arguments of their own.
  if (operands.size() < 2) operands = layer.inputs();
  if (axis.size() != 1 || operands.empty()) return user_error("nothing to join, or no axis");
  operands.push_back(layer.integer(axis[0]));
  return layer.operators("ConcatV2", std::move(operands));
}

// clang-format off
constexpr Row kRows[] = {
    {"Add", 1, kAny, "", merge, "AddV2", "binary", ""},
    {"Average", 1, kAny, "", average, "", "binary unary", ""},
    {"Concatenate", 1, kAny, "axis", concatenate, "", "concat", ""},
    {"Dot", 2, 2, "axes normalize", dot, "", "matmul", "2 or 3 axes"},
    {"Maximum", 1, kAny, "", merge, "Maximum", "binary", ""},
    {"Minimum", 1, kAny, "", merge, "Minimum", "binary", ""},
    {"Multiply", 1, kAny, "", merge, "Mul", "binary", ""},
    {"Subtract", 2, 2, "", merge, "Sub", "binary", ""},
    {"TFOpLambda", 0, kAny, "function", tensor_concat, "", "unary binary reduce reshape concat", "arithmetic, activations, reductions, shapes"},
};
// clang-format on

}  // namespace

std::span<const Row> merge_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow::keras
