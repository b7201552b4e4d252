// Compile: network -> choices -> one program with addresses -> commands -> BModel.
#include "plan/compile.h"

#include <algorithm>
#include <map>
#include <set>

#include "bmodel/layer_table.h"
#include "op/cpu_layer.h"
#include "op/op.h"
#include "plan/choices.h"
#include "plan/link.h"
#include "plan/network.h"
#include "target/bm1684/emit/emit.h"

namespace bmnet::plan {
namespace {

using bm1684::Engine;
namespace g = bm1684::gdma;

bmodel::DataType bmodel_type(DType dtype) {
  switch (op::storage_type(dtype)) {
    case DType::kF32:
      return bmodel::DataType::kFloat32;
    case DType::kF16:
      return bmodel::DataType::kFloat16;
    case DType::kBF16:
      return bmodel::DataType::kBfloat16;
    case DType::kI8:
      return bmodel::DataType::kInt8;
    case DType::kU8:
      return bmodel::DataType::kUint8;
    case DType::kI16:
      return bmodel::DataType::kInt16;
    case DType::kU16:
      return bmodel::DataType::kUint16;
    default:
      return bmodel::DataType::kInt32;
  }
}

uint64_t ddr_bytes(const tile::Op& op) {
  if (op.engine != Engine::kGdma) return 0;
  const auto product = [&](const bm1684::Field& n, const bm1684::Field& c, const bm1684::Field& h,
                           const bm1684::Field& w) {
    return get(op.command, n) * get(op.command, c) * get(op.command, h) * get(op.command, w) * 4;
  };
  uint64_t bytes = 0;
  if (op.source >= 0) bytes += product(g::src_nsize, g::src_csize, g::src_hsize, g::src_wsize);
  if (op.destination >= 0) bytes += product(g::dst_nsize, g::dst_csize, g::dst_hsize, g::dst_wsize);
  return bytes;
}

// Puts the BModel and the report together.
class Builder {
 public:
  Builder(const Network& network, const Choices& choices, Linked linked)
      : network_(network), graph_(network.graph), choices_(choices), linked_(std::move(linked)) {
    sub_net_of_.assign(graph_.nodes.size(), -1);
    for (size_t i = 0; i < linked_.sub_nets.size(); ++i)
      for (int32_t node : linked_.sub_nets[i].nodes) sub_net_of_[node] = static_cast<int32_t>(i);
  }

  Result<Compiled> run() {
    add_memory();
    add_network_borders();
    for (size_t i = 0; i < linked_.sub_nets.size(); ++i) BMNET_TRY(add_sub_net(static_cast<int32_t>(i)));
    list_tensors();
    stage_.net_profile = bmodel::Blob::of(bmodel::encode(table_));
    add_up(graph_, report_);

    Compiled compiled{.model = {}, .report = std::move(report_)};
    compiled.model.nets.push_back({.name = graph_.name.empty() ? "network" : graph_.name, .stages = {}, .cascade = {}});
    compiled.model.nets[0].stages.push_back(std::move(stage_));
    return compiled;
  }

 private:
  void add_memory() {
    stage_.ctx_addr = linked_.activation_start;
    stage_.ctx_size = linked_.activation_bytes;
    report_.activation_bytes = linked_.activation_bytes;
    report_.coefficient_bytes = linked_.coefficients.size();
    if (!linked_.coefficients.empty())
      stage_.coefficients = bmodel::Coefficients{.address = bm1684::kContextStart,
                                                 .data = bmodel::Blob::of(std::move(linked_.coefficients)),
                                                 .check_code = {},
                                                 .locations = {}};
  }

  // --- tensors

  bmodel::Tensor tensor(op::ValueId value, uint64_t address, uint32_t memory) const {
    const TensorInfo& info = graph_.values[value].info;
    bmodel::Tensor tensor;
    tensor.name = network_.names[value];
    tensor.data_type = bmodel_type(info.dtype);
    tensor.device_addr = address;
    tensor.size = static_cast<uint64_t>(info.count()) * byte_size(op::storage_type(info.dtype));
    tensor.shapes = {bmodel::Shape(info.shape.begin(), info.shape.end())};
    if (info.shape.empty()) tensor.shapes = {{1}};
    tensor.mem_type = memory;
    return tensor;
  }
  // An output of the network that is a copy.
  bmodel::Tensor tensor(const OutputCopy& copy, uint32_t memory) const {
    bmodel::Tensor result = tensor(graph_.outputs[copy.output], linked_.addresses[copy.buffer], memory);
    result.name = network_.output_names[copy.output];
    return result;
  }
  bmodel::Tensor tensor_at_border(op::ValueId value) const {
    return tensor(value, address_of(value), memory_of(value));
  }

  uint64_t address_of(op::ValueId value) const {
    return linked_.addresses[linked_.activations.at(choices_.root[value])];
  }

