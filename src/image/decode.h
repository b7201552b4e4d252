// The decoders behind decode_image.
#pragma once

#include "image/image.h"

namespace bmnet::image {

Result<Image> decode_jpeg(Bytes content, std::string_view what, int64_t max_pixels);
Result<Image> decode_png(Bytes content, std::string_view what, int64_t max_pixels);

}  // namespace bmnet::image
