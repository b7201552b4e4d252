// Part of kernel_body.h, inside its namespace: tiles of matrix products, and integer results.

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

// ---------------------------------------------------------------------------------------------------- integer results

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
