// Four rows of bytes become words that hold one byte of every row; internal to exec/.
#pragma once

#include <smmintrin.h>

#include <cstddef>
#include <cstdint>

namespace bmnet::bm1684 {

// Bytes i of the four rows, i < 16, as the bytes of word i, first row lowest; then xor `flip`.
inline void interleave_bytes(const uint8_t* const (&row)[4], size_t offset, __m128i flip, __m128i (&words)[4]) {
  const auto load = [&](int r) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(row[r] + offset)); };
  const __m128i r0 = load(0), r1 = load(1), r2 = load(2), r3 = load(3);
  const __m128i low01 = _mm_unpacklo_epi8(r0, r1), high01 = _mm_unpackhi_epi8(r0, r1);
  const __m128i low23 = _mm_unpacklo_epi8(r2, r3), high23 = _mm_unpackhi_epi8(r2, r3);
  words[0] = _mm_xor_si128(_mm_unpacklo_epi16(low01, low23), flip);
  words[1] = _mm_xor_si128(_mm_unpackhi_epi16(low01, low23), flip);
  words[2] = _mm_xor_si128(_mm_unpacklo_epi16(high01, high23), flip);
  words[3] = _mm_xor_si128(_mm_unpackhi_epi16(high01, high23), flip);
}

// Bytes i of the first two rows, i < 16, widened to the halves of word i.
inline void interleave_halves(const uint8_t* const (&row)[4], size_t offset, bool is_signed, __m128i (&words)[4]) {
  const auto load = [&](int r) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(row[r] + offset)); };
  const auto widen = [&](__m128i bytes) { return is_signed ? _mm_cvtepi8_epi16(bytes) : _mm_cvtepu8_epi16(bytes); };
  const __m128i low = _mm_unpacklo_epi8(load(0), load(1)), high = _mm_unpackhi_epi8(load(0), load(1));
  words[0] = widen(low);
  words[1] = widen(_mm_srli_si128(low, 8));
  words[2] = widen(high);
  words[3] = widen(_mm_srli_si128(high, 8));
}

}  // namespace bmnet::bm1684
