// What reference kernels share: dispatch on the element type, strides, walking several tensors in step.
#pragma once

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/status.h"
#include "base/tensor.h"
#include "op/check.h"

namespace bmnet::op {

// A set of element types. `infer` refuses others (check), kernels are instantiated for these (visit): one list for
// both. bool elements are seen as uint8_t: the bytes of a mask from outside need not be 0 or 1.
template <typename... Ts>
struct Types {
  static Status check(const TensorInfo& info, std::string_view what) {
    return check_dtype(info, what, {dtype_of<Ts>()...});
  }
  // Calls visitor.template operator()<T>() for the type of `dtype`.
  template <typename Visitor>
  static Status visit(DType dtype, Visitor&& visitor) {
    const bool known = ((dtype == dtype_of<Ts>() && (visitor.template operator()<Ts>(), true)) || ...);
    if (!known) return bug("no kernel for element type {}", dtype_name(dtype));
    return {};
  }
};
using FloatTypes = Types<float, double>;
using IndexTypes = Types<int32_t, int64_t>;
using IntegerTypes = Types<int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t>;
using NumberTypes = Types<float, double, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t>;

// For kernels that only move elements: calls visitor.template operator()<T>() with an unsigned integer of that size.
template <typename Visitor>
void visit_size(DType dtype, Visitor&& visitor) {
  switch (byte_size(dtype)) {
    case 1:
      return visitor.template operator()<uint8_t>();
    case 2:
      return visitor.template operator()<uint16_t>();
    case 4:
      return visitor.template operator()<uint32_t>();
    default:
      return visitor.template operator()<uint64_t>();
  }
}

// Conversion as in C; where C leaves the result undefined it saturates, and NaN becomes 0.
template <typename To, typename From>
To number_cast(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    using Limits = std::numeric_limits<To>;
    const From beyond = std::ldexp(From{1}, Limits::digits);  // a power of two is exact in any floating type
    if (value != value) return 0;
    if (value >= beyond) return Limits::max();
    return value <= static_cast<From>(Limits::min()) ? Limits::min() : static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

template <typename T>
const T* pointer(const Tensor& tensor) {
  return static_cast<const T*>(tensor.raw());
}
template <typename T>
T* pointer(Tensor& tensor) {
  return static_cast<T*>(tensor.raw());
}

// Elements from one index of each axis to the next, row-major.
inline Shape strides_of(std::span<const int64_t> shape) {
  Shape strides(shape.size(), 1);
  for (size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}
// Strides that read a tensor of `shape` as if broadcast to `to`.
inline Shape broadcast_strides(const Shape& shape, const Shape& to) {
  Shape strides(to.size(), 0);
  const Shape own = strides_of(shape);
  const size_t shift = to.size() - shape.size();
  for (size_t axis = 0; axis < shape.size(); ++axis)
    if (shape[axis] != 1) strides[shift + axis] = own[axis];
  return strides;
}
// Product of shape[first, last).
inline int64_t extent_between(std::span<const int64_t> shape, size_t first, size_t last) {
  int64_t product = 1;
  for (size_t axis = first; axis < last; ++axis) product *= shape[axis];
  return product;
}

// Axes of a walk over N tensors at once, without axes of extent 1 and with axes merged where all tensors allow it.
template <size_t N>
struct Walk {
  Shape extents;
  std::array<Shape, N> strides;

  Walk(const Shape& shape, const std::array<Shape, N>& all) {
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] == 1) continue;
      bool merges = !extents.empty();
      for (size_t k = 0; k < N && merges; ++k) merges = strides[k].back() == all[k][axis] * shape[axis];
      if (merges) {
        extents.back() *= shape[axis];
        for (size_t k = 0; k < N; ++k) strides[k].back() = all[k][axis];
      } else {
        extents.push_back(shape[axis]);
        for (size_t k = 0; k < N; ++k) strides[k].push_back(all[k][axis]);
      }
    }
    if (!extents.empty()) return;
    extents.push_back(1);
    for (size_t k = 0; k < N; ++k) strides[k].push_back(0);
  }
};

// Visits every element of `shape`, row by row in row-major order: row(offsets, count, steps), where offsets and steps
// are in elements, one for each of the N tensors whose strides are given.
template <size_t N, typename Row>
void for_each_row(const Shape& shape, const std::array<Shape, N>& strides, Row&& row) {
  if (element_count(shape) == 0) return;
  const Walk<N> walk(shape, strides);
  const size_t outer = walk.extents.size() - 1;
  std::array<int64_t, N> offsets{}, steps{};
  for (size_t k = 0; k < N; ++k) steps[k] = walk.strides[k][outer];
  Shape index(outer, 0);
  while (true) {
    row(std::as_const(offsets), walk.extents[outer], std::as_const(steps));
    size_t axis = outer;
    while (axis > 0) {
      --axis;
      for (size_t k = 0; k < N; ++k) offsets[k] += walk.strides[k][axis];
      if (++index[axis] < walk.extents[axis]) break;
      for (size_t k = 0; k < N; ++k) offsets[k] -= walk.strides[k][axis] * walk.extents[axis];
      index[axis] = 0;
      if (axis == 0) return;
    }
    if (outer == 0) return;
  }
}

// Copies elements of `shape` between two places in memory; offsets and strides in elements.
template <typename T>
void copy_strided(const T* from, const Shape& from_strides, T* to, const Shape& to_strides, const Shape& shape) {
  for_each_row<2>(shape, {from_strides, to_strides}, [&](const auto& offset, int64_t n, const auto& step) {
    const T* source = from + offset[0];
    T* target = to + offset[1];
    if (step[0] == 1 && step[1] == 1) {
      std::memcpy(target, source, n * sizeof(T));
    } else {
      for (int64_t i = 0; i < n; ++i) target[i * step[1]] = source[i * step[0]];
    }
  });
}

}  // namespace bmnet::op
