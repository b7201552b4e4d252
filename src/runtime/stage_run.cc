#include "runtime/stage_run.h"

#include <algorithm>
#include <cstring>

#include "runtime/cpu_layers.h"
#include "runtime/store_mode.h"

namespace bmnet::runtime {

using bmodel::StoreMode;
using bmodel::SubNet;
using bmodel::SubNetMode;

namespace {

constexpr int kFirstCustomLayer = 10000;

std::vector<int> to_ints(const Shape& shape) { return {shape.begin(), shape.end()}; }

// Room on the host for a tensor of 1N. What is larger than all memory of the device is a damaged file.
Result<std::shared_ptr<std::vector<uint32_t>>> host_memory(const Shape& shape, uint64_t device_bytes) {
  uint64_t words = 1;
  for (const int64_t dim : shape)
    if (__builtin_mul_overflow(words, static_cast<uint64_t>(dim), &words) || words > device_bytes / 4)
      return user_error("a tensor of {} in host memory is larger than the device memory of {} bytes", to_string(shape),
                        device_bytes);
  return std::make_shared<std::vector<uint32_t>>(std::max<uint64_t>(1, words));
}

}  // namespace

std::span<std::byte> StageRun::Value::host_bytes() const {
  const size_t bytes = stored_bytes(extent_of(shape), type, StoreMode::k1N);
  return std::as_writable_bytes(std::span(*host)).first(bytes);
}

Result<LaunchReport> StageRun::run(std::span<const DeviceTensor> inputs, std::span<DeviceTensor> outputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bmodel::Tensor& tensor = stage_.source.inputs[i];
    Value value = device_value(tensor, inputs[i].address);
    value.shape = inputs[i].shape;
    value.mode = inputs[i].mode;
    if (value.mode != tensor.store_mode || tensor.pad_h) value.placed_at = 0;  // has to be converted
    values_[tensor.name] = value;
  }
  // Sub-nets run in the order of their ids among those that may run; without ids, simply in order.
  const auto& sub_nets = stage_.source.sub_nets;
  const bool in_order = std::all_of(sub_nets.begin(), sub_nets.end(), [](const SubNet& s) { return s.id < 0; });
  std::set<size_t> waiting{0};
  std::vector<bool> ran(sub_nets.size());
  while (!waiting.empty()) {
    const size_t index = *waiting.begin();
    waiting.erase(waiting.begin());
    if (index >= sub_nets.size()) return user_error("sub-net {} is to run, but there are {}", index, sub_nets.size());
    if (ran[index]) return unsupported("sub-net {} is to run a second time: loops of sub-nets", index);
    ran[index] = true;
    const SubNet& sub_net = sub_nets[index];
    if (sub_net.mode == SubNetMode::kSwitch) {
      BMNET_ASSIGN(const bool taken, run_switch(sub_net));
      if (sub_net.next_ids.size() != 2) return user_error("sub-net {}: a SWITCH has two successors", index);
      waiting.insert(static_cast<size_t>(sub_net.next_ids[taken]));
      continue;
    }
    if (Status status = run_sub_net(index); !status)
      return sub_nets.size() == 1 ? Result<LaunchReport>(tl::unexpected(std::move(status).error()))
                                  : with_context(fmt::format("sub-net {}", index), std::move(status).error());
    if (in_order && index + 1 < sub_nets.size()) waiting.insert(index + 1);
    for (int32_t next : sub_net.next_ids) waiting.insert(static_cast<size_t>(next));
  }
  BMNET_TRY(deliver(outputs));
  return std::move(report_);
}

Status StageRun::run_sub_net(size_t index) {
  const SubNet& sub_net = stage_.source.sub_nets[index];
  switch (sub_net.mode) {
    case SubNetMode::kTpu:
      BMNET_TRY(run_tpu(index));
      break;
    case SubNetMode::kCpu:
      BMNET_TRY(run_cpu(index));
      break;
    case SubNetMode::kMerge:
      return run_merge(sub_net);
    default:
      return user_error("sub-net mode {} is unknown", static_cast<int>(sub_net.mode));
  }
  return context_.observer() ? context_.observer()->sub_net_ends(stage_, index, reader()) : Status();
}

