// Tensors as Paddle stores them: u32 version 0, u64 levels of detail (u64 bytes and the data each), u32 version 0, i32
// size of a TensorDesc, the TensorDesc, the elements.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "base/tensor.h"

namespace bmnet::frontend::paddle {

// By name. Elements stay in the file (kept alive by its owner) where they are aligned; f16 and f64 become f32.
using Params = std::map<std::string, Tensor, std::less<>>;

// One tensor per name, in order, and nothing behind. Errors name the tensor and the offset.
Result<Params> parse_params(Bytes file, const std::shared_ptr<const void>& owner,
                            const std::vector<std::string>& names);

// The type of a VarType number; f16 and f64 are computed as f32.
Result<DType> dtype_of_number(int64_t number);

}  // namespace bmnet::frontend::paddle
