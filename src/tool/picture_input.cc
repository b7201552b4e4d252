#include "tool/picture_input.h"

#include "base/number.h"
#include "image/image.h"
#include "tool/flags.h"

namespace bmnet::tool {
namespace {

Result<std::vector<float>> parse_floats(const std::string& flag, const std::string& text, float otherwise) {
  std::vector<float> values;
  for (const std::string& part : parse_names(text)) {
    const std::optional<double> value = parse_finite(part);
    if (!value) return user_error("--{} '{}': '{}' is not a number", flag, text, part);
    values.push_back(static_cast<float>(*value));
  }
  if (values.empty()) values.push_back(otherwise);
  return values;
}

}  // namespace

Result<Tensor> picture_input(const std::string& file, const TensorInfo& input, const PictureOptions& options) {
  if (input.dtype != DType::kF32 || input.shape.size() != 4 || input.shape[0] != 1)
    return unsupported("--image needs an input [1,C,H,W] of f32; this one is {} {}", to_string(input.shape),
                       dtype_name(input.dtype));
  PixelScaling scaling{.bgr = !options.rgb, .mean = {}, .scale = {}};
  BMNET_ASSIGN(scaling.mean, parse_floats("mean", options.mean, 0));
  BMNET_ASSIGN(scaling.scale, parse_floats("scale", options.scale, 1));
  BMNET_ASSIGN(const Image image, read_image(file));
  return to_tensor(resize(image, input.shape[2], input.shape[3]), input.shape[1], scaling);
}

}  // namespace bmnet::tool
