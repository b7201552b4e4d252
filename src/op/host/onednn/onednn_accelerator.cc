#include "op/host/onednn/onednn_accelerator.h"

#include <dlfcn.h>

#include <unordered_map>

#include "base/parallel.h"

namespace bmnet::op::host::onednn {

OneDnnAccelerator::OneDnnAccelerator(const Graph& graph, bool fuse)
    : graph_(graph), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_), pool_(std::make_shared<MemoryPool>()) {
  use_threads();
  layouts_.resize(graph.values.size());
  held_.resize(graph.values.size());
  count_uses();
  plan(fuse);
}

// oneDNN's OpenMP runtime follows the project's own setting.
void OneDnnAccelerator::use_threads() {
  void* runtime = dlopen("libgomp.so.1", RTLD_NOLOAD | RTLD_LAZY);
  if (!runtime) return;
  if (auto* set = reinterpret_cast<void (*)(int)>(dlsym(runtime, "omp_set_num_threads"))) set(thread_count());
}

void OneDnnAccelerator::count_uses() {
  uses_.assign(graph_.values.size(), 0);
  for (const Node& node : graph_.nodes)
    for (ValueId value : node.inputs) ++uses_[value];
  for (ValueId value : graph_.outputs) ++uses_[value];
}

// The activation that alone uses the node's result, if there is one.
const Node* OneDnnAccelerator::activation_after(const Node& node, size_t& index) const {
  if (node.outputs.size() != 1 || uses_[node.outputs[0]] != 1) return nullptr;
  for (size_t n = index + 1; n < graph_.nodes.size(); ++n) {
    const Node& next = graph_.nodes[n];
    if (next.inputs.empty() || next.inputs[0] != node.outputs[0]) continue;
    if (next.op != "unary" || !eltwise_of(next)) return nullptr;
    index = n;
    return &next;
  }
  return nullptr;
}

void OneDnnAccelerator::plan(bool fuse) {
  std::vector<bool> absorbed(graph_.nodes.size(), false);
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    if (absorbed[n]) continue;
    const Node& node = graph_.nodes[n];
    size_t last = n;
    const Node* activation = fuse ? activation_after(node, last) : nullptr;
    Maybe prepared;
    Step step{{n}, {}, node.outputs, false};
    if (activation) {
      prepared = prepare(node, eltwise_of(*activation), activation->outputs[0]);
      if (prepared) {
        step.nodes.push_back(last);
        step.outputs = activation->outputs;
        absorbed[last] = true;
      }
    }
    if (!prepared && node.outputs.size() == 1) prepared = prepare(node, std::nullopt, node.outputs[0]);
    if (prepared) {
      step.fast = true;
      for (const Operand& operand : prepared->inputs) step.inputs.push_back(operand.value);
      layouts_[prepared->output.value] = prepared->output.layout;
    } else {
      step.inputs = node.inputs;
    }
    steps_.push_back(std::move(step));
    prepared_.push_back(prepared ? *std::move(prepared) : Prepared{});
  }
}

OneDnnAccelerator::Maybe OneDnnAccelerator::prepare(const Node& node, const Activation& activation, ValueId output) {
  for (const auto* list : {&node.inputs, &node.outputs})
    for (ValueId value : *list) {
      const TensorInfo& info = graph_.values[value].info;
      if (info.dtype != DType::kF32 || info.count() == 0 || info.shape.size() > DNNL_MAX_NDIMS) return {};
    }
  try {
    if (node.op == "conv") return conv(node, activation, output);
    if (node.op == "conv_transpose") return conv_transpose(node, activation, output);
    if (node.op == "matmul") return matmul(node, activation, output);
    if (node.op == "binary") return binary(node, activation, output);
    if (node.op == "batch_norm") return batch_norm(node, activation, output);
    if (activation) return {};
    if (node.op == "pool") return pool(node, output);
    if (node.op == "reduce") return reduce(node, output);
    if (node.op == "unary") return unary(node, output);
    if (node.op == "prelu") return prelu(node, output);
    if (node.op == "softmax") return softmax(node, output);
    if (node.op == "lrn") return lrn(node, output);
    if (node.op == "concat") return concat(node, output);
  } catch (const dnnl::error&) {
    // No implementation for these shapes: the reference kernel has one.
  }
  return {};
}

Operand OneDnnAccelerator::output_of(ValueId value, const Layout& layout) const {
  return {DNNL_ARG_DST, value, layout, layout};
}

void OneDnnAccelerator::add_input(Prepared& p, int argument, ValueId value, const Layout& layout,
                                  std::optional<Layout> seen) {
  if (!is_constant(value)) {
    p.inputs.push_back({argument, value, seen ? plain_of(value) : layout, layout});
    return;
  }
  void* data = const_cast<void*>(graph_.values[value].constant->raw());
  const Layout from = seen ? *seen : plain_of(value);
  memory content(from, engine_, data);
  if (from != layout) {
    std::shared_ptr<void> block;
    content = reordered(content, layout, block);
    constants_.push_back(std::move(block));
  }
  p.constants.push_back({argument, content});
}

memory OneDnnAccelerator::reordered(memory from, const Layout& to, std::shared_ptr<void>& block) {
  block = pool_->take(to.get_size());
  memory target(to, engine_, block.get());
  dnnl::reorder(from, target).execute(stream_, from, target);
  stream_.wait();
  return target;
}

memory OneDnnAccelerator::in_layout(const Operand& operand, std::vector<std::shared_ptr<void>>& temporaries) {
  const Held& held = held_[operand.value];
  if (held.layout == operand.layout) return {operand.view, engine_, held.data};
  std::shared_ptr<void> block;
  memory target = reordered({held.layout, engine_, held.data}, operand.layout, block);
  temporaries.push_back(std::move(block));
  return {operand.view, engine_, target.get_data_handle()};
}

Status OneDnnAccelerator::run(size_t step) {
  const Prepared& p = prepared_[step];
  try {
    std::vector<std::shared_ptr<void>> temporaries;
    std::unordered_map<int, memory> arguments;
    for (const Operand& operand : p.inputs) arguments.emplace(operand.argument, in_layout(operand, temporaries));
    for (const Constant& constant : p.constants) arguments.emplace(constant.argument, constant.content);
    const std::shared_ptr<void> block = pool_->take(p.output.layout.get_size());
    arguments.emplace(DNNL_ARG_DST, memory(p.output.view, engine_, block.get()));
    p.primitive.execute(stream_, arguments);
    stream_.wait();
    held_[p.output.value] = {block, block.get(), p.output.layout};
  } catch (const dnnl::error& error) {
    return system_error("oneDNN: {}", error.what());
  }
  return {};
}

void OneDnnAccelerator::put(ValueId value, const Tensor& tensor) {
  auto owner = std::make_shared<Tensor>(tensor);
  void* data = owner->raw();
  held_[value] = {std::move(owner), data, plain_of(value)};
}

Result<Tensor> OneDnnAccelerator::get(ValueId value) {
  const Held& held = held_[value];
  if (!held.data) return bug("value '{}' is not inside the accelerator", graph_.values[value].name);
  const TensorInfo& info = graph_.values[value].info;
  if (held.layout == plain_of(value)) return Tensor(info, held.data, held.owner);
  try {
    std::shared_ptr<void> block;
    memory plain = reordered({held.layout, engine_, held.data}, plain_of(value), block);
    return Tensor(info, plain.get_data_handle(), std::move(block));
  } catch (const dnnl::error& error) {
    return system_error("oneDNN: {}", error.what());
  }
}

}  // namespace bmnet::op::host::onednn
