// The geometry of a sliding window along one axis: zeros inserted between the elements, padding outside, kernel
// dilation and stride. Convolution, depthwise convolution and pooling share it.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "target/bm1684/isa/fields.h"

namespace bmnet::bm1684 {

struct WindowAxis {
  uint64_t size = 1;    // input elements
  uint64_t insert = 0;  // zeros between two of them
  uint64_t pad_low = 0, pad_high = 0;
  uint64_t kernel = 1;
  uint64_t dilation = 1;
  uint64_t stride = 1;

  uint64_t extent() const { return (size - 1) * (insert + 1) + 1 + pad_low + pad_high; }  // with inserts and padding
  uint64_t kernel_extent() const { return (kernel - 1) * dilation + 1; }
  uint64_t outputs() const { return extent() < kernel_extent() ? 0 : (extent() - kernel_extent()) / stride + 1; }

  // The input element at a place of the extended axis, or -1 for padding and inserted zeros.
  int64_t element(uint64_t place) const {
    if (place < pad_low || (place - pad_low) % (insert + 1) != 0) return -1;
    const uint64_t index = (place - pad_low) / (insert + 1);
    return index < size ? static_cast<int64_t>(index) : -1;
  }
};

// Both axes as a command describes them: opd0 is the input, opd1 the kernel.
struct WindowAxes {
  WindowAxis y, x;
};
WindowAxes window_axes(const Command& command);

// The outputs in [begin, end) for which kernel tap `tap` meets an input element: output first_output + i * output_step
// meets element first_input + i * input_step, for i < count.
struct TapRun {
  uint64_t first_output = 0, output_step = 1;
  uint64_t first_input = 0, input_step = 1;
  uint64_t count = 0;
};
TapRun tap_run(const WindowAxis& axis, uint64_t tap, uint64_t begin, uint64_t end);

}  // namespace bmnet::bm1684
