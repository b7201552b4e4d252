#include "base/tensor.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>

namespace bmnet {
namespace {

struct DTypeRow {
  DType dtype;
  std::string_view name;
  size_t bytes;
};
constexpr std::array<DTypeRow, 12> kDTypes = {{{DType::kF32, "f32", 4},
                                               {DType::kF16, "f16", 2},
                                               {DType::kI8, "i8", 1},
                                               {DType::kU8, "u8", 1},
                                               {DType::kI16, "i16", 2},
                                               {DType::kU16, "u16", 2},
                                               {DType::kI32, "i32", 4},
                                               {DType::kU32, "u32", 4},
                                               {DType::kI64, "i64", 8},
                                               {DType::kF64, "f64", 8},
                                               {DType::kBool, "bool", 1},
                                               {DType::kBF16, "bf16", 2}}};

}  // namespace

size_t byte_size(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].bytes; }

std::string_view dtype_name(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].name; }

Result<DType> parse_dtype(std::string_view name) {
  for (const DTypeRow& row : kDTypes)
    if (row.name == name) return row.dtype;
  return user_error("unknown data type '{}'", name);
}

int64_t element_count(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (int64_t dim : shape) count *= dim;
  return count;
}

std::string to_string(std::span<const int64_t> shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

Tensor::Tensor(TensorInfo info) : info_(std::move(info)) {
  constexpr std::align_val_t kAlignment{64};
  const size_t size = std::max<size_t>(bytes(), 1);  // element counts are bounded where shapes enter the program
  data_ = ::operator new(size, kAlignment);
  std::memset(data_, 0, size);
  owner_ = std::shared_ptr<void>(data_, [](void* data) { ::operator delete(data, kAlignment); });
}

Tensor::Tensor(TensorInfo info, void* data, std::shared_ptr<const void> owner)
    : info_(std::move(info)), data_(data), owner_(std::move(owner)) {}

Tensor Tensor::reshaped(Shape shape) const { return Tensor({info_.dtype, std::move(shape)}, data_, owner_); }

}  // namespace bmnet
