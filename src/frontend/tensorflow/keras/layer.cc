#include "frontend/tensorflow/keras/layer.h"

#include <algorithm>

namespace bmnet::frontend::tensorflow::keras {
namespace {

// The functions that are the same in every version of Keras.
constexpr Function kFunctions[] = {
    {"linear", "linear", 1, 0},
    {"relu", "relu"},
    {"relu6", "clip", 0, 6},
    {"elu", "elu", 1},
    {"celu", "celu", 1},
    {"selu", "selu", 1.67326324235437728f, 1.05070098735548049f},
    {"softplus", "softplus", 1},
    {"softsign", "softsign"},
    {"tanh", "tanh"},
    {"sigmoid", "sigmoid"},
    {"log_sigmoid", "log_sigmoid"},
    {"exponential", "exp"},
    {"exp", "exp"},
    {"swish", "silu"},
    {"silu", "silu"},
    {"gelu", "gelu"},
    {"mish", "mish"},
    {"leaky_relu", "leaky_relu", 0.2f},
    {"hard_swish", "hard_swish"},
    {"hard_silu", "hard_swish"},
    {"hard_tanh", "clip", -1, 1},
    {"square", "square"},
    {"abs", "abs"},
};

void set(const op::Attribute& value, tensorflow_file::AttrValue& attribute) {
  if (const auto* flag = std::get_if<bool>(&value)) attribute.set_b(*flag);
  if (const auto* integer = std::get_if<int64_t>(&value)) attribute.set_i(*integer);
  if (const auto* number = std::get_if<float>(&value)) attribute.set_f(*number);
  if (const auto* text = std::get_if<std::string>(&value)) attribute.set_s(*text);
  if (const auto* list = std::get_if<std::vector<int64_t>>(&value)) {
    attribute.mutable_list();
    for (const int64_t integer : *list) attribute.mutable_list()->add_i(integer);
  }
}

}  // namespace

Values Operands::tensors() const {
  Values all;
  for (const Operand& operand : positional) all.insert(all.end(), operand.tensors.begin(), operand.tensors.end());
  return all;
}

const Operand* Layer::keyword(std::string_view name) const {
  const auto found = operands_.keywords.find(name);
  if (found == operands_.keywords.end()) return nullptr;
  const Operand& operand = found->second;
  return operand.tensors.empty() && (!operand.constant || operand.constant->is_null()) ? nullptr : &operand;
}

Shape Layer::shape(const Value& value) const {
  const Shape stored = emitter.shape_of(value.id);
  if (!value.channels_first) return stored;
  Shape shape;
  for (const int64_t place : channels_first_places(static_cast<int64_t>(stored.size()))) shape.push_back(stored[place]);
  return shape;
}

Result<ValueId> Layer::in_layout(const Value& value, bool channels_first) {
  if (channels_first && emitter.rank_of(value.id) < 3)
    return user_error("an image is expected, not a tensor of shape {}", to_string(shape(value)));
  return converter.importer().in_layout(value, channels_first);
}

Result<Shape> Layer::axes(std::string_view name, Shape otherwise, int64_t rank) const {
  Shape given = config.integers(name);
  return Emitter::normal_axes(given.empty() ? std::move(otherwise) : std::move(given), rank);
}

Result<Value> Layer::weight_value(std::string_view role, const Shape& shape) {
  BMNET_ASSIGN(Tensor tensor, weight(role, shape));
  return Value{emitter.graph().constant(fmt::format("{}/{}", name_, role), std::move(tensor)), false};
}

Result<Values> Layer::operators(std::string_view op, Values inputs, const op::Attributes& attributes) {
  tensorflow_file::NodeDef node;
  node.set_op(std::string(op));
  std::string name = fmt::format("{}/{}", name_, op.substr(op.rfind('.') + 1));
  node.set_name(operators_ ? fmt::format("{}_{}", name, operators_) : name);
  ++operators_;
  for (const auto& [key, value] : attributes) set(value, (*node.mutable_attr())[key]);
  return converter.importer().apply(node, std::move(inputs));
}

Result<Value> Layer::make(std::string_view op, Values inputs, const op::Attributes& attributes) {
  BMNET_ASSIGN(const Values results, operators(op, std::move(inputs), attributes));
  return results.front();
}

Result<std::string> function_name(const Layer& layer, std::string_view entry, std::string_view otherwise) {
  const Json* given = layer.config.entry(entry);
  if (!given) return std::string(otherwise);
  if (given->is_string()) return given->get<std::string>();
  // {"class_name": "function", "config": "relu6"}
  const Json *class_name = find(*given, "class_name"), *config = find(*given, "config");
  if (class_name && class_name->is_string() && config) {
    if (config->is_string()) return config->get<std::string>();
    return unsupported("'{}' is a layer of class {}; put it behind as a layer of its own", entry,
                       class_name->get<std::string>());
  }
  return user_error("'{}' names no function", entry);
}

Result<Function> element_function(const Layer& layer, const std::string& name) {
  if (name == "hard_sigmoid")
    return layer.converter.version() >= 3 ? Function{"hard_sigmoid", "hard_sigmoid", 1.0f / 6, 0.5f}
                                          : Function{"hard_sigmoid", "hard_sigmoid", 0.2f, 0.5f};
  const auto found = std::ranges::find(kFunctions, std::string_view(name), &Function::name);
  if (found != std::end(kFunctions)) return *found;
  return unsupported("activation '{}' is not known", name);
}

Result<Value> activate(Layer& layer, const Value& x, std::string_view entry) {
  // A layer in the place of a function: Dense(activation=LeakyReLU()).
  const Json* given = layer.config.entry(entry);
  if (const Json* config = given ? find(*given, "config") : nullptr; config && config->is_object()) {
    BMNET_ASSIGN(const LayerEntry inner, inner_layer(layer, entry));
    const Operands operands{{{{x}, nullptr}}, {}};
    BMNET_ASSIGN(const Values results,
                 layer.converter.convert(inner, layer.name() + "/" + inner.name, operands, layer.weights()));
    return results.front();
  }
  BMNET_ASSIGN(const std::string name, function_name(layer, entry, "linear"));
  if (name == "linear") return x;
  if (name == "softmax") return layer.make("Softmax", {x});
  if (name == "log_softmax") return layer.make("LogSoftmax", {x});
  BMNET_ASSIGN(const Function function, element_function(layer, name));
  BMNET_ASSIGN(
      const ValueId id,
      layer.emitter.finish(
          "unary", {{"kind", std::string(function.kind)}, {"alpha", function.alpha}, {"beta", function.beta}}, {x.id}));
  return Value{id, x.channels_first};
}

Result<LayerEntry> inner_layer(const Layer& layer, std::string_view entry) {
  const Json* given = layer.config.entry(entry);
  const Json* class_name = given ? find(*given, "class_name") : nullptr;
  const Json* config = given ? find(*given, "config") : nullptr;
  if (!class_name || !class_name->is_string() || !config)
    return user_error("'{}' of its configuration is no layer", entry);
  const Json* name = find(*config, "name");
  const std::string kind = class_name->get<std::string>();
  return LayerEntry{kind, name && name->is_string() ? name->get<std::string>() : kind, config, {}};
}

Result<Value> add_bias(Layer& layer, const Value& x, int64_t size) {
  if (!layer.config.flag("use_bias", true)) return x;
  BMNET_ASSIGN(const Value bias, layer.weight_value("bias", {size}));
  return layer.make("BiasAdd", {x, bias}, {{"data_format", std::string(layer.channels_last() ? "NHWC" : "NCHW")}});
}

}  // namespace bmnet::frontend::tensorflow::keras
