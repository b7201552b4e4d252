// The graph as the planner sees it: who makes and who reads each value, and what the values are called in the BModel.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "op/graph.h"

namespace bmnet::plan {

struct Network {
  explicit Network(const op::Graph& graph) : graph(graph) {}

  const op::Graph& graph;
  // By value.
  std::vector<int32_t> producer;  // node, or -1: an input or a constant
  std::vector<std::vector<int32_t>> consumers;
  std::vector<bool> is_input, is_output;
  std::vector<std::string> names;  // unique and not empty: sub-nets find tensors by name
  // By output.
  std::vector<std::string> output_names;
  std::vector<size_t> copied_outputs;  // outputs that are an input, a constant or an earlier output as well
};

// `graph` must outlive the result. Errors: unsupported when a value has no form in a BModel (rank above 8, an empty
// tensor, an unknown operator).
Result<Network> index_network(const op::Graph& graph);

}  // namespace bmnet::plan
