// Sequences of different lengths side by side in one tensor.
#pragma once

#include "frontend/emitter.h"

namespace bmnet::frontend {

// The first lengths[b] steps of each sequence in opposite order, padding stays: for data of shape `x`, the indices (of
// the same shape) with which gather_elements along `time` does that. Step t comes from lengths[b] - 1 - t when t <
// lengths[b], else from t. `lengths`: [x[batch]] of any type.
Result<ValueId> mirrored_steps(Emitter& node, const Shape& x, ValueId lengths, int64_t time, int64_t batch);

}  // namespace bmnet::frontend