  // Which memories a value that crosses a border of sub-nets lives in.
  uint32_t memory_of(op::ValueId value) const {
    uint32_t memory = 0;
    const auto add = [&](int32_t node) {
      memory |= choices_.nodes[node].place == Place::kTpu ? bmodel::kTpuMemory : bmodel::kCpuMemory;
    };
    if (network_.producer[value] >= 0) add(network_.producer[value]);
    for (int32_t node : network_.consumers[value]) add(node);
    if (network_.producer[value] < 0 || network_.is_output[value])
      memory |= bmodel::kTpuMemory;  // the network's border is device memory
    return memory;
  }

  void add_network_borders() {
    for (op::ValueId value : graph_.inputs) stage_.inputs.push_back(tensor(value, address_of(value), 0));
    std::vector<const OutputCopy*> copies(graph_.outputs.size(), nullptr);
    for (const OutputCopy& copy : linked_.output_copies) copies[copy.output] = &copy;
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const op::ValueId value = graph_.outputs[i];
      stage_.outputs.push_back(copies[i] ? tensor(*copies[i], 0) : tensor(value, address_of(value), 0));
      stage_.outputs.back().name = network_.output_names[i];
    }
  }

  // --- sub-nets

  Status add_sub_net(int32_t index) {
    const LinkedSubNet& linked = linked_.sub_nets[index];
    const bool on_tpu = linked.place == Place::kTpu;
    bmodel::SubNet sub_net;
    sub_net.id = index;
    if (static_cast<size_t>(index) + 1 < linked_.sub_nets.size()) sub_net.next_ids = {index + 1};
    sub_net.mode = on_tpu ? bmodel::SubNetMode::kTpu : bmodel::SubNetMode::kCpu;
    add_borders(linked, index, sub_net);
    if (on_tpu) {
      BMNET_TRY(add_commands(linked, sub_net));
    } else {
      add_cpu_layer(linked.nodes[0], sub_net);
    }
    stage_.sub_nets.push_back(std::move(sub_net));
    return {};
  }

  void add_borders(const LinkedSubNet& linked, int32_t index, bmodel::SubNet& sub_net) const {
    std::set<op::ValueId> seen;
    const auto comes_from_outside = [&](op::ValueId value) {
      const int32_t producer = network_.producer[value];
      return !graph_.values[value].constant && (producer < 0 || sub_net_of_[producer] != index);
    };
    for (int32_t node : linked.nodes)
      for (op::ValueId value : graph_.nodes[node].inputs) {
        if (!comes_from_outside(value)) continue;
        // A CPU layer gets every operand, as often as it stands there.
        if (linked.place == Place::kTpu && !seen.insert(value).second) continue;
        sub_net.inputs.push_back(tensor_at_border(value));
      }
    for (int32_t node : linked.nodes)
      for (op::ValueId value : graph_.nodes[node].outputs) {
        const auto outside = [&](int32_t consumer) { return sub_net_of_[consumer] != index; };
        const bool leaves = network_.is_output[value] || std::ranges::any_of(network_.consumers[value], outside);
        if (leaves || linked.place == Place::kCpu) sub_net.outputs.push_back(tensor_at_border(value));
      }
    if (!linked.copies_outputs) return;
    for (const OutputCopy& copy : linked_.output_copies) {
      const op::ValueId value = graph_.outputs[copy.output];
      if (comes_from_outside(value) && seen.insert(value).second) sub_net.inputs.push_back(tensor_at_border(value));
      sub_net.outputs.push_back(tensor(copy, bmodel::kTpuMemory));
    }
  }

  void add_cpu_layer(int32_t index, bmodel::SubNet& sub_net) {
    const op::Node& node = graph_.nodes[index];
    op::CpuLayer layer{.op = node.op, .attributes = node.attributes, .inputs = {}, .outputs = {}};
    for (op::ValueId value : node.inputs)
      layer.inputs.push_back({graph_.values[value].info, graph_.values[value].constant});
    for (op::ValueId value : node.outputs) layer.outputs.push_back(graph_.values[value].info);
    bmodel::CpuParam param;
    param.op_type = op::kCpuLayerUserDefined;
    param.param = bmodel::Blob::of(op::encode(layer));
    sub_net.cpu_params.push_back(std::move(param));
    LayerReport report = layer_report(graph_, index);
    report.note = choices_.nodes[index].reason;
    add_layer(std::move(report));
    ++report_.cpu_sub_nets;
  }

  Status add_commands(const LinkedSubNet& linked, bmodel::SubNet& sub_net) {
    const std::span<const tile::Op> ops = linked_.ops(linked);
    BMNET_ASSIGN(const bm1684::Stream stream, bm1684::emit(linked_.program, ops, linked_.addresses));
    report_layers(linked, ops, stream);
    for (const bm1684::Stream::Group& group : stream.groups) {
      sub_net.cmd_groups.push_back(bm1684::to_cmd_group(group));
      stage_.cmd_groups.push_back(sub_net.cmd_groups.back());
      table_.groups.push_back({runs(group.tiu_layers), runs(group.gdma_layers)});
    }
    report_.cycles += stream.cycles;
    ++report_.tpu_sub_nets;
    return {};
  }

