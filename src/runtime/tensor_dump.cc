#include "runtime/tensor_dump.h"

#include <algorithm>

namespace bmnet::runtime {

using bm1684::Engine;
using bmodel::SubNetMode;

Result<Tensor> read_tensor(Device& device, const LoadedStage& stage, const bmodel::LayerTable::Tensor& tensor) {
  const auto read = [&]() -> Result<Tensor> {
    if (tensor.address == 0) return user_error("it never leaves local memory");
    BMNET_ASSIGN(const DType type, host_type(tensor.type));
    BMNET_ASSIGN(const uint64_t address, stage.relocation().source(tensor.address));
    const TensorInfo info{type, Shape(tensor.shape.begin(), tensor.shape.end())};
    // Before memory of that size is asked for: a damaged table may say anything.
    if (info.bytes() > device.ddr_bytes()) return user_error("{} bytes are more than the device has", info.bytes());
    Tensor result(info);
    BMNET_TRY(device.read(address, {static_cast<std::byte*>(result.raw()), result.bytes()}));
    return result;
  };
  Result<Tensor> result = read();
  if (!result) return with_context(fmt::format("tensor '{}'", tensor.name), std::move(result).error());
  return result;
}

void TensorDump::start(const LoadedStage& stage) {
  if (stage_ == &stage) return;
  stage_ = &stage;
  commands_.emplace(stage);
}

Status TensorDump::sub_net_begins(const LoadedStage& stage, size_t index, const ReadTensor& read) {
  start(stage);
  first_group_ = commands_->first_group(index);
  const bmodel::SubNet& sub_net = stage.source.sub_nets[index];
  const std::vector<bmodel::Tensor>& inputs = stage.source.sub_nets.size() == 1 ? stage.source.inputs : sub_net.inputs;
  BMNET_TRY(take_border(inputs, read));
  return sub_net.mode == SubNetMode::kTpu ? take_views(inputs) : Status();
}

Status TensorDump::after(const CommandPlace& place, const LaunchState& state) {
  // Only the GDMA writes DDR.
  if (place.engine != Engine::kGdma) return {};
  CommandPlace in_stage = place;
  in_stage.group += first_group_;
  const int32_t layer = commands_->layer_of(in_stage);
  if (layer < 0 || commands_->last_of(static_cast<size_t>(layer), Engine::kGdma) != in_stage) return {};
  return take_written_by(layer);
}

Status TensorDump::sub_net_ends(const LoadedStage& stage, size_t index, const ReadTensor& read) {
  return take_border(stage.source.sub_nets.size() == 1 ? stage.source.outputs : stage.source.sub_nets[index].outputs,
                     read);
}

// Operands and results of sub-nets have names in every file.
Status TensorDump::take_border(const std::vector<bmodel::Tensor>& tensors, const ReadTensor& read) {
  for (const bmodel::Tensor& tensor : tensors) {
    if (taken_.contains(tensor.name)) continue;
    BMNET_ASSIGN(taken_[tensor.name], read(tensor.name));
  }
  return {};
}

// Tensors that share the bytes of an operand that no command wrote: reshapes of inputs and of results of the host.
Status TensorDump::take_views(const std::vector<bmodel::Tensor>& placed) {
  const auto& layers = stage_->layers.layers;
  const auto& tensors = stage_->layers.tensors;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const bmodel::LayerTable::Tensor& view = tensors[i];
    const bool written = view.written_by >= 0;
    if (view.layer == view.written_by || (written && layers[static_cast<size_t>(view.written_by)].place != "cpu"))
      continue;
    for (const bmodel::LayerTable::Tensor& base : tensors) {
      const auto same_name = [&](const bmodel::Tensor& tensor) { return tensor.name == base.name; };
      if (base.layer == base.written_by && base.written_by == view.written_by && base.address == view.address &&
          std::any_of(placed.begin(), placed.end(), same_name))
        BMNET_TRY(take_from_memory(i));
    }
  }
  return {};
}

Status TensorDump::take_written_by(int32_t layer) {
  for (size_t i = 0; i < stage_->layers.tensors.size(); ++i)
    if (stage_->layers.tensors[i].written_by == layer) BMNET_TRY(take_from_memory(i));
  return {};
}

Status TensorDump::take_from_memory(size_t index) {
  const bmodel::LayerTable::Tensor& tensor = stage_->layers.tensors[index];
  if (tensor.address == 0 || taken_.contains(tensor.name)) return {};
  BMNET_ASSIGN(taken_[tensor.name], read_tensor(device_, *stage_, tensor));
  return {};
}

std::vector<NamedTensor> TensorDump::take(std::vector<Missing>* missing) {
  std::vector<NamedTensor> result;
  const auto move_out = [&](std::map<std::string, Tensor>::iterator found) {
    result.push_back({found->first, std::move(found->second)});
    return taken_.erase(found);
  };
  if (stage_)
    for (const bmodel::LayerTable::Tensor& tensor : stage_->layers.tensors) {
      const auto found = taken_.find(tensor.name);
      if (found != taken_.end())
        move_out(found);
      else if (missing)
        missing->push_back({tensor.name, tensor.address == 0 ? "never leaves local memory"
                                                             : "not computed on the way the sub-nets took"});
    }
  for (auto left = taken_.begin(); left != taken_.end();) left = move_out(left);
  return result;
}

}  // namespace bmnet::runtime
