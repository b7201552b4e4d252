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
typedef int32_t VecI __attribute__((vector_size(BMNET_VECTOR_BYTES)));
typedef uint32_t VecU __attribute__((vector_size(BMNET_VECTOR_BYTES)));
typedef uint16_t VecHalves __attribute__((vector_size(BMNET_VECTOR_BYTES)));
typedef uint16_t VecHalf __attribute__((vector_size(BMNET_VECTOR_BYTES / 2)));
typedef uint8_t VecByte __attribute__((vector_size(BMNET_VECTOR_BYTES / 4)));

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
#if BMNET_VECTOR_BYTES == 64
  if (count > 0) _mm512_mask_storeu_ps(to, static_cast<__mmask16>(count >= kWidth ? 0xFFFF : (1 << count) - 1), vector);
  return;
#endif
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

// Adds the dot products of the two signed 16-bit halves of every word.
BMNET_INLINE VecI dot_s16(VecI sum, VecI b, VecI a) {
#if BMNET_VECTOR_BYTES == 64
  return (VecI)((VecU)sum + (VecU)_mm512_madd_epi16((__m512i)b, (__m512i)a));
#elif BMNET_VECTOR_BYTES == 32
  return (VecI)((VecU)sum + (VecU)_mm256_madd_epi16((__m256i)b, (__m256i)a));
#else
  return (VecI)((VecU)sum + (VecU)_mm_madd_epi16((__m128i)b, (__m128i)a));
#endif
}

enum class Dot { kS16, kBytes, kBytesSignedB };

template <Dot kDot>
BMNET_INLINE VecI dot(VecI sum, VecI b, VecI a) {
#if BMNET_VECTOR_BYTES == 64
  if (kDot == Dot::kBytes) return (VecI)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)b, (__m512i)a);
  if (kDot == Dot::kBytesSignedB) return (VecI)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
#endif
  return dot_s16(sum, b, a);
}

template <Dot kDot, int kRows, int kVectors>
void tile_i32(const TileI32& tile) {
  VecI acc[kRows][kVectors];
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) acc[r][v] = VecI{} + tile.init[r];
  const uint32_t* a = tile.a;
  const uint32_t* b = tile.b;
  for (uint32_t k = 0; k < tile.depth; ++k, a += kTileRows, b += tile.b_stride) {
    VecI column[kVectors];
    for (int v = 0; v < kVectors; ++v) column[v] = load<VecI>(b + v * kWidth);
    for (int r = 0; r < kRows; ++r)
      for (int v = 0; v < kVectors; ++v)
        acc[r][v] = dot<kDot>(acc[r][v], column[v], VecI{} + static_cast<int32_t>(a[r]));
  }
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v) store(tile.out + r * tile.out_stride + v * kWidth, acc[r][v]);
}

template <Dot kDot, int kRows>
void tile_i32_rows(const TileI32& tile) {
  if (tile.columns <= kWidth) return tile_i32<kDot, kRows, 1>(tile);
  if (kTileVectors == 2 || tile.columns <= 2 * kWidth) return tile_i32<kDot, kRows, 2>(tile);
  return tile_i32<kDot, kRows, kTileVectors>(tile);
}

template <Dot kDot>
void tile_i32_any(const TileI32& tile) {
  switch (tile.rows) {
    case 1:
      return tile_i32_rows<kDot, 1>(tile);
    case 2:
      return tile_i32_rows<kDot, 2>(tile);
    case 3:
      return tile_i32_rows<kDot, 3>(tile);
    case 4:
      return tile_i32_rows<kDot, 4>(tile);
    case 5:
      return tile_i32_rows<kDot, 5>(tile);
    case 6:
      return tile_i32_rows<kDot, 6>(tile);
#if BMNET_TILE_ROWS == 8
    case 7:
      return tile_i32_rows<kDot, 7>(tile);
    case 8:
      return tile_i32_rows<kDot, 8>(tile);
#endif
  }
}

#if BMNET_VECTOR_BYTES == 64
void tile_bytes(const TileI32& tile) {
  return tile.b_signed ? tile_i32_any<Dot::kBytesSignedB>(tile) : tile_i32_any<Dot::kBytes>(tile);
}
#else
constexpr void (*tile_bytes)(const TileI32&) = nullptr;
#endif

// ----------------------------------------------------------------------------------------------- integer results

