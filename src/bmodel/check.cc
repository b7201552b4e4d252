#include "bmodel/check.h"

#include <cstring>
#include <limits>
#include <set>
#include <string>

#include "base/sha256.h"
#include "target/bm1684/isa/fields.h"
#include "target/bm1684/machine.h"

namespace bmnet::bmodel {
namespace {

using bm1684::Command;
using bm1684::kCommandBytes;
using bm1684::kContextStart;
using bm1684::kDdrBase;

constexpr size_t kMaxDims = 8;
constexpr uint64_t kAddressSpace = uint64_t{1} << 40;

// Bytes of the compiled tensor: batch items rounded up to a whole word in 2N and 4N, padding rows included. Nothing
// when the number overflows.
std::optional<uint64_t> compiled_bytes(const Tensor& tensor) {
  const Shape& shape = tensor.shapes[0];
  const uint64_t pack = tensor.store_mode == StoreMode::k4N ? 4 : tensor.store_mode == StoreMode::k2N ? 2 : 1;
  uint64_t bits = static_cast<uint64_t>(bits_per_element(tensor.data_type));
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    uint64_t dim = shape[axis];
    if (axis == 0) dim = (dim + pack - 1) / pack * pack;
    if (axis == 2) dim += (tensor.pad_h >> 16) + (tensor.pad_h & 0xFFFF);
    if (__builtin_mul_overflow(bits, dim, &bits)) return std::nullopt;
  }
  return bits / 8 + (bits % 8 != 0);
}

Status check_tensor(const Tensor& tensor) {
  if (static_cast<uint32_t>(tensor.data_type) >= kDataTypes)
    return user_error("unknown data type {}", static_cast<uint32_t>(tensor.data_type));
  const auto mode = static_cast<int32_t>(tensor.store_mode);
  if (mode < 0 || mode > 2) return user_error("unknown store mode {}", mode);
  if (tensor.shapes.empty()) return user_error("has no shape");
  const Shape& shape = tensor.shapes[0];
  if (shape.empty() || shape.size() > kMaxDims)
    return user_error("has {} dimensions, 1 to {} are possible", shape.size(), kMaxDims);
  for (uint64_t dim : shape)
    if (dim == 0 || dim > static_cast<uint64_t>(std::numeric_limits<int32_t>::max()))
      return user_error("has a dimension of {}", dim);
  return {};
}

// Checks one stage; the messages leave out net and stage.
class StageCheck {
 public:
  explicit StageCheck(const Stage& stage) : stage_(stage) {}

  Status run() {
    BMNET_TRY(memory());
    BMNET_TRY(tensors("input", stage_.inputs));
    BMNET_TRY(tensors("output", stage_.outputs));
    if (stage_.sub_nets.empty()) return user_error("has no sub-net");
    BMNET_TRY(groups_agree());
    for (size_t i = 0; i < stage_.cmd_groups.size(); ++i)
      if (Status sound = group(stage_.cmd_groups[i]); !sound)
        return with_context(fmt::format("command group {}", i), std::move(sound).error());
    for (size_t i = 0; i < stage_.sub_nets.size(); ++i)
      if (Status sound = sub_net(i); !sound)
        return with_context(fmt::format("sub-net {}", i), std::move(sound).error());
    BMNET_TRY(tensors_are_produced());
    return sub_nets_end();
  }

 private:
  static bool within(uint64_t address, uint64_t size, uint64_t begin, uint64_t length) {
    return address >= begin && address - begin <= length && size <= length - (address - begin);
  }
  bool in_context(uint64_t address, uint64_t size) const {
    return within(address, size, stage_.ctx_addr, context_bytes_);
  }
  bool in_coefficients(uint64_t address, uint64_t size) const {
    return stage_.coefficients && within(address, size, stage_.coefficients->address, stage_.coefficients->data.size());
  }

