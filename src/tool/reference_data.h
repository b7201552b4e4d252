// The data of a comparison: random inputs, and the .dat files that bmrt_test and applications read.
#pragma once

#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "op/graph.h"
#include "tool/flags.h"

namespace bmnet::tool {

// One tensor per network input, in order. Floats are uniform in [0,1), integers in [0,2), unless a description says
// otherwise (low inclusive, high exclusive). The same seed gives the same data on every machine.
Result<std::vector<Tensor>> random_inputs(const op::Graph& graph, std::span<const InputDescription> descriptions,
                                          uint64_t seed);

// Floats uniform in [0,1), integers in [0,2).
Result<Tensor> random_tensor(const TensorInfo& info, std::mt19937_64& generator);

// In a BModel there are no 64-bit integers and no booleans: i64, u32 and bool become i32, f64 and f16 become f32.
Tensor to_device_type(const Tensor& tensor);

// Raw little-endian values of all tensors, one after the other, no header; types as in the BModel.
Status write_dat(const std::filesystem::path& path, std::span<const Tensor> tensors);

}  // namespace bmnet::tool