template <typename V>
BMNET_INLINE V quantize(V value, const Deposit& deposit) {
  if (deposit.relu) value = value > 0 ? value : V{};
  if (deposit.right_shift > 0) {
    value = value >> (deposit.right_shift - 1);
    value = (V)((VecU)value + 1u) >> 1;  // the addition may wrap
  }
  value = value < deposit.low ? V{} + deposit.low : value;
  return value > deposit.high ? V{} + deposit.high : value;
}

// `count` elements, at most a vector, by way of a full one.
template <typename T, typename Narrow>
BMNET_INLINE void deposit_part(const Deposit& deposit, size_t begin, size_t count, T* out) {
  int32_t in[kWidth] = {};
  for (size_t i = 0; i < count; ++i) in[i] = deposit.in[(begin + i) * deposit.in_step];
  const Narrow narrow = __builtin_convertvector((VecU)quantize(load<VecI>(in), deposit), Narrow);
  T result[kWidth];
  store(result, narrow);
  for (size_t i = 0; i < count; ++i) out[(begin + i) * deposit.pitch] = result[i];
}

template <typename T, typename Narrow>
BMNET_INLINE void deposit_any(const Deposit& deposit, T* out) {
  size_t i = 0;
  if (deposit.in_step == 1 && deposit.pitch == 1)
    for (; i + kWidth <= deposit.count; i += kWidth)
      store(out + i, __builtin_convertvector((VecU)quantize(load<VecI>(deposit.in + i), deposit), Narrow));
#if BMNET_VECTOR_BYTES == 64
  // One element of every group of four, leaving its neighbours alone.
  if (deposit.in_step == 1 && deposit.pitch == 4 && sizeof(T) == 1)
    for (; i + kWidth <= deposit.count; i += kWidth)
      _mm512_mask_storeu_epi8(out + 4 * i, 0x1111111111111111, (__m512i)quantize(load<VecI>(deposit.in + i), deposit));
#endif
  for (; i < deposit.count; i += kWidth)
    deposit_part<T, Narrow>(deposit, i, deposit.count - i < kWidth ? deposit.count - i : kWidth, out);
}

void deposit_i8(const Deposit& deposit, uint8_t* out) { deposit_any<uint8_t, VecByte>(deposit, out); }
void deposit_i16(const Deposit& deposit, uint16_t* out) { deposit_any<uint16_t, VecHalf>(deposit, out); }

// --------------------------------------------------------------------------------------------------------- windows

constexpr uint32_t kMaxFlatTaps = 64;

// What ends a sum: its start value, or bias and exact store.
BMNET_INLINE void finish_window(const WindowRowI32& window, VecU even, VecU odd, bool, uint32_t j) {
  store(window.out + j, even + odd + static_cast<uint32_t>(window.start));
}
BMNET_INLINE void finish_window(const WindowRowF32& window, VecF even, VecF odd, bool single, uint32_t j) {
  VecF value = single ? even : even + odd;
  if (window.bias) value = value + *window.bias;
  store_part(window.out + j, value, static_cast<int>(window.count - j));
}

// Outputs [j, j + kVectors * kWidth) from one pointer a tap. kTaps is the number of taps where it is known, else 0.
template <typename V, int kVectors, uint32_t kTaps, typename Window, typename T>
BMNET_INLINE void window_dot_flat(const Window& window, const T* const* tap, const T* weight, uint32_t taps,
                                  uint32_t j) {
  if (kTaps != 0) taps = kTaps;
  V even[kVectors] = {}, odd[kVectors] = {};
  uint32_t i = 0;
  for (; i + 1 < taps; i += 2)
    for (int v = 0; v < kVectors; ++v) {
      even[v] = even[v] + load<V>(tap[i] + j + v * kWidth) * weight[i];
      odd[v] = odd[v] + load<V>(tap[i + 1] + j + v * kWidth) * weight[i + 1];
    }
  for (int v = 0; v < kVectors; ++v) {
    if (taps == 1)
      even[v] = load<V>(tap[0] + j + v * kWidth) * weight[0];
    else if (i < taps)
      even[v] = even[v] + load<V>(tap[i] + j + v * kWidth) * weight[i];
    finish_window(window, even[v], odd[v], taps == 1, j + v * kWidth);
  }
}

