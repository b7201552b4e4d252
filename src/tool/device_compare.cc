#include "tool/device_compare.h"

#include <algorithm>

#include "op/host/host.h"
#include "plan/compile.h"
#include "tool/reference_data.h"

namespace bmnet::tool {
namespace {

// All computed values as outputs under unique names.
op::Graph with_all_values_as_outputs(op::Graph graph) {
  graph.outputs.clear();
  graph.output_names.clear();
  for (const op::Node& node : graph.nodes)
    for (op::ValueId value : node.outputs) {
      graph.outputs.push_back(value);
      graph.output_names.push_back(fmt::format("{}:{}", value, graph.values[value].name));
    }
  return graph;
}

}  // namespace

std::string operator_of(const op::Graph& graph, op::ValueId value) {
  for (const op::Node& node : graph.nodes)
    if (std::ranges::find(node.outputs, value) != node.outputs.end()) return node.op;
  return "copy";
}

Result<DeviceOutputs> run_on_device(const bmodel::Model& model, std::span<const NamedTensor> inputs,
                                    const runtime::SessionOptions& options) {
  BMNET_ASSIGN(const auto session, runtime::Session::open(options));
  BMNET_TRY(session->load(model, "the compiled model"));
  BMNET_ASSIGN(auto run, session->run(inputs));
  return DeviceOutputs{std::move(run.outputs), std::move(run.report), run.seconds};
}

Result<op::CompareReport> compare_outputs(const op::Graph& graph, std::span<const Tensor> reference,
                                          std::span<const NamedTensor> device, op::Tolerance tolerance) {
  op::CompareReport report;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const std::string& name = graph.output_names[i];
    const std::string what = operator_of(graph, graph.outputs[i]);
    const Tensor* got = find_tensor(device, name);
    if (!got) {
      report.add(name, what, user_error("the BModel has no output of that name"));
      continue;
    }
    Tensor golden = to_device_type(reference[i]);
    if (golden.shape().empty()) golden = golden.reshaped({1});  // a BModel has no scalars
    report.add(name, what, op::compare(golden, *got, tolerance, op::content_of(graph, graph.outputs[i])));
  }
  return report;
}

Result<op::CompareReport> compare_layers(const op::Graph& graph, std::span<const NamedTensor> inputs,
                                         op::Tolerance tolerance, const runtime::SessionOptions& options) {
  const op::Graph observed = with_all_values_as_outputs(graph);
  BMNET_ASSIGN(op::Interpreter interpreter, op::host::make_interpreter(observed, {.observe = true}));
  BMNET_ASSIGN(const std::vector<Tensor> reference, interpreter.run(inputs));
  BMNET_ASSIGN(const plan::Compiled compiled, plan::compile(observed));
  BMNET_ASSIGN(const DeviceOutputs device, run_on_device(compiled.model, inputs, options));
  return compare_outputs(observed, reference, device.outputs, tolerance);
}

}  // namespace bmnet::tool
