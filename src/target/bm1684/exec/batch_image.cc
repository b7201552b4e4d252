#include "target/bm1684/exec/batch_image.h"

#include <algorithm>
#include <array>

#include "base/parallel.h"
#include "target/bm1684/exec/byte_shuffle.h"
#include "target/bm1684/exec/words.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kWordsPerTask = 1 << 15;

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
    // Rows are channels, and four neighbouring bytes the batch items of a position.
    __m128i words[4];
    if (packing_ == WordPacking::kBytes)
      interleave_bytes(row, offset, flip, words);
    else
      interleave_halves(row, offset, is_signed_, words);
    store_items(words, items_, positions, out);
  }
}

}  // namespace bmnet::bm1684
