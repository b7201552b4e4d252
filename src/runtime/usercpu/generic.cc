// USER_BMNET_GENERIC: any operator, run by its reference kernel; the parameter is op/cpu_layer.h's.
#include <cstring>

#include "op/cpu_layer.h"
#include "op/op.h"
#include "runtime/include/bmcpu_common.h"
#include "runtime/include/user_bmcpu_common.h"
#include "runtime/usercpu/layers.h"

namespace bmnet::usercpu {
namespace {

static_assert(USER_BMNET_GENERIC == op::kCpuLayerNumber);

constexpr size_t kHeaderBytes = offsetof(user_cpu_param_t, u) + sizeof(user_cpu_generic_param_t);

size_t content_bytes(const void* param) { return static_cast<const user_cpu_param_t*>(param)->u.generic.length; }

Status check(const void* param, size_t bytes) {
  if (bytes >= kHeaderBytes && bytes - kHeaderBytes >= content_bytes(param)) return {};
  return user_error("the parameter is cut off: it holds {} bytes", bytes);
}

Result<op::CpuLayer> layer_of(const void* param) {
  return op::decode_cpu_layer({static_cast<const uint8_t*>(param), kHeaderBytes + content_bytes(param)});
}

Shape to_shape(const std::vector<int>& dims) { return {dims.begin(), dims.end()}; }

template <typename To, typename From>
void convert_elements(const Tensor& from, Tensor& to) {
  for (size_t i = 0; i < to.data<To>().size(); ++i) to.data<To>()[i] = static_cast<To>(from.data<From>()[i]);
}

// From the type in memory to the operator's. u32 keeps its bits.
Tensor loaded(const Tensor& stored, DType dtype) {
  if (stored.dtype() == dtype) return stored;
  Tensor result({dtype, stored.shape()});
  if (dtype == DType::kI64)
    convert_elements<int64_t, int32_t>(stored, result);
  else if (dtype == DType::kBool)
    convert_elements<bool, int32_t>(stored, result);
  else
    std::memcpy(result.raw(), stored.raw(), stored.bytes());
  return result;
}

// And back; a 64-bit integer that does not fit is an error, so that no wrong index goes on silently.
Result<Tensor> stored(const Tensor& value) {
  const DType dtype = op::storage_type(value.dtype());
  if (value.dtype() == dtype) return value;
  Tensor result({dtype, value.shape()});
  if (value.dtype() == DType::kI64) {
    for (int64_t element : value.data<int64_t>())
      if (element != static_cast<int32_t>(element)) return user_error("value {} does not fit 32 bits", element);
    convert_elements<int32_t, int64_t>(value, result);
  } else if (value.dtype() == DType::kBool) {
    convert_elements<int32_t, bool>(value, result);
  } else {
    std::memcpy(result.raw(), value.raw(), value.bytes());
  }
  return result;
}

Result<std::vector<Tensor>> inputs_of(const op::CpuLayer& layer, const Buffers& buffers) {
  std::vector<Tensor> inputs;
  size_t next = 0;
  for (const op::CpuLayer::Operand& operand : layer.inputs) {
    if (operand.constant) {
      inputs.push_back(*operand.constant);
      continue;
    }
    if (next == buffers.inputs.size()) return user_error("{}: only {} tensors given", layer.op, next);
    const Tensor in_memory({op::storage_type(operand.info.dtype), to_shape(buffers.input_shapes[next])},
                           buffers.inputs[next]);
    ++next;
    Tensor value = loaded(in_memory, operand.info.dtype);
    // A BModel has no scalars and may keep another rank: the compiled shape counts while the element count agrees.
    if (value.shape() != operand.info.shape && value.count() == operand.info.count())
      value = value.reshaped(operand.info.shape);
    inputs.push_back(std::move(value));
  }
  if (next != buffers.inputs.size())
    return user_error("{}: {} tensors given, {} taken", layer.op, buffers.inputs.size(), next);
  return inputs;
}

Status process(const void* param, const Buffers& buffers) {
  BMNET_ASSIGN(const op::CpuLayer layer, layer_of(param));
  BMNET_ASSIGN(const std::vector<Tensor> inputs, inputs_of(layer, buffers));
  BMNET_ASSIGN(const std::vector<Tensor> results, op::evaluate(layer.op, layer.attributes, inputs));
  if (results.size() != buffers.outputs.size() || results.size() != buffers.output_shapes.size())
    return user_error("{}: {} results for {} tensors", layer.op, results.size(), buffers.outputs.size());
  for (size_t i = 0; i < results.size(); ++i) {
    BMNET_ASSIGN(const Tensor result, stored(results[i]));
    const Shape announced = to_shape(buffers.output_shapes[i]);
    if (result.count() > element_count(announced))
      return user_error("{}: result {} is {}, its tensor only {}", layer.op, i, to_string(result.shape()),
                        to_string(announced));
    if (result.bytes()) std::memcpy(buffers.outputs[i], result.raw(), result.bytes());
    // A tensor that keeps another rank keeps its shape.
    if (result.count() != element_count(announced))
      buffers.output_shapes[i].assign(result.shape().begin(), result.shape().end());
  }
  return {};
}

Status reshape(const void* param, const std::vector<std::vector<int>>& input_shapes,
               std::vector<std::vector<int>>& output_shapes) {
  BMNET_ASSIGN(const op::CpuLayer layer, layer_of(param));
  const op::OpSpec* spec = op::find(layer.op);
  if (!spec) return user_error("unknown operator '{}'", layer.op);
  std::vector<TensorInfo> inputs;
  size_t next = 0;
  for (const op::CpuLayer::Operand& operand : layer.inputs) {
    inputs.push_back(operand.info);
    if (operand.constant) continue;
    if (next == input_shapes.size()) return user_error("{}: only {} shapes given", layer.op, next);
    inputs.back().shape = to_shape(input_shapes[next++]);
  }
  BMNET_ASSIGN(const std::vector<TensorInfo> results, spec->infer(layer.attributes, inputs));
  output_shapes.clear();
  for (const TensorInfo& result : results) output_shapes.emplace_back(result.shape.begin(), result.shape.end());
  return {};
}

int cpu_code(DType type) {
  switch (type) {
    case DType::kF32:
      return CPU_DTYPE_FP32;
    case DType::kF16:
      return CPU_DTYPE_FP16;
    case DType::kI8:
      return CPU_DTYPE_INT8;
    case DType::kU8:
      return CPU_DTYPE_UINT8;
    case DType::kI16:
      return CPU_DTYPE_INT16;
    case DType::kU16:
      return CPU_DTYPE_UINT16;
    case DType::kI32:
      return CPU_DTYPE_INT32;
    case DType::kBF16:
      return CPU_DTYPE_BFP16;
    default:
      return CPU_DTYPE_UNKNOWN;
  }
}

Status dtype(const void* param, const std::vector<int>&, std::vector<int>& outputs) {
  BMNET_ASSIGN(const op::CpuLayer layer, layer_of(param));
  outputs.clear();
  for (const TensorInfo& result : layer.outputs) outputs.push_back(cpu_code(op::storage_type(result.dtype)));
  return {};
}

}  // namespace

const Layer kGeneric = {check, process, reshape, dtype};

}  // namespace bmnet::usercpu
