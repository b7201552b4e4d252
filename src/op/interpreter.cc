#include "op/interpreter.h"

#include <algorithm>

#include "op/check.h"

namespace bmnet::op {

std::vector<Step> plain_steps(const Graph& graph) {
  std::vector<Step> steps;
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    steps.push_back({{n}, graph.nodes[n].inputs, graph.nodes[n].outputs, false});
  return steps;
}

// Where the values of one run are: here, inside the accelerator, or both.
struct Interpreter::Values {
  explicit Values(size_t count) : tensors(count), here(count, false), inside(count, false) {}
  void set(ValueId value, Tensor tensor) {
    tensors[value] = std::move(tensor);
    here[value] = true;
  }

  std::vector<Tensor> tensors;
  std::vector<bool> here, inside;
};

Result<Interpreter> Interpreter::create(const Graph& graph, std::unique_ptr<Accelerator> accelerator) {
  Interpreter interpreter(graph, std::move(accelerator));
  BMNET_TRY(interpreter.check_nodes());
  interpreter.steps_ = interpreter.accelerator_ ? interpreter.accelerator_->steps() : plain_steps(graph);
  interpreter.plan_frees();
  return interpreter;
}

size_t Interpreter::fast_node_count() const {
  size_t count = 0;
  for (const Step& step : steps_) count += step.fast ? step.nodes.size() : 0;
  return count;
}

Status Interpreter::check_nodes() {
  const Graph& graph = *graph_;
  std::vector<bool> defined(graph.values.size(), false);
  const auto exists = [&](ValueId value) { return value >= 0 && static_cast<size_t>(value) < graph.values.size(); };
  for (ValueId value : graph.inputs) {
    if (!exists(value)) return bug("graph '{}' has an input that is no value", graph.name);
    defined[value] = true;
  }
  for (size_t v = 0; v < graph.values.size(); ++v)
    if (graph.values[v].constant) defined[v] = true;
  for (const Node& node : graph.nodes) {
    const OpSpec* spec = find(node.op);
    if (!spec) return bug("{}: operator '{}' is not defined", node.name, node.op);
    std::vector<TensorInfo> infos;
    for (ValueId value : node.inputs) {
      if (!exists(value) || !defined[value]) return bug("{}: an operand is not computed before it", node.name);
      infos.push_back(graph.values[value].info);
    }
    auto results = spec->infer(node.attributes, infos);
    if (!results) return with_context(node.name, std::move(results).error());
    if (results->size() != node.outputs.size())
      return bug("{}: {} results are named, the operator has {}", node.name, node.outputs.size(), results->size());
    for (size_t i = 0; i < results->size(); ++i) {
      if (!exists(node.outputs[i])) return bug("{}: a result is no value", node.name);
      const TensorInfo& recorded = graph.values[node.outputs[i]].info;
      if (recorded != (*results)[i])
        return bug("{}: result {} is recorded as {} {}, the operator gives {} {}", node.name, i,
                   dtype_name(recorded.dtype), to_string(recorded.shape), dtype_name((*results)[i].dtype),
                   to_string((*results)[i].shape));
      defined[node.outputs[i]] = true;
    }
    specs_.push_back(spec);
  }
  for (ValueId value : graph.outputs)
    if (!exists(value) || !defined[value]) return bug("graph '{}' has an output that nothing computes", graph.name);
  return {};
}

void Interpreter::plan_frees() {
  std::vector<bool> needed(graph_->values.size(), false);
  for (ValueId value : graph_->outputs) needed[value] = true;
  dead_after_step_.resize(steps_.size());
  for (size_t s = steps_.size(); s-- > 0;)
    for (const auto* list : {&steps_[s].inputs, &steps_[s].outputs})
      for (ValueId value : *list) {
        if (needed[value]) continue;
        needed[value] = true;
        dead_after_step_[s].push_back(value);
      }
}

Status Interpreter::bind_inputs(std::span<const NamedTensor> inputs, const RunHooks& hooks, Values& values) {
  for (const NamedTensor& given : inputs) {
    const auto is_it = [&](ValueId value) { return graph_->values[value].name == given.name; };
    if (std::none_of(graph_->inputs.begin(), graph_->inputs.end(), is_it))
      return user_error("'{}' is not an input of network '{}'", given.name, graph_->name);
  }
  for (ValueId value : graph_->inputs) {
    const Value& input = graph_->values[value];
    const Tensor* given = find_tensor(inputs, input.name);
    if (!given) return user_error("input '{}' of network '{}' is not given", input.name, graph_->name);
    if (given->info() != input.info)
      return user_error("input '{}' is {} {}, the network takes {} {}", input.name, dtype_name(given->dtype()),
                        to_string(given->shape()), dtype_name(input.info.dtype), to_string(input.info.shape));
    values.set(value, *given);
    if (hooks.on_value) BMNET_TRY(hooks.on_value(value, *given));
  }
  return {};
}

Result<Tensor> Interpreter::plain(ValueId value, Values& values) {
  if (graph_->values[value].constant) return *graph_->values[value].constant;
  if (!values.here[value]) {
    BMNET_ASSIGN(Tensor tensor, accelerator_->get(value));
    values.set(value, std::move(tensor));
  }
  return values.tensors[value];
}

Status Interpreter::run_node(const Node& node, const OpSpec& spec, Values& values) {
  std::vector<Tensor> inputs, outputs;
  for (ValueId value : node.inputs) {
    BMNET_ASSIGN(Tensor input, plain(value, values));
    inputs.push_back(std::move(input));
  }
  if (node.op == "reshape") {  // the same elements: no copy
    values.set(node.outputs[0], inputs[0].reshaped(graph_->values[node.outputs[0]].info.shape));
    return {};
  }
  for (ValueId value : node.outputs) outputs.emplace_back(graph_->values[value].info);
  BMNET_TRY(spec.reference(node.attributes, inputs, outputs));
  for (size_t i = 0; i < outputs.size(); ++i) values.set(node.outputs[i], std::move(outputs[i]));
  return {};
}

Status Interpreter::run_step(size_t s, Values& values) {
  const Step& step = steps_[s];
  if (!step.fast) {
    const size_t node = step.nodes.front();
    auto done = run_node(graph_->nodes[node], *specs_[node], values);
    return done ? Status{} : with_context(graph_->nodes[node].name, std::move(done).error());
  }
  for (ValueId value : step.inputs) {
    if (values.inside[value]) continue;
    BMNET_ASSIGN(const Tensor tensor, plain(value, values));
    accelerator_->put(value, tensor);
    values.inside[value] = true;
  }
  if (auto done = accelerator_->run(s); !done)
    return with_context(graph_->nodes[step.nodes.back()].name, std::move(done).error());
  for (ValueId value : step.outputs) values.inside[value] = true;
  return {};
}

Status Interpreter::report(const Step& step, const RunHooks& hooks, Values& values) {
  for (ValueId value : step.outputs) {
    BMNET_ASSIGN(const Tensor tensor, plain(value, values));
    BMNET_TRY(hooks.on_value(value, tensor));
  }
  return {};
}

Result<std::vector<Tensor>> Interpreter::run(std::span<const NamedTensor> inputs, const RunHooks& hooks) {
  Values values(graph_->values.size());
  BMNET_TRY(bind_inputs(inputs, hooks, values));
  size_t done = 0;
  Status status;
  for (size_t s = 0; s < steps_.size() && status; ++s) {
    status = run_step(s, values);
    if (status && hooks.on_value) status = report(steps_[s], hooks, values);
    for (ValueId value : dead_after_step_[s]) {
      values.tensors[value] = Tensor();
      values.here[value] = false;
      if (values.inside[value]) accelerator_->drop(value);
      values.inside[value] = false;
    }
    done += steps_[s].nodes.size();
    if (hooks.on_progress) hooks.on_progress(done, graph_->nodes.size());
  }
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < graph_->outputs.size() && status; ++i) {
    auto output = plain(graph_->outputs[i], values);
    if (output)
      outputs.push_back(*std::move(output));
    else
      status = tl::unexpected(std::move(output).error());
  }
  for (size_t v = 0; v < values.inside.size(); ++v)
    if (values.inside[v]) accelerator_->drop(static_cast<ValueId>(v));
  if (!status) return tl::unexpected(std::move(status).error());
  return outputs;
}

Result<std::vector<Tensor>> interpret(const Graph& graph, std::span<const NamedTensor> inputs, const RunHooks& hooks) {
  BMNET_ASSIGN(Interpreter interpreter, Interpreter::create(graph));
  return interpreter.run(inputs, hooks);
}

}  // namespace bmnet::op
