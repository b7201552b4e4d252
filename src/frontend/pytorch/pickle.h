// A safe reader of the pickles in TorchScript archives: protocol 2, data only. Nothing is ever called: the few globals
// that PyTorch's writer uses are known by name, every other one is refused.
#pragma once

#include <functional>

#include "base/bytes.h"
#include "frontend/pytorch/value.h"

namespace bmnet::frontend::pytorch {

// Makes the tensor of a storage: all elements in a row. `type` is "FloatStorage", `key` the entry's name, `count` the
// number of elements.
using LoadStorage = std::function<Result<Tensor>(const std::string& type, const std::string& key, int64_t count)>;

// Bounds: nesting (value.h), 16 million operations, views of a storage copied up to 1 GiB in all. Errors name the
// offset.
Result<Value> read_pickle(Bytes pickle, const LoadStorage& load_storage);

// The elements sizes/strides/offset name in a row of elements, as a dense tensor; borrowed when they are dense.
// `budget` is lowered by the bytes copied.
Tensor strided(const Tensor& storage, int64_t offset, const Shape& sizes, const Shape& strides, int64_t& budget);

}  // namespace bmnet::frontend::pytorch
