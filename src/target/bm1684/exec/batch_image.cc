#include "target/bm1684/exec/batch_image.h"

#include <smmintrin.h>

#include <algorithm>
#include <array>

#include "base/parallel.h"
#include "target/bm1684/exec/words.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kWordsPerTask = 1 << 15;

// Four words of four batch items each, one word a channel, become four words of four channels each, one word an item.
// Works on four positions at once; out holds 4 positions x 4 items.
inline void transpose_bytes(const uint8_t* const (&row)[4], size_t offset, __m128i flip, __m128i (&out)[4]) {
  const auto load = [&](int c) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(row[c] + offset)); };
  const __m128i w0 = load(0), w1 = load(1), w2 = load(2), w3 = load(3);
  const __m128i low01 = _mm_unpacklo_epi8(w0, w1), high01 = _mm_unpackhi_epi8(w0, w1);
  const __m128i low23 = _mm_unpacklo_epi8(w2, w3), high23 = _mm_unpackhi_epi8(w2, w3);
  out[0] = _mm_xor_si128(_mm_unpacklo_epi16(low01, low23), flip);
  out[1] = _mm_xor_si128(_mm_unpackhi_epi16(low01, low23), flip);
  out[2] = _mm_xor_si128(_mm_unpacklo_epi16(high01, high23), flip);
  out[3] = _mm_xor_si128(_mm_unpackhi_epi16(high01, high23), flip);
}

inline void widen_bytes(const uint8_t* const (&row)[4], size_t offset, bool is_signed, __m128i (&out)[4]) {
  const auto load = [&](int c) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(row[c] + offset)); };
  const auto widen = [&](__m128i bytes) { return is_signed ? _mm_cvtepi8_epi16(bytes) : _mm_cvtepu8_epi16(bytes); };
  const __m128i low = _mm_unpacklo_epi8(load(0), load(1)), high = _mm_unpackhi_epi8(load(0), load(1));
  out[0] = widen(low);
  out[1] = widen(_mm_srli_si128(low, 8));
  out[2] = widen(high);
  out[3] = widen(_mm_srli_si128(high, 8));
}

// The first `items` words of each of four positions.
inline void store_items(const __m128i (&words)[4], uint64_t items, uint64_t positions, uint32_t* out) {
  for (uint64_t p = 0; p < positions; ++p, out += items) {
    if (items == 4) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), words[p]);
    } else {
      uint32_t word[4];
      _mm_storeu_si128(reinterpret_cast<__m128i*>(word), words[p]);
      for (uint64_t b = 0; b < items; ++b) out[b] = word[b];
    }
  }
}

}  // namespace

BatchImage::BatchImage(const Operand& input, WordPacking packing, bool flip, bool is_signed)
    : input_(input), packing_(packing), flip_(flip), is_signed_(is_signed) {
  groups_ = (input.shape.c + channels_per_word(packing) - 1) / channels_per_word(packing);
}

void BatchImage::load(const LaneView& view, uint64_t first_item) {
  static thread_local Scratch<uint32_t> scratch;
  const Shape& shape = input_.shape;
  items_ = std::min<uint64_t>(4, shape.n - first_item);
  words_ = scratch.get(groups_ * shape.h * row_words());
  parallel_for(groups_ * shape.h, std::max<uint64_t>(1, kWordsPerTask / row_words()), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) load_row(view, first_item, i / shape.h, i % shape.h, words_ + i * row_words());
  });
}

void BatchImage::load_row(const LaneView& view, uint64_t item, uint64_t group, uint64_t y, uint32_t* out) const {
  const uint64_t width = input_.shape.w, per_word = channels_per_word(packing_), first = group * per_word;
  const uint8_t* source[4];  // a missing channel repeats the last one: its weights are zero
  for (uint64_t c = 0; c < 4; ++c)
    source[c] = view.at(input_, item, std::min(first + std::min(c, per_word - 1), input_.shape.c - 1), y);
  const __m128i flip = _mm_set1_epi32(static_cast<int>(zero()));
  for (uint64_t x = 0; x < width; x += 4, out += 4 * items_) {
    const uint64_t positions = std::min<uint64_t>(4, width - x);
    // Where the words do not stand side by side, or too close to the end to read four of them.
    std::array<std::array<uint32_t, 4>, 4> gathered;
    const uint8_t* row[4] = {source[0], source[1], source[2], source[3]};
    size_t offset = x * 4;
    if (input_.stride.w != 1 || positions < 4) {
      for (int c = 0; c < 4; ++c) {
        for (uint64_t p = 0; p < positions; ++p)
          gathered[c][p] = read<uint32_t>(source[c] + (x + p) * input_.stride.w * 4);
        for (uint64_t p = positions; p < 4; ++p) gathered[c][p] = 0;
        row[c] = reinterpret_cast<const uint8_t*>(gathered[c].data());
      }
      offset = 0;
    }
    __m128i words[4];
    if (packing_ == WordPacking::kBytes)
      transpose_bytes(row, offset, flip, words);
    else
      widen_bytes(row, offset, is_signed_, words);
    store_items(words, items_, positions, out);
  }
}

}  // namespace bmnet::bm1684
