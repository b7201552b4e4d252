// The decoders behind decode_image.
#pragma once

#include "image/image.h"

namespace bmnet::image {

Result<Image> decode_jpeg(Bytes content, std::string_view what);
Result<Image> decode_png(Bytes content, std::string_view what);

}  // namespace bmnet::image
