#include "tool/census.h"

#include <fmt/format.h>

namespace bmnet::tool {

std::map<std::string, int64_t> count_operators(const op::Graph& graph) {
  std::map<std::string, int64_t> operators;
  for (const op::Node& node : graph.nodes) ++operators[node.op];
  return operators;
}

int64_t count_of(const std::map<std::string, int64_t>& operators, const std::string& op) {
  const auto found = operators.find(op);
  return found == operators.end() ? 0 : found->second;
}

int64_t parameter_count(const op::Graph& graph) {
  int64_t count = 0;
  for (const op::Value& value : graph.values)
    if (value.constant) count += value.info.count();
  return count;
}

std::string tensor_line(const std::string& name, const TensorInfo& info) {
  return fmt::format("  {}  {} {}\n", name, to_string(info.shape), dtype_name(info.dtype));
}

std::string model_info(const std::string& file, std::string_view framework, const op::Graph& source,
                       const op::Graph& optimised) {
  std::string text = fmt::format("{}: {} network '{}'\ninputs\n", file, framework, source.name);
  for (const op::ValueId id : source.inputs) text += tensor_line(source.values[id].name, source.values[id].info);
  text += "outputs\n";
  for (size_t i = 0; i < source.outputs.size(); ++i)
    text += tensor_line(source.output_names[i], source.values[source.outputs[i]].info);
  const auto before = count_operators(source), after = count_operators(optimised);
  text += fmt::format("parameters  {}\noperators             as imported   optimised\n", parameter_count(source));
  std::map<std::string, int64_t> all = before;
  all.insert(after.begin(), after.end());
  for (const auto& [op, count] : all)
    text += fmt::format("  {:<20} {:>10} {:>11}\n", op, count_of(before, op), count_of(after, op));
  text += fmt::format("  {:<20} {:>10} {:>11}\n", "all", source.nodes.size(), optimised.nodes.size());
  text += fmt::format("transposes remaining  {}\n", count_of(after, "transpose"));
  return text;
}

}  // namespace bmnet::tool
