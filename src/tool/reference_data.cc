#include "tool/reference_data.h"

#include <cmath>

#include "base/file.h"
#include "op/op.h"

namespace bmnet::tool {
namespace {

// Not std::uniform_real_distribution: its results differ between standard libraries.
double uniform(std::mt19937_64& generator) { return static_cast<double>(generator() >> 11) * 0x1p-53; }

template <typename T>
void fill(Tensor& tensor, std::mt19937_64& generator, double low, double high) {
  for (T& element : tensor.data<T>()) {
    const double value = low + uniform(generator) * (high - low);
    element = std::is_integral_v<T> ? static_cast<T>(std::floor(value)) : static_cast<T>(value);
  }
}

Status fill(Tensor& tensor, std::mt19937_64& generator, double low, double high) {
  switch (tensor.dtype()) {
    case DType::kF32:
      fill<float>(tensor, generator, low, high);
      return {};
    case DType::kI64:
      fill<int64_t>(tensor, generator, low, high);
      return {};
    case DType::kI32:
      fill<int32_t>(tensor, generator, low, high);
      return {};
    case DType::kI8:
      fill<int8_t>(tensor, generator, low, high);
      return {};
    case DType::kU8:
      fill<uint8_t>(tensor, generator, low, high);
      return {};
    case DType::kBool:
      fill<uint8_t>(tensor, generator, low, high);
      return {};
    default:
      return unsupported("an input of type {} cannot be filled with random data", dtype_name(tensor.dtype()));
  }
}

double default_high(DType dtype) { return dtype == DType::kF32 ? 1 : 2; }

}  // namespace

Result<Tensor> random_tensor(const TensorInfo& info, std::mt19937_64& generator) {
  Tensor tensor(info);
  BMNET_TRY(fill(tensor, generator, 0, default_high(info.dtype)));
  return tensor;
}

Result<std::vector<Tensor>> random_inputs(const op::Graph& graph, std::span<const InputDescription> descriptions,
                                          uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const op::Value& value = graph.values[graph.inputs[i]];
    double low = 0, high = default_high(value.info.dtype);
    for (const InputDescription& description : descriptions) {
      if (description.index >= static_cast<int64_t>(graph.inputs.size()))
        return user_error("--descs names input {}, the network has {} inputs", description.index, graph.inputs.size());
      if (description.index == static_cast<int64_t>(i)) low = description.low, high = description.high;
    }
    Tensor tensor(value.info);
    if (auto filled = fill(tensor, generator, low, high); !filled)
      return with_context("input " + value.name, std::move(filled).error());
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

Tensor to_device_type(const Tensor& tensor) {
  const char* to = nullptr;
  switch (tensor.dtype()) {
    case DType::kI64:
    case DType::kU32:
    case DType::kBool:
      to = "i32";
      break;
    case DType::kF64:
    case DType::kF16:
    case DType::kBF16:
      to = "f32";
      break;
    default:
      return tensor;
  }
  auto converted = op::evaluate("cast", {{"to", std::string(to)}}, std::span(&tensor, 1));
  return converted ? converted->front() : tensor;
}

Status write_dat(const std::filesystem::path& path, std::span<const Tensor> tensors) {
  std::vector<Tensor> kept;
  std::vector<Bytes> chunks;
  for (const Tensor& tensor : tensors) {
    kept.push_back(to_device_type(tensor));
    chunks.push_back({static_cast<const uint8_t*>(kept.back().raw()), kept.back().bytes()});
  }
  return write_file_atomically(path, chunks);
}

}  // namespace bmnet::tool
