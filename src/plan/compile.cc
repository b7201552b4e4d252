// Compile: places -> node plans -> sub-nets -> one program -> addresses -> commands -> BModel.
#include "plan/compile.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/parallel.h"
#include "base/sha256.h"
#include "bmodel/layer_table.h"
#include "op/cpu_layer.h"
#include "op/op.h"
#include "plan/memory.h"
#include "plan/node_plan.h"
#include "plan/partition.h"
#include "target/bm1684/emit/emit.h"
#include "target/bm1684/lower/lowering.h"
#include "target/bm1684/lower/movement.h"

namespace bmnet::plan {
namespace {

using bm1684::Engine;
namespace g = bm1684::gdma;

constexpr uint64_t kCoefficientAlignment = 128;
constexpr double kPeakMacsPerCycle = 2048, kPeakBytesPerCycle = 53.37;  // fp32; docs/reference/ISA.md

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

class Compiler {
 public:
  Compiler(const op::Graph& graph, const Options& options) : graph_(graph), options_(options) {}

  Result<Compiled> run() {
    BMNET_TRY(check_values());
    index_graph();
    choose_aliases();
    choose_epilogues();
    BMNET_TRY(plan_nodes());
    place_aliases();
    sub_nets_ = partition(graph_, places_);
    BMNET_TRY(give_empty_sub_nets_work());
    add_output_copies();
    BMNET_TRY(link());
    assign_addresses();
    BMNET_TRY(build_sub_nets());
    finish_report();
    return std::move(compiled_);
  }

 private:
  struct SubNet {
    Place place = Place::kTpu;
    std::vector<int32_t> nodes;
    size_t first_op = 0, last_op = 0;  // of the program
    bool copies_outputs = false;       // ends with the copies of output_copies_
  };
  // A graph output that is an input, a constant or an earlier output as well: copied to a buffer of its own.
  struct OutputCopy {
    size_t output = 0;  // index into Graph::outputs
    tile::BufferId buffer = -1;
  };

  Status check_values() {
    std::vector<bool> used(graph_.values.size(), false);
    for (const op::Node& node : graph_.nodes) {
      if (!op::find(node.op)) return unsupported("'{}': unknown operator {}", node.name, node.op);
      for (op::ValueId value : node.inputs) used[value] = true;
      for (op::ValueId value : node.outputs) used[value] = true;
    }
    for (op::ValueId value : graph_.inputs) used[value] = true;
    for (op::ValueId value : graph_.outputs) used[value] = true;
    for (size_t i = 0; i < graph_.values.size(); ++i) {
      const op::Value& value = graph_.values[i];
      if (!used[i] || (value.constant && std::ranges::find(graph_.outputs, i) == graph_.outputs.end())) continue;
      if (value.info.shape.size() > 8)
        return unsupported("value '{}' has {} axes; a BModel holds at most 8", value.name, value.info.shape.size());
      if (value.info.count() == 0)
        return unsupported("value '{}' is empty: shape {}", value.name, bmnet::to_string(value.info.shape));
    }
    if (graph_.outputs.empty()) return user_error("the network has no output");
    return {};
  }

  void index_graph() {
    const size_t values = graph_.values.size();
    producer_.assign(values, -1);
    consumers_.resize(values);
    root_.resize(values);
    std::iota(root_.begin(), root_.end(), 0);
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      for (op::ValueId value : graph_.nodes[i].outputs) producer_[value] = static_cast<int32_t>(i);
      for (op::ValueId value : graph_.nodes[i].inputs) consumers_[value].push_back(static_cast<int32_t>(i));
    }
    is_output_.assign(values, false);
    for (op::ValueId value : graph_.outputs) is_output_[value] = true;
    name_values();
  }