// The operands of sub-net `index` are in place.
Status StageRun::begins(size_t index) {
  return context_.observer() ? context_.observer()->sub_net_begins(stage_, index, reader()) : Status();
}

ReadTensor StageRun::reader() {
  return [this](const std::string& name) -> Result<Tensor> {
    BMNET_ASSIGN(const Value* value, find(name));
    Value copy = *value;  // looking at a value does not bring it to the host for good
    BMNET_TRY(bring_to_host(copy));
    BMNET_ASSIGN(const DType type, host_type(copy.type));
    Tensor tensor({type, copy.shape});
    std::memcpy(tensor.raw(), copy.host_bytes().data(), tensor.bytes());
    return tensor;
  };
}

Status StageRun::run_tpu(size_t index) {
  const SubNet& sub_net = stage_.source.sub_nets[index];
  // A single sub-net has the net's inputs and outputs, whatever it lists itself.
  const bool only = stage_.source.sub_nets.size() == 1;
  for (const bmodel::Tensor& input : only ? stage_.source.inputs : sub_net.inputs) BMNET_TRY(place_for_tpu(input));
  BMNET_TRY(begins(index));
  BMNET_ASSIGN(LaunchReport report, context_.device().launch(stage_.sub_nets[index], options_for(index)));
  report_.append(std::move(report));
  for (const bmodel::Tensor& output : only ? stage_.source.outputs : sub_net.outputs) {
    BMNET_ASSIGN(const uint64_t address, relocation_.source(output.device_addr));
    values_[output.name] = device_value(output, address);
  }
  return {};
}

// The launch options, able to name layers: the table counts the groups of all sub-nets.
LaunchOptions StageRun::options_for(size_t index) const {
  LaunchOptions options = context_.launch_options();
  if (stage_.layers.layers.empty()) return options;
  uint32_t before = 0;
  for (size_t i = 0; i < index; ++i) before += static_cast<uint32_t>(stage_.sub_nets[i].size());
  options.layer_of = [this, before](const CommandPlace& place) -> std::string {
    const int64_t layer =
        stage_.layers.layer_of(before + place.group, static_cast<uint32_t>(place.engine), place.index);
    return layer < 0 ? "" : stage_.layers.layers[layer].name;
  };
  return options;
}

Status StageRun::run_cpu(size_t index) {
  const SubNet& sub_net = stage_.source.sub_nets[index];
  if (sub_net.cpu_params.empty()) return user_error("a CPU sub-net without parameters");
  const bmodel::CpuParam& param = sub_net.cpu_params[0];
  if (param.op_type >= kFirstCustomLayer || param.is_custom)
    return unsupported("custom host layer {}: only built-in and user layers (libusercpu.so) are", param.op_type);
  if (!param.constants.empty()) return unsupported("host layer {} with constants kept on the host", param.op_type);
  BMNET_ASSIGN(CpuLayers * layers, CpuLayers::instance());

  std::vector<float*> inputs, outputs;
  std::vector<std::vector<int>> input_shapes, output_shapes;
  for (const bmodel::Tensor& tensor : sub_net.inputs) {
    BMNET_ASSIGN(Value * value, find(tensor.name));
    BMNET_TRY(bring_to_host(*value));
    inputs.push_back(reinterpret_cast<float*>(value->host->data()));
    input_shapes.push_back(to_ints(value->shape));
  }
  BMNET_TRY(begins(index));
  std::vector<Value> results;
  for (const bmodel::Tensor& tensor : sub_net.outputs) {
    Value value{.type = tensor.data_type, .shape = shape_of(tensor), .host = nullptr, .written = ++writes_};
    BMNET_ASSIGN(value.host, host_memory(value.shape, context_.device().ddr_bytes()));
    outputs.push_back(reinterpret_cast<float*>(value.host->data()));
    output_shapes.push_back(to_ints(value.shape));
    results.push_back(std::move(value));
  }
  const Bytes bytes = param.param.bytes();
  BMNET_TRY(layers->process(param.op_type, {bytes.begin(), bytes.end()}, inputs, input_shapes, outputs, output_shapes));
  for (size_t i = 0; i < results.size(); ++i) {
    if (i >= output_shapes.size()) return user_error("host layer {} dropped an output", param.op_type);
    const Shape shape(output_shapes[i].begin(), output_shapes[i].end());
    const bool negative = std::any_of(shape.begin(), shape.end(), [](int64_t dim) { return dim < 0; });
    if (negative || element_count(shape) > element_count(results[i].shape))
      return user_error("host layer {}: output {} has shape {}; at most {} was announced", param.op_type, i,
                        to_string(shape), to_string(results[i].shape));
    results[i].shape = shape;
    values_[sub_net.outputs[i].name] = results[i];
  }
  return {};
}

