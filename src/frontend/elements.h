// Elements as model files store them.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/half.h"  // IWYU pragma: export

namespace bmnet::frontend {

// Element i of little-endian data at any alignment.
template <typename T>
T load_element(const uint8_t* data, int64_t i) {
  T value;
  std::memcpy(&value, data + i * sizeof(T), sizeof(T));
  return value;
}

}  // namespace bmnet::frontend