template <typename V, typename T, uint32_t kTaps, typename Window>
void window_dot_taps(const Window& window) {
  const T* tap[kMaxFlatTaps];
  uint32_t taps = 0;
  for (uint32_t y = 0; y < window.kernel_h; ++y)
    for (uint32_t x = 0; x < window.kernel_w; ++x)
      tap[taps++] = reinterpret_cast<const T*>(window.row[y] + window.column[x]);
  const T* weight = reinterpret_cast<const T*>(window.weight);
  uint32_t j = 0;
  for (; j + 3 * kWidth < window.count; j += 4 * kWidth) window_dot_flat<V, 4, kTaps>(window, tap, weight, taps, j);
  for (; j + kWidth < window.count; j += 2 * kWidth) window_dot_flat<V, 2, kTaps>(window, tap, weight, taps, j);
  if (j < window.count) window_dot_flat<V, 1, kTaps>(window, tap, weight, taps, j);
}

template <int kVectors>
BMNET_INLINE void window_dot(const WindowRowI32& window, uint32_t j) {
  VecU sum[kVectors] = {};
  const int32_t* weight = window.weight;
  for (uint32_t y = 0; y < window.kernel_h; ++y) {
    const int32_t* row = window.row[y] + j;
    for (uint32_t x = 0; x < window.kernel_w; ++x, ++weight)
      for (int v = 0; v < kVectors; ++v)
        sum[v] += load<VecU>(row + window.column[x] + v * kWidth) * static_cast<uint32_t>(*weight);
  }
  for (int v = 0; v < kVectors; ++v) finish_window(window, sum[v], VecU{}, false, j + v * kWidth);
}

template <int kVectors>
BMNET_INLINE void window_max(const WindowRowI32& window, uint32_t j) {
  VecI best[kVectors];
  for (int v = 0; v < kVectors; ++v) best[v] = VecI{} + window.start;
  for (uint32_t y = 0; y < window.kernel_h; ++y) {
    const int32_t* row = window.row[y] + j;
    for (uint32_t x = 0; x < window.kernel_w; ++x)
      for (int v = 0; v < kVectors; ++v) {
        const VecI value = load<VecI>(row + window.column[x] + v * kWidth);
        best[v] = value > best[v] ? value : best[v];
      }
  }
  for (int v = 0; v < kVectors; ++v) store(window.out + j + v * kWidth, best[v]);
}

void window_dot_i32(const WindowRowI32& window) {
  const uint32_t taps = window.kernel_h * window.kernel_w;
  if (taps == 9) return window_dot_taps<VecU, uint32_t, 9>(window);
  if (taps == 25) return window_dot_taps<VecU, uint32_t, 25>(window);
  if (taps <= kMaxFlatTaps) return window_dot_taps<VecU, uint32_t, 0>(window);
  uint32_t j = 0;
  for (; j + kWidth < window.count; j += 2 * kWidth) window_dot<2>(window, j);
  if (j < window.count) window_dot<1>(window, j);
}

void window_max_i32(const WindowRowI32& window) {
  uint32_t j = 0;
  for (; j + kWidth < window.count; j += 2 * kWidth) window_max<2>(window, j);
  if (j < window.count) window_max<1>(window, j);
}

// Any number of taps.
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
  const bool even_taps = window.kernel_h * window.kernel_w % 2 == 0;
  for (int v = 0; v < kVectors; ++v)
    finish_window(window, even_taps ? next[v] : other[v], even_taps ? other[v] : next[v], false, j + v * kWidth);
}

// x where x > y, else y, bits unchanged. The barrier keeps the compiler from using a maximum instruction, which would
// flush a denormal that it returns.
BMNET_INLINE VecI larger(VecI x, VecI y) {
  VecI mask = (VecF)x > (VecF)y;
#if BMNET_VECTOR_BYTES == 64
  asm("" : "+v"(mask));
#else
  asm("" : "+x"(mask));
#endif
  return (x & mask) | (y & ~mask);
}

template <int kVectors>
BMNET_INLINE void window_max(const WindowRowF32& window, uint32_t j) {
  VecI best[kVectors];
  for (int v = 0; v < kVectors; ++v) best[v] = (VecI)(VecF{} - FLT_MAX);
  for (uint32_t y = 0; y < window.kernel_h; ++y) {
    const float* row = window.row[y] + j;
    for (uint32_t x = 0; x < window.kernel_w; ++x)
      for (int v = 0; v < kVectors; ++v) best[v] = larger(load<VecI>(row + window.column[x] + v * kWidth), best[v]);
  }
  for (int v = 0; v < kVectors; ++v)
    store_part(window.out + j + v * kWidth, (VecF)best[v], static_cast<int>(window.count - j) - v * kWidth);
}

