// One node on the TPU: the cheapest of its recipes, as a program of its own.
#pragma once

#include <string>

#include "op/graph.h"
#include "tile/program.h"

namespace bmnet::plan {

struct NodePlan {
  // Buffers: activations (Buffer::value tells which), scratch of the recipe, coefficients with their content.
  tile::Program program;
  std::string recipe;   // "conv", …
  uint64_t cycles = 0;  // estimate, the node alone
  int64_t slices = 0;
};

// Unsupported (with the node's name and the constraint) when the TPU cannot do it. `epilogue`: a unary node that takes
// the node's only result; both are done at once, and the plan writes the result of the second.
Result<NodePlan> plan_node(const op::Graph& graph, int32_t node, int32_t epilogue = -1);

// A node of pure renaming: its result is its operand's bytes under another shape.
bool is_alias(const op::Graph& graph, const op::Node& node);

// Constant tensors as DDR holds them: 32-bit words (i64 and bool become i32). Unsupported for other types.
Result<std::vector<uint8_t>> words_of(const Tensor& tensor);

}  // namespace bmnet::plan
