#include "op/check.h"

#include <algorithm>

namespace bmnet::op {

Status check_info(const TensorInfo& info) {
  if (info.shape.size() > kMaxRank) return unsupported("rank {} exceeds {}", info.shape.size(), kMaxRank);
  int64_t bytes = static_cast<int64_t>(byte_size(info.dtype));
  for (int64_t dim : info.shape) {
    if (dim < 0) return user_error("shape {} has a negative dimension", to_string(info.shape));
    if (dim > kMaxExtent) return unsupported("shape {} has a dimension above {}", to_string(info.shape), kMaxExtent);
    if (dim == 0) continue;  // the other dimensions are bounded all the same: their products are computed
    if (bytes > kMaxBytes / dim) return unsupported("a tensor of shape {} exceeds 16 GiB", to_string(info.shape));
    bytes *= dim;
  }
  return {};
}

Status check_operands(std::span<const TensorInfo> inputs, size_t least, size_t most) {
  if (inputs.size() < least || inputs.size() > most)
    return least == most ? user_error("{} operands are needed, {} given", least, inputs.size())
                         : user_error("{} to {} operands are needed, {} given", least, most, inputs.size());
  for (const TensorInfo& input : inputs) BMNET_TRY(check_info(input));
  return {};
}

Status check_rank(const TensorInfo& info, std::string_view what, size_t least, size_t most) {
  const size_t rank = info.shape.size();
  if (rank >= least && rank <= most) return {};
  const std::string wanted = least == most      ? fmt::format("rank {}", least)
                             : most >= kMaxRank ? fmt::format("rank {} or more", least)
                                                : fmt::format("rank {} to {}", least, most);
  return user_error("{} has shape {}, {} is needed", what, to_string(info.shape), wanted);
}

Status check_shape(const TensorInfo& info, std::string_view what, const Shape& expected) {
  if (info.shape == expected) return {};
  return user_error("{} has shape {}, {} is needed", what, to_string(info.shape), to_string(expected));
}

Status check_dtype(const TensorInfo& info, std::string_view what, std::initializer_list<DType> allowed) {
  if (std::find(allowed.begin(), allowed.end(), info.dtype) != allowed.end()) return {};
  std::vector<std::string_view> names;
  for (DType dtype : allowed) names.push_back(dtype_name(dtype));
  return unsupported("{} is {}, supported: {}", what, dtype_name(info.dtype), fmt::join(names, ", "));
}

Status check_same_dtype(const TensorInfo& a, std::string_view what_a, const TensorInfo& b, std::string_view what_b) {
  if (a.dtype == b.dtype) return {};
  return user_error("{} is {}, but {} is {}", what_a, dtype_name(a.dtype), what_b, dtype_name(b.dtype));
}

Status check_axis(std::string_view what, int64_t axis, size_t rank) {
  if (axis >= 0 && axis < static_cast<int64_t>(rank)) return {};
  return user_error("{} {} is outside a tensor of rank {}", what, axis, rank);
}

Status check_axes(std::string_view what, std::span<const int64_t> axes, size_t rank) {
  if (axes.empty()) return user_error("{} is empty", what);
  for (size_t i = 0; i < axes.size(); ++i) {
    BMNET_TRY(check_axis(what, axes[i], rank));
    if (i > 0 && axes[i] <= axes[i - 1]) return user_error("{} {} are not sorted and unique", what, to_string(axes));
  }
  return {};
}

Status check_list(std::string_view what, std::span<const int64_t> values, size_t count, int64_t least, int64_t most) {
  if (values.size() != count) return user_error("{} has {} values, {} are needed", what, values.size(), count);
  for (int64_t value : values) BMNET_TRY(check_range(what, value, least, most));
  return {};
}

Status check_range(std::string_view what, int64_t value, int64_t least, int64_t most) {
  if (value < least) return user_error("{} {} is below {}", what, value, least);
  if (value > most) return user_error("{} {} is above {}", what, value, most);
  return {};
}

Result<std::string> choice(const Attributes& attributes, std::string_view name,
                           std::initializer_list<std::string_view> allowed) {
  BMNET_ASSIGN(const std::string value, attributes.get<std::string>(name));
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
    return user_error("{} \"{}\" is not one of {}", name, value, fmt::join(allowed, ", "));
  return value;
}

Result<Shape> broadcast_shapes(const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()));
  for (size_t i = 0; i < shape.size(); ++i) {  // i counts from the last axis
    const int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t db = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (da != db && da != 1 && db != 1)
      return user_error("shapes {} and {} do not broadcast", to_string(a), to_string(b));
    shape[shape.size() - 1 - i] = da == 1 ? db : da;
  }
  return shape;
}

Status check_broadcasts_to(const Shape& from, std::string_view what, const Shape& to) {
  const auto shape = broadcast_shapes(from, to);
  if (shape && *shape == to) return {};
  return user_error("{} of shape {} does not broadcast to {}", what, to_string(from), to_string(to));
}

Result<Infos> checked(Infos results) {
  for (const TensorInfo& info : results) BMNET_TRY(check_info(info));
  return results;
}

Result<Window> read_window(const Attributes& attributes, Shape kernel) {
  Window window{std::move(kernel), {}, {}, {}};
  BMNET_ASSIGN(window.strides, attributes.get<Shape>("strides"));
  BMNET_ASSIGN(window.pads, attributes.get<Shape>("pads"));
  BMNET_ASSIGN(window.dilations, attributes.get<Shape>("dilations"));
  const size_t rank = window.rank();
  BMNET_TRY(check_list("kernel", window.kernel, rank, 1, kMaxWindow));
  BMNET_TRY(check_list("strides", window.strides, rank, 1, kMaxWindow));
  BMNET_TRY(check_list("pads", window.pads, 2 * rank, -kMaxWindow, kMaxWindow));
  BMNET_TRY(check_list("dilations", window.dilations, rank, 1, kMaxWindow));
  return window;
}

Window padded_to_3d(const Window& window) {
  const size_t missing = 3 - window.rank();
  Window padded{Shape(3, 1), Shape(3, 1), Shape(6, 0), Shape(3, 1)};
  for (size_t axis = 0; axis < window.rank(); ++axis) {
    padded.kernel[missing + axis] = window.kernel[axis];
    padded.strides[missing + axis] = window.strides[axis];
    padded.dilations[missing + axis] = window.dilations[axis];
    padded.pads[missing + axis] = window.begin(axis);
    padded.pads[3 + missing + axis] = window.end(axis);
  }
  return padded;
}

Shape padded_to_5d(const Shape& shape) {
  Shape padded(shape.begin(), shape.begin() + 2);
  padded.insert(padded.end(), 5 - shape.size(), 1);
  padded.insert(padded.end(), shape.begin() + 2, shape.end());
  return padded;
}

}  // namespace bmnet::op
