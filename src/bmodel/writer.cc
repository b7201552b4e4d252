#include "bmodel/writer.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>

#include "base/file.h"
#include "base/sha256.h"
#include "bmodel/bmodel_generated.h"
#include "bmodel/check.h"
#include "bmodel/container.h"

namespace bmnet::bmodel {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// The binary section in the making: every content once, in the order of arrival.
class BinarySection {
 public:
  fb::Binary add(const Blob& blob) {
    if (blob.empty()) return {0, 0};
    // Most blobs come again as they are; only new ones are worth hashing.
    const auto seen = seen_.find({blob.bytes().data(), blob.size()});
    if (seen != seen_.end()) return {seen->second, blob.size()};
    const auto [place, is_new] = places_.try_emplace({blob.size(), sha256(blob.bytes())}, size_);
    if (is_new) {
      chunks_.push_back(blob.bytes());
      size_ += blob.size();
    }
    seen_.emplace(std::pair(blob.bytes().data(), blob.size()), place->second);
    return {place->second, blob.size()};
  }

  uint64_t size() const { return size_; }
  const std::vector<Bytes>& chunks() const { return chunks_; }

 private:
  std::map<std::pair<uint64_t, Sha256>, uint64_t> places_;
  std::map<std::pair<const uint8_t*, size_t>, uint64_t> seen_;  // looked up only: its order reaches no output
  std::vector<Bytes> chunks_;
  uint64_t size_ = 0;
};

// Turns plain data into tables. Empty vectors and blobs are left out, except where the vendor's readers want them.
class Packer {
 public:
  Packer(FlatBufferBuilder& builder, BinarySection& section) : builder_(builder), section_(section) {}

  void model(const Model& from) {
    for (const Net& net : from.nets)
      for (const Stage& stage : net.stages) lay_out(stage);
    uint64_t neuron_size = 0;
    for (const Net& net : from.nets)
      for (const Stage& stage : net.stages) neuron_size = std::max(neuron_size, stage.context_bytes());

    const auto type = builder_.CreateString(from.type);
    const auto version = builder_.CreateString(from.version);
    const auto time = builder_.CreateString(from.time);
    const auto chip = builder_.CreateString(from.chip);
    const auto nets = builder_.CreateVector(offsets<fb::Net>(from.nets, &Packer::net));
    Offset<fb::KernelModule> kernel_module;
    if (from.kernel_module) {
      const auto name = builder_.CreateString(from.kernel_module->file_name);
      const fb::Binary binary = section_.add(from.kernel_module->content);
      kernel_module = fb::CreateKernelModule(builder_, name, &binary, from.kernel_module->mode);
    }
    Offset<fb::CpuopModule> cpuop_module;
    if (from.cpuop_module) {
      const auto name = builder_.CreateString(from.cpuop_module->file_name);
      const fb::Binary binary = section_.add(from.cpuop_module->content);
      cpuop_module = fb::CreateCpuopModule(builder_, name, &binary);
    }
    const fb::Binary lib_backend = section_.add(from.lib_backend);
    builder_.Finish(fb::CreateModel(builder_, type, version, time, chip, nets, neuron_size, kernel_module,
                                    from.device_num, cpuop_module, from.bmodel_type, unless_empty(lib_backend)));
  }

 private:
  // Fixes the order in the binary section; the tables then find their blobs there.
  void lay_out(const Stage& stage) {
    if (stage.coefficients) section_.add(stage.coefficients->data);
    for (const CmdGroup& group : stage.cmd_groups) section_.add(group.bdc);
    for (const CmdGroup& group : stage.cmd_groups) section_.add(group.gdma);
  }

  static const fb::Binary* unless_empty(const fb::Binary& binary) { return binary.size() ? &binary : nullptr; }

  template <typename To, typename From>
  std::vector<Offset<To>> offsets(const std::vector<From>& all, Offset<To> (Packer::*pack)(const From&)) {
    std::vector<Offset<To>> result;
    for (const From& from : all) result.push_back((this->*pack)(from));
    return result;
  }
  template <typename To, typename From>
  Offset<flatbuffers::Vector<Offset<To>>> tables(const std::vector<From>& all,
                                                 Offset<To> (Packer::*pack)(const From&)) {
    if (all.empty()) return 0;
    return builder_.CreateVector(offsets<To>(all, pack));
  }
  template <typename T>
  Offset<flatbuffers::Vector<T>> numbers(const std::vector<T>& all) {
    return all.empty() ? 0 : builder_.CreateVector(all);
  }
  Offset<flatbuffers::Vector<const fb::Binary*>> binaries(const std::vector<Blob>& blobs) {
    if (blobs.empty()) return 0;
    std::vector<fb::Binary> all;
    for (const Blob& blob : blobs) all.push_back(section_.add(blob));
    return builder_.CreateVectorOfStructs(all);
  }

  static fb::RelEntry rel_entry(const RelEntry& from) { return {from.base_addr_id, from.addr_offset, from.cmd_offset}; }

