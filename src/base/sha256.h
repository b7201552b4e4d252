// SHA-256, as BModel files use it to name blobs.
#pragma once

#include <array>
#include <span>
#include <string>

#include "base/bytes.h"

namespace bmnet {

using Sha256 = std::array<uint8_t, 32>;

Sha256 sha256(Bytes bytes);
Sha256 sha256(std::span<const Bytes> chunks);  // of their concatenation

std::string to_hex(Bytes bytes);  // "00ff…", lower case

}  // namespace bmnet
