#include "runtime/network.h"

#include <algorithm>

#include "runtime/stage_run.h"
#include "runtime/store_mode.h"

namespace bmnet::runtime {
namespace {

using bmodel::StoreMode;

uint64_t counted_bytes(const bmodel::Tensor& tensor) {
  const bool byte_wide = element_bytes(tensor.data_type) == 1;
  return stored_bytes(extent_of(shape_of(tensor)), tensor.data_type, byte_wide ? StoreMode::k4N : StoreMode::k1N);
}

Status check_runnable(const bmodel::Model& model, std::string_view what) {
  if (model.chip != "BM1684") return user_error("{}: compiled for chip '{}'; this is a BM1684", what, model.chip);
  for (const bmodel::Net& net : model.nets) {
    if (net.stages.empty()) return user_error("{}: net '{}' has no stage", what, net.name);
    if (net.cascade) return unsupported("{}: net '{}' runs on several devices; BM1684 nets run on one", what, net.name);
    if (net.addr_mode != 0)
      return unsupported("{}: net '{}' has address mode {}; a BM1684 has only 0", what, net.name, net.addr_mode);
    for (const bmodel::Stage& stage : net.stages) {
      bool dynamic = stage.is_dynamic != 0;
      for (const bmodel::SubNet& sub_net : stage.sub_nets) {
        dynamic = dynamic || sub_net.is_dynamic != 0;
        if (!sub_net.core_commands.empty())
          return unsupported("{}: net '{}' has commands by core; those of a BM1684 net are for its TIU and GDMA alone",
                             what, net.name);
      }
      if (dynamic)
        return unsupported(
            "{}: net '{}' is dynamic, and its program can only be interpreted by the vendor's firmware; "
            "compile it for fixed shapes (several shapes: several stages)",
            what, net.name);
      if (stage.sub_nets.empty()) return user_error("{}: net '{}' has a stage without sub-net", what, net.name);
      if (stage.coefficients && stage.coefficients->encrypt_mode != 0)
        return unsupported("{}: net '{}' has encrypted coefficients", what, net.name);
    }
  }
  return {};
}

bool same(std::span<const Shape> shapes, const std::vector<bmodel::Tensor>& tensors) {
  return std::equal(shapes.begin(), shapes.end(), tensors.begin(), tensors.end(),
                    [](const Shape& shape, const bmodel::Tensor& tensor) { return shape == shape_of(tensor); });
}

}  // namespace

Relocation LoadedStage::relocation() const {
  return Relocation(source, coefficients ? coefficients->address() : 0, context ? context->address() : 0);
}

Result<size_t> Network::stage_for(std::span<const Shape> input_shapes) const {
  for (size_t i = 0; i < stages.size(); ++i)
    if (same(input_shapes, stages[i].source.inputs)) return i;
  const std::vector<bmodel::Tensor>& inputs = first().inputs;
  if (stages.size() == 1 && input_shapes.size() == inputs.size()) {
    bool equal_counts = true;
    for (size_t i = 0; i < inputs.size(); ++i)
      equal_counts = equal_counts && element_count(input_shapes[i]) == element_count(shape_of(inputs[i]));
    if (equal_counts) return 0;
  }
  std::string given, known;
  for (const Shape& shape : input_shapes) given += to_string(shape);
  for (const LoadedStage& stage : stages) {
    known += known.empty() ? "" : " or ";
    for (const bmodel::Tensor& input : stage.source.inputs) known += to_string(shape_of(input));
  }
  return user_error("net '{}': no stage for input shapes {}; it was compiled for {}", name, given, known);
}

uint64_t Network::max_input_bytes(size_t index) const {
  uint64_t bytes = 0;
  for (const LoadedStage& stage : stages) bytes = std::max(bytes, counted_bytes(stage.source.inputs[index]));
  return bytes;
}

uint64_t Network::max_output_bytes(size_t index) const {
  uint64_t bytes = 0;
  for (const LoadedStage& stage : stages) bytes = std::max(bytes, counted_bytes(stage.source.outputs[index]));
  return bytes;
}

Status Runtime::load(const bmodel::Model& model, std::string_view what, std::vector<std::string>* skipped) {
  BMNET_TRY(check_runnable(model, what));
  uint64_t shared_bytes = 0;
  for (const bmodel::Net& net : model.nets)
    for (const bmodel::Stage& stage : net.stages)
      if (stage.sub_nets.size() == 1) shared_bytes = std::max(shared_bytes, stage.context_bytes());
  // Nets loaded earlier keep the buffer their commands point to.
  std::shared_ptr<DeviceBuffer> shared = shared_activations_;
  if (!shared || shared->bytes() < shared_bytes) {
    BMNET_ASSIGN(shared, context_->allocate(shared_bytes));
  }

  std::vector<std::unique_ptr<Network>> added;
  for (const bmodel::Net& net : model.nets) {
    const auto has_name = [&](const std::unique_ptr<Network>& other) { return other->name == net.name; };
    if (find(net.name) || std::any_of(added.begin(), added.end(), has_name)) {
      if (skipped) skipped->push_back(net.name);
      continue;
    }
    auto network = std::make_unique<Network>();
    network->name = net.name;
    for (size_t i = 0; i < net.stages.size(); ++i) {
      const std::string where = fmt::format("{}: net '{}' stage {}", what, net.name, i);
      if (net.stages[i].inputs.size() != net.stages[0].inputs.size() ||
          net.stages[i].outputs.size() != net.stages[0].outputs.size())
        return user_error("{}: has other inputs or outputs than stage 0", where);
      BMNET_ASSIGN(LoadedStage stage, load_stage(net.stages[i], where, shared));
      network->stages.push_back(std::move(stage));
    }
    added.push_back(std::move(network));
  }
  shared_activations_ = std::move(shared);
  for (auto& network : added) networks_.push_back(std::move(network));
  return {};
}

Result<LoadedStage> Runtime::load_stage(const bmodel::Stage& stage, const std::string& where,
                                        const std::shared_ptr<DeviceBuffer>& shared_context) {
  LoadedStage loaded{stage, nullptr, nullptr, {}, {}};
  // What is no layer table of ours leaves commands without names.
  if (Result<bmodel::LayerTable> table = bmodel::decode_layer_table(stage.net_profile.bytes()); table)
    loaded.layers = std::move(*table);
  if (stage.coefficients && !stage.coefficients->data.empty()) {
    const bmodel::Coefficients& coefficients = *stage.coefficients;
    const std::string key = fmt::format("{}:{}", to_hex(coefficients.check_code), coefficients.data.size());
    BMNET_ASSIGN(loaded.coefficients, context_->upload_shared(key, coefficients.data.bytes()));
  }
  if (stage.sub_nets.size() == 1) {
    loaded.context = shared_context;
  } else {
    BMNET_ASSIGN(loaded.context, context_->allocate(stage.context_bytes()));
  }
  const Relocation relocation = loaded.relocation();
  for (size_t i = 0; i < stage.sub_nets.size(); ++i) {
    const bmodel::SubNet& sub_net = stage.sub_nets[i];
    // A single sub-net may leave its commands to the stage.
    const auto& groups =
        stage.sub_nets.size() == 1 && sub_net.cmd_groups.empty() ? stage.cmd_groups : sub_net.cmd_groups;
    loaded.sub_nets.emplace_back();
    if (sub_net.mode != bmodel::SubNetMode::kTpu) continue;
    for (size_t k = 0; k < groups.size(); ++k) {
      BMNET_ASSIGN(CommandGroup group,
                   load_group(groups[k], relocation, fmt::format("{} sub-net {} group {}", where, i, k)));
      loaded.sub_nets.back().push_back(std::move(group));
    }
  }
  return loaded;
}

const Network* Runtime::find(std::string_view name) const {
  for (const auto& network : networks_)
    if (network->name == name) return network.get();
  return nullptr;
}

Result<LaunchReport> Runtime::launch(const Network& network, size_t stage, std::span<const DeviceTensor> inputs,
                                     std::span<DeviceTensor> outputs) {
  if (stage >= network.stages.size())
    return user_error("net '{}': no stage {}; it has {}", network.name, stage, network.stages.size());
  const bmodel::Stage& source = network.stages[stage].source;
  if (inputs.size() != source.inputs.size() || outputs.size() != source.outputs.size())
    return user_error("net '{}': {} inputs and {} outputs given; it has {} and {}", network.name, inputs.size(),
                      outputs.size(), source.inputs.size(), source.outputs.size());
  const std::lock_guard lock(context_->launching());
  StageRun run(*context_, network.stages[stage]);
  Result<LaunchReport> report = run.run(inputs, outputs);
  if (!report) return with_context(fmt::format("net '{}'", network.name), std::move(report).error());
  context_->last_cycles = report->cycles;
  context_->total_cycles += report->cycles;
  ++context_->launches;
  return report;
}

}  // namespace bmnet::runtime