  Offset<fb::Shape> shape(const Shape& from) { return fb::CreateShape(builder_, builder_.CreateVector(from)); }

  Offset<fb::Tensor> tensor(const Tensor& from) {
    const auto name = builder_.CreateString(from.name);
    const auto shapes = tables<fb::Shape>(from.shapes, &Packer::shape);
    const fb::RelEntry entry = rel_entry(from.relentry.value_or(RelEntry()));
    return fb::CreateTensor(builder_, name, static_cast<uint32_t>(from.data_type),
                            static_cast<int32_t>(from.store_mode), from.device_addr, from.size, shapes, from.mem_type,
                            from.scale, from.cpu_addr, from.pad_h, from.zero_point, from.hidden, from.index,
                            from.relentry ? &entry : nullptr);
  }

  Offset<fb::CmdGroup> cmd_group(const CmdGroup& from) {
    const fb::Binary bdc = section_.add(from.bdc), gdma = section_.add(from.gdma);
    Offset<flatbuffers::Vector<const fb::RelEntry*>> entries;
    if (!from.reloc_entries.empty()) {
      std::vector<fb::RelEntry> all;
      for (const RelEntry& entry : from.reloc_entries) all.push_back(rel_entry(entry));
      entries = builder_.CreateVectorOfStructs(all);
    }
    return fb::CreateCmdGroup(builder_, from.bdc_num, from.gdma_num, &bdc, &gdma, from.bdc_cmd_byte, from.gdma_cmd_byte,
                              entries);
  }

  Offset<fb::CoreCommands> core_commands(const CoreCommands& from) {
    const auto groups = tables<fb::CmdGroup>(from.gdma_tiu_commands, &Packer::cmd_group);
    const auto sdma = binaries(from.sdma_commands);
    const auto hau = binaries(from.hau_commands);
    const auto cdma = binaries(from.cdma_commands);
    return fb::CreateCoreCommands(builder_, groups, sdma, hau, cdma);
  }

  Offset<fb::Location> location(const Location& from) {
    return fb::CreateLocation(builder_, builder_.CreateString(from.name), from.offset, from.size);
  }

  Offset<fb::CoeffMem> coefficients(const Coefficients& from) {
    const fb::Binary data = section_.add(from.data);
    const auto check_code = builder_.CreateVector(from.check_code);
    const auto locations = tables<fb::Location>(from.locations, &Packer::location);
    return fb::CreateCoeffMem(builder_, from.address, check_code, &data, locations, from.encrypt_mode,
                              from.decrypt_size);
  }

  Offset<fb::CpuConst> cpu_const(const CpuConst& from) {
    const auto name = builder_.CreateString(from.name);
    const fb::Binary data = section_.add(from.data);
    return fb::CreateCpuConst(builder_, name, &data, numbers(from.check_code));
  }

  Offset<fb::CpuParam> cpu_param(const CpuParam& from) {
    const fb::Binary param = section_.add(from.param);
    const auto constants = tables<fb::CpuConst>(from.constants, &Packer::cpu_const);
    return fb::CreateCpuParam(builder_, from.op_type, &param, constants, from.is_custom);
  }

  Offset<fb::OutputFrom> output_from(const std::vector<int32_t>& from) {
    return fb::CreateOutputFrom(builder_, builder_.CreateVector(from));
  }

  Offset<fb::SubNet> sub_net(const SubNet& from) {
    const auto groups = tables<fb::CmdGroup>(from.cmd_groups, &Packer::cmd_group);
    const auto cpu_params = tables<fb::CpuParam>(from.cpu_params, &Packer::cpu_param);
    const auto inputs = builder_.CreateVector(offsets<fb::Tensor>(from.inputs, &Packer::tensor));
    const auto outputs = builder_.CreateVector(offsets<fb::Tensor>(from.outputs, &Packer::tensor));
    const auto next = builder_.CreateVector(from.next_ids);
    Offset<fb::MergeParam> merge;
    if (from.merge_from)
      merge = fb::CreateMergeParam(
          builder_, builder_.CreateVector(offsets<fb::OutputFrom>(*from.merge_from, &Packer::output_from)));
    Offset<fb::SwitchParam> branch;
    if (from.switch_param) {
      const auto sources = builder_.CreateVector(from.switch_param->output_from);
      const auto branches = builder_.CreateVector(from.switch_param->output_branch);
      branch = fb::CreateSwitchParam(builder_, sources, branches);
    }
    const auto cores = tables<fb::CoreCommands>(from.core_commands, &Packer::core_commands);
    return fb::CreateSubNet(builder_, static_cast<int32_t>(from.mode), groups, cpu_params, inputs, outputs,
                            from.is_dynamic, from.ir_offset, from.ir_len, from.n_dynamic, from.h_w_dynamic, from.id,
                            next, merge, branch, cores, from.run_core);
  }

