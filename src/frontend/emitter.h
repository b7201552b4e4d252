// One node of a model on its way into the network: emits the nn operators it becomes, names them and bounds their size.
// Shared by front ends whose nodes have named outputs.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/limits.h"
#include "nn/graph_builder.h"

namespace bmnet::frontend {

using ValueId = nn::GraphBuilder::ValueId;
using Values = std::vector<ValueId>;

// The result of a node that gives one value.
inline Result<Values> one(Result<ValueId> value) {
  return std::move(value).map([](ValueId id) { return Values{id}; });
}

class Emitter {
 public:
  // `outputs`: the names of the node's results; empty where the model leaves one out.
  Emitter(nn::GraphBuilder& graph, std::string node, std::vector<std::string> outputs,
          EmptyTensors empty = EmptyTensors::kRefused)
      : graph_(graph), node_(std::move(node)), outputs_(std::move(outputs)), empty_(empty) {}

  const std::string& node_name() const { return node_; }
  size_t output_count() const { return outputs_.size(); }
  nn::GraphBuilder& graph() { return graph_; }

  // ---- what is known of a value; references hold as long as the graph
  const Shape& shape_of(ValueId value) const { return graph_.info(value).shape; }
  int64_t rank_of(ValueId value) const { return static_cast<int64_t>(graph_.info(value).shape.size()); }
  DType dtype_of(ValueId value) const { return graph_.info(value).dtype; }
  // Null when the value is only known at run time.
  const Tensor* constant_of(ValueId value) const { return graph_.constant_value(value); }
  // Elements of a value that must be known now; `what` names it in the error. Integers are tamed (frontend/limits.h);
  // they may be of any integer type or truth values.
  Result<std::vector<int64_t>> known_integers(ValueId value, std::string_view what) const;
  Result<std::vector<float>> known_numbers(ValueId value, std::string_view what) const;
  // The same where one element is expected.
  Result<int64_t> known_integer(ValueId value, std::string_view what) const;
  Result<float> known_number(ValueId value, std::string_view what) const;
  // `axis` counted from the front; an error when it does not lie in [-rank, rank).
  static Result<int64_t> normal_axis(int64_t axis, int64_t rank);
  // The same for several: sorted and distinct.
  static Result<std::vector<int64_t>> normal_axes(std::vector<int64_t> axes, int64_t rank);

  // ---- emitting: make for intermediate values, finish for the node's result number `output`
  Result<ValueId> make(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs);
  Result<ValueId> make(std::string_view op, op::Attributes attributes, std::initializer_list<ValueId> inputs) {
    return make(op, std::move(attributes), std::span(inputs.begin(), inputs.size()));
  }
  Result<ValueId> finish(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                         size_t output = 0);
  Result<ValueId> finish(std::string_view op, op::Attributes attributes, std::initializer_list<ValueId> inputs,
                         size_t output = 0) {
    return finish(op, std::move(attributes), std::span(inputs.begin(), inputs.size()), output);
  }
  // Operators with several results: all intermediate, or the first `results` outputs of the node.
  Result<Values> make_all(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                          size_t results);
  Result<Values> finish_all(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                            size_t results);

  ValueId constant(Tensor tensor);
  template <typename T>
  ValueId constant(Shape shape, const std::vector<T>& values) {
    return constant(Tensor::of<T>(std::move(shape), std::span<const T>(values)));
  }
  ValueId integers(const std::vector<int64_t>& values);
  // A tensor of `value` everywhere. Errors: absurd size, a type that constants cannot have.
  Result<ValueId> filled(DType dtype, Shape shape, double value);
  Result<ValueId> scalar(DType dtype, double value) { return filled(dtype, {}, value); }

  // ---- short forms of make; those that would change nothing give their operand
  Result<ValueId> unary(std::string_view kind, ValueId x, float alpha = 0, float beta = 0);
  Result<ValueId> linear(ValueId x, float scale, float shift);
  Result<ValueId> binary(std::string_view kind, ValueId a, ValueId b);
  Result<ValueId> reshape(ValueId x, Shape shape);
  Result<ValueId> transpose(ValueId x, Shape permutation);
  Result<ValueId> cast(ValueId x, DType dtype);
  Result<ValueId> broadcast(ValueId x, Shape shape);
  // `size` elements of `axis` from `start` in steps of `step`.
  Result<ValueId> slice(ValueId x, int64_t axis, int64_t start, int64_t size, int64_t step = 1);

 private:
  Result<Values> create(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                        std::span<const std::string> names);
  Result<const Tensor*> known(ValueId value, std::string_view what) const;
  std::string part_name(std::string_view what);

  nn::GraphBuilder& graph_;
  std::string node_;
  std::vector<std::string> outputs_;
  EmptyTensors empty_;
  int parts_ = 0;
};

}  // namespace bmnet::frontend
