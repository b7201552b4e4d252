#include <algorithm>
#include <array>
#include <cstring>

#include "base/parallel.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/winograd.h"
#include "target/bm1684/exec/words.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kProductsPerTask = 1 << 19;

// Sums over input channels have two accumulators by the channel's parity: even channels are the first segment.
class WinogradF32 {
 public:
  WinogradF32(const ConvCommand& conv, Memory& memory)
      : conv_(conv),
        memory_(memory),
        input_(memory, conv.input, conv.result),
        grid_(conv),
        tile_rows_(static_cast<uint64_t>(kernels().tile_rows)),
        panel_columns_(static_cast<uint64_t>(kernels().tile_columns)),
        tiles_((conv.out_channels + tile_rows_ - 1) / tile_rows_),
        end_{static_cast<uint32_t>((conv.in_channels + 1) / 2), static_cast<uint32_t>(conv.in_channels)} {}

  void run() {
    pack_weights();
    biases_.assign(conv_.out_channels, 0.0f);
    if (conv_.has_bias)
      for (uint64_t c = 0; c < conv_.out_channels; ++c)
        biases_[c] = read<float>(LaneView(memory_).at(conv_.bias, 0, c));
    offsets_.resize(conv_.in_channels);
    for (size_t k = 0; k < offsets_.size(); ++k) offsets_[k] = static_cast<uint32_t>(k * panel_columns_);
    const uint64_t panels = (grid_.patches() + panel_columns_ - 1) / panel_columns_;
    const uint64_t work = kWinogradEntries * conv_.in_channels * panel_columns_ * conv_.out_channels;
    parallel_for(conv_.batch * panels, std::max<uint64_t>(1, kProductsPerTask / work), [&](size_t begin, size_t end) {
      const ChipFloatMode mode;
      PatchMap map(grid_.y, grid_.x, grid_.columns, conv_.input.stride.h, conv_.input.stride.w, 1);
      for (size_t i = begin; i < end; ++i) run_panel(i / panels, i % panels * panel_columns_, map);
    });
  }

 private:
  uint64_t place_of(uint64_t channel) const { return channel % 2 == 0 ? channel / 2 : end_[0] + channel / 2; }
  uint64_t tile_size() const { return tile_rows_ * conv_.in_channels; }
  const float* weights(uint64_t entry, uint64_t tile) const {
    return weights_ + (tile * kWinogradEntries + entry) * tile_size();
  }

  void pack_weights() {
    static thread_local Scratch<float> scratch;
    weights_ = scratch.get(tiles_ * kWinogradEntries * tile_size());
    const LaneView view(memory_);
    parallel_for(conv_.out_channels, tile_rows_, [&](size_t begin, size_t end) {
      for (uint64_t channel = begin; channel < end; ++channel) {
        float* tile = weights_ + channel / tile_rows_ * kWinogradEntries * tile_size() + channel % tile_rows_;
        for (uint64_t c = 0; c < conv_.in_channels; ++c) {
          const uint8_t* from = view.at(conv_.weight, c, channel);
          float* to = tile + place_of(c) * tile_rows_;
          for (uint64_t entry = 0; entry < kWinogradEntries; ++entry)
            to[entry * tile_size()] = read<float>(from + entry * sizeof(float));
        }
      }
    });
  }

  // B^T d B of `count` patches: [entry][place of channel][patch].
  const float* pack_panel(uint64_t n, uint64_t first, uint64_t count, PatchMap& map) const {
    static thread_local Scratch<float> scratch;
    static thread_local Scratch<uint32_t> patch_scratch;
    const uint64_t entry_size = conv_.in_channels * panel_columns_;
    float* panel = scratch.get(kWinogradEntries * entry_size + kSlackBytes / sizeof(float));
    uint32_t* patch = patch_scratch.get(kWinogradEntries * panel_columns_ + kSlackBytes / sizeof(uint32_t));
    map.select(first, count, panel_columns_);
    for (uint64_t c = 0; c < conv_.in_channels; ++c) {
      const auto* plane = reinterpret_cast<const uint32_t*>(input_.at(conv_.input, n, c));
      for (uint64_t entry = 0; entry < kWinogradEntries; ++entry)
        map.copy_row(plane, entry, 0, patch + entry * panel_columns_);
      kernels().winograd_input_f32(reinterpret_cast<const float*>(patch), panel_columns_, panel_columns_,
                                   panel + place_of(c) * panel_columns_, entry_size);
    }
    return panel;
  }

  void run_panel(uint64_t n, uint64_t first, PatchMap& map) const {
    static thread_local Scratch<float> scratch;
    const uint64_t count = std::min(panel_columns_, grid_.patches() - first);
    const float* panel = pack_panel(n, first, count, map);
    const uint64_t entry_size = tile_rows_ * panel_columns_;
    // [entry][row][patch] of products, and [entry][patch] of 2x2 blocks.
    float* products = scratch.get((kWinogradEntries * tile_rows_ + 4) * panel_columns_ + kSlackBytes / sizeof(float));
    float* blocks = products + kWinogradEntries * entry_size;
    TileF32 tile;
    tile.offset = offsets_.data();
    tile.end = end_.data();
    tile.segments = 2;
    tile.columns = static_cast<int>(panel_columns_);
    std::array<float*, 16> out;
    tile.out = out.data();
    for (uint64_t t = 0; t < tiles_; ++t) {
      tile.rows = static_cast<int>(std::min(tile_rows_, conv_.out_channels - t * tile_rows_));
      for (uint64_t entry = 0; entry < kWinogradEntries; ++entry) {
        for (int r = 0; r < tile.rows; ++r) out[r] = products + entry * entry_size + r * panel_columns_;
        tile.a = weights(entry, t);
        tile.b = panel + entry * conv_.in_channels * panel_columns_;
        kernels().tile_f32(tile);
      }
      for (int r = 0; r < tile.rows; ++r) {
        kernels().winograd_output_f32(products + r * panel_columns_, entry_size, panel_columns_, blocks,
                                      panel_columns_);
        write_blocks(n, t * tile_rows_ + r, first, count, blocks);
      }
    }
  }

  void write_blocks(uint64_t n, uint64_t channel, uint64_t first, uint64_t count, const float* blocks) const {
    const float bias = biases_[channel];
    grid_.for_each_run(first, count, [&](uint64_t patch, uint64_t run, uint64_t y, uint64_t x, uint64_t columns) {
      for (uint64_t row = 0; row < 2 && y + row < grid_.height; ++row) {
        auto* out = reinterpret_cast<float*>(result_at(memory_, conv_.result, n, channel, y + row, x));
        const float* left = blocks + 2 * row * panel_columns_ + patch;
        const float* right = left + panel_columns_;
        float line[2 * kMaxTileColumns];
        for (uint64_t i = 0; i < run; ++i) {
          line[2 * i] = left[i] + bias;
          line[2 * i + 1] = right[i] + bias;
        }
        if (conv_.accumulate)
          for (uint64_t i = 0; i < columns; ++i) line[i] += out[i];
        std::memcpy(out, line, columns * sizeof(float));
      }
    });
  }

  const ConvCommand& conv_;
  Memory& memory_;
  LaneView input_;
  WinogradGrid grid_;
  uint64_t tile_rows_, panel_columns_, tiles_;
  std::array<uint32_t, 2> end_;
  float* weights_ = nullptr;
  std::vector<float> biases_;
  std::vector<uint32_t> offsets_;
};

}  // namespace

void run_winograd_f32(const ConvCommand& conv, Memory& memory) { WinogradF32(conv, memory).run(); }

}  // namespace bmnet::bm1684