  // --- layers

  std::vector<bmodel::LayerTable::Run> runs(const std::vector<int32_t>& layers) const {
    std::vector<bmodel::LayerTable::Run> runs;
    for (int32_t node : layers) {
      const uint32_t layer = table_index_.at(node);
      if (runs.empty() || runs.back().layer != layer) runs.push_back({layer, 0});
      ++runs.back().count;
    }
    return runs;
  }

  // --- where the tensors lie, for dumps and the debugger

  void list_tensors() {
    for (op::ValueId value : graph_.inputs) list_tensor(tensor(value, address_of(value), 0), -1, -1);
    for (const LinkedSubNet& linked : linked_.sub_nets)
      for (int32_t node : linked.nodes)
        for (op::ValueId value : graph_.nodes[node].outputs) {
          // What goes into an epilogue never leaves local memory.
          const bool stays_local = choices_.nodes[node].epilogue >= 0;
          list_tensor(tensor(value, stays_local ? 0 : address_of(value), 0), layer_index(node),
                      writer_of(choices_.root[value]));
        }
    for (const OutputCopy& copy : linked_.output_copies) list_tensor(tensor(copy, 0), layer_index(-1), layer_index(-1));
  }

  void list_tensor(const bmodel::Tensor& tensor, int32_t layer, int32_t written_by) {
    table_.tensors.push_back({.name = tensor.name,
                              .layer = layer,
                              .written_by = written_by,
                              .type = tensor.data_type,
                              .shape = tensor.shapes[0],
                              .address = tensor.device_addr});
  }

  int32_t layer_index(int32_t node) const { return static_cast<int32_t>(table_index_.at(node)); }

  // The layer whose commands write the value, or whose host function gives it; -1: an input.
  int32_t writer_of(op::ValueId value) const {
    int32_t node = network_.producer[value];
    if (node >= 0 && choices_.nodes[node].merged) node = network_.producer[graph_.nodes[node].inputs[0]];
    return node < 0 ? -1 : layer_index(node);
  }

  void add_layer(LayerReport report) {
    table_index_[report.node] = static_cast<uint32_t>(table_.layers.size());
    table_.layers.push_back({report.name, report.op, report.on_tpu ? "tpu" : "cpu", report.macs, report.note});
    report_.layers.push_back(std::move(report));
  }

  LayerReport tpu_layer(int32_t node) const {
    const NodeChoice& choice = choices_.nodes[node];
    LayerReport report = layer_report(graph_, node);
    report.on_tpu = true;
    report.note = choice.is_alias ? "no commands: the same bytes"
                  : choice.merged ? "done by the layer before it"
                                  : choice.plan.recipe;
    report.slices = choice.plan.slices;
    return report;
  }

  void report_layers(const LinkedSubNet& linked, std::span<const tile::Op> ops, const bm1684::Stream& stream) {
    std::map<int32_t, LayerReport> reports;
    for (int32_t node : linked.nodes) reports[node] = tpu_layer(node);
    if (linked.copies_outputs)
      reports[-1] =
          LayerReport{.name = "(outputs)", .op = "copy", .on_tpu = true, .note = "an input or constant is an output"};
    for (size_t i = 0; i < ops.size(); ++i) {
      LayerReport& report = reports[ops[i].layer];
      const bm1684::Timing& timing = stream.timing[i];
      uint64_t& busy = ops[i].engine == Engine::kTiu ? report.tiu_cycles : report.gdma_cycles;
      if (report.tiu_cycles + report.gdma_cycles == 0 || timing.start < report.start) report.start = timing.start;
      report.end = std::max(report.end, timing.start + timing.cycles);
      busy += timing.cycles;
      report.ddr_bytes += ddr_bytes(ops[i]);
    }
    for (int32_t node : linked.nodes) add_layer(std::move(reports[node]));
    if (linked.copies_outputs) add_layer(std::move(reports[-1]));
  }

  const Network& network_;
  const op::Graph& graph_;
  const Choices& choices_;
  Linked linked_;
  std::vector<int32_t> sub_net_of_;  // by node

  bmodel::Stage stage_;
  Report report_;
  bmodel::LayerTable table_;
  std::map<int32_t, uint32_t> table_index_;  // by node
};

}  // namespace

Result<Compiled> compile(const op::Graph& graph, const Options& options) {
  BMNET_ASSIGN(const Network network, index_network(graph));
  BMNET_ASSIGN(const Choices choices, choose(network, options));
  BMNET_ASSIGN(Linked linked, link(network, choices));
  return Builder(network, choices, std::move(linked)).run();
}

}  // namespace bmnet::plan
