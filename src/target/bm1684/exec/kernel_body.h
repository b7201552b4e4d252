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

#include "target/bm1684/exec/kernel_tile_body.h"
#include "target/bm1684/exec/kernel_window_body.h"
#include "target/bm1684/exec/kernel_winograd_body.h"

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
