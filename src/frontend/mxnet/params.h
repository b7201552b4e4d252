// The parameters of an MXNet network: a *.params file, a list of named arrays.
//
// u64 0x112, u64 reserved, u64 count, the arrays, u64 count, the names (u64 length, characters). An array is one of
//   old   u32 axes, u32 per axis
//   V1    u32 0xF993FAC8, u32 axes, i64 per axis
//   V2    u32 0xF993FAC9, i32 storage (0: dense), i32 axes, i64 per axis
//   V3    u32 0xF993FACA, as V2; no axes mean a scalar
// each followed by i32 device type, i32 device number, i32 element type and the elements; old, V1 and V2 arrays
// without axes have nothing behind the axes.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "base/tensor.h"

namespace bmnet::frontend::mxnet {

// By name without "arg:" and "aux:". f32 and integers stay in `file` (kept alive by `owner`) where they are aligned;
// f16 and f64 become f32.
using Params = std::map<std::string, Tensor, std::less<>>;

// Errors name the array and its offset: cut off, sparse, absurd dimensions, an unknown type.
Result<Params> parse_params(Bytes file, std::shared_ptr<const void> owner);

}  // namespace bmnet::frontend::mxnet
