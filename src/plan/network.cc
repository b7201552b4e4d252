#include "plan/network.h"

#include <set>

#include "op/op.h"

namespace bmnet::plan {
namespace {

constexpr size_t kMaxRank = 8;

Status check_values(const op::Graph& graph) {
  std::vector<bool> is_used(graph.values.size(), false), is_output(graph.values.size(), false);
  for (const op::Node& node : graph.nodes) {
    if (!op::find(node.op)) return unsupported("'{}': unknown operator {}", node.name, node.op);
    for (op::ValueId value : node.inputs) is_used[value] = true;
    for (op::ValueId value : node.outputs) is_used[value] = true;
  }
  for (op::ValueId value : graph.inputs) is_used[value] = true;
  for (op::ValueId value : graph.outputs) is_output[value] = true;
  for (size_t i = 0; i < graph.values.size(); ++i) {
    const op::Value& value = graph.values[i];
    if (!is_output[i] && (!is_used[i] || value.constant)) continue;
    if (value.info.shape.size() > kMaxRank)
      return unsupported("value '{}' has {} axes; a BModel holds at most {}", value.name, value.info.shape.size(),
                         kMaxRank);
    if (value.info.count() == 0)
      return unsupported("value '{}' is empty: shape {}", value.name, bmnet::to_string(value.info.shape));
  }
  if (graph.outputs.empty()) return user_error("the network has no output");
  return {};
}

// Inputs and outputs come first, so that they keep their names.
void name_values(Network& network) {
  const op::Graph& graph = network.graph;
  std::set<std::string> taken;
  const auto unique = [&](const std::string& wish) {
    std::string name = wish;
    for (int k = 2; name.empty() || !taken.insert(name).second; ++k)
      name = fmt::format("{}_{}", wish.empty() ? "value" : wish, k);
    return name;
  };
  network.names.assign(graph.values.size(), "");
  for (op::ValueId value : graph.inputs) network.names[value] = unique(graph.values[value].name);
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const op::ValueId value = graph.outputs[i];
    const bool named = i < graph.output_names.size() && !graph.output_names[i].empty();
    network.output_names.push_back(unique(named ? graph.output_names[i] : graph.values[value].name));
    // The first output that a computed value is gives it its name; others are copies.
    if (network.producer[value] >= 0 && network.names[value].empty())
      network.names[value] = network.output_names.back();
    else
      network.copied_outputs.push_back(i);
  }
  for (size_t i = 0; i < network.names.size(); ++i)
    if (network.names[i].empty()) network.names[i] = unique(graph.values[i].name);
}

}  // namespace

Result<Network> index_network(const op::Graph& graph) {
  BMNET_TRY(check_values(graph));
  Network network(graph);
  network.producer.assign(graph.values.size(), -1);
  network.consumers.resize(graph.values.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (op::ValueId value : graph.nodes[i].outputs) network.producer[value] = static_cast<int32_t>(i);
    for (op::ValueId value : graph.nodes[i].inputs) network.consumers[value].push_back(static_cast<int32_t>(i));
  }
  network.is_input.assign(graph.values.size(), false);
  for (op::ValueId value : graph.inputs) network.is_input[value] = true;
  network.is_output.assign(graph.values.size(), false);
  for (op::ValueId value : graph.outputs) network.is_output[value] = true;
  name_values(network);
  return network;
}

}  // namespace bmnet::plan
