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
    start_.resize(tiles_ * tile_rows_);
    const uint64_t size = tile_rows_ * depth_;
    weights_ = scratch.get((conv_.constant_weight ? 1 : tiles_) * size);
    parallel_for(tiles_, std::max<uint64_t>(1, 65536 / size), [&](size_t begin, size_t end) {
      for (size_t tile = begin; tile < end; ++tile)
        for (uint64_t r = 0; r < tile_rows_; ++r) pack_row(tile * tile_rows_ + r, tile, r);
    });
  }

  // Four weights of consecutive input channels; those beyond the last are zero.
  uint32_t weight_word(uint64_t channel, uint64_t quad, uint64_t ky, uint64_t kx) const {
    uint32_t word = (conv_.weight_constant & 0xFF) * 0x01010101u;
    if (!conv_.constant_weight)
      word =
          read<uint32_t>(LaneView(memory_).at(conv_.weight, 4 * quad, channel, conv_.stored_y(ky), conv_.stored_x(kx)));
    const uint64_t count = conv_.in_channels - 4 * quad;
    return count >= 4 ? word : word & ((1u << (8 * count)) - 1);
  }

  // Row `r` of a tile (in the scratch of tile 0 when weights are constant) and the start value of its channel.
  void pack_row(uint64_t channel, uint64_t tile, uint64_t r) {
    if (channel >= conv_.out_channels) return;
    uint32_t* out = weights_ + (conv_.constant_weight ? 0 : tile) * tile_rows_ * depth_ + r;
    const bool write = !conv_.constant_weight || tile == 0;
    uint32_t sum = 0;
    for (uint64_t ky = 0; ky < conv_.y.kernel; ++ky)
      for (uint64_t kx = 0; kx < conv_.x.kernel; ++kx)
        for (uint64_t quad = 0; quad < (conv_.in_channels + 3) / 4; ++quad) {
          const uint32_t word = weight_word(channel, quad, ky, kx);
          std::array<int32_t, 4> weight;
          for (int i = 0; i < 4; ++i) {
            weight[i] = extend8(word >> (8 * i), conv_.weight_signed);
            sum += static_cast<uint32_t>(weight[i]);
          }
          if (!write) continue;
          if (packing_ == WordPacking::kBytes) {
            *out = word;
            out += tile_rows_;
            continue;
          }
          for (int i = 0; i < 4 && 4 * quad + i < conv_.in_channels; i += 2, out += tile_rows_)
            *out = static_cast<uint16_t>(weight[i]) | static_cast<uint32_t>(static_cast<uint16_t>(weight[i + 1])) << 16;
        }
    if (flip_) sum *= conv_.weight_signed ? -128 : 128;
    start_[channel] = static_cast<int32_t>((flip_ ? sum : 0) + bias(channel));
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
      PatchMap map(conv_.y, conv_.x, image_.row_words(), image_.items(), image_.items());
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
    const auto multiply = packing_ == WordPacking::kBytes ? kernels().tile_bytes : kernels().tile_s16;
    for (uint64_t t = first_tile; t < end_tile; ++t) {
      const uint64_t channel = t * tile_rows_;
      tile.rows = static_cast<int>(std::min(tile_rows_, conv_.out_channels - channel));
      tile.a = tile_weights(t);
      tile.init = start_.data() + channel;
      multiply(tile);
      for (int r = 0; r < tile.rows; ++r)
        write_row(tile.out + r * columns, count,
                  result_at(memory_, conv_.result, n, channel + r) + first * conv_.result.layout.unit);
    }
  }

  // `count` positions of all batch items of one channel.
  void write_row(const int32_t* in, uint64_t count, uint8_t* out) const {
    const uint64_t items = image_.items();
    Deposit deposit;
    deposit.relu = conv_.relu;
    deposit.right_shift = conv_.right_shift;
    set_range(conv_.result_signed(), conv_.wide_result, deposit);
    // Four items fill the words: one run. Fewer are written one by one between their neighbours.
    const uint64_t runs = items == 4 ? 1 : items;
    deposit.count = items == 4 ? 4 * count : count;
    deposit.in_step = static_cast<uint32_t>(runs);
    deposit.pitch = items == 4 ? 1 : 4;
    for (uint64_t run = 0; run < runs; ++run) {
      deposit.in = in + run;
      if (conv_.wide_result)
        kernels().deposit_i16(deposit, reinterpret_cast<uint16_t*>(out) + run);
      else
        kernels().deposit_i8(deposit, out + run);
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
