#include <algorithm>

#include "target/bm1684/exec/conv.h"
#include "target/bm1684/exec/copy_words.h"

namespace bmnet::bm1684 {

PatchMap::PatchMap(const WindowAxis& y, const WindowAxis& x, uint64_t width, uint64_t row_stride,
                   uint64_t column_stride, uint64_t words)
    : y_(y), x_(x), width_(width), row_stride_(row_stride), column_stride_(column_stride), words_(words) {}

void PatchMap::select(uint64_t first_position, uint64_t positions, uint64_t row_words) {
  pieces_.clear();
  end_.clear();
  partly_.clear();
  row_words_ = row_words;
  const uint64_t end = first_position + positions;
  for (uint64_t ky = 0; ky < y_.kernel; ++ky) {
    for (uint64_t kx = 0; kx < x_.kernel; ++kx) {
      uint64_t covered = 0;
      for (uint64_t p = first_position; p < end;) {
        const uint64_t oy = p / width_, begin_x = p % width_, end_x = std::min(width_, begin_x + end - p);
        const int64_t iy = y_.element(oy * y_.stride + ky * y_.dilation);
        const TapRun run = iy < 0 ? TapRun{} : tap_run(x_, kx, begin_x, end_x);
        if (run.count > 0) {
          const uint64_t to = p - first_position + (run.first_output - begin_x);
          pieces_.push_back({static_cast<uint64_t>(iy) * row_stride_ + run.first_input * column_stride_,
                             run.input_step * column_stride_, static_cast<uint32_t>(to * words_),
                             static_cast<uint32_t>(run.output_step * words_), static_cast<uint32_t>(run.count)});
          covered += run.count;
        }
        p += end_x - begin_x;
      }
      end_.push_back(static_cast<uint32_t>(pieces_.size()));
      partly_.push_back(covered * words_ < row_words);
    }
  }
}

void PatchMap::copy_row(const uint32_t* plane, uint64_t tap, uint32_t fill, uint32_t* row) const {
  if (partly_[tap]) std::fill_n(row, row_words_, fill);
  for (uint32_t i = tap == 0 ? 0 : end_[tap - 1]; i < end_[tap]; ++i) {
    const Piece& piece = pieces_[i];
    const uint32_t* from = plane + piece.from;
    uint32_t* to = row + piece.to;
    if (piece.from_step == words_ && piece.to_step == words_) {
      copy_run(from, piece.count * words_, to);
    } else if (words_ == 1) {
      copy_strided(from, piece.from_step, piece.count, to, piece.to_step);
    } else {
      for (uint32_t k = 0; k < piece.count; ++k)
        for (uint64_t word = 0; word < words_; ++word) to[k * piece.to_step + word] = from[k * piece.from_step + word];
    }
  }
}

}  // namespace bmnet::bm1684
