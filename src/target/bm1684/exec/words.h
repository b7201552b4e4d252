// Moving small values in and out of unaligned bytes, and the integer range of a result; internal to exec/.
#pragma once

#include <cstdint>
#include <cstring>

#include "target/bm1684/exec/kernel.h"

namespace bmnet::bm1684 {

template <typename T>
T read(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// An int8 or uint8 (int16 or uint16) as a number.
inline int32_t extend8(uint32_t byte, bool is_signed) {
  return is_signed ? static_cast<int8_t>(byte) : static_cast<int32_t>(byte & 0xFF);
}
inline int32_t extend16(uint32_t half, bool is_signed) {
  return is_signed ? static_cast<int16_t>(half) : static_cast<int32_t>(half & 0xFFFF);
}

// Sets the range that results are clamped to.
inline void set_range(bool is_signed, bool wide, Deposit& deposit) {
  const int32_t size = wide ? 1 << 16 : 1 << 8;
  deposit.low = is_signed ? -size / 2 : 0;
  deposit.high = is_signed ? size / 2 - 1 : size - 1;
}

}  // namespace bmnet::bm1684
