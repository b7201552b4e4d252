#include "runtime/bmrt/net_info.h"

#include <algorithm>
#include <cctype>

namespace bmnet::runtime {
namespace {

bm_device_mem_t memory_of(const LoadedStage& stage, const bmodel::Tensor& tensor) {
  bm_device_mem_t memory{};
  const Result<uint64_t> address = stage.relocation().source(tensor.device_addr);
  memory.u.device.device_addr = address ? *address : 0;
  memory.size = static_cast<unsigned>(tensor.size);
  return memory;
}

std::string upper_name(bm_data_type_t type) {
  std::string name = bmodel::data_type_name(static_cast<bmodel::DataType>(type));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

std::string line(const char* kind, int index, const char* name, const bm_shape_t& shape, bm_data_type_t type,
                 float scale, int zero_point, int device) {
  std::string dims;
  for (int i = 0; i < shape.num_dims; ++i) dims += fmt::format(" {}", shape.dims[i]);
  return fmt::format("  {} {}) '{}' shape=[{} ] dtype={} scale={:g} zero_point={} device_id={}", kind, index, name,
                     dims, upper_name(type), scale, zero_point, device);
}

}  // namespace

bm_shape_t to_bm_shape(const Shape& shape) {
  bm_shape_t result{};
  for (int64_t dim : shape) {
    if (result.num_dims == BM_MAX_DIMS_NUM) break;
    result.dims[result.num_dims++] = static_cast<int>(dim);
  }
  return result;
}

std::optional<Shape> from_bm_shape(const bm_shape_t& shape) {
  if (shape.num_dims < 0 || shape.num_dims > BM_MAX_DIMS_NUM) return std::nullopt;
  Shape result(shape.dims, shape.dims + shape.num_dims);
  int64_t count = 1;
  for (int64_t dim : result)
    if (dim < 0 || __builtin_mul_overflow(count, dim, &count)) return std::nullopt;
  return result;
}

NetInfo::NetInfo(const Network& network)
    : inputs_(side(network.first().inputs)), outputs_(side(network.first().outputs)) {
  for (size_t i = 0; i < inputs_.names.size(); ++i) inputs_.max_bytes.push_back(network.max_input_bytes(i));
  for (size_t i = 0; i < outputs_.names.size(); ++i) outputs_.max_bytes.push_back(network.max_output_bytes(i));
  for (const LoadedStage& stage : network.stages) {
    StageArrays& arrays = stage_arrays_.emplace_back();
    for (const bmodel::Tensor& tensor : stage.source.inputs) {
      arrays.inputs.push_back(to_bm_shape(shape_of(tensor)));
      arrays.input_mems.push_back(memory_of(stage, tensor));
    }
    for (const bmodel::Tensor& tensor : stage.source.outputs) {
      arrays.outputs.push_back(to_bm_shape(shape_of(tensor)));
      arrays.output_mems.push_back(memory_of(stage, tensor));
    }
  }
  for (StageArrays& arrays : stage_arrays_)
    stages_.push_back(
        {arrays.inputs.data(), arrays.outputs.data(), arrays.input_mems.data(), arrays.output_mems.data()});
  info_.name = network.name.c_str();
  info_.input_num = static_cast<int>(inputs_.names.size());
  info_.input_names = inputs_.names.data();
  info_.input_dtypes = inputs_.types.data();
  info_.input_scales = inputs_.scales.data();
  info_.output_num = static_cast<int>(outputs_.names.size());
  info_.output_names = outputs_.names.data();
  info_.output_dtypes = outputs_.types.data();
  info_.output_scales = outputs_.scales.data();
  info_.stage_num = static_cast<int>(stages_.size());
  info_.stages = stages_.data();
  info_.max_input_bytes = inputs_.max_bytes.data();
  info_.max_output_bytes = outputs_.max_bytes.data();
  info_.input_zero_point = inputs_.zero_points.data();
  info_.output_zero_point = outputs_.zero_points.data();
  info_.input_loc_devices = inputs_.devices.data();
  info_.output_loc_devices = outputs_.devices.data();
  info_.core_num = 1;
}

NetInfo::Side NetInfo::side(const std::vector<bmodel::Tensor>& tensors) {
  Side side;
  for (const bmodel::Tensor& tensor : tensors) {
    side.names.push_back(tensor.name.c_str());
    side.types.push_back(static_cast<bm_data_type_t>(tensor.data_type));
    side.scales.push_back(tensor.scale);
    side.zero_points.push_back(tensor.zero_point);
    side.devices.push_back(0);
  }
  return side;
}

std::vector<std::string> describe(const bm_net_info_t& info, int index) {
  const std::string border(24, '#');
  std::vector<std::string> lines{border,
                                 fmt::format("NetName: {}, Index={}, CoreNum={}", info.name, index, info.core_num)};
  for (int s = 0; s < info.stage_num; ++s) {
    const bm_stage_info_t& stage = info.stages[s];
    lines.push_back(fmt::format("---- stage {} ----", s));
    for (int i = 0; i < info.input_num; ++i)
      lines.push_back(line("Input", i, info.input_names[i], stage.input_shapes[i], info.input_dtypes[i],
                           info.input_scales[i], info.input_zero_point[i], info.input_loc_devices[i]));
    for (int i = 0; i < info.output_num; ++i)
      lines.push_back(line("Output", i, info.output_names[i], stage.output_shapes[i], info.output_dtypes[i],
                           info.output_scales[i], info.output_zero_point[i], info.output_loc_devices[i]));
  }
  lines.push_back(border);
  return lines;
}

}  // namespace bmnet::runtime
