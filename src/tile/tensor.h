// Tensors of 32-bit words as commands see them: in local memory (Local) and in DDR (Box).
#pragma once

#include <array>
#include <cstdint>

#include "target/bm1684/machine.h"

namespace bmnet::tile {

using Dims = std::array<int64_t, 4>;  // n, c, h, w

constexpr int64_t count(const Dims& dims) { return dims[0] * dims[1] * dims[2] * dims[3]; }
constexpr int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

// Row-major strides, in elements.
constexpr Dims dense_strides(const Dims& s) { return {s[1] * s[2] * s[3], s[2] * s[3], s[3], 1}; }

// A tensor in local memory. Channel c lives in lane (lane + c) mod 64, in that lane's row of channels (lane + c)
// div 64. Strides are in 32-bit words; strides[1] is the distance of two rows of channels. A stride of zero repeats
// elements.
struct Local {
  Dims shape{1, 1, 1, 1};
  Dims strides{0, 0, 0, 1};
  uint32_t offset = 0;  // bytes, inside the lane
  int lane = 0;         // of channel 0

  // The box of `size` elements that starts at `begin`.
  Local part(const Dims& begin, const Dims& size) const;
  // 32-bit address as the TIU takes it.
  uint32_t address() const {
    return static_cast<uint32_t>(bm1684::kLocalBase) + static_cast<uint32_t>(lane) * bm1684::kLaneBytes + offset;
  }
  // Whether the strides are those that the machine computes by itself for the shape ("aligned": channels start at
  // multiples of 128 bytes); strides of axes with one element do not matter.
  bool is_aligned() const;
  bool operator==(const Local&) const = default;
};

enum class Layout : uint8_t {
  kAligned,  // every channel starts at a multiple of 128 bytes; what most instructions want
  kCompact,  // channels without gaps
};

Dims local_strides(const Dims& shape, Layout layout, int lane = 0);
Local make_local(const Dims& shape, Layout layout, uint32_t offset, int lane = 0);
// Bytes that the tensor takes in every lane, a multiple of 128.
int64_t bytes_per_lane(const Dims& shape, Layout layout, int lane = 0);

using BufferId = int32_t;  // index into Program::buffers

// A strided window on a DDR buffer; offset and strides in 32-bit words. Zero source strides repeat elements.
struct Box {
  BufferId buffer = -1;
  int64_t offset = 0;
  Dims shape{1, 1, 1, 1};
  Dims strides{0, 0, 0, 1};

  Box part(const Dims& begin, const Dims& size) const;
  bool operator==(const Box&) const = default;
};

}  // namespace bmnet::tile
