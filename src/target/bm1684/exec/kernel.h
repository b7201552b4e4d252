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
inline constexpr int kMaxTileColumns = 64;

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

// The same for integers: out[r * out_stride + j] = init[r] + sum over k of dot(a[k][r], b[k][j]), modulo 2^32. An
// element is a 32-bit word: two signed 16-bit numbers (tile_s16), or four bytes (tile_bytes) of which one side is
// signed and the other is not.
struct TileI32 {
  const uint32_t* a = nullptr;  // [k][tile_rows]
  const uint32_t* b = nullptr;  // element (k, j) at b[k * b_stride + j], with slack
  uint32_t depth = 0, b_stride = 0;
  bool b_signed = false;  // tile_bytes: b holds the signed bytes, a the unsigned ones
  int rows = 0, columns = 0;
  const int32_t* init = nullptr;  // [rows]
  int32_t* out = nullptr;         // with slack, which may be overwritten
  uint32_t out_stride = 0;
};

// Integer results become bytes or half-words: v = relu ? max(v, 0) : v, shifted right with half rounding up, clamped to
// [low, high]. Element i of `in` goes to out[i * pitch].
struct Deposit {
  const int32_t* in = nullptr;
  uint32_t in_step = 1;
  size_t count = 0;
  bool relu = false;
  int right_shift = 0;
  int32_t low = 0, high = 0;
  uint32_t pitch = 1;  // in elements
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

// As WindowRowF32 for integers modulo 2^32.
struct WindowRowI32 {
  const int32_t* const* row = nullptr;
  const uint32_t* column = nullptr;
  const int32_t* weight = nullptr;  // dot only
  int32_t start = 0;                // what the sum or the maximum starts from
  uint32_t kernel_h = 0, kernel_w = 0;
  uint32_t count = 0;
  int32_t* out = nullptr;  // with slack, which may be overwritten
};

// One node of the chip's adder tree: out[j] = the sum over i of terms[i * stride + j], added at once in fixed point. At
// most 33 terms.
struct AdderNode {
  const float* terms = nullptr;  // with slack
  size_t stride = 0;
  uint32_t count = 0;
  size_t columns = 0;
  float* out = nullptr;  // with slack, which may be overwritten
};

struct Kernels {
  int tile_rows, tile_columns;  // the largest tile
  void (*tile_s16)(const TileI32&);
  void (*tile_bytes)(const TileI32&);  // null where the host has no such instruction: use tile_s16
  void (*deposit_i8)(const Deposit&, uint8_t* out);
  void (*deposit_i16)(const Deposit&, uint16_t* out);
  void (*window_dot_i32)(const WindowRowI32&);
  void (*window_max_i32)(const WindowRowI32&);
  void (*tile_f32)(const TileF32&);
  // Two accumulators by parity of the tap index, even + odd; a single tap is the bare product.
  void (*window_dot_f32)(const WindowRowF32&);
  // Starts at -FLT_MAX; a tap wins if it is greater.
  void (*window_max_f32)(const WindowRowF32&);
  // out = scale * x + offset, plus out's old value if `accumulate`.
  void (*linear_f32)(const float* x, float scale, float offset, bool accumulate, size_t count, float* out);
  // t = x + offset (x - offset if `subtract`); out = t * t.
  void (*add_node_f32)(const AdderNode&);
  // Winograd F(2x2, 3x3) on columns: rows 0..15 of `in`, `stride` apart, hold a 4x4 patch d, those of `out` B^T d B.
  // winograd_input_s16 works on pairs of 16-bit numbers. Columns are rounded up to a vector.
  void (*winograd_input_f32)(const float* in, size_t in_stride, size_t columns, float* out, size_t out_stride);
  void (*winograd_input_s16)(const uint32_t* in, size_t in_stride, size_t columns, uint32_t* out, size_t out_stride);
  // Rows 0..15 of `in` hold M, rows 0..3 of `out` A^T M A; in fp32 each through one node of the adder tree.
  void (*winograd_output_f32)(const float* in, size_t in_stride, size_t columns, float* out, size_t out_stride);
  void (*winograd_output_i32)(const int32_t* in, size_t in_stride, size_t columns, int32_t* out, size_t out_stride);
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