void window_dot_f32(const WindowRowF32& window) {
  const uint32_t taps = window.kernel_h * window.kernel_w;
  if (taps == 9) return window_dot_taps<VecF, float, 9>(window);
  if (taps == 25) return window_dot_taps<VecF, float, 25>(window);
  if (taps <= kMaxFlatTaps) return window_dot_taps<VecF, float, 0>(window);
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

// ------------------------------------------------------------------------------------------------------ adder tree

// Collects the terms of one node: first all exponents, then all magnitudes, as fixed point numbers below the largest.
struct Adder {
  VecI exponent_max = {};
  VecI nan = {}, plus_infinity = {}, minus_infinity = {};
  VecU sum = {};

  BMNET_INLINE void see(VecU bits) {
    const VecI magnitude = (VecI)(bits & 0x7FFFFFFF), infinite = magnitude == 0x7F800000, negative = (VecI)bits < 0;
    const VecI exponent = magnitude >> 23;
    exponent_max = exponent > exponent_max ? exponent : exponent_max;
    nan |= magnitude > 0x7F800000;
    plus_infinity |= infinite & ~negative;
    minus_infinity |= infinite & negative;
  }

  BMNET_INLINE void add(VecU bits) {
    const VecI exponent = (VecI)(bits << 1 >> 24), negative = (VecI)bits < 0;
    VecI shift = exponent_max - exponent;
    shift = shift < 31 ? shift : VecI{} + 31;
    const VecU fixed = ((bits & 0x7FFFFF) | 0x800000) << 1 >> (VecU)shift;
    const VecU value = fixed & (VecU)(exponent != 0);
    sum += (value ^ (VecU)negative) - (VecU)negative;
  }

  BMNET_INLINE VecU result() const {
    // Conversion rounds to 24 bits, to the nearest even, as the chip does.
    const VecU rounded = (VecU) __builtin_convertvector((VecI)sum, VecF);
    const VecU sign = rounded & 0x80000000;
    const VecI exponent = (VecI)(rounded << 1 >> 24) + exponent_max - (127 + 24);
    VecU bits = (rounded & 0x807FFFFF) | ((VecU)exponent << 23);
    bits = exponent > 0 ? bits : sign;
    bits = exponent > 254 ? sign | 0x7F800000 : bits;
    bits = sum == 0 ? VecU{} : bits;
    bits = plus_infinity ? VecU{} + 0x7F800000 : bits;
    bits = minus_infinity ? VecU{} + 0xFF800000 : bits;
    return nan | (plus_infinity & minus_infinity) ? VecU{} + 0xFFC00000 : bits;
  }
};

void add_node_f32(const AdderNode& node) {
  for (size_t j = 0; j < node.columns; j += kWidth) {
    const float* terms = node.terms + j;
    Adder adder;
    for (uint32_t i = 0; i < node.count; ++i) adder.see(load<VecU>(terms + i * node.stride));
    for (uint32_t i = 0; i < node.count; ++i) adder.add(load<VecU>(terms + i * node.stride));
    store(node.out + j, adder.result());
  }
}

// -------------------------------------------------------------------------------------------------------- Winograd

// Row r of B^T has two entries: +-1 in column kColumn[r][0] and kColumn[r][1].
constexpr int kColumn[4][2] = {{0, 2}, {1, 2}, {1, 2}, {1, 3}};
constexpr bool kMinus[4][2] = {{false, true}, {false, false}, {true, false}, {false, true}};

// The four terms of entry (r, c) of B^T d B as rows of the patch: two that are added and two that are subtracted, each
// in row-major order, but for entry (1, 1), where all are added.
struct InputTerms {
  int row[4];
};
constexpr InputTerms input_terms(int r, int c) {
  InputTerms terms{};
  int plus = 0, minus = 2;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      const int row = kColumn[r][i] * 4 + kColumn[c][j];
      const bool negative = kMinus[r][i] != kMinus[c][j];
      terms.row[negative || plus == 2 ? minus++ : plus++] = row;
    }
  return terms;
}

