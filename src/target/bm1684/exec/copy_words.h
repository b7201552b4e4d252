// Copies of short runs of 32-bit words, where a library call costs more than the copy; internal to exec/.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace bmnet::bm1684 {

// `count` words side by side.
inline void copy_run(const uint32_t* from, size_t count, uint32_t* to) {
  if (count < 4) {
    for (size_t i = 0; i < count; ++i) to[i] = from[i];
    return;
  }
  const auto copy4 = [&](size_t i) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i)));
  };
  for (size_t i = 0; i + 4 < count; i += 4) copy4(i);
  copy4(count - 4);  // overlaps the step before unless count is a multiple of 4
}

// Words `from_step` and `to_step` apart.
inline void copy_strided(const uint32_t* from, size_t from_step, size_t count, uint32_t* to, size_t to_step) {
  if (to_step == 1 && from_step == 1) return copy_run(from, count, to);
  size_t i = 0;
  if (to_step == 1 && from_step == 2) {
    // The last word of the second load may lie behind the last element: stop one vector early.
    for (; i + 4 < count; i += 4) {
      const __m128 low = _mm_loadu_ps(reinterpret_cast<const float*>(from + 2 * i));
      const __m128 high = _mm_loadu_ps(reinterpret_cast<const float*>(from + 2 * i + 4));
      _mm_storeu_ps(reinterpret_cast<float*>(to + i), _mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0)));
    }
  }
  for (; i < count; ++i) to[i * to_step] = from[i * from_step];
}

}  // namespace bmnet::bm1684
