// fp32 matrix product: two accumulators by parity of the depth index, so the even products are the first segment of a
// tile and the odd ones the second.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/parallel.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/matmul.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kProductsPerTask = 1 << 18;

class MatmulF32 {
 public:
  MatmulF32(const MatmulCommand& matmul, Memory& memory)
      : matmul_(matmul),
        memory_(memory),
        right_(memory, matmul.right.sections, matmul.result.sections),
        tile_rows_(static_cast<uint64_t>(kernels().tile_rows)),
        tile_columns_(static_cast<uint64_t>(kernels().tile_columns)),
        tiles_((matmul.rows + tile_rows_ - 1) / tile_rows_) {}

  void run() {
    pack_left();
    copy_bias();
    order_right();
    const uint64_t blocks = (matmul_.right.width() + tile_columns_ - 1) / tile_columns_;
    const uint64_t work = std::min(matmul_.right.width(), tile_columns_) * matmul_.depth * matmul_.rows;
    parallel_for(matmul_.right.sections.shape.c * blocks, std::max<uint64_t>(1, kProductsPerTask / work),
                 [&](size_t begin, size_t end) {
                   const ChipFloatMode mode;
                   for (size_t i = begin; i < end; ++i) run_block(i / blocks, i % blocks * tile_columns_);
                 });
  }

 private:
  uint64_t even_depth() const { return (matmul_.depth + 1) / 2; }
  // Where depth index k stands in the order of segments.
  uint64_t place_of(uint64_t k) const { return k % 2 == 0 ? k / 2 : even_depth() + k / 2; }

  void pack_left() {
    static thread_local Scratch<float> scratch;
    left_ = scratch.get(tiles_ * tile_rows_ * matmul_.depth);
    const LaneView view(memory_);
    const Operand& sections = matmul_.left.sections;
    for (uint64_t m = 0; m < matmul_.rows; ++m) {
      float* row = left_ + m / tile_rows_ * tile_rows_ * matmul_.depth + m % tile_rows_;
      for (uint64_t k = 0; k < matmul_.depth; ++k) {
        float value = std::bit_cast<float>(matmul_.left_constant);
        if (!matmul_.constant_left) {
          const uint64_t line = matmul_.transposed ? k : m, column = matmul_.transposed ? m : k;
          std::memcpy(&value, view.at(sections, line, column / sections.shape.w, 0, column % sections.shape.w),
                      sizeof value);
        }
        row[place_of(k) * tile_rows_] = value;
      }
    }
  }

  void copy_bias() {
    if (!matmul_.has_bias) return;
    const LaneView view(memory_);
    bias_.resize(matmul_.columns + kSlackBytes / sizeof(float));
    const uint64_t width = matmul_.bias.width();
    for (uint64_t c = 0; c < matmul_.bias.sections.shape.c; ++c)
      std::memcpy(bias_.data() + c * width, view.at(matmul_.bias.sections, 0, c), width * sizeof(float));
  }

  void order_right() {
    offsets_.resize(matmul_.depth);
    packed_.resize(matmul_.depth);
    for (uint64_t k = 0; k < matmul_.depth; ++k) {
      offsets_[place_of(k)] = static_cast<uint32_t>(k * matmul_.right.sections.stride.n);
      packed_[k] = static_cast<uint32_t>(k * tile_columns_);
    }
    end_ = {static_cast<uint32_t>(even_depth()), static_cast<uint32_t>(matmul_.depth)};
  }

  // Lets the tile read the block in place, or from a copy where reading ahead could leave the memory.
  void set_right(uint64_t section, uint64_t column, uint64_t count, TileF32& tile) const {
    const Operand& sections = matmul_.right.sections;
    const uint8_t* first = right_.at(sections, 0, section, 0, column);
    const uint8_t* last = right_.at(sections, matmul_.depth - 1, section, 0, column);
    if (right_.readable(last) >= kSlackBytes) {
      tile.b = reinterpret_cast<const float*>(first);
      tile.offset = offsets_.data();
      return;
    }
    static thread_local Scratch<float> scratch;
    float* panel = scratch.get(matmul_.depth * tile_columns_ + kSlackBytes / sizeof(float));
    for (uint64_t k = 0; k < matmul_.depth; ++k)
      std::memcpy(panel + k * tile_columns_, first + offsets_[k] * sizeof(float), count * sizeof(float));
    tile.b = panel;
    tile.offset = packed_.data();
  }

  void run_block(uint64_t section, uint64_t column) const {
    const uint64_t width = matmul_.right.width(), count = std::min(tile_columns_, width - column);
    TileF32 tile;
    set_right(section, column, count, tile);
    tile.end = end_.data();
    tile.segments = matmul_.depth == 1 ? 0 : 2;
    tile.columns = static_cast<int>(count);
    tile.accumulate = matmul_.accumulate;
    tile.column_bias = matmul_.has_bias ? bias_.data() + section * width + column : nullptr;
    std::array<float*, 16> out;
    tile.out = out.data();
    for (uint64_t t = 0; t < tiles_; ++t) {
      tile.rows = static_cast<int>(std::min(tile_rows_, matmul_.rows - t * tile_rows_));
      for (int r = 0; r < tile.rows; ++r)
        out[r] = reinterpret_cast<float*>(
            result_at(memory_, matmul_.result.sections, t * tile_rows_ + r, section, 0, column));
      tile.a = left_ + t * tile_rows_ * matmul_.depth;
      kernels().tile_f32(tile);
    }
  }

  const MatmulCommand& matmul_;
  Memory& memory_;
  LaneView right_;
  uint64_t tile_rows_, tile_columns_, tiles_;
  float* left_ = nullptr;
  std::vector<float> bias_;
  std::vector<uint32_t> offsets_, packed_;
  std::array<uint32_t, 2> end_{};
};

}  // namespace

void run_matmul_f32(const MatmulCommand& matmul, Memory& memory) { MatmulF32(matmul, memory).run(); }

}  // namespace bmnet::bm1684
