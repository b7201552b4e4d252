// Walks several operands of one shape together, in runs that are as long as their strides allow.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "target/bm1684/exec/strided_operand.h"

namespace bmnet::bm1684 {

// A run of `count` elements: operand k's element i stands at at[k] + i*stride[k], or, if the operand has w_offsets, at
// at[k] + w_offsets[i].
template <size_t K>
struct Row {
  std::array<uint8_t*, K> at;
  std::array<int64_t, K> stride;
  uint32_t count;
};

namespace detail {

template <size_t K>
struct WalkAxis {
  uint32_t count;
  std::array<int64_t, K> stride;
};

// The loops over (n, row, h, w) of one lane, outermost first, neighbours joined where all operands allow.
template <size_t K>
struct WalkNest {
  std::array<WalkAxis<K>, 4> axes;
  int count = 0;

  WalkNest(const Shape4& shape, uint32_t rows, std::span<const StridedOperand* const, K> operands, bool joinable) {
    const uint32_t counts[4] = {shape.n, rows, shape.h, shape.w};
    for (int d = 0; d < 4; ++d) {
      WalkAxis<K> axis{counts[d], {}};
      for (size_t k = 0; k < K; ++k) {
        const StridedOperand& o = *operands[k];
        axis.stride[k] = d == 0 ? o.n : d == 1 ? o.row : d == 2 ? o.h : o.w;
      }
      add(axis, joinable);
    }
  }

 private:
  void add(const WalkAxis<K>& inner, bool joinable) {
    if (joinable && count > 0) {
      WalkAxis<K>& outer = axes[count - 1];
      if (inner.count == 1) return;
      bool join = true;
      for (size_t k = 0; k < K; ++k) join &= outer.stride[k] == inner.stride[k] * int64_t{inner.count};
      if (join || outer.count == 1) {
        outer = {join ? outer.count * inner.count : inner.count, inner.stride};
        return;
      }
    }
    axes[count++] = inner;
  }
};

}  // namespace detail

// Calls visit(row) for every run. Inside each lane elements come in n, c, h, w order. Operands of packed batches are
// walked word by word: shape.n counts words of batches. Lanes of the last operand (the result) whose bit in `lane_mask`
// is 0 are left out.
template <size_t K, typename Visit>
void walk_rows(const Shape4& shape, const std::array<const StridedOperand*, K>& operands, Visit&& visit,
               uint64_t lane_mask = ~0ull) {
  const bool joinable =
      std::none_of(operands.begin(), operands.end(), [](const StridedOperand* o) { return o->shifted(); });
  const uint32_t lanes = std::min<uint32_t>(shape.c, kLanes);
  for (uint32_t first = 0; first < lanes; ++first) {  // channels first, first + 64, …: each operand stays in one lane
    if (!(lane_mask >> (operands[K - 1]->lane + first) % kLanes & 1)) continue;
    const uint32_t rows = (shape.c - first + kLanes - 1) / kLanes;
    const detail::WalkNest<K> nest(shape, rows, operands, joinable);
    Row<K> row;
    std::array<uint8_t*, K> base;
    for (size_t k = 0; k < K; ++k) {
      const StridedOperand& o = *operands[k];
      const uint32_t lane = o.lane + first;
      base[k] = o.memory + (lane % kLanes) * o.lane_pitch + o.offset + static_cast<int64_t>(lane / kLanes) * o.row;
    }
    const auto& inner = nest.axes[nest.count - 1];
    row.stride = inner.stride;
    row.count = inner.count;
    uint32_t index[4] = {0, 0, 0, 0};
    while (true) {
      for (size_t k = 0; k < K; ++k) {
        row.at[k] = base[k];
        for (int d = 0; d + 1 < nest.count; ++d) {
          const bool table = !joinable && d == 2 && !operands[k]->h_offsets.empty();
          row.at[k] += table ? int64_t{operands[k]->h_offsets[index[d]]} : index[d] * nest.axes[d].stride[k];
        }
      }
      visit(row);
      int d = nest.count - 2;
      while (d >= 0 && ++index[d] == nest.axes[d].count) index[d--] = 0;
      if (d < 0) break;
    }
  }
}

}  // namespace bmnet::bm1684