  // Unique, non-empty names: sub-nets find tensors by name. Inputs and outputs come first, so that they keep theirs.
  void name_values() {
    std::set<std::string> taken;
    const auto unique = [&](const std::string& wish) {
      std::string name = wish;
      for (int k = 2; name.empty() || !taken.insert(name).second; ++k)
        name = fmt::format("{}_{}", wish.empty() ? "value" : wish, k);
      return name;
    };
    names_.assign(graph_.values.size(), "");
    for (op::ValueId value : graph_.inputs) names_[value] = unique(graph_.values[value].name);
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const op::ValueId value = graph_.outputs[i];
      const bool named = i < graph_.output_names.size() && !graph_.output_names[i].empty();
      output_names_.push_back(unique(named ? graph_.output_names[i] : graph_.values[value].name));
      // The first output that a computed value is gives it its name; others are copies.
      if (producer_[value] >= 0 && names_[value].empty())
        names_[value] = output_names_.back();
      else
        output_copies_.push_back({i, -1});
    }
    for (size_t i = 0; i < names_.size(); ++i)
      if (names_[i].empty()) names_[i] = unique(graph_.values[i].name);
  }

  bool is_graph_input(op::ValueId value) const {
    return std::ranges::find(graph_.inputs, value) != graph_.inputs.end();
  }