  Status memory() {
    for (uint64_t size : stage_.ctx_sizes)
      if (__builtin_add_overflow(context_bytes_, size, &context_bytes_)) return user_error("activations are too large");
    if (stage_.ctx_sizes.empty()) context_bytes_ = stage_.ctx_size;
    if (stage_.ctx_addr < kContextStart || stage_.ctx_addr >= kAddressSpace ||
        context_bytes_ > kAddressSpace - stage_.ctx_addr)
      return user_error("activations at {:#x} + {:#x} lie outside the usable DDR, which starts at {:#x}",
                        stage_.ctx_addr, context_bytes_, kContextStart);
    if (!stage_.coefficients) return {};
    const Coefficients& coefficients = *stage_.coefficients;
    if (coefficients.check_code.size() != sizeof(Sha256))
      return user_error("the coefficients' check code has {} bytes, not {}", coefficients.check_code.size(),
                        sizeof(Sha256));
    // The loader tells coefficients from activations by ctx_addr alone.
    if (!coefficients.data.empty() &&
        !within(coefficients.address, coefficients.data.size(), kContextStart, stage_.ctx_addr - kContextStart))
      return user_error("coefficients at {:#x} + {:#x} do not lie between {:#x} and the activations at {:#x}",
                        coefficients.address, coefficients.data.size(), kContextStart, stage_.ctx_addr);
    return {};
  }

  Status tensors(std::string_view role, const std::vector<Tensor>& tensors) const {
    for (const Tensor& tensor : tensors) {
      Status sound = check_tensor(tensor);
      if (sound) sound = place(tensor);
      if (!sound) return with_context(fmt::format("{} '{}'", role, tensor.name), std::move(sound).error());
    }
    return {};
  }

  Status place(const Tensor& tensor) const {
    const std::optional<uint64_t> bytes = compiled_bytes(tensor);
    if (!bytes) return user_error("is too large");
    if (tensor.mem_type & kCpuMemory && stage_.cpu_mem_size != 0) {
      const uint64_t floats = (*bytes + 3) / 4;
      if (!within(tensor.cpu_addr, floats, 0, stage_.cpu_mem_size))
        return user_error("host memory {:#x} + {:#x} floats lies outside the host buffer of {:#x}", tensor.cpu_addr,
                          floats, stage_.cpu_mem_size);
    }
    if (tensor.mem_type == kCpuMemory) return {};  // never in device memory
    if (tensor.size < *bytes) return user_error("needs {} bytes, has {}", *bytes, tensor.size);
    if (in_context(tensor.device_addr, tensor.size) || in_coefficients(tensor.device_addr, tensor.size)) return {};
    return user_error("device memory {:#x} + {:#x} lies outside the activations {:#x} + {:#x}", tensor.device_addr,
                      tensor.size, stage_.ctx_addr, context_bytes_);
  }

  // The loader uploads the stage's groups and finds a sub-net's commands by counting.
  Status groups_agree() const {
    size_t next = 0;
    for (size_t i = 0; i < stage_.sub_nets.size(); ++i) {
      const SubNet& sub_net = stage_.sub_nets[i];
      if (sub_net.mode != SubNetMode::kTpu || sub_net.is_dynamic) continue;
      for (const CmdGroup& group : sub_net.cmd_groups) {
        if (next == stage_.cmd_groups.size() || group != stage_.cmd_groups[next])
          return user_error("sub-net {}: its commands are not those of the stage's command group {}", i, next);
        ++next;
      }
    }
    if (next != stage_.cmd_groups.size())
      return user_error("has {} command groups, its sub-nets have {}", stage_.cmd_groups.size(), next);
    return {};
  }

  Status group(const CmdGroup& group) const {
    BMNET_TRY(stream("TIU", group.bdc_num, group.bdc));
    BMNET_TRY(stream("GDMA", group.gdma_num, group.gdma));
    for (uint32_t i = 0; i < group.gdma_num; ++i) {
      Command command;
      std::memcpy(command.data(), group.gdma.bytes().data() + size_t{i} * kCommandBytes, kCommandBytes);
      if (Status sound = addresses(command); !sound)
        return with_context(fmt::format("GDMA command {}", i), std::move(sound).error());
    }
    return {};
  }

  static Status stream(std::string_view engine, uint32_t commands, const Blob& blob) {
    constexpr uint32_t kMaxCommands = 65534;  // ids have 16 bits
    if (blob.size() != uint64_t{commands} * kCommandBytes)
      return user_error("{} {} commands need {} bytes, not {}", commands, engine, uint64_t{commands} * kCommandBytes,
                        blob.size());
    if (commands > kMaxCommands)
      return user_error("{} {} commands are more than ids can count ({})", commands, engine, kMaxCommands);
    return {};
  }

