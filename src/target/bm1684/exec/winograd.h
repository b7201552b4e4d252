// Winograd convolution F(2x2, 3x3): what the fp32 and the int8 form share; internal to exec/.
//
// 4x4 patches with step 2 over the padded input are the columns of sixteen matrix products, one for every entry of the
// transformed patch; each gives a 2x2 block of the output image.
#pragma once

#include <algorithm>

#include "target/bm1684/exec/conv.h"

namespace bmnet::bm1684 {

inline constexpr uint64_t kWinogradEntries = 16;

// Where patches lie. Patch t is (t / columns, t % columns); the input may yield more of them than the result needs.
struct WinogradGrid {
  WindowAxis y, x;         // of patches
  uint64_t rows, columns;  // of patches
  uint64_t height, width;  // of the result

  explicit WinogradGrid(const ConvCommand& conv)
      : y(conv.y), x(conv.x), height(conv.result.shape.h), width(conv.result.shape.w) {
    for (WindowAxis* axis : {&y, &x}) {
      axis->kernel = 4;
      axis->stride = 2;
      axis->pad_high += axis->extent() % 2;  // an odd extent gets one more zero row or column
    }
    rows = (height + 1) / 2;
    columns = (width + 1) / 2;
  }
  uint64_t patches() const { return rows * columns; }

  // Calls fn(first patch, count, output y, output x, count of output columns) for the parts of patches
  // [first, first + count) that lie in one row of patches.
  template <typename Fn>
  void for_each_run(uint64_t first, uint64_t count, Fn&& fn) const {
    for (uint64_t patch = first; patch < first + count;) {
      const uint64_t row = patch / columns, column = patch % columns;
      const uint64_t run = std::min(columns - column, first + count - patch);
      fn(patch - first, run, 2 * row, 2 * column, std::min(2 * run, width - 2 * column));
      patch += run;
    }
  }
};

}  // namespace bmnet::bm1684
