// int8 matrix product: tiles of 32-bit words that hold two depth indices as 16-bit numbers, or four as bytes.
#include <algorithm>

#include "base/parallel.h"
#include "target/bm1684/exec/batch_image.h"
#include "target/bm1684/exec/byte_shuffle.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/matmul.h"
#include "target/bm1684/exec/words.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kProductsPerTask = 1 << 18;

class MatmulI8 {
 public:
  MatmulI8(const MatmulCommand& matmul, Memory& memory)
      : matmul_(matmul),
        memory_(memory),
        right_(memory, matmul.right.sections, matmul.result.sections),
        tile_rows_(static_cast<uint64_t>(kernels().tile_rows)),
        tile_columns_(static_cast<uint64_t>(kernels().tile_columns)),
        tiles_((matmul.rows + tile_rows_ - 1) / tile_rows_),
        packing_(kernels().tile_bytes ? WordPacking::kBytes : WordPacking::kHalves),
        words_((matmul.depth + channels_per_word(packing_) - 1) / channels_per_word(packing_)),
        // As in int8 convolution: byte products need one signed and one unsigned side.
        flip_(packing_ == WordPacking::kBytes && matmul.left_signed == matmul.right_signed) {
    if (matmul.accumulate) old_ = copy_old();
  }

  void run() {
    pack_left();
    copy_bias();
    const uint64_t width = matmul_.right.width(), blocks = (width + tile_columns_ - 1) / tile_columns_;
    const uint64_t work = std::min(width, tile_columns_) * matmul_.depth * matmul_.rows;
    parallel_for(matmul_.right.sections.shape.c * blocks, std::max<uint64_t>(1, kProductsPerTask / work),
                 [&](size_t begin, size_t end) {
                   for (size_t i = begin; i < end; ++i) run_block(i / blocks, i % blocks * tile_columns_);
                 });
  }

 private:
  int32_t left_at(const LaneView& view, uint64_t m, uint64_t k) const {
    if (matmul_.constant_left) return extend8(matmul_.left_constant, matmul_.left_signed);
    const Operand& sections = matmul_.left.sections;
    const uint64_t line = matmul_.transposed ? k : m, column = matmul_.transposed ? m : k;
    const uint64_t width = sections.shape.w;
    return extend8(*view.at(sections, line, column / width, 0, column % width), matmul_.left_signed);
  }

  void pack_left() {
    static thread_local Scratch<uint32_t> scratch;
    left_ = scratch.get(tiles_ * tile_rows_ * words_);
    std::fill_n(left_, tiles_ * tile_rows_ * words_, 0);
    start_.assign(tiles_ * tile_rows_, 0);
    const LaneView view(memory_);
    const uint64_t per_word = channels_per_word(packing_);
    const int bits = 32 / static_cast<int>(per_word);
    for (uint64_t m = 0; m < matmul_.rows; ++m) {
      uint32_t* row = left_ + m / tile_rows_ * tile_rows_ * words_ + m % tile_rows_;
      uint32_t sum = 0;
      for (uint64_t k = 0; k < matmul_.depth; ++k) {
        const auto value = static_cast<uint32_t>(left_at(view, m, k));
        sum += value;
        row[k / per_word * tile_rows_] |= (value & ((1u << bits) - 1)) << (bits * (k % per_word));
      }
      if (flip_) start_[m] = static_cast<int32_t>(sum * static_cast<uint32_t>(matmul_.left_signed ? -128 : 128));
    }
  }

  void copy_bias() {
    bias_.resize(matmul_.columns);
    if (!matmul_.has_bias) return;
    const LaneView view(memory_);
    const uint64_t width = matmul_.bias.width();
    for (uint64_t j = 0; j < matmul_.columns; ++j)
      bias_[j] =
          extend16(read<uint16_t>(view.at(matmul_.bias.sections, 0, j / width, 0, j % width)), matmul_.bias_signed);
  }

  // The old result is read as int16 even where bytes are written over it.
  std::vector<int32_t> copy_old() const {
    const LaneView view(memory_);
    const uint64_t width = matmul_.old.width();
    std::vector<int32_t> old(matmul_.rows * matmul_.columns);
    for (uint64_t m = 0, i = 0; m < matmul_.rows; ++m)
      for (uint64_t j = 0; j < matmul_.columns; ++j, ++i) {
        const int32_t value =
            extend16(read<uint16_t>(view.at(matmul_.old.sections, m, j / width, 0, j % width)), matmul_.old_signed);
        old[i] = static_cast<int32_t>(static_cast<uint32_t>(value) << matmul_.left_shift);
      }
    return old;
  }