  Status addresses(const Command& command) const {
    namespace gdma = bm1684::gdma;
    enum Direction : uint64_t { kSystemToLocal, kLocalToSystem, kSystemToSystem, kLocalToLocal };
    const uint64_t direction = get(command, gdma::direction);
    const uint64_t source = get(command, gdma::src_start_addr_l32) | get(command, gdma::src_start_addr_h8) << 32;
    const uint64_t target = get(command, gdma::dst_start_addr_l32) | get(command, gdma::dst_start_addr_h8) << 32;
    const bool system_source = direction == kSystemToLocal || direction == kSystemToSystem;
    const bool system_target = direction == kLocalToSystem || direction == kSystemToSystem;
    BMNET_TRY(address("source", source, system_source));
    BMNET_TRY(address("destination", target, system_target));
    if (system_target && target >= kDdrBase && in_coefficients(target, 0) && !in_context(target, 0))
      return user_error("destination {:#x} lies in the coefficients", target);
    return {};
  }

  // DDR addresses are relocated by the loader, which leaves those of a local side alone.
  Status address(std::string_view role, uint64_t address, bool system_side) const {
    if (address < kDdrBase) return {};
    if (!system_side) return user_error("{} {:#x} is in DDR, but the direction says local memory", role, address);
    if (in_context(address, 1) || in_coefficients(address, 1)) return {};
    return user_error("{} {:#x} lies outside the activations {:#x} + {:#x} and the coefficients", role, address,
                      stage_.ctx_addr, context_bytes_);
  }

  Status sub_net(size_t index) const {
    const SubNet& sub_net = stage_.sub_nets[index];
    if (sub_net.id != -1 && sub_net.id != static_cast<int64_t>(index))
      return user_error("has id {}, not its index", sub_net.id);
    BMNET_TRY(tensors("input", sub_net.inputs));
    BMNET_TRY(tensors("output", sub_net.outputs));
    for (int32_t next : sub_net.next_ids)
      if (next < 0 || static_cast<size_t>(next) >= stage_.sub_nets.size())
        return user_error("is followed by sub-net {}, of {}", next, stage_.sub_nets.size());
    switch (sub_net.mode) {
      case SubNetMode::kTpu:
        return {};
      case SubNetMode::kCpu:
        return sub_net.cpu_params.empty() ? Status(user_error("runs on the host but names no layer")) : Status();
      case SubNetMode::kMerge:
        return merge(sub_net);
      case SubNetMode::kSwitch:
        return branch(sub_net);
    }
    return user_error("unknown mode {}", static_cast<int32_t>(sub_net.mode));
  }

  static Status merge(const SubNet& sub_net) {
    if (!sub_net.merge_from || sub_net.merge_from->size() != sub_net.outputs.size())
      return user_error("merges, but does not say from where for each of its {} outputs", sub_net.outputs.size());
    for (const std::vector<int32_t>& sources : *sub_net.merge_from)
      for (int32_t source : sources) BMNET_TRY(input_index(sub_net, source));
    return {};
  }

  static Status branch(const SubNet& sub_net) {
    if (sub_net.inputs.empty()) return user_error("branches, but has no condition");
    if (sub_net.next_ids.size() != 2) return user_error("branches to {} sub-nets, not 2", sub_net.next_ids.size());
    if (!sub_net.switch_param) return {};  // older files mark the outputs by name
    const SwitchParam& param = *sub_net.switch_param;
    if (param.output_from.size() != sub_net.outputs.size() || param.output_branch.size() != sub_net.outputs.size())
      return user_error("branches, but does not say how for each of its {} outputs", sub_net.outputs.size());
    for (int32_t source : param.output_from) BMNET_TRY(input_index(sub_net, source));
    for (int32_t taken : param.output_branch)
      if (taken != 0 && taken != 1) return user_error("names branch {}, there are 0 and 1", taken);
    return {};
  }

  static Status input_index(const SubNet& sub_net, int32_t index) {
    if (index >= 0 && static_cast<size_t>(index) < sub_net.inputs.size()) return {};
    return user_error("refers to input {}, of {}", index, sub_net.inputs.size());
  }

