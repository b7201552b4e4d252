// int8 activations as the integer tiles want them; internal to exec/.
#pragma once

#include <cstdint>

#include "target/bm1684/exec/operand.h"
#include "target/bm1684/exec/scratch.h"

namespace bmnet::bm1684 {

// How several channels share a 32-bit word.
enum class WordPacking {
  kBytes,  // four channels as bytes
  kHalves  // two channels as signed 16-bit numbers
};
constexpr uint64_t channels_per_word(WordPacking packing) { return packing == WordPacking::kBytes ? 4 : 2; }

// Up to four batch items of a 4N tensor (the four that share its words), with the bytes of several channels side by
// side: word [group][y][x][item]. Channels beyond the last are anything.
class BatchImage {
 public:
  // `flip`: bytes are stored with the top bit inverted, which turns signed into unsigned + 128 and back (kBytes only).
  // `is_signed`: how bytes widen (kHalves only).
  BatchImage(const Operand& input, WordPacking packing, bool flip, bool is_signed);

  void load(const LaneView& view, uint64_t first_item);

  uint64_t items() const { return items_; }
  uint64_t groups() const { return groups_; }
  uint64_t row_words() const { return input_.shape.w * items_; }
  const uint32_t* plane(uint64_t group) const { return words_ + group * input_.shape.h * row_words(); }
  uint32_t zero() const { return flip_ ? 0x80808080 : 0; }  // the word of four zeros

 private:
  void load_row(const LaneView& view, uint64_t item, uint64_t group, uint64_t y, uint32_t* out) const;

  const Operand& input_;
  WordPacking packing_;
  bool flip_, is_signed_;
  uint64_t groups_, items_ = 0;
  uint32_t* words_ = nullptr;
};

}  // namespace bmnet::bm1684
