// resize, axis by axis: every output position is a weighted sum of a few input positions of its axis.
#include <algorithm>
#include <cmath>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

struct Resize {
  std::string mode, coordinates, nearest_mode;
  Shape sizes;
  std::vector<double> scales;  // output / input, one a spatial axis
  double cubic_coeff = -0.75;
  bool exclude_outside = false;
};

Result<Resize> read_resize(const Attributes& attributes, const TensorInfo& input) {
  BMNET_TRY(check_rank(input, "the input", 3, kMaxRank));
  Resize r;
  BMNET_ASSIGN(r.mode, choice(attributes, "mode", {"nearest", "linear", "cubic"}));
  BMNET_ASSIGN(r.coordinates, attributes.get<std::string>("coordinates"));
  if (r.coordinates == "tf_crop_and_resize")
    return unsupported("coordinates tf_crop_and_resize, the nearest supported form is align_corners of a slice");
  BMNET_ASSIGN(r.coordinates, choice(attributes, "coordinates",
                                     {"half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners",
                                      "tf_half_pixel_for_nn", "half_pixel_symmetric"}));
  BMNET_ASSIGN(r.nearest_mode,
               choice(attributes, "nearest_mode", {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"}));
  BMNET_ASSIGN(r.sizes, attributes.get<Shape>("sizes"));
  BMNET_ASSIGN(const std::vector<float> scales, attributes.get<std::vector<float>>("scales"));
  BMNET_ASSIGN(r.cubic_coeff, attributes.get<float>("cubic_coeff"));
  BMNET_ASSIGN(r.exclude_outside, attributes.get<bool>("exclude_outside"));
  const size_t axes = input.shape.size() - 2;
  BMNET_TRY(check_list("sizes", r.sizes, axes, 1, kMaxExtent));
  if (!scales.empty() && scales.size() != axes)
    return user_error("scales has {} values, {} are needed", scales.size(), axes);
  for (size_t axis = 0; axis < axes; ++axis) {
    const int64_t extent = input.shape[2 + axis];
    if (extent < 1) return user_error("spatial axis {} of the input is empty", axis);
    r.scales.push_back(scales.empty() ? static_cast<double>(r.sizes[axis]) / static_cast<double>(extent)
                                      : scales[axis]);
    if (!(r.scales.back() > 0) || std::isinf(r.scales.back()))
      return user_error("scale {} of spatial axis {} is not positive", r.scales.back(), axis);
  }
  return r;
}

Result<Infos> infer_resize(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const Resize r, read_resize(attributes, inputs[0]));
  if (r.mode != "nearest") BMNET_TRY(check_f32(inputs[0], "the input"));
  Shape shape(inputs[0].shape.begin(), inputs[0].shape.begin() + 2);
  shape.insert(shape.end(), r.sizes.begin(), r.sizes.end());
  return result(inputs[0].dtype, std::move(shape));
}

// Where output position x of an axis lies in the input.
double input_coordinate(const Resize& r, size_t axis, double x, double in, double out) {
  const double scale = r.scales[axis];
  if (r.coordinates == "asymmetric") return x / scale;
  if (r.coordinates == "align_corners") return out == 1 ? 0 : x * (in - 1) / (out - 1);
  if (r.coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / scale;
  if (r.coordinates == "pytorch_half_pixel") return out == 1 ? 0 : (x + 0.5) / scale - 0.5;
  const double centred = (x + 0.5) / scale - 0.5;
  if (r.coordinates == "half_pixel_symmetric") return in / 2 * (1 - out / (scale * in)) + centred;
  return centred;
}

int64_t nearest(const std::string& mode, double coordinate) {
  if (mode == "floor") return static_cast<int64_t>(std::floor(coordinate));
  if (mode == "ceil") return static_cast<int64_t>(std::ceil(coordinate));
  if (mode == "round_prefer_floor") return static_cast<int64_t>(std::ceil(coordinate - 0.5));
  return static_cast<int64_t>(std::floor(coordinate + 0.5));
}

// Weighted input positions of one output position; positions are inside the axis.
struct Tap {
  int64_t place;
  double weight;
};
using Taps = std::vector<Tap>;

Taps linear_taps(double coordinate) {
  const double low = std::floor(coordinate), fraction = coordinate - low;
  return {{static_cast<int64_t>(low), 1 - fraction}, {static_cast<int64_t>(low) + 1, fraction}};
}

// Keys' cubic convolution with coefficient a.
Taps cubic_taps(double coordinate, double a) {
  const double low = std::floor(coordinate), t = coordinate - low;
  const auto inner = [a](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto outer = [a](double d) { return ((d - 5) * d + 8) * d * a - 4 * a; };
  const auto place = static_cast<int64_t>(low);
  return {{place - 1, outer(t + 1)}, {place, inner(t)}, {place + 1, inner(1 - t)}, {place + 2, outer(2 - t)}};
}

Taps taps_at(const Resize& r, size_t axis, int64_t x, int64_t in) {
  const double coordinate = std::clamp(
      input_coordinate(r, axis, static_cast<double>(x), static_cast<double>(in), static_cast<double>(r.sizes[axis])),
      -0x1p40, 0x1p40);
  Taps taps = r.mode == "linear"  ? linear_taps(coordinate)
              : r.mode == "cubic" ? cubic_taps(coordinate, r.cubic_coeff)
                                  : Taps{{nearest(r.nearest_mode, coordinate), 1}};
  if (r.mode == "cubic" && r.exclude_outside) {
    double sum = 0;
    for (Tap& tap : taps) {
      if (tap.place < 0 || tap.place >= in) tap.weight = 0;
      sum += tap.weight;
    }
    for (Tap& tap : taps) tap.weight = sum == 0 ? 0 : tap.weight / sum;
  }
  for (Tap& tap : taps) tap.place = std::clamp<int64_t>(tap.place, 0, in - 1);
  return taps;
}

// A tensor as [outer, extent, inner] around the axis being resampled.
template <typename T>
std::vector<double> blend_axis(const T* in, int64_t outer, int64_t extent, int64_t inner,
                               const std::vector<Taps>& taps) {
  std::vector<double> out(outer * static_cast<int64_t>(taps.size()) * inner, 0);
  double* to = out.data();
  for (int64_t o = 0; o < outer; ++o)
    for (const Taps& weights : taps) {
      for (const Tap& tap : weights) {
        const T* from = in + (o * extent + tap.place) * inner;
        for (int64_t i = 0; i < inner; ++i) to[i] += tap.weight * from[i];
      }
      to += inner;
    }
  return out;
}

std::vector<Taps> taps_of_axis(const Resize& r, size_t axis, int64_t in) {
  std::vector<Taps> taps;
  for (int64_t x = 0; x < r.sizes[axis]; ++x) taps.push_back(taps_at(r, axis, x, in));
  return taps;
}

void resize_nearest(const Resize& r, const Tensor& input, Tensor& output) {
  Tensor current = input;
  for (size_t axis = r.sizes.size(); axis-- > 0;) {
    const Shape& from_shape = current.shape();
    const std::vector<Taps> taps = taps_of_axis(r, axis, from_shape[2 + axis]);
    Shape shape = from_shape;
    shape[2 + axis] = r.sizes[axis];
    Tensor next({input.dtype(), shape});
    const int64_t outer = extent_between(shape, 0, 2 + axis);
    const size_t unit = byte_size(input.dtype()) * extent_between(shape, 3 + axis, shape.size());
    char* to = static_cast<char*>(next.raw());
    for (int64_t o = 0; o < outer; ++o)
      for (const Taps& tap : taps) {
        std::memcpy(to, static_cast<const char*>(current.raw()) + (o * from_shape[2 + axis] + tap[0].place) * unit,
                    unit);
        to += unit;
      }
    current = std::move(next);
  }
  if (output.bytes()) std::memcpy(output.raw(), current.raw(), output.bytes());
}

void resize_blend(const Resize& r, const Tensor& input, Tensor& output) {
  Shape shape = input.shape();
  std::vector<double> current;
  for (size_t axis = r.sizes.size(); axis-- > 0;) {
    const int64_t outer = extent_between(shape, 0, 2 + axis), inner = extent_between(shape, 3 + axis, shape.size());
    const std::vector<Taps> taps = taps_of_axis(r, axis, shape[2 + axis]);
    current = axis + 1 == r.sizes.size() ? blend_axis(pointer<float>(input), outer, shape[2 + axis], inner, taps)
                                         : blend_axis(current.data(), outer, shape[2 + axis], inner, taps);
    shape[2 + axis] = r.sizes[axis];
  }
  std::copy(current.begin(), current.end(), pointer<float>(output));
}

Status resize(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Resize r, read_resize(attributes, inputs[0].info()));
  r.mode == "nearest" ? resize_nearest(r, inputs[0], outputs[0]) : resize_blend(r, inputs[0], outputs[0]);
  return {};
}

constexpr OpSpec kOps[] = {{"resize", infer_resize, resize}};

}  // namespace

std::span<const OpSpec> resize_ops() { return kOps; }

}  // namespace bmnet::op
