#include <png.h>

#include <memory>

#include "image/decode.h"

namespace bmnet::image {

Result<Image> decode_png(Bytes content, std::string_view what, int64_t max_pixels) {
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, decltype(&png_image_free)> release(&png, png_image_free);
  if (!png_image_begin_read_from_memory(&png, content.data(), content.size())) {
    return user_error("{}: a damaged PNG file: {}", what, png.message);
  }
  const int64_t pixels = int64_t{png.height} * png.width;
  if (pixels > max_pixels) return user_error("{}: {} x {} pixels are too many", what, png.width, png.height);
  png.format = PNG_FORMAT_RGBA;
  std::vector<uint8_t> rgba(PNG_IMAGE_SIZE(png));
  if (!png_image_finish_read(&png, nullptr, rgba.data(), 0, nullptr)) {
    return user_error("{}: a damaged PNG file: {}", what, png.message);
  }
  Image image{png.height, png.width, std::vector<uint8_t>(static_cast<size_t>(pixels * 3))};
  for (int64_t i = 0; i < pixels; ++i) std::copy_n(rgba.data() + 4 * i, 3, image.pixels.data() + 3 * i);
  return image;
}

}  // namespace bmnet::image
