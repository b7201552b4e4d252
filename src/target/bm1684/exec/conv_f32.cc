// fp32 convolution as a matrix product: weights (output channel x product) times patches (product x output position).
// An output has four accumulators, chosen by the parity of the input channel and of the number of channel pairs visited
// before: ordering the products accumulator by accumulator makes each of them one segment of a plain tile product.
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/parallel.h"
#include "target/bm1684/exec/conv.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/kernel.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kProductsPerTask = 1 << 20;

// Where product (tap, channel) stands in the order of segments.
struct ProductOrder {
  std::vector<uint32_t> place;  // [tap * channels + channel]
  std::array<uint32_t, 4> end{};

  ProductOrder(uint64_t taps, uint64_t channels) : place(taps * channels) {
    // Segment = 2 * (pairs visited so far mod 2) + channel parity.
    uint64_t pair = 0;
    std::array<uint32_t, 4> used{};
    for (size_t i = 0; i < place.size(); ++i) {
      const uint64_t channel = i % channels;
      const uint64_t segment = 2 * (pair % 2) + channel % 2;
      place[i] = used[segment]++;
      if (channel % 2 == 1 || channel + 1 == channels) ++pair;
    }
    uint32_t total = 0;
    for (int s = 0; s < 4; ++s) end[s] = total += used[s];
    pair = 0;
    for (size_t i = 0; i < place.size(); ++i) {
      const uint64_t channel = i % channels;
      const uint64_t segment = 2 * (pair % 2) + channel % 2;
      if (segment > 0) place[i] += end[segment - 1];
      if (channel % 2 == 1 || channel + 1 == channels) ++pair;
    }
  }
};

// The pairs at row[r] + offset, r < rows, apart: first and second numbers.
inline void unzip_pairs(const uint8_t* const* row, uint64_t offset, uint64_t rows, float* first, float* second) {
  uint64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const auto pair = [&](uint64_t i) { return reinterpret_cast<const __m64*>(row[r + i] + offset); };
    const __m128 low = _mm_loadh_pi(_mm_loadl_pi(_mm_setzero_ps(), pair(0)), pair(1));
    const __m128 high = _mm_loadh_pi(_mm_loadl_pi(_mm_setzero_ps(), pair(2)), pair(3));
    _mm_storeu_ps(first + r, _mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0)));
    _mm_storeu_ps(second + r, _mm_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1)));
  }
  for (; r < rows; ++r) {
    std::memcpy(first + r, row[r] + offset, sizeof(float));
    std::memcpy(second + r, row[r] + offset + sizeof(float), sizeof(float));
  }
}

class ConvF32 {
 public:
  ConvF32(const ConvCommand& conv, Memory& memory)
      : conv_(conv),
        memory_(memory),
        input_(memory, conv.input, conv.result),
        order_(conv.taps(), conv.in_channels),
        tile_rows_(static_cast<uint64_t>(kernels().tile_rows)),
        // Panels of very deep products would not fit into any cache: narrower ones bound the scratch memory.
        panel_columns_(static_cast<uint64_t>(std::min(kernels().tile_columns, conv.depth() > 65536 ? 16 : 64))),
        tiles_((conv.out_channels + tile_rows_ - 1) / tile_rows_),
        panels_((conv.positions + panel_columns_ - 1) / panel_columns_) {}

  void run() {
    pack_weights();
    pack_bias();
    offsets_.resize(conv_.depth());
    for (size_t k = 0; k < offsets_.size(); ++k) offsets_[k] = static_cast<uint32_t>(k * panel_columns_);
    // With few panels, several tasks take a part of the output channels each and lay out the same panel.
    const uint64_t columns = conv_.batch * panels_, wanted = 2 * static_cast<uint64_t>(thread_count());
    const uint64_t parts = columns >= wanted ? 1 : std::min(tiles_, (wanted + columns - 1) / columns);
    const uint64_t work = conv_.depth() * panel_columns_ * conv_.out_channels / parts;
    parallel_for(columns * parts, std::max<uint64_t>(1, kProductsPerTask / work), [&](size_t begin, size_t end) {
      const ChipFloatMode mode;
      for (size_t i = begin; i < end; ++i) {
        const uint64_t column = i / parts, part = i % parts;
        run_panel(column / panels_, column % panels_, tiles_ * part / parts, tiles_ * (part + 1) / parts);
      }
    });
  }

 private:
  uint64_t packed_tiles() const { return conv_.constant_weight ? 1 : tiles_; }
  const float* tile_weights(uint64_t tile) const {
    return weights_ + (conv_.constant_weight ? 0 : tile) * tile_rows_ * conv_.depth();
  }

