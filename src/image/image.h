// Pictures on their way into a network: decoded, resized, cropped, turned into a tensor.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "base/tensor.h"

namespace bmnet {

// Colour, 8 bits a channel, rows from the top: pixels [height][width][3], red first.
struct Image {
  int64_t height = 0;
  int64_t width = 0;
  std::vector<uint8_t> pixels;
};

constexpr int64_t kMaxImagePixels = int64_t{1} << 26;

// JPEG (baseline and progressive, grey or colour) or PNG (every type; transparency is dropped), told apart by content.
// EXIF orientation is not applied. `what` names the picture in messages.
// Errors: another format, a damaged or cut-off file, more than `max_pixels`.
Result<Image> decode_image(Bytes content, std::string_view what, int64_t max_pixels = kMaxImagePixels);
Result<Image> read_image(const std::filesystem::path& path);

// Bilinear, pixel centres at half coordinates, edges repeated, no smoothing when shrinking; height, width >= 1.
Image resize(const Image& image, int64_t height, int64_t width);
// The middle height x width of an image at least as large.
Image centre_crop(const Image& image, int64_t height, int64_t width);

struct PixelScaling {
  bool bgr = false;                // blue first, as most Caffe networks want it
  std::vector<float> mean = {0};   // subtracted, one value or one per channel of the tensor
  std::vector<float> scale = {1};  // multiplied afterwards, likewise
};

// f32 [1,C,height,width] of the image, C = 3, or 1 for brightness (0.299 R + 0.587 G + 0.114 B).
// Errors: other channel counts, lists of a wrong length.
Result<Tensor> to_tensor(const Image& image, int64_t channels, const PixelScaling& scaling = {});

}  // namespace bmnet
