#include <algorithm>
#include <array>

#include "base/parallel.h"
#include "target/bm1684/exec/batch_image.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/winograd.h"
#include "target/bm1684/exec/words.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kProductsPerTask = 1 << 19;

// Transformed patches need 11 bits: two input channels share a word as 16-bit numbers. Columns are (patch, batch item).
class WinogradI8 {
 public:
  WinogradI8(const ConvCommand& conv, Memory& memory)
      : conv_(conv),
        memory_(memory),
        input_(memory, conv.input, conv.result),
        grid_(conv),
        image_(conv.input, WordPacking::kHalves, false, conv.input_signed),
        tile_rows_(static_cast<uint64_t>(kernels().tile_rows)),
        panel_columns_(static_cast<uint64_t>(kernels().tile_columns)),
        tiles_((conv.out_channels + tile_rows_ - 1) / tile_rows_) {}

  void run() {
    pack_weights();
    biases_.assign(tiles_ * tile_rows_, 0);
    if (conv_.has_bias)
      for (uint64_t c = 0; c < conv_.out_channels; ++c)
        biases_[c] = extend16(read<uint16_t>(LaneView(memory_).at(conv_.bias, 0, c)), conv_.bias_signed);
    for (uint64_t n = 0; n < conv_.batch; n += 4) {
      image_.load(input_, n);
      const uint64_t patches = panel_columns_ / image_.items(), panels = (grid_.patches() + patches - 1) / patches;
      const uint64_t work = kWinogradEntries * conv_.in_channels * panel_columns_ * conv_.out_channels;
      parallel_for(panels, std::max<uint64_t>(1, kProductsPerTask / work), [&](size_t begin, size_t end) {
        PatchMap map(grid_.y, grid_.x, grid_.columns, image_.row_words(), image_.items(), image_.items());
        for (size_t i = begin; i < end; ++i)
          run_panel(n, i * patches, std::min(patches, grid_.patches() - i * patches), map);
      });
    }
  }

 private:
  uint64_t tile_size() const { return tile_rows_ * image_.groups(); }

  void pack_weights() {
    static thread_local Scratch<uint32_t> scratch;
    weights_ = scratch.get(tiles_ * kWinogradEntries * tile_size());
    const LaneView view(memory_);
    parallel_for(conv_.out_channels, tile_rows_, [&](size_t begin, size_t end) {
      for (uint64_t channel = begin; channel < end; ++channel) {
        uint32_t* tile = weights_ + channel / tile_rows_ * kWinogradEntries * tile_size() + channel % tile_rows_;
        for (uint64_t entry = 0; entry < kWinogradEntries; ++entry)
          for (uint64_t group = 0; group < image_.groups(); ++group) {
            uint32_t word = 0;
            for (uint64_t c = 2 * group; c < std::min(2 * group + 2, conv_.in_channels); ++c) {
              const uint8_t byte = *view.at(conv_.weight, c, channel, entry / 4, entry % 4);
              word |= static_cast<uint32_t>(static_cast<uint16_t>(extend8(byte, true))) << (16 * (c % 2));
            }
            tile[entry * tile_size() + group * tile_rows_] = word;
          }
      }
    });
  }

  // B^T d B of `count` patches: [entry][group][patch and item].
  const uint32_t* pack_panel(uint64_t first, uint64_t count, PatchMap& map) const {
    static thread_local Scratch<uint32_t> scratch, patch_scratch;
    const uint64_t entry_size = image_.groups() * panel_columns_, slack = kSlackBytes / sizeof(uint32_t);
    uint32_t* panel = scratch.get(kWinogradEntries * entry_size + slack);
    uint32_t* patch = patch_scratch.get(kWinogradEntries * panel_columns_ + slack);
    map.select(first, count, panel_columns_);
    for (uint64_t group = 0; group < image_.groups(); ++group) {
      for (uint64_t entry = 0; entry < kWinogradEntries; ++entry)
        map.copy_row(image_.plane(group), entry, 0, patch + entry * panel_columns_);
      kernels().winograd_input_s16(patch, panel_columns_, panel_columns_, panel + group * panel_columns_, entry_size);
    }
    return panel;
  }

  void run_panel(uint64_t n, uint64_t first, uint64_t count, PatchMap& map) const {
    static thread_local Scratch<int32_t> scratch;
    const uint32_t* panel = pack_panel(first, count, map);
    const uint64_t entry_size = tile_rows_ * panel_columns_;
    // [entry][row][column] of products, [entry][column] of 2x2 blocks, and two output rows.
    int32_t* products =
        scratch.get((kWinogradEntries * tile_rows_ + 8) * panel_columns_ + kSlackBytes / sizeof(int32_t));
    int32_t* blocks = products + kWinogradEntries * entry_size;
    const std::array<int32_t, 16> zeros{};
    constexpr uint64_t kMiddle = 5;  // the entry that adds to all four outputs alike: it takes the bias
    TileI32 tile;
    tile.depth = static_cast<uint32_t>(image_.groups());
    tile.b_stride = static_cast<uint32_t>(panel_columns_);
    tile.columns = static_cast<int>(panel_columns_);
    tile.out_stride = static_cast<uint32_t>(panel_columns_);
    for (uint64_t t = 0; t < tiles_; ++t) {
      tile.rows = static_cast<int>(std::min(tile_rows_, conv_.out_channels - t * tile_rows_));
      for (uint64_t entry = 0; entry < kWinogradEntries; ++entry) {
        tile.a = weights_ + (t * kWinogradEntries + entry) * tile_size();
        tile.b = panel + entry * image_.groups() * panel_columns_;
        tile.out = products + entry * entry_size;
        tile.init = entry == kMiddle ? biases_.data() + t * tile_rows_ : zeros.data();
        kernels().tile_s16(tile);
      }
      for (int r = 0; r < tile.rows; ++r) {
        kernels().winograd_output_i32(products + r * panel_columns_, entry_size, panel_columns_, blocks,
                                      panel_columns_);
        write_blocks(n, t * tile_rows_ + r, first, count, blocks, blocks + 4 * panel_columns_);
      }
    }
  }

  // ReLU acts through the clamp alone.
  void write_blocks(uint64_t n, uint64_t channel, uint64_t first, uint64_t count, const int32_t* blocks,
                    int32_t* line) const {
    const uint64_t items = image_.items();
    Deposit deposit;
    deposit.right_shift = conv_.right_shift;
    set_range(!conv_.relu, false, deposit);
    grid_.for_each_run(first, count, [&](uint64_t patch, uint64_t run, uint64_t y, uint64_t x, uint64_t columns) {
      for (uint64_t row = 0; row < 2 && y + row < grid_.height; ++row) {
        const int32_t* left = blocks + 2 * row * panel_columns_ + patch * items;
        const int32_t* right = left + panel_columns_;
        for (uint64_t i = 0; i < run; ++i) {
          std::copy_n(left + i * items, items, line + 2 * i * items);
          std::copy_n(right + i * items, items, line + (2 * i + 1) * items);
        }
        deposit_items(deposit, line, columns, items, false, result_at(memory_, conv_.result, n, channel, y + row, x));
      }
    });
  }

  const ConvCommand& conv_;
  Memory& memory_;
  LaneView input_;
  WinogradGrid grid_;
  BatchImage image_;
  uint64_t tile_rows_, panel_columns_, tiles_;
  uint32_t* weights_ = nullptr;
  std::vector<int32_t> biases_;
};

}  // namespace

void run_winograd_i8(const ConvCommand& conv, Memory& memory) { WinogradI8(conv, memory).run(); }

}  // namespace bmnet::bm1684
