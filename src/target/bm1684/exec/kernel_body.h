// The kernels, written once over vectors of BMNET_VECTOR_BYTES. Included by kernel_<level>.cc, which sets
//   BMNET_KERNEL_NAMESPACE, BMNET_KERNEL_TARGET (may be absent), BMNET_VECTOR_BYTES,
//   BMNET_TILE_ROWS x BMNET_TILE_VECTORS: the largest tile whose accumulators fit into the registers.
// Everything between the pragmas is compiled for the target, so no inline function of a standard header may be defined
// there: the linker could pick that copy for the whole program.
#include <immintrin.h>

#include <cfloat>
#include <cstring>

#include "target/bm1684/exec/kernel.h"

#define BMNET_STRING_(x) #x
#define BMNET_PRAGMA_(x) _Pragma(BMNET_STRING_(x))
#ifdef BMNET_KERNEL_TARGET
#ifdef __clang__
BMNET_PRAGMA_(clang attribute push(__attribute__((target(BMNET_KERNEL_TARGET))), apply_to = function))
#else
#pragma GCC push_options
BMNET_PRAGMA_(GCC target(BMNET_KERNEL_TARGET))
#endif
#endif

namespace bmnet::bm1684::BMNET_KERNEL_NAMESPACE {
namespace {

#define BMNET_INLINE inline __attribute__((always_inline))

typedef float VecF __attribute__((vector_size(BMNET_VECTOR_BYTES)));

constexpr int kWidth = BMNET_VECTOR_BYTES / 4;
constexpr int kTileRows = BMNET_TILE_ROWS;
constexpr int kTileVectors = BMNET_TILE_VECTORS;
static_assert(kTileVectors * BMNET_VECTOR_BYTES <= kSlackBytes);

template <typename V, typename T>
BMNET_INLINE V load(const T* from) {
  V vector;
  __builtin_memcpy(&vector, from, sizeof vector);
  return vector;
}

template <typename V, typename T>
BMNET_INLINE void store(T* to, V vector) {
  __builtin_memcpy(to, &vector, sizeof vector);
}

// The first `count` elements of a vector; all of them if count is larger.
BMNET_INLINE void store_part(float* to, VecF vector, int count) {
  if (count >= kWidth)
    store(to, vector);
  else if (count > 0)
    __builtin_memcpy(to, &vector, static_cast<size_t>(count) * sizeof(float));
}

BMNET_INLINE VecF load_part(const float* from, int count) {
  if (count >= kWidth) return load<VecF>(from);
  VecF vector = {};
  if (count > 0) __builtin_memcpy(&vector, from, static_cast<size_t>(count) * sizeof(float));
  return vector;
}

// ---------------------------------------------------------------------------------------------------- matrix tiles

template <int kRows, int kVectors>
BMNET_INLINE void accumulate_segment(const TileF32& tile, uint32_t begin, uint32_t end,
                                     VecF (&sum)[kTileRows][kTileVectors]) {
  VecF acc[kRows][kVectors] = {};
  const float* a = tile.a + size_t{begin} * kTileRows;
  for (uint32_t k = begin; k < end; ++k, a += kTileRows) {
    const float* b = tile.b + tile.offset[k];
    VecF column[kVectors];
    for (int v = 0; v < kVectors; ++v) column[v] = load<VecF>(b + v * kWidth);
    for (int r = 0; r < kRows; ++r)
      for (int v = 0; v < kVectors; ++v) acc[r][v] = acc[r][v] + column[v] * a[r];
  }
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) sum[r][v] = acc[r][v];
}

template <int kRows, int kVectors>
void tile_f32(const TileF32& tile) {
  VecF sum[4][kTileRows][kTileVectors];
  if (tile.segments > 0)
    accumulate_segment<kRows, kVectors>(tile, 0, tile.end[0], sum[0]);
  else
    for (int r = 0; r < kRows; ++r)
      for (int v = 0; v < kVectors; ++v) sum[0][r][v] = load<VecF>(tile.b + tile.offset[0] + v * kWidth) * tile.a[r];
  for (int s = 1; s < tile.segments; ++s)
    accumulate_segment<kRows, kVectors>(tile, tile.end[s - 1], tile.end[s], sum[s]);
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      const int rest = tile.columns - v * kWidth;
      VecF value = sum[0][r][v];
      if (tile.segments == 2) value = value + sum[1][r][v];
      if (tile.segments == 4) value = (value + sum[2][r][v]) + (sum[1][r][v] + sum[3][r][v]);
      if (tile.row_bias) value = value + tile.row_bias[r];
      if (tile.column_bias) value = value + load<VecF>(tile.column_bias + v * kWidth);
      float* out = tile.out[r] + v * kWidth;
      if (tile.accumulate) value = value + load_part(out, rest);
      store_part(out, value, rest);
    }
  }
}

