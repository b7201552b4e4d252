// A picture as a network's input.
#pragma once

#include <string>

#include "base/tensor.h"

namespace bmnet::tool {

struct PictureOptions {
  std::string mean;         // "", "127.5" or "104,117,123"
  std::string scale = "1";  // "0.00392" or one per channel
  bool rgb = false;
};

// The picture resized to an input [1,C,H,W] of f32.
Result<Tensor> picture_input(const std::string& file, const TensorInfo& input, const PictureOptions& options);

}  // namespace bmnet::tool