Status StageRun::run_merge(const SubNet& sub_net) {
  if (!sub_net.merge_from || sub_net.merge_from->size() != sub_net.outputs.size())
    return user_error("a MERGE names sources for each of its {} outputs", sub_net.outputs.size());
  for (size_t i = 0; i < sub_net.outputs.size(); ++i) {
    const Value* latest = nullptr;
    for (int32_t index : (*sub_net.merge_from)[i]) {
      if (index < 0 || static_cast<size_t>(index) >= sub_net.inputs.size())
        return user_error("a MERGE takes output {} from input {}; it has {}", i, index, sub_net.inputs.size());
      const auto found = values_.find(sub_net.inputs[index].name);
      if (found != values_.end() && (!latest || found->second.written > latest->written)) latest = &found->second;
    }
    if (!latest) return user_error("a MERGE has no source for output '{}'", sub_net.outputs[i].name);
    Value merged = *latest;
    merged.written = ++writes_;
    if (merged.on_device && sub_net.outputs[i].device_addr) {
      BMNET_ASSIGN(const uint64_t address, relocation_.destination(sub_net.outputs[i].device_addr));
      BMNET_TRY(transfer(*latest, address, sub_net.outputs[i].store_mode, 0));
      merged.address = merged.placed_at = address;
      merged.mode = sub_net.outputs[i].store_mode;
    }
    values_[sub_net.outputs[i].name] = std::move(merged);
  }
  return {};
}

Result<bool> StageRun::run_switch(const SubNet& sub_net) {
  if (sub_net.inputs.empty()) return user_error("a SWITCH without condition");
  BMNET_ASSIGN(Value * condition, find(sub_net.inputs.back().name));
  BMNET_TRY(bring_to_host(*condition));
  const bool taken = condition->host->front() != 0;
  for (size_t i = 0; i < sub_net.outputs.size(); ++i) {
    const std::string& name = sub_net.outputs[i].name;
    size_t from = i;
    bool branch = name.ends_with(":1");  // the mark of files without switch_param
    if (sub_net.switch_param) {
      const bmodel::SwitchParam& param = *sub_net.switch_param;
      if (i >= param.output_from.size() || i >= param.output_branch.size() || param.output_from[i] < 0)
        return user_error("a SWITCH has no source for output '{}'", name);
      from = static_cast<size_t>(param.output_from[i]);
      branch = param.output_branch[i] != 0;
    }
    if (from >= sub_net.inputs.size()) return user_error("a SWITCH takes output '{}' from input {}", name, from);
    if (branch != taken) continue;
    BMNET_ASSIGN(const Value* value, find(sub_net.inputs[from].name));
    Value passed = *value;
    passed.written = ++writes_;
    values_[name] = std::move(passed);
  }
  return taken;
}

