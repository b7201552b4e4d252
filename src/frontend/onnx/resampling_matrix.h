// Resampling of one axis as a matrix: for the forms that nn.resize does not have, cut-outs and antialiasing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bmnet::frontend::onnx {

struct AxisResampling {
  std::string mode;                   // nearest, linear, cubic
  std::string coordinates;            // coordinate_transformation_mode of Resize
  std::string nearest_mode;           // floor, ceil, round_prefer_floor, round_prefer_ceil
  int64_t in = 0, out = 0;            // elements
  double scale = 1;                   // output / input as the model states it
  double roi_start = 0, roi_end = 1;  // of tf_crop_and_resize, as parts of the axis
  double cubic_coeff = -0.75;
  bool exclude_outside = false, antialias = false;
};

struct ResamplingMatrix {
  std::vector<float> weights;  // [out,in]; rows of places outside are zero
  std::vector<bool> outside;   // [out]: where tf_crop_and_resize looks beyond the input
};

// Weights as ONNX defines them: w(distance * min(scale, 1)) with antialias, w(distance) else, w being the hat function
// or Keys' cubic one; every row is normalised. Places beyond an end count as the end, or not at all (exclude_outside).
ResamplingMatrix resampling_matrix(const AxisResampling& axis);

}  // namespace bmnet::frontend::onnx
