// int8 windows. Batch items are worked on one by one, their bytes widened to 32 bits.
#include <algorithm>
#include <array>

#include "base/parallel.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/window.h"
#include "target/bm1684/exec/words.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kTapsPerTask = 1 << 18;
constexpr uint64_t kMaxTableTaps = 255;  // larger averages take their factor from the command

// The chip's own factor for an average of `taps` values: the odd part of round(2^k / taps), k = 7 + ceil(log2(taps)).
int32_t average_factor(uint64_t taps) {
  constexpr uint64_t kTableEnd = 225;
  if (taps > kTableEnd) return 0;
  int k = 7;
  while ((uint64_t{1} << (k - 7)) < taps) ++k;
  uint64_t factor = ((uint64_t{2} << k) + taps) / (2 * taps);
  while (factor % 2 == 0) factor /= 2;
  return static_cast<int32_t>(factor);
}

class WindowI8 {
 public:
  WindowI8(const WindowCommand& window, Memory& memory)
      : window_(window), memory_(memory), input_(memory, window.input, window.result), y_(window.y), x_(window.x) {
    const LaneView view(memory);
    if (window.kind == WindowKind::kDepthwise) {
      weights_.resize(window.channels * window.taps());
      for (uint64_t c = 0; c < window.channels; ++c)
        for (uint64_t tap = 0; tap < window.taps(); ++tap)
          weights_[c * window.taps() + tap] = extend8(*(view.at(window.weight, 0, c) + tap), window.weight_signed);
    } else if (window.kind == WindowKind::kAverage) {
      set_average_weights();
    }
    biases_.resize(window.channels);
    if (window.has_bias)
      for (uint64_t c = 0; c < window.channels; ++c)
        biases_[c] = extend16(read<uint16_t>(view.at(window.bias, 0, c)), window.bias_signed);
    deposit_.relu = window.relu;
    deposit_.right_shift = window.right_shift;
    deposit_.count = window.width;
    deposit_.pitch = 4;
    set_range(window.result_signed, window.wide_result, deposit_);
    if (window.kind == WindowKind::kMax) deposit_.low = INT32_MIN, deposit_.high = INT32_MAX, deposit_.relu = false;
  }

  void run() {
    const uint64_t work = window_.height * window_.width * y_.kernel * x_.kernel;
    parallel_for(window_.batch * window_.channels, std::max<uint64_t>(1, kTapsPerTask / work),
                 [&](size_t begin, size_t end) {
                   PhasedPlane plane(y_, x_, static_cast<uint32_t>(lowest()));
                   std::vector<uint32_t> column(x_.kernel);
                   for (uint64_t kx = 0; kx < x_.kernel; ++kx) column[kx] = plane.column(kx);
                   for (size_t i = begin; i < end; ++i)
                     run_plane(i / window_.channels, i % window_.channels, column, plane);
                 });
  }

 private:
  // What padding and inserted places count as.
  int32_t lowest() const { return window_.kind == WindowKind::kMax && window_.input_signed ? -128 : 0; }

  // Every place of the dilated window takes part, though the factor counts the taps alone.
  void set_average_weights() {
    const uint64_t taps = window_.taps();
    const uint32_t factor =
        taps <= kMaxTableTaps ? static_cast<uint32_t>(average_factor(taps)) : window_.weight_constant;
    for (WindowAxis* axis : {&y_, &x_}) {
      axis->kernel = axis->kernel_extent();
      axis->dilation = 1;
    }
    weights_.assign(y_.kernel * x_.kernel, extend8(factor, window_.weight_signed));
  }

  // Byte `item` of every word as a number.
  void widen_item(const uint8_t* words, int item, uint64_t count, uint32_t* out) const {
    for (uint64_t i = 0; i < count; ++i) {
      const uint32_t top = read<uint32_t>(words + 4 * i) << (24 - 8 * item);
      out[i] = window_.input_signed ? static_cast<uint32_t>(static_cast<int32_t>(top) >> 24) : top >> 24;
    }
  }

  void run_plane(uint64_t n, uint64_t c, const std::vector<uint32_t>& column, PhasedPlane& plane) const {
    static thread_local Scratch<uint32_t> widened_scratch;
    static thread_local Scratch<int32_t> out_scratch;
    const uint64_t size = y_.size * x_.size;
    uint32_t* widened = widened_scratch.get(size);
    widen_item(input_.at(window_.input, n / 4 * 4, c), static_cast<int>(n % 4), size, widened);
    plane.load(widened);
    std::vector<const int32_t*> rows(y_.kernel);
    WindowRowI32 row;
    row.row = rows.data();
    row.column = column.data();
    row.kernel_h = static_cast<uint32_t>(y_.kernel);
    row.kernel_w = static_cast<uint32_t>(x_.kernel);
    row.count = static_cast<uint32_t>(window_.width);
    row.out = out_scratch.get(window_.width + kSlackBytes / sizeof(int32_t));
    row.start = window_.kind == WindowKind::kMax ? lowest() : biases_[c];
    if (window_.kind != WindowKind::kMax)
      row.weight = weights_.data() + (window_.kind == WindowKind::kDepthwise ? c * window_.taps() : 0);
    Deposit deposit = deposit_;
    deposit.in = row.out;
    for (uint64_t oy = 0; oy < window_.height; ++oy) {
      for (uint64_t ky = 0; ky < y_.kernel; ++ky) rows[ky] = reinterpret_cast<const int32_t*>(plane.row(oy, ky));
      if (window_.kind == WindowKind::kMax)
        run_max_row(row);
      else
        kernels().window_dot_i32(row);
      uint8_t* out = result_at(memory_, window_.result, n, c, oy);
      if (window_.wide_result)
        kernels().deposit_i16(deposit, reinterpret_cast<uint16_t*>(out));
      else
        kernels().deposit_i8(deposit, out);
    }
  }

  // ReLU of a maximum looks at the byte as a signed one, whatever the input's sign.
  void run_max_row(const WindowRowI32& row) const {
    kernels().window_max_i32(row);
    if (!window_.relu) return;
    for (uint32_t i = 0; i < row.count; ++i)
      if (row.out[i] < 0 || row.out[i] > 127) row.out[i] = 0;
  }

  const WindowCommand& window_;
  Memory& memory_;
  LaneView input_;
  WindowAxis y_, x_;
  std::vector<int32_t> weights_, biases_;
  Deposit deposit_;
};

}  // namespace

void run_window_i8(const WindowCommand& window, Memory& memory) { WindowI8(window, memory).run(); }

}  // namespace bmnet::bm1684