Status StageRun::deliver(std::span<DeviceTensor> outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const bmodel::Tensor& tensor = stage_.source.outputs[i];
    const auto found = values_.find(tensor.name);
    if (found == values_.end() || !found->second.written)
      return user_error("output '{}' is not computed on the way the sub-nets took", tensor.name);
    const Value& value = found->second;
    outputs[i].shape = value.shape;
    BMNET_TRY(transfer(value, outputs[i].address, outputs[i].mode, 0));
  }
  return {};
}

Result<StageRun::Value*> StageRun::find(const std::string& name) {
  const auto found = values_.find(name);
  if (found == values_.end()) return user_error("tensor '{}' is read before it is computed", name);
  return &found->second;
}

// The net-level entry of an input says how it is padded.
uint32_t StageRun::padding_of(const bmodel::Tensor& tensor) const {
  for (const bmodel::Tensor& input : stage_.source.inputs)
    if (input.name == tensor.name) return input.pad_h;
  return tensor.pad_h;
}

Status StageRun::place_for_tpu(const bmodel::Tensor& tensor) {
  BMNET_ASSIGN(Value * value, find(tensor.name));
  BMNET_ASSIGN(const uint64_t address, relocation_.destination(tensor.device_addr));
  if (value->placed_at == address) return {};
  BMNET_TRY(transfer(*value, address, tensor.store_mode, padding_of(tensor)));
  value->placed_at = address;
  return {};
}

Status StageRun::bring_to_host(Value& value) {
  if (value.host) return {};
  BMNET_ASSIGN(value.host, host_memory(value.shape, context_.device().ddr_bytes()));
  BMNET_TRY(check_conversion(value.type, value.mode, StoreMode::k1N));
  if (value.mode == StoreMode::k1N) return context_.device().read(value.address, value.host_bytes());
  const Extent4 extent = extent_of(value.shape);
  std::vector<std::byte> words(stored_bytes(extent, value.type, value.mode));
  BMNET_TRY(context_.device().read(value.address, words));
  deinterleave(words, extent, value.host_bytes());
  return {};
}

StageRun::Value StageRun::device_value(const bmodel::Tensor& tensor, uint64_t address) {
  return {.type = tensor.data_type,
          .shape = shape_of(tensor),
          .on_device = true,
          .address = address,
          .mode = tensor.store_mode,
          .placed_at = address,
          .host = nullptr,
          .written = ++writes_};
}

// What the firmware does with inputs and outputs: a copy, or a conversion between 1N and 4N.
Status StageRun::transfer(const Value& from, uint64_t to, StoreMode mode, uint32_t pad_h) {
  const RowPadding padding = RowPadding::of(pad_h);
  const Extent4 extent = extent_of(from.shape);
  const StoreMode held = from.on_device ? from.mode : StoreMode::k1N;
  BMNET_TRY(check_conversion(from.type, held, mode, padding));
  Device& device = context_.device();
  if (held == mode) {
    if (!from.on_device) return device.write(to, from.host_bytes());
    return device.copy(to, from.address, stored_bytes(extent, from.type, mode));
  }
  const Extent4 padded{extent.n, extent.c, padding.above + extent.h + padding.below, extent.w};
  std::vector<std::byte> plain(stored_bytes(extent, from.type, StoreMode::k1N));
  std::vector<std::byte> words(stored_bytes(padded, from.type, StoreMode::k4N));
  if (mode == StoreMode::k4N) {
    if (from.on_device) {
      BMNET_TRY(device.read(from.address, plain));
    } else {
      std::memcpy(plain.data(), from.host_bytes().data(), plain.size());
    }
    BMNET_TRY(device.read(to, words));  // the bytes of missing batch items stay
    interleave(plain, extent, padding, words);
    return device.write(to, words);
  }
  BMNET_TRY(device.read(from.address, words));
  deinterleave(words, extent, plain);
  return device.write(to, plain);
}

}  // namespace bmnet::runtime
