// Pooling to a stated size, whatever the input's: window i of n covers [floor(i*L/n), ceil((i+1)*L/n)).
#pragma once

#include "frontend/emitter.h"

namespace bmnet::frontend {

enum class PoolKind : uint8_t { kMax, kAverage };

// Pools the spatial axes (from 2 on) of `x` to `sizes`; the node's result. One pool where the sizes divide the input,
// else axis by axis: averages as products with a matrix, maxima window by window. Errors: sizes that do not fit.
Result<ValueId> finish_adaptive_pool(Emitter& node, ValueId x, const std::vector<int64_t>& sizes, PoolKind kind);

}  // namespace bmnet::frontend
