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

// `positions` results of `items` batch items each, side by side, into a 4N tensor: four items fill the words and make
// one run, fewer are written one by one between their neighbours.
inline void deposit_items(Deposit deposit, const int32_t* in, size_t positions, size_t items, bool wide, uint8_t* out) {
  const size_t runs = items == 4 ? 1 : items;
  deposit.count = items == 4 ? 4 * positions : positions;
  deposit.in_step = static_cast<uint32_t>(runs);
  deposit.pitch = items == 4 ? 1 : 4;
  for (size_t run = 0; run < runs; ++run) {
    deposit.in = in + run;
    if (wide)
      kernels().deposit_i16(deposit, reinterpret_cast<uint16_t*>(out) + run);
    else
      kernels().deposit_i8(deposit, out + run);
  }
}

}  // namespace bmnet::bm1684
