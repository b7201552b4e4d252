// Number conversions and accumulation of the GDMA, on contiguous elements.
#include <type_traits>

#include "target/bm1684/exec/chip_float.h"
#include "target/bm1684/exec/gdma_move.h"

namespace bmnet::bm1684::gdma_exec {
namespace {

// The formats as types whose values convert through an fp32 pattern.
struct Fp32 {
  using Bits = uint32_t;
  BMNET_INLINE static uint32_t decode(uint32_t bits) { return bits; }
  BMNET_INLINE static uint32_t encode(uint32_t value) { return value; }
};

// Half precision without special cases when read: zero becomes 2^-15, infinity 65536. Truncated when written:
// magnitudes below the normal halves become zero, all above and NaN infinity.
struct Fp16 {
  using Bits = uint16_t;
  BMNET_INLINE static uint32_t decode(uint16_t bits) {
    const uint32_t half = bits;
    return (half & 0x8000) << 16 | (((half & 0x7FFF) << 13) + (112u << 23));
  }
  BMNET_INLINE static uint16_t encode(uint32_t value) {
    const uint32_t sign = value >> 16 & 0x8000;
    const uint32_t magnitude = value & 0x7FFFFFFF;
    const uint32_t half = (magnitude >> 13) - (112u << 10);
    const bool small = magnitude < 113u << 23, large = magnitude >= 143u << 23;
    return static_cast<uint16_t>(sign | choose(small, 0, choose(large, 0x7C00, half)));
  }
};

// Nearest even, saturating; NaN and infinities go to the end of their sign.
BMNET_INLINE int32_t round_to(uint32_t value, float low, float high) {
  const bool special = (value & 0x7F800000) == 0x7F800000;
  float x = as_float(choose(special, (value & 0x80000000) | as_bits(1024.0f), value));
  x = x < low ? low : x;
  x = x > high ? high : x;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: the sum has no bits below one
  return static_cast<int32_t>(as_bits(x + kRound)) - static_cast<int32_t>(as_bits(kRound));
}
struct Uint8 {
  using Bits = uint8_t;
  BMNET_INLINE static uint32_t decode(uint8_t bits) { return as_bits(static_cast<float>(bits)); }
  BMNET_INLINE static uint8_t encode(uint32_t value) { return static_cast<uint8_t>(round_to(value, 0, 255)); }
};
struct Int8 {
  using Bits = int8_t;
  BMNET_INLINE static uint32_t decode(int8_t bits) { return as_bits(static_cast<float>(bits)); }
  BMNET_INLINE static int8_t encode(uint32_t value) { return static_cast<int8_t>(round_to(value, -128, 127)); }
};

using Kernel = void(const void* source, void* destination, size_t count);

template <typename From, typename To, bool kAccumulate>
struct Loop {
  BMNET_INLINE static void run(const void* source, void* destination, size_t count) {
    const auto* from = static_cast<const typename From::Bits*>(source);
    auto* to = static_cast<typename To::Bits*>(destination);
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i) {
      const uint32_t value = From::decode(from[i]);
      if constexpr (kAccumulate)
        to[i] = chip_add(to[i], value);
      else
        to[i] = To::encode(value);
    }
  }
};

template <typename From>
Kernel* kernel_from(Format to, bool accumulate) {
  switch (to) {
    case Format::kFp32:
      return accumulate ? simd_version<Loop<From, Fp32, true>, Kernel>()
                        : simd_version<Loop<From, Fp32, false>, Kernel>();
    case Format::kUint8:
      return simd_version<Loop<From, Uint8, false>, Kernel>();
    case Format::kInt8:
      return simd_version<Loop<From, Int8, false>, Kernel>();
    case Format::kFp16:
      return simd_version<Loop<From, Fp16, false>, Kernel>();
    case Format::kInt16:
      break;
  }
  return nullptr;
}

}  // namespace

Transform transform_of(const Header& header) {
  Transform transform;
  transform.source_bytes = format_bytes(header.source_format);
  transform.destination_bytes = format_bytes(header.destination_format);
  if (header.source_format == header.destination_format && !header.accumulate) return transform;
  switch (header.source_format) {
    case Format::kFp32:
      transform.kernel = kernel_from<Fp32>(header.destination_format, header.accumulate);
      break;
    case Format::kUint8:
      transform.kernel = kernel_from<Uint8>(header.destination_format, header.accumulate);
      break;
    case Format::kInt8:
      transform.kernel = kernel_from<Int8>(header.destination_format, header.accumulate);
      break;
    case Format::kFp16:
      transform.kernel = kernel_from<Fp16>(header.destination_format, header.accumulate);
      break;
    case Format::kInt16:
      break;
  }
  return transform;
}

}  // namespace bmnet::bm1684::gdma_exec
