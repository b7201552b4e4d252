// What the window instruction's executors share; internal to exec/.
#pragma once

#include <cstdint>
#include <vector>

#include "target/bm1684/exec/operand.h"
#include "target/bm1684/exec/scratch.h"
#include "target/bm1684/exec/window_axis.h"

namespace bmnet::bm1684 {

enum class WindowKind { kMax, kDepthwise, kAverage };

// A checked window command: every channel is worked on by itself.
struct WindowCommand {
  WindowKind kind = WindowKind::kMax;
  WindowAxis y, x;
  uint64_t batch = 0, channels = 0, height = 0, width = 0;  // of the result
  bool has_bias = false;
  bool input_signed = false, weight_signed = false, bias_signed = false, relu = false, wide_result = false;
  bool result_signed = false;
  uint32_t weight_constant = 0;  // the average's factor as it stands in the command
  int right_shift = 0;
  Operand input, weight, bias, result;  // weight of kDepthwise only

  uint64_t taps() const { return y.kernel * x.kernel; }
};

void run_window_f32(const WindowCommand& window, Memory& memory);
void run_window_i8(const WindowCommand& window, Memory& memory);

// One input plane of 32-bit words laid out so that every kernel tap reads consecutive words for consecutive outputs:
// rows are padded, zeros are inserted, and the columns that share a remainder by the stride stand together.
class PhasedPlane {
 public:
  PhasedPlane(const WindowAxis& y, const WindowAxis& x, uint32_t fill);

  void load(const uint32_t* plane);  // y.size x x.size words
  // Row for tap `ky` of output row `oy`, and the offset of tap `kx` in it: output ox is word [column(kx) + ox].
  const uint32_t* row(uint64_t oy, uint64_t ky) const { return row_of_place_[oy * y_.stride + ky * y_.dilation]; }
  uint32_t column(uint64_t kx) const;

 private:
  WindowAxis y_, x_;
  uint64_t phase_words_, row_words_;
  Scratch<uint32_t> words_;
  uint32_t* rows_ = nullptr;   // y.size rows of elements
  uint32_t* blank_ = nullptr;  // one row of fill
  std::vector<const uint32_t*> row_of_place_;
};

}  // namespace bmnet::bm1684
