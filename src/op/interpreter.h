// Runs a graph on the host: the arbiter of what a network computes (reference kernels), or fast (an Accelerator, see
// op/host/host.h).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/npz.h"
#include "op/accelerator.h"
#include "op/graph.h"
#include "op/op.h"

namespace bmnet::op {

struct RunHooks {
  // Called with every input and every computed value, in order of execution; an error ends the run. Values inside a
  // group an accelerator has fused do not appear: prepare it to observe every value.
  std::function<Status(ValueId, const Tensor&)> on_value;
  std::function<void(size_t done, size_t total)> on_progress;  // in nodes
};

class Interpreter {
 public:
  // Checks that every node's operands exist and that the recorded types are those its operator infers. `graph` must
  // outlive the interpreter; `accelerator`, when given, was prepared for it.
  static Result<Interpreter> create(const Graph& graph, std::unique_ptr<Accelerator> accelerator = nullptr);

  // Results in the order of Graph::outputs. `inputs` are found by name; each input of the graph must be there with its
  // type and shape. Values are freed after their last use. May be called again and again.
  Result<std::vector<Tensor>> run(std::span<const NamedTensor> inputs, const RunHooks& hooks = {});

  // How many nodes the accelerator runs.
  size_t fast_node_count() const;

 private:
  struct Values;
  Interpreter(const Graph& graph, std::unique_ptr<Accelerator> accelerator)
      : graph_(&graph), accelerator_(std::move(accelerator)) {}
  Status check_nodes();
  void plan_frees();
  Status bind_inputs(std::span<const NamedTensor> inputs, const RunHooks& hooks, Values& values);
  Status run_step(size_t step, Values& values);
  Status run_node(const Node& node, const OpSpec& spec, Values& values);
  Result<Tensor> plain(ValueId value, Values& values);
  Status report(const Step& step, const RunHooks& hooks, Values& values);

  const Graph* graph_;
  std::unique_ptr<Accelerator> accelerator_;
  std::vector<Step> steps_;
  std::vector<const OpSpec*> specs_;                   // by node
  std::vector<std::vector<ValueId>> dead_after_step_;  // by step
};

// All inputs by name, one call.
Result<std::vector<Tensor>> interpret(const Graph& graph, std::span<const NamedTensor> inputs,
                                      const RunHooks& hooks = {});

}  // namespace bmnet::op
