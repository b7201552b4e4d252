#include "bmodel/reader.h"

#include <algorithm>
#include <iterator>

#include "base/file.h"
#include "bmodel/bmodel_generated.h"
#include "bmodel/check.h"
#include "bmodel/container.h"

namespace bmnet::bmodel {
namespace {

// Turns the tables of an open container into plain data. Every field may be absent.
class Unpacker {
 public:
  explicit Unpacker(const Container& container) : container_(container) {}

  Model model(const fb::Model& from) const {
    Model model;
    model.type = text(from.type());
    model.version = text(from.version());
    model.time = text(from.time());
    model.chip = text(from.chip());
    model.nets = all(from.net(), &Unpacker::net);
    if (from.kernel_module()) model.kernel_module = module(*from.kernel_module(), from.kernel_module()->mode());
    model.device_num = from.device_num();
    if (from.cpuop_module()) model.cpuop_module = module(*from.cpuop_module(), 0);
    model.bmodel_type = from.bmodel_type();
    model.lib_backend = blob(from.lib_backend());
    return model;
  }

 private:
  static std::string text(const flatbuffers::String* string) { return string ? string->str() : ""; }

  Blob blob(const fb::Binary* binary) const {
    if (!binary || binary->size() == 0) return {};
    return Blob(container_.binary.subspan(binary->start(), binary->size()), container_.owner);
  }

  template <typename T>
  static std::vector<T> numbers(const flatbuffers::Vector<T>* vector) {
    return vector ? std::vector<T>(vector->begin(), vector->end()) : std::vector<T>();
  }

  // One `unpack` per element of a vector of tables.
  template <typename From, typename To>
  std::vector<To> all(const flatbuffers::Vector<flatbuffers::Offset<From>>* vector,
                      To (Unpacker::*unpack)(const From&) const) const {
    std::vector<To> result;
    if (!vector) return result;
    result.reserve(vector->size());
    for (const From* from : *vector) result.push_back((this->*unpack)(*from));
    return result;
  }

  std::vector<Blob> blobs(const flatbuffers::Vector<const fb::Binary*>* vector) const {
    std::vector<Blob> result;
    if (vector)
      for (const fb::Binary* binary : *vector) result.push_back(blob(binary));
    return result;
  }

  static RelEntry rel_entry(const fb::RelEntry& from) {
    return {from.base_addr_id(), from.addr_offset(), from.cmd_offset()};
  }

  template <typename From>
  Module module(const From& from, int32_t mode) const {
    return {text(from.file_name()), blob(from.binary()), mode};
  }

  Shape shape(const fb::Shape& from) const { return numbers(from.dim()); }

  Tensor tensor(const fb::Tensor& from) const {
    Tensor tensor;
    tensor.name = text(from.name());
    tensor.data_type = static_cast<DataType>(from.data_type());
    tensor.store_mode = static_cast<StoreMode>(from.gmem_stmode());
    tensor.device_addr = from.device_addr();
    tensor.size = from.size();
    tensor.shapes = all(from.shape(), &Unpacker::shape);
    tensor.mem_type = from.mem_type();
    tensor.scale = from.scale();
    tensor.cpu_addr = from.cpu_addr();
    tensor.pad_h = from.pad_h();
    tensor.zero_point = from.zero_point();
    tensor.hidden = from.hidden();
    tensor.index = from.index();
    if (from.relentry()) tensor.relentry = rel_entry(*from.relentry());
    return tensor;
  }

  CmdGroup cmd_group(const fb::CmdGroup& from) const {
    CmdGroup group;
    group.bdc_num = from.bdc_num();
    group.gdma_num = from.gdma_num();
    group.bdc = blob(from.binary_bdc());
    group.gdma = blob(from.binary_gdma());
    group.bdc_cmd_byte = from.bdc_cmd_byte();
    group.gdma_cmd_byte = from.gdma_cmd_byte();
    if (from.reloc_entries())
      for (const fb::RelEntry* entry : *from.reloc_entries()) group.reloc_entries.push_back(rel_entry(*entry));
    return group;
  }

  CoreCommands core_commands(const fb::CoreCommands& from) const {
    return {all(from.gdma_tiu_commands(), &Unpacker::cmd_group), blobs(from.sdma_commands()),
            blobs(from.hau_commands()), blobs(from.cdma_commands())};
  }

  Location location(const fb::Location& from) const { return {text(from.name()), from.offset(), from.size()}; }

  Coefficients coefficients(const fb::CoeffMem& from) const {
    Coefficients coefficients;
    coefficients.address = from.address();
    coefficients.data = blob(from.binary_coeff());
    coefficients.check_code = numbers(from.check_code());
    coefficients.locations = all(from.location(), &Unpacker::location);
    coefficients.encrypt_mode = from.encrypt_mode();
    coefficients.decrypt_size = from.decrypt_size();
    return coefficients;
  }

  CpuConst cpu_const(const fb::CpuConst& from) const {
    return {text(from.name()), blob(from.const_data()), numbers(from.check_code())};
  }

  CpuParam cpu_param(const fb::CpuParam& from) const {
    return {from.op_type(), blob(from.binary_param()), all(from.cpu_const(), &Unpacker::cpu_const), from.is_custom()};
  }

  std::vector<int32_t> output_from(const fb::OutputFrom& from) const { return numbers(from.indice()); }

