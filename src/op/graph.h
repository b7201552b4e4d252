// A network as plain data: what the interpreter runs and the planner compiles. Nodes stand in execution order, every
// value is defined once, shapes are static. src/nn/to_graph.h makes it from the nn dialect.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "op/attributes.h"

namespace bmnet::op {

using ValueId = int32_t;  // index into Graph::values

struct Value {
  std::string name;  // as in the user's model
  TensorInfo info;
  std::optional<Tensor> constant;
};

struct Node {
  std::string op;    // name of an OpSpec
  std::string name;  // of the user's node, for diagnostics and reports
  Attributes attributes;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
};

struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;            // in the order of the user's model
  std::vector<ValueId> outputs;           // a value may stand twice, and may be an input or a constant
  std::vector<std::string> output_names;  // what the user calls outputs[i]; may differ from the value's own name
};

}  // namespace bmnet::op
