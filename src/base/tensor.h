// Plain tensors in host memory: dense, row-major (last axis fastest), little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace bmnet {

enum class DType : uint8_t { kF32, kF16, kI8, kU8, kI16, kU16, kI32, kU32, kI64, kF64, kBool, kBF16 };

size_t byte_size(DType dtype);             // of one element
std::string_view dtype_name(DType dtype);  // "f32", "i64", "bool" …
Result<DType> parse_dtype(std::string_view name);

template <typename T>
constexpr DType dtype_of();
template <>
constexpr DType dtype_of<float>() {
  return DType::kF32;
}
template <>
constexpr DType dtype_of<double>() {
  return DType::kF64;
}
template <>
constexpr DType dtype_of<int8_t>() {
  return DType::kI8;
}
template <>
constexpr DType dtype_of<uint8_t>() {
  return DType::kU8;
}
template <>
constexpr DType dtype_of<int16_t>() {
  return DType::kI16;
}
template <>
constexpr DType dtype_of<uint16_t>() {
  return DType::kU16;
}
template <>
constexpr DType dtype_of<int32_t>() {
  return DType::kI32;
}
template <>
constexpr DType dtype_of<uint32_t>() {
  return DType::kU32;
}
template <>
constexpr DType dtype_of<int64_t>() {
  return DType::kI64;
}
template <>
constexpr DType dtype_of<bool>() {
  return DType::kBool;
}

// Dimensions, outermost first. Rank 0 is a scalar. Every dimension is >= 0.
using Shape = std::vector<int64_t>;

int64_t element_count(std::span<const int64_t> shape);
std::string to_string(std::span<const int64_t> shape);  // "[1,3,224,224]"

// What is known of a tensor before it has data.
struct TensorInfo {
  DType dtype = DType::kF32;
  Shape shape;
  int64_t count() const { return element_count(shape); }
  size_t bytes() const { return static_cast<size_t>(count()) * byte_size(dtype); }
  bool operator==(const TensorInfo&) const = default;
};

// A tensor with data. Copies share the data; `owner` keeps it alive (null for borrowed memory).
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(TensorInfo info);                                                  // zero-filled, 64-byte aligned
  Tensor(TensorInfo info, void* data, std::shared_ptr<const void> owner = nullptr);  // borrowed
  template <typename T>
  static Tensor of(Shape shape, std::span<const T> values);

  const TensorInfo& info() const { return info_; }
  DType dtype() const { return info_.dtype; }
  const Shape& shape() const { return info_.shape; }
  int64_t count() const { return info_.count(); }
  size_t bytes() const { return info_.bytes(); }
  void* raw() { return data_; }
  const void* raw() const { return data_; }
  template <typename T>
  std::span<T> data() {
    return {static_cast<T*>(data_), static_cast<size_t>(count())};
  }
  template <typename T>
  std::span<const T> data() const {
    return {static_cast<const T*>(data_), static_cast<size_t>(count())};
  }
  // The same elements under another shape of equal count.
  Tensor reshaped(Shape shape) const;

 private:
  TensorInfo info_;
  void* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

template <typename T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  Tensor tensor({dtype_of<T>(), std::move(shape)});
  std::copy(values.begin(), values.end(), static_cast<T*>(tensor.raw()));
  return tensor;
}

}  // namespace bmnet