  void pack_weights() {
    static thread_local Scratch<float> scratch;
    const uint64_t size = tile_rows_ * conv_.depth();
    weights_ = scratch.get(packed_tiles() * size);
    if (conv_.constant_weight) {
      std::fill_n(weights_, size, std::bit_cast<float>(conv_.weight_constant));
      return;
    }
    const LaneView view(memory_);
    parallel_for(tiles_, std::max<uint64_t>(1, 65536 / size), [&](size_t begin, size_t end) {
      for (size_t tile = begin; tile < end; ++tile) pack_tile(view, tile, weights_ + tile * size);
    });
  }

  void pack_tile(const LaneView& view, uint64_t tile, float* out) {
    const Operand& weight = conv_.weight;
    const uint64_t first = tile * tile_rows_, rows = std::min(tile_rows_, conv_.out_channels - first);
    std::array<const uint8_t*, 16> row{};
    for (uint64_t r = 0; r < rows; ++r) row[r] = view.at(weight, 0, first + r);
    const uint64_t channels = conv_.in_channels;
    for (uint64_t pair = 0; pair < (channels + 1) / 2; ++pair) {
      const bool both = 2 * pair + 1 < channels;
      for (uint64_t ky = 0, tap = 0; ky < conv_.y.kernel; ++ky) {
        for (uint64_t kx = 0; kx < conv_.x.kernel; ++kx, ++tap) {
          const uint64_t offset = weight.layout.unit * (pair * weight.stride.n + conv_.stored_y(ky) * weight.stride.h +
                                                        conv_.stored_x(kx) * weight.stride.w);
          const uint32_t* place = &order_.place[tap * channels + 2 * pair];
          float* even = out + place[0] * tile_rows_;
          if (both)
            unzip_pairs(row.data(), offset, rows, even, out + place[1] * tile_rows_);
          else
            for (uint64_t r = 0; r < rows; ++r) std::memcpy(even + r, row[r] + offset, sizeof(float));
        }
      }
    }
  }

  void pack_bias() {
    if (!conv_.has_bias) return;
    bias_.resize(conv_.out_channels);
    for (uint64_t c = 0; c < conv_.out_channels; ++c)
      std::memcpy(&bias_[c], memory_.local + size_t{conv_.bias.lane(c)} * kLaneBytes + conv_.bias.byte(0, c),
                  sizeof(float));
  }

  // Lays out the patches of the panel's positions.
  const float* pack_panel(uint64_t n, uint64_t first, uint64_t count) {
    static thread_local Scratch<uint32_t> scratch;
    uint32_t* panel = scratch.get(conv_.depth() * panel_columns_ + kSlackBytes / sizeof(uint32_t));
    PatchMap map(conv_.y, conv_.x, conv_.x.outputs(), conv_.input.stride.h, conv_.input.stride.w, 1);
    map.select(first, count, panel_columns_);
    const uint64_t taps = conv_.taps(), channels = conv_.in_channels;
    for (uint64_t c = 0; c < channels; ++c) {
      const auto* plane = reinterpret_cast<const uint32_t*>(input_.at(conv_.input, n, c));
      for (uint64_t tap = 0; tap < taps; ++tap)
        map.copy_row(plane, tap, 0, panel + order_.place[tap * channels + c] * panel_columns_);
    }
    return reinterpret_cast<const float*>(panel);
  }

  void run_panel(uint64_t n, uint64_t panel, uint64_t first_tile, uint64_t end_tile) {
    const uint64_t first = panel * panel_columns_, count = std::min(panel_columns_, conv_.positions - first);
    TileF32 tile;
    tile.b = pack_panel(n, first, count);
    tile.offset = offsets_.data();
    tile.end = order_.end.data();
    tile.segments = 4;
    tile.columns = static_cast<int>(count);
    tile.accumulate = conv_.accumulate;
    std::array<float*, 16> out;
    tile.out = out.data();
    for (uint64_t t = first_tile; t < end_tile; ++t) {
      const uint64_t channel = t * tile_rows_;
      tile.rows = static_cast<int>(std::min(tile_rows_, conv_.out_channels - channel));
      for (int r = 0; r < tile.rows; ++r)
        out[r] = reinterpret_cast<float*>(result_at(memory_, conv_.result, n, channel + r)) + first;
      tile.a = tile_weights(t);
      tile.row_bias = conv_.has_bias ? bias_.data() + channel : nullptr;
      kernels().tile_f32(tile);
    }
  }

  const ConvCommand& conv_;
  Memory& memory_;
  LaneView input_;
  ProductOrder order_;
  uint64_t tile_rows_, panel_columns_, tiles_, panels_;
  float* weights_ = nullptr;
  std::vector<float> bias_;
  std::vector<uint32_t> offsets_;
};

}  // namespace

void run_conv_f32(const ConvCommand& conv, Memory& memory) { ConvF32(conv, memory).run(); }

}  // namespace bmnet::bm1684
