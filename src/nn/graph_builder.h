// How front ends make a graph: operator by operator, checked at once, without seeing MLIR.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "nn/model.h"
#include "op/attributes.h"

namespace bmnet::nn {

class GraphBuilder {
 public:
  using ValueId = int32_t;

  explicit GraphBuilder(std::string graph_name);
  ~GraphBuilder();
  GraphBuilder(const GraphBuilder&) = delete;
  GraphBuilder& operator=(const GraphBuilder&) = delete;

  ValueId input(std::string name, TensorInfo info);
  // Shares the tensor's memory (copied only when it is not aligned for its type).
  ValueId constant(std::string name, Tensor tensor);

  // Appends a call of operator `op` (a mnemonic of src/nn/*.td). Attributes that have a default may be left out;
  // optional trailing inputs too. Checks every constraint of the operator and infers the results; an error begins with
  // the node's name. A call whose inputs are all constants becomes constants at once, evaluated by the reference
  // kernel: shape arithmetic of a model folds by itself.
  Result<std::vector<ValueId>> create(std::string_view op, std::string_view node_name, op::Attributes attributes,
                                      std::span<const ValueId> inputs, std::span<const std::string> output_names);
  // The same for an operator with one result.
  Result<ValueId> create1(std::string_view op, std::string_view node_name, op::Attributes attributes,
                          std::initializer_list<ValueId> inputs, std::string output_name);

  const TensorInfo& info(ValueId value) const;
  // The value's tensor when it is known now, else null. Valid until the builder goes.
  const Tensor* constant_value(ValueId value) const;
  const std::string& name(ValueId value) const;

  // Declares a network output. A value may be declared several times.
  Status output(std::string name, ValueId value);

  // The finished, verified model; the builder is empty afterwards.
  Result<Model> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bmnet::nn
