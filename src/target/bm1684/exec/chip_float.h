// fp32 arithmetic of the chip on bit patterns, one operation at a time. Flush-to-zero comes from the thread's mode
// (float_mode.h); every operation is rounded by itself.
#pragma once

#include <bit>
#include <cstdint>

#include "target/bm1684/exec/simd.h"

namespace bmnet::bm1684 {

BMNET_INLINE float as_float(uint32_t bits) { return std::bit_cast<float>(bits); }
BMNET_INLINE uint32_t as_bits(float value) { return std::bit_cast<uint32_t>(value); }

BMNET_INLINE uint32_t chip_add(uint32_t a, uint32_t b) { return as_bits(as_float(a) + as_float(b)); }
BMNET_INLINE uint32_t chip_sub(uint32_t a, uint32_t b) { return as_bits(as_float(a) - as_float(b)); }
BMNET_INLINE uint32_t chip_mul(uint32_t a, uint32_t b) { return as_bits(as_float(a) * as_float(b)); }

// yes where `condition`, else no, as patterns: a float maximum instruction would flush a denormal operand that it
// returns.
BMNET_INLINE uint32_t choose(bool condition, uint32_t yes, uint32_t no) {
  const uint32_t mask = 0u - static_cast<uint32_t>(condition);
  return (yes & mask) | (no & ~mask);
}

// 1/sqrt(x) by three Newton steps from the well-known seed; not correctly rounded.
BMNET_INLINE uint32_t chip_rsqrt(uint32_t x) {
  const float half = as_float(x) * 0.5f;
  float y = as_float(0x5F3759DFu - static_cast<uint32_t>(static_cast<int32_t>(x) >> 1));
  for (int step = 0; step < 3; ++step) y = y * (1.5f - (half * y) * y);
  return as_bits(y);
}

// a / b as a * rsqrt(|b|)^2 with the sign of the quotient; x / inf is inf, since rsqrt(inf) is -inf.
BMNET_INLINE uint32_t chip_divide(uint32_t a, uint32_t b) {
  constexpr uint32_t kMagnitude = 0x7FFFFFFF;
  const float y = as_float(chip_rsqrt(b & kMagnitude));
  const float numerator = as_float((a & kMagnitude) | ((a ^ b) & ~kMagnitude));
  return as_bits((y * y) * numerator);
}

}  // namespace bmnet::bm1684
