#include "image/image.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "image/decode.h"

namespace bmnet {
namespace {

// Where the samples of one target axis lie on the source axis: between `first` and `second`, nearer to second the
// larger `weight`.
struct Tap {
  int64_t first, second;
  float weight;
};

std::vector<Tap> taps(int64_t source, int64_t target) {
  std::vector<Tap> result;
  const double ratio = static_cast<double>(source) / static_cast<double>(target);
  for (int64_t i = 0; i < target; ++i) {
    const double position = std::max((static_cast<double>(i) + 0.5) * ratio - 0.5, 0.0);
    const auto first = std::min(static_cast<int64_t>(position), source - 1);
    const float weight = static_cast<float>(position - static_cast<double>(first));
    result.push_back({first, std::min(first + 1, source - 1), weight});
  }
  return result;
}

Status check_list(std::string_view what, const std::vector<float>& values, int64_t channels) {
  if (values.size() == 1 || static_cast<int64_t>(values.size()) == channels) return {};
  return user_error("{} has {} values; give one, or one for each of {} channels", what, values.size(), channels);
}

float channel_of(const uint8_t* pixel, int64_t channel, int64_t channels, bool bgr) {
  if (channels == 1) return 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
  return pixel[bgr ? 2 - channel : channel];
}

}  // namespace

Result<Image> decode_image(Bytes content, std::string_view what, int64_t max_pixels) {
  const auto starts_with = [&](std::string_view magic) { return as_text(content).starts_with(magic); };
  if (starts_with("\xff\xd8\xff")) return image::decode_jpeg(content, what, max_pixels);
  if (starts_with("\x89PNG\r\n\x1a\n")) return image::decode_png(content, what, max_pixels);
  return user_error("{}: neither JPEG nor PNG; convert the picture to one of them", what);
}

Result<Image> read_image(const std::filesystem::path& path) {
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(path));
  return decode_image(file.bytes(), path.filename().string());
}

Image resize(const Image& image, int64_t height, int64_t width) {
  if (height == image.height && width == image.width) return image;
  Image result{height, width, std::vector<uint8_t>(static_cast<size_t>(height * width * 3))};
  const std::vector<Tap> rows = taps(image.height, height), columns = taps(image.width, width);
  uint8_t* out = result.pixels.data();
  for (const Tap& row : rows) {
    const uint8_t* top = image.pixels.data() + row.first * image.width * 3;
    const uint8_t* bottom = image.pixels.data() + row.second * image.width * 3;
    for (const Tap& column : columns) {
      for (int c = 0; c < 3; ++c) {
        const int64_t left = column.first * 3 + c, right = column.second * 3 + c;
        const float above = static_cast<float>(top[left]) + column.weight * static_cast<float>(top[right] - top[left]);
        const float below =
            static_cast<float>(bottom[left]) + column.weight * static_cast<float>(bottom[right] - bottom[left]);
        *out++ = static_cast<uint8_t>(std::lround(above + row.weight * (below - above)));
      }
    }
  }
  return result;
}

Image centre_crop(const Image& image, int64_t height, int64_t width) {
  Image result{height, width, {}};
  const int64_t top = (image.height - height) / 2, left = (image.width - width) / 2;
  for (int64_t y = top; y < top + height; ++y) {
    const auto begin = image.pixels.begin() + (y * image.width + left) * 3;
    result.pixels.insert(result.pixels.end(), begin, begin + width * 3);
  }
  return result;
}

Result<Tensor> to_tensor(const Image& image, int64_t channels, const PixelScaling& scaling) {
  if (channels != 1 && channels != 3)
    return unsupported("a picture has 1 or 3 channels, the network wants {}", channels);
  BMNET_TRY(check_list("mean", scaling.mean, channels));
  BMNET_TRY(check_list("scale", scaling.scale, channels));
  Tensor tensor({DType::kF32, {1, channels, image.height, image.width}});
  float* out = tensor.data<float>().data();
  for (int64_t c = 0; c < channels; ++c) {
    const float mean = scaling.mean[scaling.mean.size() == 1 ? 0 : c];
    const float scale = scaling.scale[scaling.scale.size() == 1 ? 0 : c];
    for (int64_t i = 0; i < image.height * image.width; ++i) {
      *out++ = (channel_of(image.pixels.data() + 3 * i, c, channels, scaling.bgr) - mean) * scale;
    }
  }
  return tensor;
}

}  // namespace bmnet
