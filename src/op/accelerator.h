// A faster way to run the nodes of one graph, behind an interface, so that the interpreter needs no library for it.
#pragma once

#include <vector>

#include "op/graph.h"

namespace bmnet::op {

// Nodes run together: a fused group, or a single node. `nodes` are indices into Graph::nodes, in order.
struct Step {
  std::vector<size_t> nodes;
  std::vector<ValueId> inputs;   // without constants the step has taken over
  std::vector<ValueId> outputs;  // values inside a fused group are never seen
  bool fast = false;             // run by the accelerator
};

// Prepared for one graph and used by one thread. Keeps the values it computes in layouts of its own; a value goes in
// by put and comes out by get.
class Accelerator {
 public:
  virtual ~Accelerator() = default;
  // All nodes of the graph, each in one step, in an order of execution.
  virtual const std::vector<Step>& steps() const = 0;
  // Runs a fast step; its inputs are inside, its outputs are inside afterwards.
  virtual Status run(size_t step) = 0;
  virtual void put(ValueId value, const Tensor& tensor) = 0;
  virtual Result<Tensor> get(ValueId value) = 0;
  virtual void drop(ValueId value) = 0;
};

// One step a node, none fast.
std::vector<Step> plain_steps(const Graph& graph);

}  // namespace bmnet::op
