#include "plan/report.h"

#include <algorithm>

#include "op/op.h"
#include "target/bm1684/machine.h"

namespace bmnet::plan {
namespace {

constexpr double kPeakMacsPerCycle = 2048, kPeakBytesPerCycle = 53.37;  // fp32; docs/reference/ISA.md

}  // namespace

LayerReport layer_report(const op::Graph& graph, int32_t index) {
  const op::Node& node = graph.nodes[index];
  LayerReport report{.node = index, .name = node.name, .op = node.op, .note = {}};
  if (const op::OpSpec* spec = op::find(node.op); spec && spec->macs) {
    std::vector<TensorInfo> inputs;
    for (op::ValueId value : node.inputs) inputs.push_back(graph.values[value].info);
    report.macs = spec->macs(node.attributes, inputs);
  }
  return report;
}

void add_up(const op::Graph& graph, Report& report) {
  for (const LayerReport& layer : report.layers) {
    if (layer.on_tpu) report.macs += layer.macs;
    report.tiu_cycles += layer.tiu_cycles;
    report.gdma_cycles += layer.gdma_cycles;
    report.ddr_bytes += layer.ddr_bytes;
  }
  uint64_t border = report.coefficient_bytes;
  for (op::ValueId value : graph.inputs) border += static_cast<uint64_t>(graph.values[value].info.count()) * 4;
  for (op::ValueId value : graph.outputs) border += static_cast<uint64_t>(graph.values[value].info.count()) * 4;
  report.lower_bound = static_cast<uint64_t>(
      std::max(static_cast<double>(report.macs) / kPeakMacsPerCycle, static_cast<double>(border) / kPeakBytesPerCycle));
}

std::string to_string(const Report& report) {
  std::string text = fmt::format("{:<32} {:<14} {:>5} {:>7} {:>12} {:>12} {:>12} {:>12}  {}\n", "layer", "operator",
                                 "place", "slices", "TIU cycles", "DMA cycles", "MACs", "DDR bytes", "note");
  for (const LayerReport& layer : report.layers)
    text += fmt::format("{:<32} {:<14} {:>5} {:>7} {:>12} {:>12} {:>12} {:>12}  {}\n", layer.name, layer.op,
                        layer.on_tpu ? "TPU" : "CPU", layer.slices, layer.tiu_cycles, layer.gdma_cycles, layer.macs,
                        layer.ddr_bytes, layer.note);
  text += fmt::format("{} cycles ({:.3f} ms), TIU busy {}, DMA busy {}; no schedule takes less than {} cycles\n",
                      report.cycles, static_cast<double>(report.cycles) / bm1684::kClockHz * 1e3, report.tiu_cycles,
                      report.gdma_cycles, report.lower_bound);
  text += fmt::format("{} sub-nets on the TPU, {} on the CPU; {} bytes of coefficients, {} bytes of activations\n",
                      report.tpu_sub_nets, report.cpu_sub_nets, report.coefficient_bytes, report.activation_bytes);
  return text;
}

}  // namespace bmnet::plan