template <int kRows>
void tile_f32_rows(const TileF32& tile) {
  static_assert(kTileVectors == 2 || kTileVectors == 3);
  if (tile.columns <= kWidth) return tile_f32<kRows, 1>(tile);
  if (kTileVectors == 2 || tile.columns <= 2 * kWidth) return tile_f32<kRows, 2>(tile);
  return tile_f32<kRows, kTileVectors>(tile);
}

void tile_f32_any(const TileF32& tile) {
  switch (tile.rows) {
    case 1:
      return tile_f32_rows<1>(tile);
    case 2:
      return tile_f32_rows<2>(tile);
    case 3:
      return tile_f32_rows<3>(tile);
    case 4:
      return tile_f32_rows<4>(tile);
    case 5:
      return tile_f32_rows<5>(tile);
    case 6:
      return tile_f32_rows<6>(tile);
#if BMNET_TILE_ROWS == 8
    case 7:
      return tile_f32_rows<7>(tile);
    case 8:
      return tile_f32_rows<8>(tile);
#endif
  }
}

// --------------------------------------------------------------------------------------------------------- windows

template <int kVectors>
BMNET_INLINE void window_dot(const WindowRowF32& window, uint32_t j) {
  // The accumulators change places after every tap: `next` is the one of the coming tap's parity.
  VecF next[kVectors] = {}, other[kVectors] = {};
  const float* weight = window.weight;
  for (uint32_t y = 0; y < window.kernel_h; ++y) {
    const float* row = window.row[y] + j;
    for (uint32_t x = 0; x < window.kernel_w; ++x, ++weight)
      for (int v = 0; v < kVectors; ++v) {
        const VecF sum = next[v] + load<VecF>(row + window.column[x] + v * kWidth) * *weight;
        next[v] = other[v];
        other[v] = sum;
      }
  }
  const uint32_t taps = window.kernel_h * window.kernel_w;
  for (int v = 0; v < kVectors; ++v) {
    VecF value = taps % 2 == 0 ? next[v] + other[v] : other[v] + next[v];
    if (taps == 1) value = load<VecF>(window.row[0] + j + window.column[0] + v * kWidth) * window.weight[0];
    if (window.bias) value = value + *window.bias;
    store_part(window.out + j + v * kWidth, value, static_cast<int>(window.count - j) - v * kWidth);
  }
}

template <int kVectors>
BMNET_INLINE void window_max(const WindowRowF32& window, uint32_t j) {
  VecF best[kVectors];
  for (int v = 0; v < kVectors; ++v) best[v] = VecF{} - FLT_MAX;
  for (uint32_t y = 0; y < window.kernel_h; ++y) {
    const float* row = window.row[y] + j;
    for (uint32_t x = 0; x < window.kernel_w; ++x)
      for (int v = 0; v < kVectors; ++v) {
        const VecF value = load<VecF>(row + window.column[x] + v * kWidth);
        best[v] = value > best[v] ? value : best[v];
      }
  }
  for (int v = 0; v < kVectors; ++v)
    store_part(window.out + j + v * kWidth, best[v], static_cast<int>(window.count - j) - v * kWidth);
}

void window_dot_f32(const WindowRowF32& window) {
  uint32_t j = 0;
  for (; j + kWidth < window.count; j += 2 * kWidth) window_dot<2>(window, j);
  if (j < window.count) window_dot<1>(window, j);
}

void window_max_f32(const WindowRowF32& window) {
  uint32_t j = 0;
  for (; j + kWidth < window.count; j += 2 * kWidth) window_max<2>(window, j);
  if (j < window.count) window_max<1>(window, j);
}

// ----------------------------------------------------------------------------------------------------- per channel

void linear_f32(const float* x, float scale, float offset, bool accumulate, size_t count, float* out) {
  for (size_t i = 0; i < count; i += kWidth) {
    const int rest = static_cast<int>(count - i < kWidth ? count - i : kWidth);
    VecF value = load_part(x + i, rest) * scale + offset;
    if (accumulate) value = value + load_part(out + i, rest);
    store_part(out + i, value, rest);
  }
}

void square_f32(const float* x, float offset, bool subtract, size_t count, float* out) {
  for (size_t i = 0; i < count; i += kWidth) {
    const int rest = static_cast<int>(count - i < kWidth ? count - i : kWidth);
    const VecF value = load_part(x + i, rest);
    const VecF t = subtract ? value - offset : value + offset;
    store_part(out + i, t * t, rest);
  }
}

}  // namespace

extern const Kernels kKernels;
const Kernels kKernels = {
    kTileRows, kTileVectors* kWidth, tile_f32_any, window_dot_f32, window_max_f32, linear_f32, square_f32,
};

}  // namespace bmnet::bm1684::BMNET_KERNEL_NAMESPACE

#ifdef BMNET_KERNEL_TARGET
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