  // `count` columns of the right matrix, the depth indices of a word side by side. Those beyond the last repeat it: the
  // left side is zero there.
  const uint32_t* pack_right(uint64_t section, uint64_t column, uint64_t count) const {
    static thread_local Scratch<uint32_t> scratch;
    uint32_t* panel = scratch.get(words_ * tile_columns_ + kSlackBytes / sizeof(uint32_t));
    const uint64_t per_word = channels_per_word(packing_);
    const __m128i flip = _mm_set1_epi8(flip_ ? -128 : 0);
    for (uint64_t word = 0; word < words_; ++word) {
      const uint8_t* source[4];
      for (uint64_t i = 0; i < 4; ++i) {
        const uint64_t k = std::min(word * per_word + std::min(i, per_word - 1), matmul_.depth - 1);
        source[i] = right_.at(matmul_.right.sections, k, section, 0, column);
      }
      for (uint64_t j = 0; j < count; j += 16) {
        uint8_t rest[4][16] = {};
        const uint8_t* row[4] = {source[0] + j, source[1] + j, source[2] + j, source[3] + j};
        if (count - j < 16)
          for (int i = 0; i < 4; ++i) row[i] = static_cast<uint8_t*>(std::memcpy(rest[i], row[i], count - j));
        __m128i words[4];
        if (packing_ == WordPacking::kBytes)
          interleave_bytes(row, 0, flip, words);
        else
          interleave_halves(row, 0, matmul_.right_signed, words);
        // What runs over the row is overwritten by the next one, or is slack.
        std::memcpy(panel + word * tile_columns_ + j, words, sizeof words);
      }
    }
    return panel;
  }

  void run_block(uint64_t section, uint64_t column) const {
    static thread_local Scratch<int32_t> scratch;
    const uint64_t width = matmul_.right.width(), count = std::min(tile_columns_, width - column);
    TileI32 tile;
    tile.b = pack_right(section, column, count);
    tile.b_stride = static_cast<uint32_t>(tile_columns_);
    tile.depth = static_cast<uint32_t>(words_);
    tile.b_signed = !matmul_.left_signed;
    tile.columns = static_cast<int>(count);
    tile.out = scratch.get(tile_rows_ * tile_columns_);
    tile.out_stride = static_cast<uint32_t>(tile_columns_);
    const auto multiply = packing_ == WordPacking::kBytes ? kernels().tile_bytes : kernels().tile_s16;
    for (uint64_t t = 0; t < tiles_; ++t) {
      tile.rows = static_cast<int>(std::min(tile_rows_, matmul_.rows - t * tile_rows_));
      tile.a = left_ + t * tile_rows_ * words_;
      tile.init = start_.data() + t * tile_rows_;
      multiply(tile);
      for (int r = 0; r < tile.rows; ++r)
        write_row(t * tile_rows_ + r, section, column, count, tile.out + r * tile_columns_);
    }
  }

  void write_row(uint64_t m, uint64_t section, uint64_t column, uint64_t count, int32_t* sum) const {
    const uint64_t j = section * matmul_.right.width() + column;
    for (uint64_t i = 0; i < count; ++i) {
      uint32_t value = static_cast<uint32_t>(sum[i]) + static_cast<uint32_t>(bias_[j + i]);
      if (matmul_.accumulate) value += static_cast<uint32_t>(old_[m * matmul_.columns + j + i]);
      sum[i] = static_cast<int32_t>(value);
    }
    Deposit deposit;
    deposit.in = sum;
    deposit.count = count;
    deposit.right_shift = matmul_.right_shift;
    set_range(matmul_.result_signed(), matmul_.wide_result, deposit);
    uint8_t* out = result_at(memory_, matmul_.result.sections, m, section, 0, column);
    if (matmul_.wide_result)
      kernels().deposit_i16(deposit, reinterpret_cast<uint16_t*>(out));
    else
      kernels().deposit_i8(deposit, out);
  }

  const MatmulCommand& matmul_;
  Memory& memory_;
  LaneView right_;
  uint64_t tile_rows_, tile_columns_, tiles_;
  WordPacking packing_;
  uint64_t words_;
  bool flip_;
  uint32_t* left_ = nullptr;
  std::vector<int32_t> start_, bias_, old_;
};

}  // namespace

void run_matmul_i8(const MatmulCommand& matmul, Memory& memory) { MatmulI8(matmul, memory).run(); }

}  // namespace bmnet::bm1684
