// Constraints that many operators share, for their `infer` functions. Every refusal names what was seen.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"
#include "op/attributes.h"

namespace bmnet::op {

// Limits far above anything the chip can hold. They keep shape arithmetic inside 64 bits and allocations bounded.
inline constexpr int64_t kMaxBytes = int64_t{1} << 34;   // of one tensor
inline constexpr int64_t kMaxExtent = int64_t{1} << 34;  // of one axis
inline constexpr int64_t kMaxWindow = int64_t{1} << 24;  // kernel, stride, dilation, padding
inline constexpr size_t kMaxRank = 16;

using bmnet::to_string;  // of a shape, beside that of attributes
using Infos = std::vector<TensorInfo>;

// Between `least` and `most` operands, each of a valid shape.
Status check_operands(std::span<const TensorInfo> inputs, size_t least, size_t most);
inline Status check_operands(std::span<const TensorInfo> inputs, size_t count) {
  return check_operands(inputs, count, count);
}
// Rank, extents and bytes within the limits.
Status check_info(const TensorInfo& info);
Status check_rank(const TensorInfo& info, std::string_view what, size_t least, size_t most);
inline Status check_rank(const TensorInfo& info, std::string_view what, size_t rank) {
  return check_rank(info, what, rank, rank);
}
Status check_shape(const TensorInfo& info, std::string_view what, const Shape& expected);
Status check_dtype(const TensorInfo& info, std::string_view what, std::initializer_list<DType> allowed);
inline Status check_f32(const TensorInfo& info, std::string_view what) {
  return check_dtype(info, what, {DType::kF32});
}
Status check_same_dtype(const TensorInfo& a, std::string_view what_a, const TensorInfo& b, std::string_view what_b);
// 0 <= axis < rank.
Status check_axis(std::string_view what, int64_t axis, size_t rank);
// Sorted, without duplicates, each a valid axis, at least one.
Status check_axes(std::string_view what, std::span<const int64_t> axes, size_t rank);
// Exactly `count` values, each in [least, most].
Status check_list(std::string_view what, std::span<const int64_t> values, size_t count, int64_t least, int64_t most);
Status check_range(std::string_view what, int64_t value, int64_t least, int64_t most);

// The attribute `name`, one of `allowed`.
Result<std::string> choice(const Attributes& attributes, std::string_view name,
                           std::initializer_list<std::string_view> allowed);

// numpy's multidirectional broadcast.
Result<Shape> broadcast_shapes(const Shape& a, const Shape& b);
// That `from` broadcasts to `to` without changing it.
Status check_broadcasts_to(const Shape& from, std::string_view what, const Shape& to);

// Results for `infer`: valid shapes only.
Result<Infos> checked(Infos results);
inline Result<Infos> result(DType dtype, Shape shape) { return checked({{dtype, std::move(shape)}}); }

// Attributes of an operator over spatial axes (conv, conv_transpose, pool).
struct Window {
  Shape kernel;
  Shape strides;
  Shape pads;  // all begins, then all ends
  Shape dilations;
  size_t rank() const { return kernel.size(); }
  int64_t begin(size_t axis) const { return pads[axis]; }
  int64_t end(size_t axis) const { return pads[rank() + axis]; }
  // Elements of the padded input that one window spans.
  int64_t extent(size_t axis) const { return (kernel[axis] - 1) * dilations[axis] + 1; }
};
// Reads strides, pads and dilations for a kernel of `kernel` and checks lengths and ranges; pads may be negative.
Result<Window> read_window(const Attributes& attributes, Shape kernel);
// The window as one of three spatial axes, with neutral leading axes.
Window padded_to_3d(const Window& window);
// [N,C,spatial…] as [N,C,D,H,W].
Shape padded_to_5d(const Shape& shape);

}  // namespace bmnet::op
