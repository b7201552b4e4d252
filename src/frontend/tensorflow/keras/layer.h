// One call of a Keras layer on its way into the network: what a conversion function sees. Layers become TensorFlow's
// operators, as Keras itself makes them, so that layouts are carried through as for any graph; where the network has
// a nearer operator (recurrent layers, normalisations) they become that.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/emitter.h"
#include "frontend/tensorflow/importer.h"
#include "frontend/tensorflow/keras/network.h"
#include "frontend/tensorflow/keras/weights.h"

namespace bmnet::frontend::tensorflow::keras {

class Layer;

// One row of the mapping table.
struct Row {
  std::string_view name;  // of the layer's class
  int min_inputs, max_inputs;
  std::string_view attributes;  // entries of the configuration that count, for --list_ops
  Result<Values> (*convert)(Layer& layer);
  std::string_view kind;     // for conversion functions that serve several rows
  std::string_view becomes;  // nn operators, for --list_ops
  std::string_view remark;   // limits; of refused layers the reason
};

// What a layer is called on: an argument is tensors or a constant.
struct Operand {
  Values tensors;
  const Json* constant = nullptr;
};
struct Operands {
  std::vector<Operand> positional;
  std::map<std::string, Operand, std::less<>> keywords;
  Values tensors() const;  // of all positional ones
};

// Converts any layer; layers inside of layers (Bidirectional, TimeDistributed, models) go through it.
class LayerConverter {
 public:
  virtual ~LayerConverter() = default;
  // `name` is that of the results.
  virtual Result<Values> convert(const LayerEntry& entry, const std::string& name, const Operands& operands,
                                 const Weights& weights) = 0;
  virtual Importer& importer() = 0;
  // Major version of the Keras that saved the model, and whether it was TensorFlow 2's.
  virtual int version() const = 0;
  virtual bool is_tensorflow_2() const = 0;
};

class Layer {
 public:
  Layer(LayerConverter& converter, const Row& row, const LayerEntry& entry, std::string name, const Operands& operands,
        const Weights& weights)
      : converter(converter),
        config(*entry.config),
        emitter(converter.importer().builder(), name, {name}),
        row_(row),
        name_(std::move(name)),
        operands_(operands),
        inputs_(operands.tensors()),
        weights_(weights) {}

  std::string_view kind() const { return row_.kind; }
  std::string_view remark() const { return row_.remark; }
  const std::string& name() const { return name_; }
  const Operands& operands() const { return operands_; }
  // Null when it was not given; a constant None counts as not given.
  const Operand* keyword(std::string_view name) const;
  const Weights& weights() const { return weights_; }

  // ---- inputs, in the model's layout
  const Values& inputs() const { return inputs_; }
  const Value& input(size_t i = 0) const { return inputs_[i]; }
  Shape shape(const Value& value) const;
  Shape shape(size_t i = 0) const { return shape(inputs_[i]); }
  int64_t rank(size_t i = 0) const { return static_cast<int64_t>(shape(i).size()); }
  DType dtype(const Value& value) const { return emitter.dtype_of(value.id); }
  // The stored tensor in the model's layout, or channels first.
  Result<ValueId> plain(const Value& value) { return in_layout(value, false); }
  Result<ValueId> image(const Value& value) { return in_layout(value, true); }
  // data_format: channels_last (the default) or channels_first.
  bool channels_last() const { return config.text("data_format", "channels_last") != "channels_first"; }
  // The axis of the channels in a tensor of `rank` axes.
  int64_t channel_axis(int64_t rank) const { return channels_last() ? rank - 1 : 1; }
  // `axis` of the configuration, one or several, counted from the front.
  Result<Shape> axes(std::string_view name, Shape otherwise, int64_t rank) const;

  // ---- weights: constants of the network; -1 in a shape stands for any size
  Result<Tensor> weight(std::string_view role, const Shape& shape) const { return weights_.read(role, shape); }
  Result<Value> weight_value(std::string_view role, const Shape& shape);
  Value constant(Tensor tensor) { return {emitter.constant(std::move(tensor)), false}; }
  Value integers(const std::vector<int64_t>& values) { return {emitter.integers(values), false}; }
  Value integer(int64_t value) { return constant(Tensor::of<int64_t>({}, std::vector<int64_t>{value})); }

  // ---- TensorFlow's operators
  Result<Values> operators(std::string_view op, Values inputs, const op::Attributes& attributes = {});
  Result<Value> make(std::string_view op, Values inputs, const op::Attributes& attributes = {});
  Result<Value> reshape(const Value& x, const Shape& shape) { return make("Reshape", {x, integers(shape)}); }
  Result<Value> transpose(const Value& x, const Shape& permutation) {
    return make("Transpose", {x, integers(permutation)});
  }

  LayerConverter& converter;
  Config config;
  Emitter emitter;

 private:
  Result<ValueId> in_layout(const Value& value, bool channels_first);

  const Row& row_;
  std::string name_;
  const Operands& operands_;
  Values inputs_;
  const Weights& weights_;
  int operators_ = 0;
};

// The activation function that an entry of the configuration names (none: x itself).
Result<Value> activate(Layer& layer, const Value& x, std::string_view entry = "activation");

// A function of elements as the network has it.
struct Function {
  std::string_view name, kind;  // Keras' name, kind of nn.unary
  float alpha = 0, beta = 0;
};
// Errors: unknown, or no function of elements (softmax).
Result<Function> element_function(const Layer& layer, const std::string& name);
// The name that an entry states; a layer object in its place is an error.
Result<std::string> function_name(const Layer& layer, std::string_view entry, std::string_view otherwise);

// A layer that stands in the configuration of another: {"class_name": …, "config": …}. Errors: none stands there.
Result<LayerEntry> inner_layer(const Layer& layer, std::string_view entry);

// x + bias on the channel axis when the layer has a bias of `size` elements.
Result<Value> add_bias(Layer& layer, const Value& x, int64_t size);

// ---- the mapping table, one part per file
std::span<const Row> basic_rows();
std::span<const Row> window_rows();
std::span<const Row> norm_rows();
std::span<const Row> shape_rows();
std::span<const Row> merge_rows();
std::span<const Row> recurrent_rows();
std::span<const Row> attention_rows();
std::span<const Row> refused_rows();

// Null when the class is unknown.
const Row* find_row(std::string_view class_name);

}  // namespace bmnet::frontend::tensorflow::keras
