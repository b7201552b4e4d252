#include <algorithm>
#include <bit>
#include <cstring>

#include "base/parallel.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/window.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kTapsPerTask = 1 << 18;
constexpr uint32_t kLowest = 0xFF7FFFFF;  // -FLT_MAX: padding never wins a maximum

// Works through planes (n, c); weights and biases are copies, since the result may lie over them.
class WindowF32 {
 public:
  WindowF32(const WindowCommand& window, Memory& memory)
      : window_(window), memory_(memory), input_(memory, window.input, window.result) {
    const LaneView view(memory);
    if (window.kind == WindowKind::kDepthwise) {
      weights_.resize(window.channels * window.taps());
      for (uint64_t c = 0; c < window.channels; ++c)
        std::memcpy(weights_.data() + c * window.taps(), view.at(window.weight, 0, c), window.taps() * sizeof(float));
    } else if (window.kind == WindowKind::kAverage) {
      weights_.assign(window.taps(), std::bit_cast<float>(window.weight_constant));
    }
    if (window.has_bias) {
      biases_.resize(window.channels);
      for (uint64_t c = 0; c < window.channels; ++c)
        std::memcpy(&biases_[c], view.at(window.bias, 0, c), sizeof(float));
    }
  }

  void run() {
    const uint64_t work = window_.height * window_.width * window_.taps();
    parallel_for(window_.batch * window_.channels, std::max<uint64_t>(1, kTapsPerTask / work),
                 [&](size_t begin, size_t end) {
                   const ChipFloatMode mode;
                   PhasedPlane plane(window_.y, window_.x, window_.kind == WindowKind::kMax ? kLowest : 0);
                   std::vector<uint32_t> column(window_.x.kernel);
                   for (uint64_t kx = 0; kx < window_.x.kernel; ++kx) column[kx] = plane.column(kx);
                   for (size_t i = begin; i < end; ++i)
                     run_plane(i / window_.channels, i % window_.channels, column, plane);
                 });
  }

 private:
  void run_plane(uint64_t n, uint64_t c, const std::vector<uint32_t>& column, PhasedPlane& plane) const {
    plane.load(reinterpret_cast<const uint32_t*>(input_.at(window_.input, n, c)));
    std::vector<const float*> rows(window_.y.kernel);
    WindowRowF32 row;
    row.row = rows.data();
    row.column = column.data();
    row.kernel_h = static_cast<uint32_t>(window_.y.kernel);
    row.kernel_w = static_cast<uint32_t>(window_.x.kernel);
    row.count = static_cast<uint32_t>(window_.width);
    if (window_.kind == WindowKind::kDepthwise) row.weight = weights_.data() + c * window_.taps();
    if (window_.kind == WindowKind::kAverage) row.weight = weights_.data();
    if (window_.has_bias) row.bias = &biases_[c];
    const auto kernel = window_.kind == WindowKind::kMax ? kernels().window_max_f32 : kernels().window_dot_f32;
    for (uint64_t oy = 0; oy < window_.height; ++oy) {
      for (uint64_t ky = 0; ky < window_.y.kernel; ++ky) rows[ky] = reinterpret_cast<const float*>(plane.row(oy, ky));
      row.out = reinterpret_cast<float*>(result_at(memory_, window_.result, n, c, oy));
      kernel(row);
    }
  }

  const WindowCommand& window_;
  Memory& memory_;
  LaneView input_;
  std::vector<float> weights_, biases_;
};

}  // namespace

void run_window_f32(const WindowCommand& window, Memory& memory) { WindowF32(window, memory).run(); }

}  // namespace bmnet::bm1684
