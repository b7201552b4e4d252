// int8 convolution as a matrix product of 32-bit words: four channels as bytes where the host can multiply unsigned by
// signed bytes, else two channels as 16-bit numbers. Columns are (output position, batch item); sums wrap, so their
// order is free.
#include <algorithm>
#include <array>

#include "base/parallel.h"
#include "target/bm1684/exec/batch_image.h"
#include "target/bm1684/exec/conv.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/words.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kProductsPerTask = 1 << 20;

class ConvI8 {
 public:
  ConvI8(const ConvCommand& conv, Memory& memory)
      : conv_(conv),
        memory_(memory),
        input_(memory, conv.input, conv.result),
        packing_(kernels().tile_bytes ? WordPacking::kBytes : WordPacking::kHalves),
        // Byte products need one signed and one unsigned side. When both are alike, the input is flipped (x + 128 or
        // x - 128) and the sum of weights, times 128, put right in the start value.
        flip_(packing_ == WordPacking::kBytes && conv.input_signed == conv.weight_signed),
        image_(conv.input, packing_, flip_, conv.input_signed),
        tile_rows_(static_cast<uint64_t>(kernels().tile_rows)),
        tiles_((conv.out_channels + tile_rows_ - 1) / tile_rows_),
        depth_(conv.taps() * image_.groups()) {}

  void run() {
    pack_weights();
    for (uint64_t n = 0; n < conv_.batch; n += 4) {
      image_.load(input_, n);
      run_items(n);
    }
  }

 private:
  const uint32_t* tile_weights(uint64_t tile) const {
    return weights_ + (conv_.constant_weight ? 0 : tile) * tile_rows_ * depth_;
  }

  void pack_weights() {
    static thread_local Scratch<uint32_t> scratch;
    start_.assign(tiles_ * tile_rows_, 0);
    const uint64_t size = tile_rows_ * depth_, packed = conv_.constant_weight ? 1 : tiles_;
    weights_ = scratch.get(packed * size);
    parallel_for(packed, std::max<uint64_t>(1, 65536 / size), [&](size_t begin, size_t end) {
      for (size_t tile = begin; tile < end; ++tile) {
        pack_tile(tile, weights_ + tile * size);
        if (flip_) set_flip_start(tile);
      }
    });
    for (uint64_t c = 0; c < conv_.out_channels; ++c) {
      const uint64_t packed_row = conv_.constant_weight ? c % tile_rows_ : c;
      if (c != packed_row) start_[c] = start_[packed_row];
    }
    if (conv_.has_bias)
      for (uint64_t c = 0; c < conv_.out_channels; ++c)
        start_[c] = static_cast<int32_t>(static_cast<uint32_t>(start_[c]) + bias(c));
  }

  // Rows of the tile side by side; those beyond the last output channel repeat it. A stored word holds the weights of
  // four input channels.
  void pack_tile(uint64_t tile, uint32_t* out) const {
    const LaneView view(memory_);
    std::array<const uint8_t*, 16> row{};
    if (!conv_.constant_weight)
      for (uint64_t r = 0; r < tile_rows_; ++r)
        row[r] = view.at(conv_.weight, 0, std::min(tile * tile_rows_ + r, conv_.out_channels - 1));
    for (uint64_t quad = 0; quad < (conv_.in_channels + 3) / 4; ++quad) {
      const uint64_t count = std::min<uint64_t>(4, conv_.in_channels - 4 * quad);
      const uint32_t mask = count == 4 ? ~0u : (1u << (8 * count)) - 1;
      for (uint64_t ky = 0, tap = 0; ky < conv_.y.kernel; ++ky)
        for (uint64_t kx = 0; kx < conv_.x.kernel; ++kx, ++tap) {
          const Strides& stride = conv_.weight.stride;
          const uint64_t offset = 4 * (quad * stride.n + conv_.stored_y(ky) * stride.h + conv_.stored_x(kx) * stride.w);
          for (uint64_t r = 0; r < tile_rows_; ++r) {
            const uint32_t word =
                conv_.constant_weight ? (conv_.weight_constant & 0xFF) * 0x01010101u : read<uint32_t>(row[r] + offset);
            put_word(word & mask, tap, quad, count, out + r);
          }
        }
    }
  }

  void put_word(uint32_t word, uint64_t tap, uint64_t quad, uint64_t count, uint32_t* out) const {
    if (packing_ == WordPacking::kBytes) {
      out[(tap * image_.groups() + quad) * tile_rows_] = word;
      return;
    }
    for (uint64_t i = 0; i < count; i += 2) {
      const auto half = [&](uint64_t k) {
        return static_cast<uint16_t>(extend8(word >> (8 * k), conv_.weight_signed));
      };
      out[(tap * image_.groups() + 2 * quad + i / 2) * tile_rows_] = half(i) | static_cast<uint32_t>(half(i + 1)) << 16;
    }
  }