template <typename V, typename T, int kEntry>
BMNET_INLINE void winograd_input_entry(const T* in, size_t in_stride, T* out, size_t out_stride) {
  constexpr InputTerms kTerms = input_terms(kEntry / 4, kEntry % 4);
  const V first = load<V>(in + kTerms.row[0] * in_stride) + load<V>(in + kTerms.row[1] * in_stride);
  const V second = load<V>(in + kTerms.row[2] * in_stride) + load<V>(in + kTerms.row[3] * in_stride);
  store(out + kEntry * out_stride, kEntry == 5 ? first + second : first - second);
}

template <typename V, typename T, int kEntry = 0>
BMNET_INLINE void winograd_input_entries(const T* in, size_t in_stride, T* out, size_t out_stride) {
  winograd_input_entry<V, T, kEntry>(in, in_stride, out, out_stride);
  if constexpr (kEntry < 15) winograd_input_entries<V, T, kEntry + 1>(in, in_stride, out, out_stride);
}

void winograd_input_f32(const float* in, size_t in_stride, size_t columns, float* out, size_t out_stride) {
  for (size_t j = 0; j < columns; j += kWidth) winograd_input_entries<VecF>(in + j, in_stride, out + j, out_stride);
}

void winograd_input_s16(const uint32_t* in, size_t in_stride, size_t columns, uint32_t* out, size_t out_stride) {
  for (size_t j = 0; j < columns; j += kWidth)
    winograd_input_entries<VecHalves>(in + j, in_stride, out + j, out_stride);
}

// Sign of M's row (or column) r in row (or column) p of A^T M A: +1, -1 or 0.
constexpr int output_sign(int p, int r) { return p == 0 ? (r < 3 ? 1 : 0) : (r == 0 ? 0 : r == 1 ? 1 : -1); }

void winograd_output_f32(const float* in, size_t in_stride, size_t columns, float* out, size_t out_stride) {
  for (size_t j = 0; j < columns; j += kWidth) {
    for (int entry = 0; entry < 4; ++entry) {
      Adder adder;
      VecU terms[9];
      int count = 0;
      for (int row = 0; row < 16; ++row) {
        const int sign = output_sign(entry / 2, row / 4) * output_sign(entry % 2, row % 4);
        if (sign == 0) continue;
        const VecU bits = load<VecU>(in + row * in_stride + j);
        terms[count++] = sign > 0 ? bits : bits ^ 0x80000000;
      }
      for (int i = 0; i < 9; ++i) adder.see(terms[i]);
      for (int i = 0; i < 9; ++i) adder.add(terms[i]);
      store(out + entry * out_stride + j, adder.result());
    }
  }
}

void winograd_output_i32(const int32_t* in, size_t in_stride, size_t columns, int32_t* out, size_t out_stride) {
  for (size_t j = 0; j < columns; j += kWidth) {
    for (int entry = 0; entry < 4; ++entry) {
      VecU sum = {};
      for (int row = 0; row < 16; ++row) {
        const int sign = output_sign(entry / 2, row / 4) * output_sign(entry % 2, row % 4);
        const VecU value = load<VecU>(in + row * in_stride + j);
        if (sign > 0) sum += value;
        if (sign < 0) sum -= value;
      }
      store(out + entry * out_stride + j, sum);
    }
  }
}

}  // namespace

extern const Kernels kKernels;
const Kernels kKernels = {
    .tile_rows = kTileRows,
    .tile_columns = kTileVectors * kWidth,
    .tile_s16 = tile_i32_any<Dot::kS16>,
    .tile_bytes = tile_bytes,
    .deposit_i8 = deposit_i8,
    .deposit_i16 = deposit_i16,
    .window_dot_i32 = window_dot_i32,
    .window_max_i32 = window_max_i32,
    .tile_f32 = tile_f32_any,
    .window_dot_f32 = window_dot_f32,
    .window_max_f32 = window_max_f32,
    .linear_f32 = linear_f32,
    .add_node_f32 = add_node_f32,
    .winograd_input_f32 = winograd_input_f32,
    .winograd_input_s16 = winograd_input_s16,
    .winograd_output_f32 = winograd_output_f32,
    .winograd_output_i32 = winograd_output_i32,
    .square_f32 = square_f32,
};

}  // namespace bmnet::bm1684::BMNET_KERNEL_NAMESPACE

#ifdef BMNET_KERNEL_TARGET
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
