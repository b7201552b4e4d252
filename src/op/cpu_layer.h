// The parameter of a CPU layer in a BModel: an operator call that runs on the host. The compiler writes it; our user
// CPU-layer library (libusercpu.so) and our runtime read it.
//
//   int32   number of the layer in the library: kCpuLayerNumber
//   uint32  bytes that follow
//   body    operator name, attributes (CBOR), operands and results, all little-endian; see cpu_layer.cc
//
// At run time the layer gets the operands that are not constant, in order, and gives the results. In device and host
// memory i64 and bool are 32-bit integers (a BModel has no other form); `storage_type` is where that is decided.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "op/attributes.h"

namespace bmnet::op {

inline constexpr int32_t kCpuLayerNumber = 1;       // 0 is the vendor's example layer
inline constexpr int32_t kCpuLayerUserDefined = 3;  // CpuParam::op_type of a user-defined layer

struct CpuLayer {
  struct Operand {
    TensorInfo info;
    std::optional<Tensor> constant;
  };
  std::string op;
  Attributes attributes;
  std::vector<Operand> inputs;
  std::vector<TensorInfo> outputs;
};

// The type in which a value of `dtype` lies in memory at the border of sub-nets: i64, u32 and bool as i32, others as
// they are.
DType storage_type(DType dtype);

// The whole parameter, header included.
std::vector<uint8_t> encode(const CpuLayer& layer);
// `parameter` may be longer than the layer. Constants are copied. The operator is not looked up.
Result<CpuLayer> decode_cpu_layer(std::span<const uint8_t> parameter);

}  // namespace bmnet::op
