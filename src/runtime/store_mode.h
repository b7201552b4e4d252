// How batch items lie in memory: 1N, or four (two) of them interleaved in every 32-bit word.
#pragma once

#include <cstdint>
#include <span>

#include "base/status.h"
#include "bmodel/model.h"

namespace bmnet::runtime {

// The four sizes by which the chip's firmware sees a tensor of any rank: missing dimensions are 1, all from the fourth
// on are multiplied into `w`.
struct Extent4 {
  int64_t n = 1, c = 1, h = 1, w = 1;
  int64_t count() const { return n * c * h * w; }
  int64_t item() const { return c * h * w; }  // elements of one batch item
};
Extent4 extent_of(std::span<const int64_t> shape);

// Rows of zeros above and below every channel.
struct RowPadding {
  int64_t above = 0, below = 0;
  static RowPadding of(uint32_t pad_h) { return {pad_h >> 16, pad_h & 0xFFFF}; }
  bool empty() const { return above == 0 && below == 0; }
};

// Bytes of a tensor in memory; 4N and 2N round n up.
uint64_t stored_bytes(const Extent4& extent, bmodel::DataType type, bmodel::StoreMode mode);

// Refuses what the chip cannot convert: 2N, 4N of wider than 8-bit elements, padding without conversion to 4N.
Status check_conversion(bmodel::DataType type, bmodel::StoreMode from, bmodel::StoreMode to, RowPadding padding = {});

// 1N bytes -> 4N words [ceil(n/4)][c][above + h + below][w][4]. The bytes of missing batch items keep what `words`
// held.
void interleave(std::span<const std::byte> plain, const Extent4& extent, RowPadding padding,
                std::span<std::byte> words);
// 4N words -> 1N bytes.
void deinterleave(std::span<const std::byte> words, const Extent4& extent, std::span<std::byte> plain);

}  // namespace bmnet::runtime
