// Resampling.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "frontend/onnx/importer.h"
#include "frontend/onnx/resampling_matrix.h"

namespace bmnet::frontend::onnx {
namespace {

constexpr int64_t kMaxMatrix = 8192;  // elements of an axis that is multiplied by a matrix

struct Resampling {
  std::string mode, coordinates, nearest_mode;
  Shape sizes;                // of every axis
  std::vector<float> scales;  // of every axis; empty: from the sizes
  float cubic_coeff = -0.75f;
  bool exclude_outside = false, antialias = false;
  std::vector<float> roi;  // of tf_crop_and_resize: starts, then ends, of every axis
  float extrapolation = 0;
};

// nn.resize works on the axes from 2 on. Other axes are moved: those that keep their size to the front, as one.
Result<Values> emit(Call& call, const Resampling& r) {
  const Shape x = call.shape(0);
  const auto changes = [&](size_t axis) {
    return r.sizes[axis] != x[axis] || (!r.scales.empty() && r.scales[axis] != 1);
  };
  Shape kept, changed;
  for (size_t axis = 0; axis < x.size(); ++axis) (changes(axis) ? changed : kept).push_back(static_cast<int64_t>(axis));
  if (changed.empty()) return Values{call.in(0)};
  if (changed.size() > 3) return unsupported("{} axes are resampled at once; up to 3 are supported", changed.size());

  op::Attributes attributes = {{"mode", r.mode},
                               {"coordinates", r.coordinates},
                               {"nearest_mode", r.nearest_mode},
                               {"cubic_coeff", r.cubic_coeff},
                               {"exclude_outside", r.exclude_outside}};
  const auto set_sizes = [&](const Shape& axes) {
    Shape sizes;
    std::vector<float> scales;
    for (const int64_t axis : axes) {
      sizes.push_back(r.sizes[axis]);
      if (!r.scales.empty()) scales.push_back(r.scales[axis]);
    }
    attributes.set("sizes", sizes);
    attributes.set("scales", scales);
  };
  if (changed.front() >= 2 && x.size() <= 5) {
    Shape spatial(x.size() - 2);
    std::iota(spatial.begin(), spatial.end(), 2);
    set_sizes(spatial);
    return call.finish("resize", attributes, {call.in(0)});
  }
  Shape order = kept;
  order.insert(order.end(), changed.begin(), changed.end());
  Shape images = {1, 1}, result;
  for (const int64_t axis : kept) images[1] *= x[axis];
  for (const int64_t axis : changed) images.push_back(x[axis]);
  for (const int64_t axis : order) result.push_back(r.sizes[axis]);
  Shape back(order.size());
  for (size_t i = 0; i < order.size(); ++i) back[order[i]] = static_cast<int64_t>(i);
  set_sizes(changed);
  BMNET_ASSIGN(const ValueId moved, call.transpose(call.in(0), order));
  BMNET_ASSIGN(const ValueId image, call.reshape(moved, images));
  BMNET_ASSIGN(const ValueId resized, call.make("resize", attributes, {image}));
  BMNET_ASSIGN(const ValueId unfolded, call.reshape(resized, result));
  BMNET_ASSIGN(const ValueId value, call.transpose(unfolded, back));
  return Values{value};
}

// ---- by matrices: the forms that nn.resize does not have

AxisResampling axis_resampling(const Resampling& r, const Shape& x, size_t axis) {
  AxisResampling one{.mode = r.mode, .coordinates = r.coordinates, .nearest_mode = r.nearest_mode};
  one.in = x[axis], one.out = r.sizes[axis];
  one.scale = r.scales.empty() ? static_cast<double>(one.out) / static_cast<double>(one.in) : r.scales[axis];
  if (!r.roi.empty()) one.roi_start = r.roi[axis], one.roi_end = r.roi[axis + x.size()];
  one.cubic_coeff = r.cubic_coeff;
  one.exclude_outside = r.exclude_outside, one.antialias = r.antialias;
  return one;
}

// x with `axis` multiplied by weights [out,in].
Result<ValueId> multiply_axis(Call& call, ValueId x, size_t axis, ValueId weights) {
  const size_t last = call.shape_of(x).size() - 1;
  Shape permutation(last + 1);
  std::iota(permutation.begin(), permutation.end(), 0);
  std::swap(permutation[axis], permutation[last]);
  BMNET_ASSIGN(const ValueId lines, call.transpose(x, permutation));
  BMNET_ASSIGN(const ValueId product, call.make("matmul", {{"transpose_b", true}}, {lines, weights}));
  return call.transpose(product, permutation);
}

// Axis by axis; what lies beyond the input along any axis becomes the extrapolation value.
Result<Values> emit_by_matrices(Call& call, const Resampling& r) {
  const Shape x = call.shape(0);
  ValueId value = call.in(0);
  std::optional<ValueId> inside;
  for (size_t axis = 0; axis < x.size(); ++axis) {
    const AxisResampling one_axis = axis_resampling(r, x, axis);
    const bool whole = r.roi.empty() || (r.roi[axis] == 0 && r.roi[axis + x.size()] == 1);
    if (one_axis.in == one_axis.out && one_axis.scale == 1 && whole) continue;
    BMNET_TRY(nn::reserve_constant(Shape{one_axis.out, one_axis.in}, DType::kF32));
    if (one_axis.in > kMaxMatrix || one_axis.out > kMaxMatrix)
      return unsupported("axis {} from {} to {} elements by antialiasing or cut-out; up to {} are supported", axis,
                         one_axis.in, one_axis.out, kMaxMatrix);
    const ResamplingMatrix matrix = resampling_matrix(one_axis);
    BMNET_ASSIGN(value,
                 multiply_axis(call, value, axis, call.constant<float>({one_axis.out, one_axis.in}, matrix.weights)));
    if (r.extrapolation == 0 || std::ranges::find(matrix.outside, true) == matrix.outside.end()) continue;
    std::vector<float> there;
    for (const bool outside : matrix.outside) there.push_back(outside ? 0.0f : 1.0f);
    Shape line(x.size(), 1);
    line[axis] = one_axis.out;
    const ValueId along = call.constant<float>(line, there);
    if (inside) {
      BMNET_ASSIGN(inside, call.binary("mul", *inside, along));
    } else {
      inside = along;
    }
  }
  if (inside) {
    BMNET_ASSIGN(const ValueId added, call.linear(*inside, -r.extrapolation, r.extrapolation));
    BMNET_ASSIGN(value, call.binary("add", value, added));
  }
  return Values{value};
}

Result<Shape> scaled_sizes(const Shape& x, const std::vector<float>& scales) {
  if (scales.size() != x.size()) return user_error("{} scales for {} axes", scales.size(), x.size());
  Shape sizes;
  for (size_t i = 0; i < x.size(); ++i) {
    const double size = std::floor(static_cast<double>(x[i]) * static_cast<double>(scales[i]));
    if (!(scales[i] > 0) || !(size >= 1) || size > 1 << 30)
      return user_error("a scale of {} for an axis of {} elements", scales[i], x[i]);
    sizes.push_back(static_cast<int64_t>(size));
  }
  return sizes;
}

// Upsample, and Resize of operator set 10: positions are output / scale, the nearest one is rounded down.
Result<Values> resample_asymmetric(Call& call, std::vector<float> scales) {
  Resampling r{.mode = call.text("mode", "nearest"),
               .coordinates = "asymmetric",
               .nearest_mode = "floor",
               .sizes = {},
               .scales = {}};
  if (r.mode == "bilinear") r.mode = "linear";
  if (r.mode != "nearest" && r.mode != "linear")
    return unsupported("mode '{}'; 'nearest' and 'linear' are supported", r.mode);
  BMNET_ASSIGN(r.sizes, scaled_sizes(call.shape(0), scales));
  r.scales = std::move(scales);
  return emit(call, r);
}
Result<Values> first_upsample(Call& call) {
  if (call.rank(0) != 4) return user_error("an image is expected, not {}", to_string(call.shape(0)));
  return resample_asymmetric(call, {1, 1, call.number("height_scale", 1), call.number("width_scale", 1)});
}
Result<Values> upsample_by_attribute(Call& call) { return resample_asymmetric(call, call.numbers("scales")); }
Result<Values> upsample_by_input(Call& call) {
  BMNET_ASSIGN(std::vector<float> scales, call.numbers_of(1, "the scales"));
  return resample_asymmetric(call, std::move(scales));
}

// Sizes of the named axes for a keep_aspect_ratio_policy: one scale for all.
Status keep_aspect(const std::string& policy, const Shape& x, const Shape& axes, Resampling& r) {
  if (policy == "stretch") return {};
  if (policy != "not_larger" && policy != "not_smaller")
    return user_error("keep_aspect_ratio_policy '{}' is not defined", policy);
  std::optional<double> scale;
  for (const int64_t axis : axes) {
    const double one = static_cast<double>(r.sizes[axis]) / static_cast<double>(x[axis]);
    scale = !scale ? one : policy == "not_larger" ? std::min(*scale, one) : std::max(*scale, one);
  }
  r.scales.assign(x.size(), 1);
  for (const int64_t axis : axes) {
    r.sizes[axis] = std::llround(*scale * static_cast<double>(x[axis]));
    r.scales[axis] = static_cast<float>(*scale);
  }
  return {};
}

Result<Values> resize(Call& call) {
  Resampling r{.mode = call.text("mode", "nearest"),
               .coordinates = call.text("coordinate_transformation_mode", "half_pixel"),
               .nearest_mode = call.text("nearest_mode", "round_prefer_floor"),
               .sizes = call.shape(0),
               .scales = {},
               .cubic_coeff = call.number("cubic_coeff_a", -0.75f),
               .exclude_outside = call.integer("exclude_outside", 0) != 0};
  const Shape x = call.shape(0);
  Shape axes = call.integers("axes");
  if (!call.has_attribute("axes")) {
    axes.resize(x.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  for (int64_t& axis : axes) {
    BMNET_ASSIGN(axis, Call::normal_axis(axis, call.rank(0)));
  }
  std::vector<float> scales;
  if (call.has(2)) {
    BMNET_ASSIGN(scales, call.numbers_of(2, "the scales"));
  }
  if (!scales.empty()) {
    if (scales.size() != axes.size()) return user_error("{} scales for {} axes", scales.size(), axes.size());
    r.scales.assign(x.size(), 1);
    for (size_t i = 0; i < axes.size(); ++i) r.scales[axes[i]] = scales[i];
    BMNET_ASSIGN(r.sizes, scaled_sizes(x, r.scales));
  } else {
    if (!call.has(3)) return user_error("neither scales nor sizes are given");
    BMNET_ASSIGN(const Shape sizes, call.integers_of(3, "the sizes"));
    if (sizes.size() != axes.size()) return user_error("{} sizes for {} axes", sizes.size(), axes.size());
    for (size_t i = 0; i < axes.size(); ++i) r.sizes[axes[i]] = sizes[i];
    BMNET_TRY(keep_aspect(call.text("keep_aspect_ratio_policy", "stretch"), x, axes, r));
  }
  const bool shrinks = std::ranges::any_of(axes, [&](int64_t axis) { return r.sizes[axis] < x[axis]; });
  r.antialias = call.integer("antialias", 0) != 0 && shrinks && r.mode != "nearest";
  if (r.coordinates == "tf_crop_and_resize") {
    r.extrapolation = call.number("extrapolation_value", 0);
    BMNET_ASSIGN(const std::vector<float> roi, call.numbers_of(1, "the region of interest"));
    if (roi.size() != 2 * axes.size())
      return user_error("a region of interest of {} numbers for {} axes", roi.size(), axes.size());
    r.roi.assign(2 * x.size(), 0);
    std::fill(r.roi.begin() + static_cast<ptrdiff_t>(x.size()), r.roi.end(), 1.0f);
    for (size_t i = 0; i < axes.size(); ++i) {
      r.roi[axes[i]] = roi[i];
      r.roi[axes[i] + x.size()] = roi[i + axes.size()];
    }
  }
  return r.antialias || !r.roi.empty() ? emit_by_matrices(call, r) : emit(call, r);
}

constexpr std::string_view kResize =
    "coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f mode:s nearest_mode:s "
    "antialias:i axes:is "
    "keep_aspect_ratio_policy:s";

// clang-format off
constexpr Row kRows[] = {
    {"Resize", 10, 2, 2, 1, "mode:s", upsample_by_input, "", "resize", "constant scales; up to 3 axes"},
    {"Resize", 11, 1, 4, 1, kResize, resize, "", "resize, matmul", "constant scales or sizes; up to 3 axes"},
    {"Upsample", 1, 1, 1, 1, "height_scale:f width_scale:f mode:s", first_upsample, "", "resize", ""},
    {"Upsample", 7, 1, 1, 1, "mode:s scales:fs", upsample_by_attribute, "", "resize", "up to 3 axes"},
    {"Upsample", 9, 2, 2, 1, "mode:s", upsample_by_input, "", "resize", "constant scales; up to 3 axes"},
};
// clang-format on

}  // namespace

std::span<const Row> resize_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
