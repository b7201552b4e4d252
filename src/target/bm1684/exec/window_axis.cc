#include "target/bm1684/exec/window_axis.h"

#include <algorithm>
#include <numeric>

namespace bmnet::bm1684 {

WindowAxes window_axes(const Command& command) {
  return {.y = {.size = get(command, tiu::opd0_h),
                .insert = get(command, tiu::opd0_y_ins0),
                .pad_low = get(command, tiu::opd0_up_pad),
                .pad_high = get(command, tiu::opd0_dn_pad),
                .kernel = get(command, tiu::opd1_h),
                .dilation = get(command, tiu::opd1_y_ins0) + 1,
                .stride = get(command, tiu::res_op_y_str)},
          .x = {.size = get(command, tiu::opd0_w),
                .insert = get(command, tiu::opd0_x_ins0),
                .pad_low = get(command, tiu::opd0_lf_pad),
                .pad_high = get(command, tiu::opd0_rt_pad),
                .kernel = get(command, tiu::opd1_w),
                .dilation = get(command, tiu::opd1_x_ins0) + 1,
                .stride = get(command, tiu::res_op_x_str)}};
}

TapRun tap_run(const WindowAxis& axis, uint64_t tap, uint64_t begin, uint64_t end) {
  TapRun run;
  const uint64_t pitch = axis.insert + 1, common = std::gcd(axis.stride, pitch), shift = tap * axis.dilation;
  run.output_step = pitch / common;
  run.input_step = axis.stride / common;
  uint64_t output = begin;
  if (shift < axis.pad_low) output = std::max(begin, (axis.pad_low - shift + axis.stride - 1) / axis.stride);
  for (uint64_t tries = 0; tries < run.output_step; ++tries, ++output) {
    const uint64_t place = output * axis.stride + shift - axis.pad_low;
    if (place % pitch != 0) continue;
    run.first_output = output;
    run.first_input = place / pitch;
    if (output >= end || run.first_input >= axis.size) return run;
    const uint64_t by_output = (end - 1 - output) / run.output_step,
                   by_input = (axis.size - 1 - run.first_input) / run.input_step;
    run.count = std::min(by_output, by_input) + 1;
    return run;
  }
  return run;
}

}  // namespace bmnet::bm1684
