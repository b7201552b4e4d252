#include "frontend/umodel/import.h"

#include <algorithm>
#include <fstream>

#include "frontend/inputs.h"
#include "frontend/umodel/trial.h"
#include "nn/umodel.h"
#include "op/op.h"

namespace bmnet::frontend {
namespace {

constexpr std::string_view kCure = "state it when the UModel is made (--mode GenUmodel)";

std::vector<std::string> input_names(const op::Graph& graph) {
  std::vector<std::string> names;
  for (const op::ValueId id : graph.inputs) names.push_back(graph.values[id].name);
  return names;
}

Status check_names(std::string_view flag, const std::vector<std::string>& asked,
                   const std::vector<std::string>& stored) {
  if (asked.empty() || asked == stored) return {};
  return user_error("--{}: the UModel has {}; {}", flag, fmt::join(stored, ","), kCure);
}

Status check_shapes(const ImportOptions& options, const op::Graph& graph) {
  const std::vector<std::string> names = input_names(graph);
  BMNET_TRY(check_given_shapes(options, names));
  for (size_t i = 0; i < names.size(); ++i) {
    const Shape& stored = graph.values[graph.inputs[i]].info.shape;
    const Shape* given = given_shape(options, names[i], i);
    if (given && *given != stored)
      return user_error("input '{}' of the UModel has shape {}, not {}; {}", names[i], to_string(stored),
                        to_string(*given), kCure);
  }
  for (const op::ValueId id : graph.inputs) {
    const Shape& stored = graph.values[id].info.shape;
    if (options.batch && !stored.empty() && stored[0] != *options.batch)
      return user_error("input '{}' of the UModel has shape {}, not a batch of {}; {}", graph.values[id].name,
                        to_string(stored), *options.batch, kCure);
  }
  return {};
}

Status check(const nn::Model& model, const ImportOptions& options) {
  BMNET_ASSIGN(const op::Graph graph, model.to_graph());
  if (!options.fixed_inputs.empty()) return unsupported("inputs of a UModel cannot be fixed");
  BMNET_TRY(check_names("input_names", options.input_names, input_names(graph)));
  BMNET_TRY(check_names("output_names", options.output_names, graph.output_names));
  return check_shapes(options, graph);
}

}  // namespace

Result<nn::Model> import_umodel(const std::filesystem::path& path, const ImportOptions& options) {
  BMNET_TRY(try_to_read_umodel(path));
  BMNET_ASSIGN(nn::Model model, nn::Model::load(path));
  if (auto status = check(model, options); !status) return with_context(path.string(), std::move(status).error());
  if (!options.net_name.empty()) model.rename(options.net_name);
  return model;
}

bool is_umodel(const std::filesystem::path& path) {
  char head[8] = {};
  std::ifstream stream(path, std::ios::binary);
  stream.read(head, sizeof(head));
  return nn::looks_like_umodel(
      as_bytes(std::string_view(head, static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)))));
}

std::vector<SupportedOp> list_umodel_ops() {
  std::vector<SupportedOp> ops;
  for (const op::OpSpec& spec : op::registry())
    ops.push_back({.name = std::string(spec.name), .becomes = std::string(spec.name)});
  return ops;
}

}  // namespace bmnet::frontend
