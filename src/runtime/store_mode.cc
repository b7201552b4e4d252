#include "runtime/store_mode.h"

#include "runtime/dtype.h"

namespace bmnet::runtime {

using bmodel::DataType;
using bmodel::StoreMode;

Extent4 extent_of(std::span<const int64_t> shape) {
  Extent4 extent;
  if (shape.size() > 0) extent.n = shape[0];
  if (shape.size() > 1) extent.c = shape[1];
  if (shape.size() > 2) extent.h = shape[2];
  for (size_t i = 3; i < shape.size(); ++i) extent.w *= shape[i];
  return extent;
}

uint64_t stored_bytes(const Extent4& extent, DataType type, StoreMode mode) {
  const int64_t together = mode == StoreMode::k4N ? 4 : mode == StoreMode::k2N ? 2 : 1;
  const int64_t batch = (extent.n + together - 1) / together * together;
  return static_cast<uint64_t>(batch * extent.item()) * element_bytes(type);
}

Status check_conversion(DataType type, StoreMode from, StoreMode to, RowPadding padding) {
  if (from == StoreMode::k2N || to == StoreMode::k2N) return unsupported("store mode 2N; use 1N");
  const bool four = from == StoreMode::k4N || to == StoreMode::k4N;
  if (four && element_bytes(type) != 1)
    return user_error("store mode 4N is for 8-bit tensors, not for {}", bmodel::data_type_name(type));
  if (!padding.empty() && !(from == StoreMode::k1N && to == StoreMode::k4N))
    return user_error("row padding needs a 1N input of a net compiled for 4N");
  return {};
}

void interleave(std::span<const std::byte> plain, const Extent4& extent, RowPadding padding,
                std::span<std::byte> words) {
  const int64_t rows = padding.above + extent.h + padding.below, channel = rows * extent.w;
  for (int64_t n = 0; n < extent.n; ++n)
    for (int64_t c = 0; c < extent.c; ++c) {
      const std::byte* from = plain.data() + (n * extent.c + c) * extent.h * extent.w;
      std::byte* to = words.data() + ((n / 4 * extent.c + c) * channel) * 4 + n % 4;
      for (int64_t y = -padding.above; y < extent.h + padding.below; ++y)
        for (int64_t x = 0; x < extent.w; ++x, to += 4)
          *to = y >= 0 && y < extent.h ? from[y * extent.w + x] : std::byte{0};
    }
}

void deinterleave(std::span<const std::byte> words, const Extent4& extent, std::span<std::byte> plain) {
  const int64_t item = extent.item();
  for (int64_t n = 0; n < extent.n; ++n) {
    const std::byte* from = words.data() + n / 4 * item * 4 + n % 4;
    std::byte* to = plain.data() + n * item;
    for (int64_t i = 0; i < item; ++i) to[i] = from[i * 4];
  }
}

}  // namespace bmnet::runtime
