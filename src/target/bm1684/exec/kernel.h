// The inner loops of the compute instructions, once for every vector width of the host. Widths differ only in how many
// outputs are worked on at once: every output sees the same operations in the same order, so results are equal bit for
// bit. Nothing here knows commands, lanes or layouts.
//
// All fp32 kernels multiply and add in two roundings and expect flush-to-zero mode (float_mode.h). "Slack" is how far
// behind its last element an input may be read: kSlackBytes everywhere. Outputs are written exactly.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bmnet::bm1684 {

inline constexpr size_t kSlackBytes = 256;

// out[r][j] = sum over k of a[k][r] * b[k][j] for a tile of `rows` x `columns`.
// The sum is kept in `segments` (1, 2 or 4) accumulators that start at 0.0; accumulator s takes the k in
// [end[s-1], end[s]), in order. They are added as s0 + s1, or (s0 + s2) + (s1 + s3). With 0 segments out is the bare
// product of k = 0 (which keeps the sign of a zero).
struct TileF32 {
  const float* a = nullptr;  // [k][tile_rows], the unused rows of the last tile zero
  const float* b = nullptr;  // element (k, j) at b[offset[k] + j], with slack
  const uint32_t* offset = nullptr;
  const uint32_t* end = nullptr;  // [segments]
  int segments = 1;
  int rows = 0, columns = 0;
  float* const* out = nullptr;         // [rows], each `columns` long
  const float* row_bias = nullptr;     // [rows], or none; added after the sum
  const float* column_bias = nullptr;  // [columns], or none, with slack; added after the sum
  bool accumulate = false;             // then out's old value is added
};

// One row of a window operation: out[j] over taps (y, x), y-major, of row[y][column[x] + j].
struct WindowRowF32 {
  const float* const* row = nullptr;  // [kernel_h], with slack
  const uint32_t* column = nullptr;   // [kernel_w]
  const float* weight = nullptr;      // [kernel_h * kernel_w]; dot only
  const float* bias = nullptr;        // one value, or none; dot only
  uint32_t kernel_h = 0, kernel_w = 0;
  uint32_t count = 0;
  float* out = nullptr;
};

struct Kernels {
  int tile_rows_f32, tile_columns_f32;  // the largest tile
  void (*tile_f32)(const TileF32&);
  // Two accumulators by parity of the tap index, even + odd; a single tap is the bare product.
  void (*window_dot_f32)(const WindowRowF32&);
  // Starts at -FLT_MAX; a tap wins if it is greater.
  void (*window_max_f32)(const WindowRowF32&);
  // out = scale * x + offset, plus out's old value if `accumulate`.
  void (*linear_f32)(const float* x, float scale, float offset, bool accumulate, size_t count, float* out);
  // t = x + offset (x - offset if `subtract`); out = t * t.
  void (*square_f32)(const float* x, float offset, bool subtract, size_t count, float* out);
};

enum class SimdLevel { kBaseline, kAvx2, kAvx512 };

// The best level of this machine, the level in use (the best one unless a test chose another) and its kernels.
SimdLevel best_simd_level();
SimdLevel simd_level();
const Kernels& kernels();
void use_simd_level(SimdLevel level);  // at most best_simd_level(); not while instructions run

namespace kernel_baseline {
extern const Kernels kKernels;
}
namespace kernel_avx2 {
extern const Kernels kKernels;
}
namespace kernel_avx512 {
extern const Kernels kKernels;
}

}  // namespace bmnet::bm1684
