#include "bmodel/print.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/sha256.h"

namespace bmnet::bmodel {
namespace {

std::string module_text(std::string_view kind, const std::optional<Module>& module) {
  if (!module) return fmt::format("{}: not found!\n", kind);
  return fmt::format("{0} name: {1}\n{0} size: {2}\n{0} sha256: {3}\n", kind, module->file_name, module->content.size(),
                     to_hex(sha256(module->content.bytes())));
}

std::string tensor_text(std::string_view role, const Tensor& tensor, bool dynamic) {
  std::string dims;
  if (!tensor.shapes.empty())
    for (uint64_t dim : tensor.shapes[0])
      fmt::format_to(std::back_inserter(dims), "{}{}{}", dims.empty() ? "" : ", ", dynamic ? "max:" : "", dim);
  return fmt::format("{}: {}, [{}], {}, scale: {:g}, zero point: {}\n", role, tensor.name, dims,
                     data_type_name(tensor.data_type), tensor.scale, tensor.zero_point);
}

uint64_t stream_bytes(const Stage& stage) {
  uint64_t bytes = 0;
  for (const CmdGroup& group : stage.cmd_groups) bytes += group.bdc.size() + group.gdma.size();
  for (const SubNet& sub_net : stage.sub_nets)
    for (const CoreCommands& core : sub_net.core_commands) {
      for (const CmdGroup& group : core.gdma_tiu_commands) bytes += group.bdc.size() + group.gdma.size();
      for (const std::vector<Blob>* blobs : {&core.sdma_commands, &core.hau_commands, &core.cdma_commands})
        for (const Blob& blob : *blobs) bytes += blob.size();
    }
  return bytes;
}

uint64_t program_bytes(const Stage& stage) {
  return stage.stage_ir.empty() ? 0 : uint64_t{4} * stage.stage_ir[0].words;
}

// The runtime converts an input or output through a buffer of 4 bytes an element.
uint64_t conversion_bytes(const Tensor& tensor) {
  if (tensor.shapes.empty()) return 0;
  uint64_t bytes = 4;
  for (uint64_t dim : tensor.shapes[0]) bytes *= dim;
  return bytes;
}

}  // namespace

MemoryUse memory_use(const Model& model) {
  MemoryUse use;
  std::set<std::vector<uint8_t>> coefficients, host_constants;
  uint64_t shared_activations = 0, conversion = 0;
  for (const Net& net : model.nets) {
    uint64_t activations = 0;
    bool several_sub_nets = false;
    for (const Stage& stage : net.stages) {
      if (stage.coefficients && coefficients.insert(stage.coefficients->check_code).second)
        use.weights += stage.coefficients->data.size();
      use.instructions += stream_bytes(stage) + program_bytes(stage);
      use.host_runtime += uint64_t{4} * stage.cpu_mem_size;
      activations = std::max(activations, stage.context_bytes());
      several_sub_nets |= stage.sub_nets.size() > 1;
      for (const std::vector<Tensor>* tensors : {&stage.inputs, &stage.outputs})
        for (const Tensor& tensor : *tensors) conversion = std::max(conversion, conversion_bytes(tensor));
      for (const SubNet& sub_net : stage.sub_nets)
        for (const CpuParam& param : sub_net.cpu_params)
          for (const CpuConst& constant : param.constants)
            if (host_constants.insert(constant.check_code).second) use.host_weights += constant.data.size();
    }
    // Nets with one sub-net share one activation memory.
    if (several_sub_nets)
      use.runtime += activations;
    else
      shared_activations = std::max(shared_activations, activations);
  }
  use.runtime += shared_activations + conversion;
  return use;
}

std::string info(const Model& model) {
  std::string text = fmt::format("bmodel version: {}.{}\nchip: {}\ncreate time: {}\n", model.type, model.version,
                                 model.chip, model.time);
  text += module_text("kernel_module", model.kernel_module);
  text += module_text("cpuop_module", model.cpuop_module);
  const auto add = std::back_inserter(text);
  for (size_t i = 0; i < model.nets.size(); ++i) {
    const Net& net = model.nets[i];
    if (net.stages.empty()) continue;
    fmt::format_to(add, "==========================================\nnet {}: [{}]  {}\n", i, net.name,
                   net.stages[0].is_dynamic ? "dynamic" : "static");
    if (net.addr_mode) fmt::format_to(add, "addr mode: {}\n", net.addr_mode);
    for (size_t j = 0; j < net.stages.size(); ++j) {
      const Stage& stage = net.stages[j];
      fmt::format_to(add, "------------\nstage {}, core num: {}\n", j, std::max(stage.core_num, 1u));
      if (stage.sub_nets.size() > 1) fmt::format_to(add, "subnet number: {}\n", stage.sub_nets.size());
      for (const Tensor& tensor : stage.inputs)
        text += tensor_text("input", tensor, stage.n_dynamic || stage.h_w_dynamic);
      for (const Tensor& tensor : stage.outputs) text += tensor_text("output", tensor, false);
    }
  }
  const MemoryUse use = memory_use(model);
  fmt::format_to(add, "\n\ndevice mem size: {} (weight: {}, instruct: {}, runtime: {})\n", use.device(), use.weights,
                 use.instructions, use.runtime);
  fmt::format_to(add, "host mem size: {} (weight: {}, runtime: {})\n", use.host(), use.host_weights, use.host_runtime);
  return text;
}

std::string weights(const Model& model) {
  std::string text;
  const auto add = std::back_inserter(text);
  for (size_t i = 0; i < model.nets.size(); ++i)
    for (size_t j = 0; j < model.nets[i].stages.size(); ++j) {
      const std::optional<Coefficients>& coefficients = model.nets[i].stages[j].coefficients;
      if (!coefficients || coefficients->locations.empty()) continue;
      fmt::format_to(add, "net {} : \"{}\", stage:{}\n-------------------------------\n", i, model.nets[i].name, j);
      for (const Location& location : coefficients->locations)
        fmt::format_to(add, "{} : [{:#x}, {:#x})\n", location.name, location.offset, location.offset + location.size);
      text += "==========================================\n";
    }
  return text;
}

}  // namespace bmnet::bmodel