  Offset<fb::StageIR> stage_ir(const StageIr& from) {
    return fb::CreateStageIR(builder_, from.words, from.height_high, from.height_low, from.width_high, from.width_low);
  }

  Offset<fb::NetParameter> stage(const Stage& from) {
    const auto inputs = builder_.CreateVector(offsets<fb::Tensor>(from.inputs, &Packer::tensor));
    const auto outputs = builder_.CreateVector(offsets<fb::Tensor>(from.outputs, &Packer::tensor));
    const auto coefficients = from.coefficients ? this->coefficients(*from.coefficients) : Offset<fb::CoeffMem>();
    const auto groups = builder_.CreateVector(offsets<fb::CmdGroup>(from.cmd_groups, &Packer::cmd_group));
    const fb::Binary profile = section_.add(from.net_profile), ir = section_.add(from.binary_ir),
                     stat = section_.add(from.net_stat), tensor_loc = section_.add(from.tensor_loc);
    const auto ir_records = tables<fb::StageIR>(from.stage_ir, &Packer::stage_ir);
    const auto sub_nets = builder_.CreateVector(offsets<fb::SubNet>(from.sub_nets, &Packer::sub_net));
    const auto ctx_sizes = numbers(from.ctx_sizes);
    return fb::CreateNetParameter(
        builder_, inputs, outputs, from.ctx_addr, from.ctx_size, coefficients, from.is_dynamic, from.n_dynamic,
        from.h_w_dynamic, groups, unless_empty(profile), ir_records, from.stage_ir.empty() ? unless_empty(ir) : &ir,
        sub_nets, from.cpu_mem_size, ctx_sizes, unless_empty(stat), from.core_num, from.io_addr, from.io_size,
        unless_empty(tensor_loc), from.dynamic_ctx_addr, from.dynamic_coeff_offset, from.dynamic_combined_coeff_offset);
  }

  Offset<fb::Net> net(const Net& from) {
    const auto name = builder_.CreateString(from.name);
    const auto stages = builder_.CreateVector(offsets<fb::NetParameter>(from.stages, &Packer::stage));
    Offset<fb::Cascade> cascade;
    if (from.cascade) {
      const auto main_name = builder_.CreateString(from.cascade->main_name);
      cascade = fb::CreateCascade(builder_, from.cascade->device_id, from.cascade->step, main_name);
    }
    return fb::CreateNet(builder_, name, 0, 0, stages, cascade, from.addr_mode);
  }

  FlatBufferBuilder& builder_;
  BinarySection& section_;
};

// `model`, or a copy in `completed` with the missing check codes.
const Model& complete(const Model& model, Model& completed) {
  const auto lacks_code = [](const Stage& stage) {
    return stage.coefficients && stage.coefficients->check_code.empty();
  };
  const bool lacking =
      std::ranges::any_of(model.nets, [&](const Net& net) { return std::ranges::any_of(net.stages, lacks_code); });
  if (!lacking) return model;
  completed = model;  // blobs are shared, not copied
  for (Net& net : completed.nets)
    for (Stage& stage : net.stages)
      if (lacks_code(stage)) {
        const Sha256 code = sha256(stage.coefficients->data.bytes());
        stage.coefficients->check_code.assign(code.begin(), code.end());
      }
  return completed;
}

// A whole file as chunks; `model` must outlive it.
struct File {
  Header header;
  FlatBufferBuilder builder;
  BinarySection section;
  std::vector<Bytes> chunks() const {
    std::vector<Bytes> all = {{reinterpret_cast<const uint8_t*>(&header), sizeof header},
                              {builder.GetBufferPointer(), builder.GetSize()}};
    all.insert(all.end(), section.chunks().begin(), section.chunks().end());
    return all;
  }
};

Status pack(const Model& model, File& file) {
  BMNET_TRY(check(model));
  Packer(file.builder, file.section).model(model);
  constexpr uint64_t kLimit = std::numeric_limits<uint32_t>::max();
  if (file.section.size() > kLimit)
    return unsupported("the model's weights and commands take {} bytes, a .bmodel file holds less than 4 GiB; split it",
                       file.section.size());
  file.header.flatbuffers_size = file.builder.GetSize();
  file.header.binary_size = static_cast<uint32_t>(file.section.size());
  return {};
}

}  // namespace

Status write_file(const std::filesystem::path& path, const Model& model) {
  Model completed;
  File file;
  if (Status packed = pack(complete(model, completed), file); !packed)
    return with_context(path.string(), std::move(packed).error());
  return write_file_atomically(path, file.chunks());
}

Result<std::vector<uint8_t>> write_memory(const Model& model) {
  Model completed;
  File file;
  BMNET_TRY(pack(complete(model, completed), file));
  std::vector<uint8_t> bytes;
  for (Bytes chunk : file.chunks()) bytes.insert(bytes.end(), chunk.begin(), chunk.end());
  return bytes;
}

}  // namespace bmnet::bmodel
