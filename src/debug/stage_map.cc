#include "debug/stage_map.h"

#include "runtime/store_mode.h"

namespace bmnet::debug {
namespace {

using bmodel::DataType;

std::optional<Element> element_of(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return Element::kF32;
    case DataType::kInt32:
    case DataType::kUint32:
      return Element::kI32;
    case DataType::kInt16:
      return Element::kI16;
    case DataType::kUint16:
      return Element::kU16;
    case DataType::kInt8:
      return Element::kI8;
    case DataType::kUint8:
      return Element::kU8;
    default:
      return std::nullopt;
  }
}

template <typename Items>
int32_t index_of(const Items& items, std::string_view name) {
  for (size_t i = 0; i < items.size(); ++i)
    if (items[i].name == name) return static_cast<int32_t>(i);
  return -1;
}

std::optional<uint64_t> at_run_time(uint64_t address, const runtime::Relocation& relocation) {
  const Result<uint64_t> moved = relocation.source(address);
  return address && moved ? std::optional(*moved) : std::nullopt;
}

}  // namespace

StageMap::StageMap(const runtime::LoadedStage& stage) : commands_(stage) {
  for (const bmodel::LayerTable::Layer& layer : stage.layers.layers)
    layers_.push_back({.name = layer.name, .op = layer.op, .note = layer.note, .on_host = layer.place == "cpu"});
  count_commands(stage);
  const runtime::Relocation relocation = stage.relocation();
  for (const bmodel::LayerTable::Tensor& tensor : stage.layers.tensors) add(tensor, relocation);
  for (const bmodel::Tensor& tensor : stage.source.inputs) add(tensor, relocation);
  for (const bmodel::SubNet& sub_net : stage.source.sub_nets) {
    for (const bmodel::Tensor& tensor : sub_net.inputs) add(tensor, relocation);
    for (const bmodel::Tensor& tensor : sub_net.outputs) add(tensor, relocation);
  }
  for (const bmodel::Tensor& tensor : stage.source.outputs) add(tensor, relocation);
}

void StageMap::count_commands(const runtime::LoadedStage& stage) {
  for (size_t s = 0; s < stage.sub_nets.size(); ++s)
    for (uint32_t g = 0; g < stage.sub_nets[s].size(); ++g)
      for (const bm1684::Engine engine : {bm1684::Engine::kTiu, bm1684::Engine::kGdma})
        for (uint32_t i = 0; i < stage.sub_nets[s][g].of(engine).size(); ++i) {
          const int32_t layer = commands_.layer_of({commands_.first_group(s) + g, engine, i});
          if (layer >= 0) ++layers_[static_cast<size_t>(layer)].commands;
        }
}

void StageMap::add(const bmodel::LayerTable::Tensor& tensor, const runtime::Relocation& relocation) {
  Tensor added{.name = tensor.name,
               .shape = Shape(tensor.shape.begin(), tensor.shape.end()),
               .element = element_of(tensor.type),
               .type = bmodel::data_type_name(tensor.type),
               .address = at_run_time(tensor.address, relocation),
               .layer = tensor.layer,
               .written_by = tensor.written_by};
  added.bytes = static_cast<uint64_t>(element_count(added.shape)) * runtime::element_bytes(tensor.type);
  tensors_.push_back(std::move(added));
}

void StageMap::add(const bmodel::Tensor& tensor, const runtime::Relocation& relocation) {
  if (tensor_named(tensor.name) >= 0) return;
  Tensor added{.name = tensor.name,
               .shape = runtime::shape_of(tensor),
               .element = element_of(tensor.data_type),
               .type = bmodel::data_type_name(tensor.data_type),
               .interleave = tensor.store_mode == bmodel::StoreMode::k4N   ? 4
                             : tensor.store_mode == bmodel::StoreMode::k2N ? 2
                                                                           : 1,
               .address = at_run_time(tensor.device_addr, relocation)};
  added.bytes = runtime::stored_bytes(runtime::extent_of(added.shape), tensor.data_type, tensor.store_mode);
  tensors_.push_back(std::move(added));
}

int32_t StageMap::layer_named(std::string_view name) const { return index_of(layers_, name); }
int32_t StageMap::tensor_named(std::string_view name) const { return index_of(tensors_, name); }

int32_t StageMap::host_layer(const bmodel::SubNet& sub_net) const {
  for (const bmodel::Tensor& output : sub_net.outputs)
    if (const int32_t tensor = tensor_named(output.name); tensor >= 0)
      return tensors_[static_cast<size_t>(tensor)].layer;
  return -1;
}

}  // namespace bmnet::debug
