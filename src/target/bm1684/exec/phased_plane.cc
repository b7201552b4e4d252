#include <algorithm>

#include "target/bm1684/exec/copy_words.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/window.h"

namespace bmnet::bm1684 {

PhasedPlane::PhasedPlane(const WindowAxis& y, const WindowAxis& x, uint32_t fill)
    : y_(y),
      x_(x),

      phase_words_((x.extent() + x.stride - 1) / x.stride),
      row_words_(phase_words_ * x.stride) {
  const uint64_t slack = kSlackBytes / sizeof(uint32_t);
  blank_ = words_.get((y.size + 1) * row_words_ + slack);
  rows_ = blank_ + row_words_;
  // The fill between the elements is the same for every plane.
  std::fill_n(blank_, (y.size + 1) * row_words_ + slack, fill);
  row_of_place_.resize(y.extent());
  for (uint64_t place = 0; place < row_of_place_.size(); ++place) {
    const int64_t element = y.element(place);
    row_of_place_[place] = element < 0 ? blank_ : rows_ + static_cast<uint64_t>(element) * row_words_;
  }
}

void PhasedPlane::load(const uint32_t* plane) {
  for (uint64_t phase = 0; phase < x_.stride; ++phase) {
    // Place i * stride + phase of the extended row is word i of the phase.
    WindowAxis places = x_;
    places.dilation = 1;
    const TapRun run = tap_run(places, phase, 0, phase_words_);
    if (run.count == 0) continue;
    for (uint64_t y = 0; y < y_.size; ++y) {
      const uint32_t* from = plane + y * x_.size + run.first_input;
      uint32_t* to = rows_ + y * row_words_ + phase * phase_words_ + run.first_output;
      copy_strided(from, run.input_step, run.count, to, run.output_step);
    }
  }
}

uint32_t PhasedPlane::column(uint64_t kx) const {
  const uint64_t place = kx * x_.dilation;
  return static_cast<uint32_t>(place % x_.stride * phase_words_ + place / x_.stride);
}

}  // namespace bmnet::bm1684
