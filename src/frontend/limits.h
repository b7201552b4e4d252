// What a model file may ask for: numbers that come from files are held to these limits before anything is computed or
// allocated from them.
#pragma once

#include <cstdint>
#include <span>

#include "base/status.h"
#include "base/tensor.h"

namespace bmnet::frontend {

// Whether tensors without elements may occur. Some frameworks compute with them; to the others they are an error.
enum class EmptyTensors : uint8_t { kRefused, kAllowed };

// Elements of `dims`. Errors: a dimension below 1 (below 0 where empty tensors are allowed), more than 2^40 elements.
Result<int64_t> checked_elements(std::span<const int64_t> dims, EmptyTensors empty = EmptyTensors::kRefused);

// Integers beyond +-2^40 are cut to that, so that sums of a few cannot overflow. They are nonsense as sizes, pads or
// counts; INT64_MAX and INT64_MIN, which stand for "to the end", keep their meaning.
int64_t tamed(int64_t value);

}  // namespace bmnet::frontend
