#include "tool/doctor.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pass/optimize.h"
#include "target/bm1684/machine.h"
#include "tool/census.h"

namespace bmnet::tool {
namespace {

using Json = nlohmann::ordered_json;

double milliseconds(uint64_t cycles) { return static_cast<double>(cycles) / bm1684::kClockHz * 1e3; }

Result<Diagnosis::Network> look_at(nn::Model& model, const CompileFlags& flags, Progress& progress) {
  BMNET_ASSIGN(const op::Graph source, model.to_graph());
  progress.begin_stage("optimising");
  BMNET_TRY(pass::optimize(model, flags.opt));
  BMNET_ASSIGN(const op::Graph graph, model.to_graph());
  progress.begin_stage("planning");
  BMNET_ASSIGN(plan::Compiled compiled, plan::compile(graph, {.opt_level = flags.opt}));
  Diagnosis::Network network;
  for (const op::ValueId id : source.inputs)
    network.inputs.emplace_back(source.values[id].name, source.values[id].info);
  for (size_t i = 0; i < source.outputs.size(); ++i)
    network.outputs.emplace_back(source.output_names[i], source.values[source.outputs[i]].info);
  network.parameters = parameter_count(graph);
  network.transposes = count_of(count_operators(graph), "transpose");
  network.memory = bmodel::memory_use(compiled.model);
  network.plan = std::move(compiled.report);
  return network;
}

struct Support {
  int tpu = 0, cpu = 0, unsupported = 0;
};

// Operators of the network by nn name, blockers by the framework's.
std::map<std::string, Support> support_of(const Diagnosis& diagnosis) {
  std::map<std::string, Support> ops;
  if (diagnosis.network)
    for (const plan::LayerReport& layer : diagnosis.network->plan.layers) {
      Support& row = ops[layer.op];
      ++(layer.on_tpu ? row.tpu : row.cpu);
    }
  for (const frontend::Blocker& blocker : diagnosis.blockers) ++ops[blocker.op].unsupported;
  return ops;
}

// One paragraph for every operator and reason, with all of its nodes.
std::string blocker_text(const std::vector<frontend::Blocker>& blockers) {
  std::vector<std::pair<const frontend::Blocker*, std::vector<std::string>>> kinds;
  for (const frontend::Blocker& blocker : blockers) {
    const auto same = std::ranges::find_if(
        kinds, [&](const auto& kind) { return kind.first->op == blocker.op && kind.first->reason == blocker.reason; });
    if (same == kinds.end())
      kinds.push_back({&blocker, {blocker.node}});
    else
      same->second.push_back(blocker.node);
  }
  std::string text = fmt::format("blockers ({} nodes)\n", blockers.size());
  for (const auto& [blocker, nodes] : kinds)
    text += fmt::format("  {}: {}\n    {} {}: {}\n", blocker->op, blocker->reason, nodes.size(),
                        nodes.size() == 1 ? "node" : "nodes", fmt::join(nodes, ", "));
  return text;
}

std::string cost_text(const Diagnosis::Network& network) {
  const plan::Report& plan = network.plan;
  std::string text = fmt::format(
      "parameters      {}\nMACs            {}\ntransposes      {}\nsub-nets        {} TPU, {} CPU\n"
      "device memory   {} bytes (weights {}, commands {}, activations {})\n",
      network.parameters, plan.macs, network.transposes, plan.tpu_sub_nets, plan.cpu_sub_nets, network.memory.device(),
      network.memory.weights, network.memory.instructions, network.memory.runtime);
  if (network.memory.host()) text += fmt::format("host memory     {} bytes\n", network.memory.host());
  const double reached =
      plan.cycles ? 100.0 * static_cast<double>(plan.lower_bound) / static_cast<double>(plan.cycles) : 0.0;
  return text + fmt::format("cycles          {} ({:.3f} ms at 550 MHz), lower bound {} ({:.0f} %)\n", plan.cycles,
                            milliseconds(plan.cycles), plan.lower_bound, reached);
}

Json tensors_json(const std::vector<std::pair<std::string, TensorInfo>>& tensors) {
  Json list = Json::array();
  for (const auto& [name, info] : tensors)
    list.push_back({{"name", name}, {"shape", info.shape}, {"dtype", dtype_name(info.dtype)}});
  return list;
}

Json network_json(const Diagnosis::Network& network) {
  const plan::Report& plan = network.plan;
  Json cpu = Json::array();
  for (const plan::LayerReport& layer : plan.layers)
    if (!layer.on_tpu) cpu.push_back({{"node", layer.name}, {"op", layer.op}, {"reason", layer.note}});
  return {{"inputs", tensors_json(network.inputs)},
          {"outputs", tensors_json(network.outputs)},
          {"on_cpu", cpu},
          {"parameters", network.parameters},
          {"macs", plan.macs},
          {"transposes", network.transposes},
          {"tpu_sub_nets", plan.tpu_sub_nets},
          {"cpu_sub_nets", plan.cpu_sub_nets},
          {"device_bytes", network.memory.device()},
          {"host_bytes", network.memory.host()},
          {"cycles", plan.cycles},
          {"milliseconds", milliseconds(plan.cycles)},
          {"lower_bound", plan.lower_bound}};
}

}  // namespace

Result<Diagnosis> diagnose(const FrontEnd& front_end, const CompileFlags& flags, Progress& progress) {
  Diagnosis diagnosis{.file = flags.model, .framework = std::string(front_end.framework)};
  frontend::Survey survey;
  progress.begin_stage("importing");
  auto model = import_model(front_end, flags, &survey);
  diagnosis.blockers = std::move(survey.blockers);
  if (!model) {
    if (diagnosis.blockers.empty()) return tl::unexpected(std::move(model).error());
    return diagnosis;
  }
  diagnosis.name = model->name();
  auto network = look_at(*model, flags, progress);
  if (network)
    diagnosis.network = *std::move(network);
  else if (network.error().kind == ErrorKind::kUnsupported)
    diagnosis.blockers.push_back({"the network", "planning", network.error().message});
  else
    return tl::unexpected(std::move(network).error());
  return diagnosis;
}

std::string to_text(const Diagnosis& diagnosis) {
  std::string text = fmt::format("{}: {} network{}, {}\n", diagnosis.file, diagnosis.framework,
                                 diagnosis.name.empty() ? "" : fmt::format(" '{}'", diagnosis.name),
                                 diagnosis.compiles() ? "can be compiled" : "cannot be compiled");
  if (!diagnosis.compiles()) text += blocker_text(diagnosis.blockers);
  if (diagnosis.network) {
    if (!diagnosis.compiles()) text += "the part in front of the blockers\n";
    text += "inputs\n";
    for (const auto& [name, info] : diagnosis.network->inputs) text += tensor_line(name, info);
    text += diagnosis.compiles() ? "outputs\n" : "outputs (cut there with --output_names to compile it)\n";
    for (const auto& [name, info] : diagnosis.network->outputs) text += tensor_line(name, info);
  }
  text += "operators              on the TPU   on the CPU  unsupported\n";
  for (const auto& [name, row] : support_of(diagnosis))
    text += fmt::format("  {:<20} {:>10} {:>12} {:>12}\n", name, row.tpu, row.cpu, row.unsupported);
  if (!diagnosis.network) return text;
  if (diagnosis.network->plan.cpu_sub_nets) {
    text += "on the CPU, because\n";
    for (const plan::LayerReport& layer : diagnosis.network->plan.layers)
      if (!layer.on_tpu) text += fmt::format("  {} ({}): {}\n", layer.name, layer.op, layer.note);
  }
  return text + cost_text(*diagnosis.network);
}

std::string to_json(const Diagnosis& diagnosis) {
  Json blockers = Json::array(), operators = Json::array();
  for (const frontend::Blocker& blocker : diagnosis.blockers)
    blockers.push_back({{"node", blocker.node}, {"op", blocker.op}, {"reason", blocker.reason}});
  for (const auto& [name, row] : support_of(diagnosis))
    operators.push_back({{"op", name}, {"tpu", row.tpu}, {"cpu", row.cpu}, {"unsupported", row.unsupported}});
  Json json = {{"file", diagnosis.file}, {"framework", diagnosis.framework},
               {"name", diagnosis.name}, {"compiles", diagnosis.compiles()},
               {"blockers", blockers},   {"operators", operators}};
  json["network"] = diagnosis.network ? network_json(*diagnosis.network) : Json();
  // Names in damaged files may be no UTF-8.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace bmnet::tool
