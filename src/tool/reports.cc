#include "tool/reports.h"

#include <algorithm>
#include <map>

#include "target/bm1684/machine.h"

namespace bmnet::tool {
namespace {

std::string tensor_line(const std::string& name, const TensorInfo& info) {
  return fmt::format("  {}  {} {}\n", name, to_string(info.shape), dtype_name(info.dtype));
}

double milliseconds(uint64_t cycles) { return static_cast<double>(cycles) / bm1684::kClockHz * 1e3; }

int64_t parameter_count(const op::Graph& graph) {
  int64_t count = 0;
  for (const op::Value& value : graph.values)
    if (value.constant) count += value.info.count();
  return count;
}

}  // namespace

std::string compile_banner(const Compilation& compilation, const std::filesystem::path& bmodel, bool tensors) {
  const plan::Report& report = compilation.compiled.report;
  std::string text;
  if (tensors) {
    for (op::ValueId id : compilation.source.inputs)
      text += fmt::format("save_tensor input name [{}]\n", compilation.source.values[id].name);
    for (const std::string& name : compilation.source.output_names)
      text += fmt::format("save_tensor output name [{}]\n", name);
  }
  text +=
      fmt::format("{} TPU and {} CPU sub-nets, {} cycles ({:.3f} ms at 550 MHz), lower bound {}\n", report.tpu_sub_nets,
                  report.cpu_sub_nets, report.cycles, milliseconds(report.cycles), report.lower_bound);
  const std::string rule(60, '#');
  text += fmt::format("{}\n# Store bmodel of BMCompiler.\n# {}\n{}\n", rule, bmodel.string(), rule);
  return text;
}

std::string show_arguments(const CompileFlags& flags) {
  const std::map<std::string, std::string> rows = {{"model", flags.model},
                                                   {"weight", flags.random_weights ? "random" : flags.weight},
                                                   {"shapes", flags.shapes},
                                                   {"input_names", flags.input_names},
                                                   {"output_names", flags.output_names},
                                                   {"descs", flags.descs},
                                                   {"net_name", flags.net_name},
                                                   {"opt", std::to_string(flags.opt)},
                                                   {"outdir", flags.outdir},
                                                   {"target", flags.target},
                                                   {"mode", flags.mode},
                                                   {"cmp", flags.cmp == CompareMode::kOn    ? "true"
                                                           : flags.cmp == CompareMode::kOff ? "false"
                                                                                            : "warn"},
                                                   {"seed", std::to_string(flags.seed)}};
  std::string text;
  for (const auto& [name, value] : rows) text += fmt::format("{:<14}{}\n", name, value);
  return text;
}

std::string operator_table(const FrontEnd* only) {
  std::string text;
  for (const FrontEnd& front_end : front_ends()) {
    if (only && &front_end != only) continue;
    const auto ops = front_end.list_ops();
    text += fmt::format("{} ({} operators)\n", front_end.framework, ops.size());
    for (const frontend::SupportedOp& op : ops)
      text += fmt::format("  {:<28} {:<14} -> {}{}{}\n", op.name, op.versions, op.becomes,
                          op.attributes.empty() ? "" : "  | " + op.attributes,
                          op.remark.empty() ? "" : "  (" + op.remark + ")");
  }
  return text;
}

std::string doctor_report(const FrontEnd& front_end, const CompileFlags& flags, const Compilation& compilation) {
  const op::Graph& source = compilation.source;
  const plan::Report& report = compilation.compiled.report;
  std::string text =
      fmt::format("{}: {} network '{}', can be compiled\n", flags.model, front_end.framework, source.name);
  text += "inputs\n";
  for (op::ValueId id : source.inputs) text += tensor_line(source.values[id].name, source.values[id].info);
  text += "outputs\n";
  for (size_t i = 0; i < source.outputs.size(); ++i)
    text += tensor_line(source.output_names[i], source.values[source.outputs[i]].info);

  struct Row {
    int tpu = 0, cpu = 0;
  };
  std::map<std::string, Row> ops;
  for (const plan::LayerReport& layer : report.layers) ++(layer.on_tpu ? ops[layer.op].tpu : ops[layer.op].cpu);
  text += "operators            on the TPU   on the CPU\n";
  for (const auto& [name, row] : ops) text += fmt::format("  {:<20} {:>8} {:>12}\n", name, row.tpu, row.cpu);
  if (report.cpu_sub_nets) {
    text += "on the CPU, because\n";
    for (const plan::LayerReport& layer : report.layers)
      if (!layer.on_tpu) text += fmt::format("  {} ({}): {}\n", layer.name, layer.op, layer.note);
  }
  text +=
      fmt::format("parameters      {}\nMACs            {}\ncoefficients    {} bytes\nactivations     {} bytes\n",
                  parameter_count(compilation.graph), report.macs, report.coefficient_bytes, report.activation_bytes);
  text += fmt::format(
      "cycles          {} ({:.3f} ms at 550 MHz), lower bound {} ({:.0f} %)\n", report.cycles,
      milliseconds(report.cycles), report.lower_bound,
      report.cycles ? 100.0 * static_cast<double>(report.lower_bound) / static_cast<double>(report.cycles) : 0.0);
  return text;
}

}  // namespace bmnet::tool