  // What flipping the input adds to the sums of the tile's rows, taken back: the sums of weights come from a product
  // with ones.
  void set_flip_start(uint64_t tile) {
    std::array<uint32_t, kSlackBytes / sizeof(uint32_t)> ones;
    std::array<int32_t, 16 * 16> sums;
    const std::array<int32_t, 16> zeros{};
    ones.fill(0x01010101);
    TileI32 product;
    product.a = weights_ + tile * tile_rows_ * depth_;
    product.b = ones.data();
    product.depth = static_cast<uint32_t>(depth_);
    product.b_signed = !conv_.weight_signed;
    product.rows = static_cast<int>(tile_rows_);
    product.columns = 1;
    product.init = zeros.data();
    product.out = sums.data();
    product.out_stride = 16;
    kernels().tile_bytes(product);
    for (uint64_t r = 0; r < tile_rows_; ++r)
      start_[tile * tile_rows_ + r] = static_cast<int32_t>(static_cast<uint32_t>(sums[r * 16]) *
                                                           static_cast<uint32_t>(conv_.weight_signed ? -128 : 128));
  }

  uint32_t bias(uint64_t channel) const {
    if (!conv_.has_bias) return 0;
    return static_cast<uint32_t>(
        extend16(read<uint16_t>(LaneView(memory_).at(conv_.bias, 0, channel)), conv_.bias_signed));
  }

  void run_items(uint64_t n) {
    panel_positions_ = static_cast<uint64_t>(kernels().tile_columns) / image_.items();
    const uint64_t panels = (conv_.positions + panel_positions_ - 1) / panel_positions_;
    const uint64_t wanted = 2 * static_cast<uint64_t>(thread_count());
    const uint64_t parts = panels >= wanted ? 1 : std::min(tiles_, (wanted + panels - 1) / panels);
    const uint64_t work = conv_.depth() * panel_positions_ * image_.items() * conv_.out_channels / parts;
    parallel_for(panels * parts, std::max<uint64_t>(1, kProductsPerTask / work), [&](size_t begin, size_t end) {
      PatchMap map(conv_.y, conv_.x, conv_.x.outputs(), image_.row_words(), image_.items(), image_.items());
      for (size_t i = begin; i < end; ++i)
        run_panel(n, i / parts, tiles_ * (i % parts) / parts, tiles_ * (i % parts + 1) / parts, map);
    });
  }

  const uint32_t* pack_panel(uint64_t first, uint64_t count, PatchMap& map) const {
    static thread_local Scratch<uint32_t> scratch;
    const auto columns = static_cast<uint64_t>(kernels().tile_columns);
    uint32_t* panel = scratch.get(depth_ * columns + kSlackBytes / sizeof(uint32_t));
    map.select(first, count, columns);
    for (uint64_t group = 0; group < image_.groups(); ++group)
      for (uint64_t tap = 0; tap < conv_.taps(); ++tap)
        map.copy_row(image_.plane(group), tap, image_.zero(), panel + (tap * image_.groups() + group) * columns);
    return panel;
  }

  void run_panel(uint64_t n, uint64_t panel, uint64_t first_tile, uint64_t end_tile, PatchMap& map) const {
    static thread_local Scratch<int32_t> scratch;
    const uint64_t first = panel * panel_positions_, count = std::min(panel_positions_, conv_.positions - first);
    const auto columns = static_cast<uint64_t>(kernels().tile_columns);
    TileI32 tile;
    tile.b = pack_panel(first, count, map);
    tile.b_stride = static_cast<uint32_t>(columns);
    tile.depth = static_cast<uint32_t>(depth_);
    tile.b_signed = !conv_.weight_signed;
    tile.columns = static_cast<int>(count * image_.items());
    tile.out = scratch.get(tile_rows_ * columns);
    tile.out_stride = static_cast<uint32_t>(columns);
    Deposit deposit;
    deposit.relu = conv_.relu;
    deposit.right_shift = conv_.right_shift;
    set_range(conv_.result_signed(), conv_.wide_result, deposit);
    const auto multiply = packing_ == WordPacking::kBytes ? kernels().tile_bytes : kernels().tile_s16;
    for (uint64_t t = first_tile; t < end_tile; ++t) {
      const uint64_t channel = t * tile_rows_;
      tile.rows = static_cast<int>(std::min(tile_rows_, conv_.out_channels - channel));
      tile.a = tile_weights(t);
      tile.init = start_.data() + channel;
      multiply(tile);
      for (int r = 0; r < tile.rows; ++r)
        deposit_items(deposit, tile.out + r * columns, count, image_.items(), conv_.wide_result,
                      result_at(memory_, conv_.result, n, channel + r) + first * conv_.result.layout.unit);
    }
  }

  const ConvCommand& conv_;
  Memory& memory_;
  LaneView input_;
  WordPacking packing_;
  bool flip_;
  BatchImage image_;
  uint64_t tile_rows_, tiles_, depth_;
  uint64_t panel_positions_ = 0;
  uint32_t* weights_ = nullptr;
  std::vector<int32_t> start_;
};

}  // namespace

void run_conv_i8(const ConvCommand& conv, Memory& memory) { ConvI8(conv, memory).run(); }

}  // namespace bmnet::bm1684
