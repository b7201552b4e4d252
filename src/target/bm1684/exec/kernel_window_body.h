// Part of kernel_body.h, inside its namespace: rows of windows.

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
