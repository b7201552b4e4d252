#include "frontend/onnx/resampling_matrix.h"

#include <algorithm>
#include <cmath>

namespace bmnet::frontend::onnx {
namespace {

// Where output element x lies in the input.
double source(const AxisResampling& a, double x) {
  const double in = static_cast<double>(a.in), out = a.scale * in;
  if (a.coordinates == "asymmetric") return x / a.scale;
  if (a.coordinates == "align_corners") return out == 1 ? 0 : x * (in - 1) / (out - 1);
  if (a.coordinates == "tf_crop_and_resize") {
    const double span = (a.roi_end - a.roi_start) * (in - 1);
    return a.roi_start * (in - 1) + (out == 1 ? span / 2 : x * span / (out - 1));
  }
  const double centred = (x + 0.5) / a.scale - 0.5;
  if (a.coordinates == "pytorch_half_pixel") return out == 1 ? -0.5 : centred;
  if (a.coordinates == "half_pixel_symmetric") return in / 2 * (1 - static_cast<double>(a.out) / out) + centred;
  return centred;
}

double hat(double distance) { return std::max(0.0, 1 - distance); }

double cubic(double d, double a) {
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((d - 5) * d + 8) * d * a - 4 * a : 0;
}

double nearest(const std::string& mode, double x) {
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  return mode == "round_prefer_ceil" ? std::floor(x + 0.5) : std::ceil(x - 0.5);
}

// Adds the weights of one row, not yet normalised; gives their sum.
double add_weights(const AxisResampling& a, double x, float* row) {
  if (a.mode == "nearest") {
    row[std::clamp<int64_t>(static_cast<int64_t>(nearest(a.nearest_mode, x)), 0, a.in - 1)] = 1;
    return 1;
  }
  const double shrink = a.antialias ? std::min(a.scale, 1.0) : 1;
  const double support = (a.mode == "cubic" ? 2 : 1) / shrink;
  double sum = 0;
  for (double place = std::ceil(x - support); place <= std::floor(x + support); ++place) {
    const double distance = std::abs(place - x) * shrink;
    const double weight = a.mode == "cubic" ? cubic(distance, a.cubic_coeff) : hat(distance);
    if (a.exclude_outside && (place < 0 || place > static_cast<double>(a.in - 1))) continue;
    row[std::clamp<int64_t>(static_cast<int64_t>(place), 0, a.in - 1)] += static_cast<float>(weight);
    sum += weight;
  }
  return sum;
}

}  // namespace

ResamplingMatrix resampling_matrix(const AxisResampling& a) {
  ResamplingMatrix matrix{std::vector<float>(a.out * a.in), std::vector<bool>(a.out)};
  for (int64_t y = 0; y < a.out; ++y) {
    const double x = source(a, static_cast<double>(y));
    matrix.outside[y] = a.coordinates == "tf_crop_and_resize" && !(x >= 0 && x <= static_cast<double>(a.in - 1));
    if (matrix.outside[y]) continue;
    float* row = &matrix.weights[y * a.in];
    const double sum = add_weights(a, std::clamp(x, -0x1p30, 0x1p30), row);
    for (int64_t i = 0; i < a.in && sum != 0; ++i) row[i] = static_cast<float>(row[i] / sum);
  }
  return matrix;
}

}  // namespace bmnet::frontend::onnx