  SubNet sub_net(const fb::SubNet& from) const {
    SubNet sub_net;
    sub_net.mode = static_cast<SubNetMode>(from.subnet_mode());
    sub_net.cmd_groups = all(from.cmd_group(), &Unpacker::cmd_group);
    sub_net.cpu_params = all(from.cpu_param(), &Unpacker::cpu_param);
    sub_net.inputs = all(from.input_tensor(), &Unpacker::tensor);
    sub_net.outputs = all(from.output_tensor(), &Unpacker::tensor);
    sub_net.is_dynamic = from.is_dynamic();
    sub_net.ir_offset = from.ir_offset();
    sub_net.ir_len = from.ir_len();
    sub_net.n_dynamic = from.n_dynamic();
    sub_net.h_w_dynamic = from.h_w_dynamic();
    sub_net.id = from.id();
    sub_net.next_ids = numbers(from.next_subnet_ids());
    if (from.merge_param()) sub_net.merge_from = all(from.merge_param()->output_from(), &Unpacker::output_from);
    if (const fb::SwitchParam* param = from.switch_param())
      sub_net.switch_param = SwitchParam{numbers(param->output_from()), numbers(param->output_branch())};
    sub_net.core_commands = all(from.core_commands(), &Unpacker::core_commands);
    sub_net.run_core = from.run_core();
    return sub_net;
  }

  StageIr stage_ir(const fb::StageIR& from) const {
    return {from.ir_info_len(), from.height_high(), from.height_low(), from.width_high(), from.width_low()};
  }

  // What the three layouts of a stage have in common.
  template <typename From>
  Stage common(const From& from) const {
    Stage stage;
    stage.inputs = all(from.input_tensor(), &Unpacker::tensor);
    stage.outputs = all(from.output_tensor(), &Unpacker::tensor);
    stage.ctx_addr = from.ctx_addr();
    stage.ctx_size = from.ctx_size();
    if (from.coeff_mem()) stage.coefficients = coefficients(*from.coeff_mem());
    stage.sub_nets = all(from.sub_net(), &Unpacker::sub_net);
    return stage;
  }

  Stage stage(const fb::NetParameter& from) const {
    Stage stage = common(from);
    stage.is_dynamic = from.is_dynamic();
    stage.n_dynamic = from.n_dynamic();
    stage.h_w_dynamic = from.h_w_dynamic();
    stage.cmd_groups = all(from.cmd_group(), &Unpacker::cmd_group);
    stage.net_profile = blob(from.net_profile());
    stage.stage_ir = all(from.stage_ir(), &Unpacker::stage_ir);
    stage.binary_ir = blob(from.binary_ir());
    stage.cpu_mem_size = from.cpu_mem_size();
    stage.ctx_sizes = numbers(from.ctx_sizes());
    stage.net_stat = blob(from.net_stat());
    stage.core_num = from.core_num();
    stage.io_addr = from.io_addr();
    stage.io_size = from.io_size();
    stage.tensor_loc = blob(from.tensor_loc());
    stage.dynamic_ctx_addr = from.dynamic_ctx_addr();
    stage.dynamic_coeff_offset = from.dynamic_coeff_offset();
    stage.dynamic_combined_coeff_offset = from.dynamic_combined_coeff_offset();
    return stage;
  }

  // Before sub-nets existed, the stage itself was the only one.
  static void add_missing_sub_net(Stage& stage) {
    if (!stage.sub_nets.empty()) return;
    SubNet sub_net;
    sub_net.cmd_groups = stage.cmd_groups;
    sub_net.inputs = stage.inputs;
    sub_net.outputs = stage.outputs;
    for (Tensor& tensor : sub_net.inputs) tensor.mem_type = kTpuMemory;
    for (Tensor& tensor : sub_net.outputs) tensor.mem_type = kTpuMemory;
    sub_net.is_dynamic = stage.is_dynamic;
    sub_net.n_dynamic = stage.n_dynamic;
    sub_net.h_w_dynamic = stage.h_w_dynamic;
    sub_net.ir_len = stage.stage_ir.empty() ? 0 : stage.stage_ir[0].words;
    sub_net.id = 0;
    stage.sub_nets.push_back(std::move(sub_net));
  }

  Stage old_static(const fb::NetStatic& from) const {
    Stage stage = common(from);
    stage.cmd_groups = all(from.cmd_group(), &Unpacker::cmd_group);
    stage.net_profile = blob(from.net_profile());
    add_missing_sub_net(stage);
    return stage;
  }

  Stage old_dynamic(const fb::NetDynamic& from) const {
    Stage stage = common(from);
    stage.is_dynamic = 1;
    stage.n_dynamic = from.n_dynamic();
    stage.h_w_dynamic = from.h_w_dynamic();
    stage.stage_ir = all(from.stage_ir(), &Unpacker::stage_ir);
    stage.binary_ir = blob(from.binary_ir());
    add_missing_sub_net(stage);
    return stage;
  }

  Net net(const fb::Net& from) const {
    Net net;
    net.name = text(from.name());
    net.stages = all(from.parameter(), &Unpacker::stage);
    if (net.stages.empty()) {
      net.stages = all(from.net_static(), &Unpacker::old_static);
      std::ranges::move(all(from.net_dynamic(), &Unpacker::old_dynamic), std::back_inserter(net.stages));
    }
    if (const fb::Cascade* cascade = from.cascade())
      net.cascade = Cascade{cascade->device_id(), cascade->step(), text(cascade->main_name())};
    net.addr_mode = from.addr_mode();
    return net;
  }

  const Container& container_;
};

}  // namespace

Result<Model> read_file(const std::filesystem::path& path) {
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(path));
  return read_memory(file.bytes(), path.string(), file.owner());
}

Result<Model> read_memory(Bytes file, std::string_view what, std::shared_ptr<const void> owner) {
  BMNET_ASSIGN(const Container container, open_container(file, what, std::move(owner)));
  Model model = Unpacker(container).model(*fb::GetModel(container.flatbuffer.data()));
  if (Status sound = check(model); !sound) return with_context(what, std::move(sound).error());
  return model;
}

}  // namespace bmnet::bmodel