  // A reshape shares the bytes of its operand, unless an output would share them with an input or a constant.
  void choose_aliases() {
    alias_.assign(graph_.nodes.size(), false);
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const op::Node& node = graph_.nodes[i];
      if (!is_alias(graph_, node)) continue;
      const op::ValueId from = root_[node.inputs[0]], to = node.outputs[0];
      if (graph_.values[from].constant || (is_output_[to] && is_graph_input(from))) continue;
      alias_[i] = true;
      root_[to] = from;
    }
  }

  // A unary function of a result that nobody else reads is applied before the result leaves local memory.
  void choose_epilogues() {
    const size_t count = graph_.nodes.size();
    epilogue_.assign(count, -1);
    merged_.assign(count, false);
    if (options_.opt_level < 1) return;
    for (size_t i = 0; i < count; ++i) {
      const op::Node& node = graph_.nodes[i];
      if (node.op != "unary" || !bm1684::refusal({graph_, node}).empty()) continue;
      const op::ValueId value = node.inputs[0];
      const int32_t producer = producer_[value];
      if (producer < 0 || alias_[producer] || merged_[producer] || epilogue_[producer] >= 0 || is_output_[value] ||
          consumers_[value].size() != 1 || graph_.nodes[producer].outputs.size() != 1 ||
          !bm1684::refusal({graph_, graph_.nodes[producer]}).empty())
        continue;
      epilogue_[producer] = static_cast<int32_t>(i);
      merged_[i] = true;
    }
  }

  // Undoes the choice for a node that cannot take its epilogue.
  Result<NodePlan> plan_with_epilogue(size_t node, std::vector<uint8_t>& alone) const {
    if (epilogue_[node] >= 0) {
      Result<NodePlan> both = plan_node(graph_, static_cast<int32_t>(node), epilogue_[node]);
      if (both || both.error().kind != ErrorKind::kUnsupported) return both;
      alone[node] = 1;
    }
    return plan_node(graph_, static_cast<int32_t>(node));
  }

  Status plan_nodes() {
    const size_t count = graph_.nodes.size();
    places_.assign(count, Place::kTpu);
    reasons_.resize(count);
    plans_.resize(count);
    std::vector<std::optional<Error>> errors(count);
    std::vector<uint8_t> alone(count, 0);  // planned without its epilogue
    const auto plan_range = [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        if (alias_[i] || merged_[i]) continue;
        Result<NodePlan> plan = plan_with_epilogue(i, alone);
        if (plan)
          plans_[i] = std::move(*plan);
        else
          errors[i] = plan.error();
      }
    };
    if (options_.threads == 1)
      plan_range(0, count);
    else
      parallel_for(count, 1, plan_range);
    for (size_t i = 0; i < count; ++i) {
      if (!alone[i]) continue;
      const int32_t unary = epilogue_[i];
      epilogue_[i] = -1;
      merged_[unary] = false;
      BMNET_ASSIGN(plans_[unary], plan_node(graph_, unary));
    }
    for (size_t i = 0; i < count; ++i) {
      if (!errors[i]) continue;
      if (errors[i]->kind != ErrorKind::kUnsupported) return tl::unexpected(*errors[i]);
      places_[i] = Place::kCpu;
      reasons_[i] = errors[i]->message;
    }
    return {};
  }

  // A reshape between CPU nodes runs there, so that no TPU sub-net is needed for it.
  void place_aliases() {
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (!alias_[i]) continue;
      const op::Node& node = graph_.nodes[i];
      const int32_t producer = producer_[node.inputs[0]];
      const auto& consumers = consumers_[node.outputs[0]];
      if (producer >= 0 && places_[producer] == Place::kTpu) continue;
      if (std::ranges::any_of(consumers, [&](int32_t c) { return places_[c] == Place::kTpu; })) continue;
      places_[i] = Place::kCpu;
      reasons_[i] = "stands between nodes on the CPU";
      alias_[i] = false;
      root_[node.outputs[0]] = node.outputs[0];
    }
    // Roots again: chains may have been cut.
    for (size_t i = 0; i < graph_.nodes.size(); ++i)
      if (alias_[i]) root_[graph_.nodes[i].outputs[0]] = root_[graph_.nodes[i].inputs[0]];
  }

  // A TPU sub-net of nothing but reshapes has no command: its reshapes become copies.
  Status give_empty_sub_nets_work() {
    for (const SubNetNodes& sub_net : sub_nets_) {
      if (sub_net.place != Place::kTpu ||
          !std::ranges::all_of(sub_net.nodes, [&](int32_t node) { return alias_[node]; }))
        continue;
      for (int32_t node : sub_net.nodes) {
        BMNET_ASSIGN(plans_[node], plan_node(graph_, node));
        alias_[node] = false;
        root_[graph_.nodes[node].outputs[0]] = graph_.nodes[node].outputs[0];
      }
    }
    for (size_t i = 0; i < graph_.nodes.size(); ++i)
      if (alias_[i]) root_[graph_.nodes[i].outputs[0]] = root_[graph_.nodes[i].inputs[0]];
    return {};
  }

  void add_output_copies() {
    for (const SubNetNodes& nodes : sub_nets_) order_.push_back({nodes.place, nodes.nodes});
    if (output_copies_.empty()) return;
    if (order_.empty() || order_.back().place != Place::kTpu) order_.push_back({Place::kTpu, {}});
    order_.back().copies_outputs = true;
  }

  // --- one program ---------------------------------------------------------------------------------------------------

  tile::BufferId activation(op::ValueId value) {
    const op::ValueId root = root_[value];
    auto [entry, is_new] = activations_.try_emplace(root, -1);
    if (is_new) {
      entry->second = program_.add(
          {tile::Buffer::Kind::kActivation, names_[root], graph_.values[root].info.count() * 4, root, nullptr});
      lifetimes_.resize(program_.buffers.size());
      lifetimes_.back() = {program_.buffers.back().bytes, position_, position_};
    }
    return entry->second;
  }

  void touch(tile::BufferId buffer) { lifetimes_[buffer].last = position_; }

  tile::BufferId coefficient(const tile::Buffer& buffer) {
    auto [entry, is_new] = coefficients_.try_emplace(sha256(*buffer.content), -1);
    if (is_new) {
      entry->second = program_.add(buffer);
      lifetimes_.resize(program_.buffers.size());
    }
    return entry->second;
  }

  tile::BufferId scratch(const tile::Buffer& buffer) {
    const tile::BufferId id = program_.add(buffer);
    lifetimes_.resize(program_.buffers.size());
    lifetimes_.back() = {buffer.bytes, position_, position_};
    return id;
  }

  void append(const NodePlan& plan) {
    std::vector<tile::BufferId> ids(plan.program.buffers.size(), -1);
    for (size_t i = 0; i < ids.size(); ++i) {
      const tile::Buffer& buffer = plan.program.buffers[i];
      if (buffer.kind == tile::Buffer::Kind::kActivation) touch(ids[i] = activation(buffer.value));
      if (buffer.kind == tile::Buffer::Kind::kScratch) ids[i] = scratch(buffer);
      if (buffer.kind == tile::Buffer::Kind::kCoefficient && buffer.content) ids[i] = coefficient(buffer);
    }
    for (tile::Op op : plan.program.ops) {
      if (op.source >= 0) op.source = ids[op.source];
      if (op.destination >= 0) op.destination = ids[op.destination];
      program_.ops.push_back(op);
    }
  }

  // Lays all sub-nets out as one program and notes when buffers are in use.
  Status link() {
    for (op::ValueId value : graph_.inputs) activation(value);
    for (SubNet& sub_net : order_) {
      sub_net.first_op = program_.ops.size();
      for (int32_t node : sub_net.nodes) {
        ++position_;
        // A value between a node and its epilogue never reaches DDR.
        if (!merged_[node])
          for (op::ValueId value : graph_.nodes[node].inputs)
            if (!graph_.values[value].constant) touch(activation(value));
        if (epilogue_[node] < 0)
          for (op::ValueId value : graph_.nodes[node].outputs) touch(activation(value));
        if (sub_net.place == Place::kTpu && !alias_[node] && !merged_[node]) append(plans_[node]);
      }
      if (sub_net.copies_outputs) BMNET_TRY(append_output_copies());
      sub_net.last_op = program_.ops.size();
    }
    ++position_;
    // Inputs and outputs keep their places for the whole run: the runtime copies into and out of them.
    const auto pin = [&](tile::BufferId buffer) { lifetimes_[buffer] = {lifetimes_[buffer].bytes, 0, position_}; };
    for (op::ValueId value : graph_.inputs) pin(activation(value));
    for (size_t i = 0; i < graph_.outputs.size(); ++i) pin(output_buffer(i));
    return {};
  }

  Status append_output_copies() {
    for (OutputCopy& copy : output_copies_) {
      ++position_;
      const op::ValueId value = root_[graph_.outputs[copy.output]];
      const op::Value& source = graph_.values[value];
      const int64_t words = source.info.count();
      tile::BufferId from = -1;
      if (source.constant) {
        BMNET_ASSIGN(auto content, words_of(*source.constant));
        from = coefficient({tile::Buffer::Kind::kCoefficient, names_[value], words * 4, -1,
                            std::make_shared<const std::vector<uint8_t>>(std::move(content))});
      } else {
        touch(from = activation(value));
      }
      copy.buffer = program_.add({tile::Buffer::Kind::kActivation, names_[value] + ".copy", words * 4, -1, nullptr});
      lifetimes_.resize(program_.buffers.size());
      lifetimes_.back() = {words * 4, position_, position_};
      bm1684::Recipe recipe;
      const int64_t sizes[] = {words};
      bm1684::add_copy(recipe, sizes, {bm1684::output_ref(), 0, {1}}, {bm1684::input_ref(0), 0, {1}});
      tile::Builder build(program_, -1);
      for (const bm1684::Step& step : recipe.steps) {
        const auto& move = std::get<bm1684::Move>(step);
        build.copy({copy.buffer, move.to.offset, move.to.shape, move.to.strides},
                   {from, move.from.offset, move.from.shape, move.from.strides});
      }
      BMNET_TRY(build.status());
    }
    return {};
  }

  tile::BufferId output_buffer(size_t output) {
    for (const OutputCopy& copy : output_copies_)
      if (copy.output == output) return copy.buffer;
    return activation(graph_.outputs[output]);
  }

  void assign_addresses() {
    std::vector<uint8_t> blob;
    addresses_.assign(program_.buffers.size(), 0);
    std::vector<Lifetime> lifetimes;
    std::vector<size_t> packed;
    for (size_t i = 0; i < program_.buffers.size(); ++i) {
      const tile::Buffer& buffer = program_.buffers[i];
      if (buffer.kind != tile::Buffer::Kind::kCoefficient) {
        packed.push_back(i);
        lifetimes.push_back(lifetimes_[i]);
        continue;
      }
      blob.resize(tile::round_up(static_cast<int64_t>(blob.size()), kCoefficientAlignment), 0);
      addresses_[i] = bm1684::kContextStart + blob.size();
      blob.insert(blob.end(), buffer.content->begin(), buffer.content->end());
    }
    const Packing packing = pack(lifetimes, bm1684::kDdrPage);
    const uint64_t context =
        bm1684::kContextStart + tile::round_up(static_cast<int64_t>(blob.size()), bm1684::kDdrPage);
    for (size_t k = 0; k < packed.size(); ++k) addresses_[packed[k]] = context + packing.offsets[k];

    stage().ctx_addr = context;
    stage().ctx_size = packing.bytes;
    compiled_.report.activation_bytes = packing.bytes;
    compiled_.report.coefficient_bytes = blob.size();
    if (!blob.empty())
      stage().coefficients = bmodel::Coefficients{.address = bm1684::kContextStart,
                                                  .data = bmodel::Blob::of(std::move(blob)),
                                                  .check_code = {},
                                                  .locations = {}};
  }

  // --- the BModel ----------------------------------------------------------------------------------------------------

  bmodel::Stage& stage() {
    if (compiled_.model.nets.empty()) {
      compiled_.model.nets.push_back(
          {.name = graph_.name.empty() ? "network" : graph_.name, .stages = {}, .cascade = {}});
      compiled_.model.nets[0].stages.emplace_back();
    }
    return compiled_.model.nets[0].stages[0];
  }

  bmodel::Tensor tensor(op::ValueId value, uint64_t address, uint32_t mem_type) const {
    const TensorInfo& info = graph_.values[value].info;
    bmodel::Tensor tensor;
    tensor.name = names_[value];
    tensor.data_type = bmodel_type(info.dtype);
    tensor.device_addr = address;
    tensor.size = static_cast<uint64_t>(info.count()) * byte_size(op::storage_type(info.dtype));
    tensor.shapes = {bmodel::Shape(info.shape.begin(), info.shape.end())};
    if (info.shape.empty()) tensor.shapes = {{1}};
    tensor.mem_type = mem_type;
    return tensor;
  }
  bmodel::Tensor tensor(op::ValueId value, uint32_t mem_type) {
    return tensor(value, addresses_[activation(value)], mem_type);
  }

  // Which memories a value that crosses a border of sub-nets lives in.
  uint32_t memory_of(op::ValueId value) const {
    uint32_t memory = 0;
    const auto add = [&](int32_t node) {
      memory |= places_[node] == Place::kTpu ? bmodel::kTpuMemory : bmodel::kCpuMemory;
    };
    if (producer_[value] >= 0) add(producer_[value]);
    for (int32_t node : consumers_[value]) add(node);
    if (producer_[value] < 0 || is_output_[value])
      memory |= bmodel::kTpuMemory;  // the network's border is device memory
    return memory;
  }

  Status build_sub_nets() {
    std::vector<int32_t> sub_net_of(graph_.nodes.size(), -1);
    for (size_t i = 0; i < order_.size(); ++i)
      for (int32_t node : order_[i].nodes) sub_net_of[node] = static_cast<int32_t>(i);
    for (op::ValueId value : graph_.inputs) stage().inputs.push_back(tensor(value, 0));
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      stage().outputs.push_back(tensor(graph_.outputs[i], addresses_[output_buffer(i)], 0));
      stage().outputs.back().name = output_names_[i];
    }
    for (size_t i = 0; i < order_.size(); ++i) {
      bmodel::SubNet sub_net;
      sub_net.id = static_cast<int32_t>(i);
      if (i + 1 < order_.size()) sub_net.next_ids = {static_cast<int32_t>(i) + 1};
      sub_net.mode = order_[i].place == Place::kTpu ? bmodel::SubNetMode::kTpu : bmodel::SubNetMode::kCpu;
      add_borders(order_[i], static_cast<int32_t>(i), sub_net_of, sub_net);
      if (order_[i].place == Place::kTpu) {
        BMNET_TRY(add_commands(order_[i], sub_net));
      } else {
        add_cpu_layer(order_[i].nodes[0], sub_net);
      }
      stage().sub_nets.push_back(std::move(sub_net));
    }
    stage().net_profile = bmodel::Blob::of(bmodel::encode(table_));
    return {};
  }

  void add_borders(const SubNet& nodes, int32_t index, const std::vector<int32_t>& sub_net_of,
                   bmodel::SubNet& sub_net) {
    std::set<op::ValueId> seen;
    const auto memory = [&](op::ValueId value) { return memory_of(value); };
    for (int32_t node : nodes.nodes) {
      for (op::ValueId value : graph_.nodes[node].inputs) {
        const bool inside = producer_[value] >= 0 && sub_net_of[producer_[value]] == index;
        if (graph_.values[value].constant || inside) continue;
        // A CPU layer gets every operand, as often as it stands there.
        if (nodes.place == Place::kTpu && !seen.insert(value).second) continue;
        sub_net.inputs.push_back(tensor(value, memory(value)));
      }
    }
    for (int32_t node : nodes.nodes)
      for (op::ValueId value : graph_.nodes[node].outputs) {
        const bool leaves = is_output_[value] ||
                            std::ranges::any_of(consumers_[value], [&](int32_t c) { return sub_net_of[c] != index; });
        if (leaves || nodes.place == Place::kCpu) sub_net.outputs.push_back(tensor(value, memory(value)));
      }
    if (!nodes.copies_outputs) return;
    for (const OutputCopy& copy : output_copies_) {
      const op::ValueId value = graph_.outputs[copy.output];
      const bool inside = producer_[value] >= 0 && sub_net_of[producer_[value]] == index;
      if (!graph_.values[value].constant && !inside && seen.insert(value).second)
        sub_net.inputs.push_back(tensor(value, memory(value)));
      sub_net.outputs.push_back(tensor(value, addresses_[copy.buffer], bmodel::kTpuMemory));
      sub_net.outputs.back().name = output_names_[copy.output];
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
    LayerReport report = layer_report(index);
    report.note = reasons_[index];
    add_layer(std::move(report));
    ++compiled_.report.cpu_sub_nets;
  }

  Status add_commands(const SubNet& nodes, bmodel::SubNet& sub_net) {
    const std::span<const tile::Op> ops(program_.ops.data() + nodes.first_op, nodes.last_op - nodes.first_op);
    BMNET_ASSIGN(const bm1684::Stream stream, bm1684::emit(program_, ops, addresses_));
    report_layers(nodes, ops, stream);
    for (const bm1684::Stream::Group& group : stream.groups) {
      sub_net.cmd_groups.push_back(bm1684::to_cmd_group(group));
      stage().cmd_groups.push_back(sub_net.cmd_groups.back());
      table_.groups.push_back({runs(group.tiu_layers), runs(group.gdma_layers)});
    }
    compiled_.report.cycles += stream.cycles;
    ++compiled_.report.tpu_sub_nets;
    return {};
  }

  std::vector<bmodel::LayerTable::Run> runs(const std::vector<int32_t>& layers) const {
    std::vector<bmodel::LayerTable::Run> runs;
    for (int32_t node : layers) {
      const uint32_t layer = table_index_.at(node);
      if (runs.empty() || runs.back().layer != layer) runs.push_back({layer, 0});
      ++runs.back().count;
    }
    return runs;
  }

  // --- the report ----------------------------------------------------------------------------------------------------

  LayerReport layer_report(int32_t index) const {
    const op::Node& node = graph_.nodes[index];
    LayerReport report{.node = index, .name = node.name, .op = node.op, .note = {}};
    if (const op::OpSpec* spec = op::find(node.op); spec && spec->macs) {
      std::vector<TensorInfo> inputs;
      for (op::ValueId value : node.inputs) inputs.push_back(graph_.values[value].info);
      report.macs = spec->macs(node.attributes, inputs);
    }
    return report;
  }

  void add_layer(LayerReport report) {
    table_index_[report.node] = static_cast<uint32_t>(table_.layers.size());
    table_.layers.push_back({report.name, report.op, report.on_tpu ? "tpu" : "cpu", report.macs, report.note});
    compiled_.report.layers.push_back(std::move(report));
  }

  void report_layers(const SubNet& nodes, std::span<const tile::Op> ops, const bm1684::Stream& stream) {
    std::map<int32_t, LayerReport> reports;
    for (int32_t node : nodes.nodes) {
      LayerReport report = layer_report(node);
      report.on_tpu = true;
      report.note = plans_[node].recipe;
      if (alias_[node]) report.note = "no commands: the same bytes";
      if (merged_[node]) report.note = "done by the layer before it";
      report.slices = plans_[node].slices;
      reports[node] = std::move(report);
    }
    if (nodes.copies_outputs)
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
    for (int32_t node : nodes.nodes) add_layer(std::move(reports[node]));
    if (nodes.copies_outputs) add_layer(std::move(reports[-1]));
  }

  void finish_report() {
    Report& report = compiled_.report;
    for (const LayerReport& layer : report.layers) {
      if (layer.on_tpu) report.macs += layer.macs;
      report.tiu_cycles += layer.tiu_cycles;
      report.gdma_cycles += layer.gdma_cycles;
      report.ddr_bytes += layer.ddr_bytes;
    }
    uint64_t border = report.coefficient_bytes;
    for (op::ValueId value : graph_.inputs) border += static_cast<uint64_t>(graph_.values[value].info.count()) * 4;
    for (op::ValueId value : graph_.outputs) border += static_cast<uint64_t>(graph_.values[value].info.count()) * 4;
    report.lower_bound = static_cast<uint64_t>(std::max(static_cast<double>(report.macs) / kPeakMacsPerCycle,
                                                        static_cast<double>(border) / kPeakBytesPerCycle));
  }

  const op::Graph& graph_;
  const Options& options_;
  Compiled compiled_;

  std::vector<int32_t> producer_;                // by value, -1: input or constant
  std::vector<std::vector<int32_t>> consumers_;  // by value
  std::vector<op::ValueId> root_;                // by value: the value whose bytes it shares
  std::vector<bool> is_output_;                  // by value
  std::vector<std::string> names_;               // by value
  std::vector<bool> alias_;                      // by node
  std::vector<int32_t> epilogue_;                // by node: the unary node that is done with it, or -1
  std::vector<bool> merged_;                     // by node: is the epilogue of another
  std::vector<Place> places_;                    // by node
  std::vector<std::string> reasons_;             // by node: why on the CPU
  std::vector<NodePlan> plans_;                  // by node
  std::vector<SubNetNodes> sub_nets_;
  std::vector<SubNet> order_;
  std::vector<OutputCopy> output_copies_;
  std::vector<std::string> output_names_;  // by output

  tile::Program program_;
  std::vector<Lifetime> lifetimes_;  // by buffer
  int32_t position_ = 0;
  std::map<op::ValueId, tile::BufferId> activations_;  // by root
  std::map<Sha256, tile::BufferId> coefficients_;
  std::vector<uint64_t> addresses_;  // by buffer

  bmodel::LayerTable table_;
  std::map<int32_t, uint32_t> table_index_;  // by node
};

}  // namespace

Result<Compiled> compile(const op::Graph& graph, const Options& options) { return Compiler(graph, options).run(); }

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