  Status tensors_are_produced() const {
    std::set<std::string_view> produced;
    for (const Tensor& tensor : stage_.inputs) produced.insert(tensor.name);
    for (const SubNet& sub_net : stage_.sub_nets)
      for (const Tensor& tensor : sub_net.outputs) produced.insert(tensor.name);
    for (const Tensor& tensor : stage_.outputs)
      if (!produced.contains(tensor.name)) return user_error("output '{}' is made by no sub-net", tensor.name);
    for (size_t i = 0; i < stage_.sub_nets.size(); ++i)
      for (const Tensor& tensor : stage_.sub_nets[i].inputs)
        if (!produced.contains(tensor.name) && !in_coefficients(tensor.device_addr, tensor.size))
          return user_error("sub-net {}: input '{}' is made by no sub-net and is no input of the net", i, tensor.name);
    return {};
  }

  // Refuses cycles: takes away sub-nets that nothing leads to, until none is left.
  Status sub_nets_end() const {
    std::vector<size_t> ways_in(stage_.sub_nets.size(), 0);
    for (const SubNet& sub_net : stage_.sub_nets)
      for (int32_t next : sub_net.next_ids) ++ways_in[static_cast<size_t>(next)];
    std::vector<size_t> free;
    for (size_t i = 0; i < ways_in.size(); ++i)
      if (ways_in[i] == 0) free.push_back(i);
    size_t taken = 0;
    for (; !free.empty(); ++taken) {
      const SubNet& sub_net = stage_.sub_nets[free.back()];
      free.pop_back();
      for (int32_t next : sub_net.next_ids)
        if (--ways_in[static_cast<size_t>(next)] == 0) free.push_back(static_cast<size_t>(next));
    }
    if (taken != stage_.sub_nets.size()) return user_error("its sub-nets follow each other in a circle");
    return {};
  }

  const Stage& stage_;
  uint64_t context_bytes_ = 0;
};

std::vector<Shape> input_shapes(const Stage& stage) {
  std::vector<Shape> shapes;
  for (const Tensor& tensor : stage.inputs) shapes.push_back(tensor.shapes[0]);
  return shapes;
}

Status check_net(const Net& net) {
  if (net.stages.empty()) return user_error("net '{}': has no stage", net.name);
  std::set<std::vector<Shape>> seen;
  for (size_t i = 0; i < net.stages.size(); ++i) {
    const Stage& stage = net.stages[i];
    Status sound = StageCheck(stage).run();
    if (sound) sound = check_stages_agree(net.stages[0], stage);
    if (sound && !seen.insert(input_shapes(stage)).second)
      sound = user_error("has the input shapes of an earlier stage");
    if (!sound) return with_context(fmt::format("net '{}', stage {}", net.name, i), std::move(sound).error());
  }
  return {};
}

}  // namespace

Status check(const Model& model) {
  if (model.chip != "BM1684") return {};
  for (const Net& net : model.nets) BMNET_TRY(check_net(net));
  return {};
}

Status check_stages_agree(const Stage& first, const Stage& stage) {
  const auto differs = [](std::string_view what) { return user_error("{} differ from those of stage 0", what); };
  if (first.is_dynamic != stage.is_dynamic) return user_error("static and dynamic stages are in one net");
  if (first.n_dynamic != stage.n_dynamic || first.h_w_dynamic != stage.h_w_dynamic)
    return differs("dynamic dimensions");
  if ((first.sub_nets.size() > 1) != (stage.sub_nets.size() > 1))
    return user_error("stages with one and with several sub-nets are in one net");
  if (first.inputs.size() != stage.inputs.size() || first.outputs.size() != stage.outputs.size())
    return differs("numbers of inputs and outputs");
  for (size_t i = 0; i < first.inputs.size(); ++i) {
    const Tensor &a = first.inputs[i], &b = stage.inputs[i];
    if (a.name != b.name) return differs("names of inputs");
    if (a.data_type != b.data_type) return differs("data types of inputs");
    if (a.scale != b.scale || a.zero_point != b.zero_point) return differs("scales of inputs");
  }
  return {};
}

}  // namespace bmnet::bmodel
