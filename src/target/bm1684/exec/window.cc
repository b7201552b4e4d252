// Depthwise convolution, average and maximum over windows.
#include "target/bm1684/exec/window.h"

#include <algorithm>

#include "target/bm1684/exec/timing.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kMacOperation = 1;  // tsk_eu_typ; every other code is a maximum
constexpr uint64_t kMaxTaps = 1 << 20;

WindowCommand decode_fields(const Command& command) {
  WindowCommand window;
  if (get(command, tiu::tsk_eu_typ) == kMacOperation)
    window.kind = get(command, tiu::opt_opd1_const) ? WindowKind::kAverage : WindowKind::kDepthwise;
  const WindowAxes axes = window_axes(command);
  window.y = axes.y, window.x = axes.x;
  if (window.kind == WindowKind::kMax) {
    window.y.dilation = window.x.dilation = 1;
    if (!has_integer_result(command)) window.y.insert = window.x.insert = 0;
  }
  window.batch = get(command, tiu::res0_n);
  window.channels = get(command, tiu::res0_c);
  window.height = get(command, tiu::res0_h);
  window.width = get(command, tiu::res0_w);
  window.input_signed = get(command, tiu::opt_opd0_sign);
  window.weight_signed = get(command, tiu::opt_opd1_sign);
  window.bias_signed = get(command, tiu::opt_opd2_sign);
  window.relu = get(command, tiu::opt_relu);
  window.wide_result = get(command, tiu::opt_res0_prec) == 3;
  window.weight_constant = static_cast<uint32_t>(get(command, tiu::opd1_addr));
  window.right_shift = static_cast<int>(get(command, tiu::opt_right_shift));
  const uint64_t operands = get(command, tiu::tsk_opd_num);
  const bool integer_average = has_integer_result(command) && window.kind == WindowKind::kAverage;
  window.has_bias = operands == 3 && window.kind != WindowKind::kMax && !integer_average;
  // The operand count decides whose sign counts, not only whether there is a bias.
  window.result_signed = window.input_signed;
  if (window.kind == WindowKind::kDepthwise && operands >= 2) window.result_signed |= window.weight_signed;
  if (window.kind == WindowKind::kDepthwise && operands == 3) window.result_signed |= window.bias_signed;
  window.result_signed &= !window.relu;
  return window;
}

Status check_integer(const Command& command, const WindowCommand& window) {
  if (get(command, tiu::opt_opd0_prec) != 0)
    return user_error("opt_opd0_prec is {}: an integer result needs int8 input (0)", get(command, tiu::opt_opd0_prec));
  if (window.wide_result && window.kind != WindowKind::kDepthwise)
    return user_error("opt_res0_prec is 3: only depthwise convolution has a 16-bit result");
  if (window.kind == WindowKind::kMax && window.right_shift != 0)
    return user_error("opt_right_shift is {}: an int8 maximum cannot shift", window.right_shift);
  return {};
}

Status check(const Command& command, const WindowCommand& window) {
  BMNET_TRY(
      require_nonzero(command, {&tiu::res0_n, &tiu::res0_c, &tiu::res0_h, &tiu::res0_w, &tiu::opd0_h, &tiu::opd0_w,
                                &tiu::opd1_h, &tiu::opd1_w, &tiu::res_op_x_str, &tiu::res_op_y_str}));
  if (has_integer_result(command)) BMNET_TRY(check_integer(command, window));
  if (window.height > window.y.outputs())
    return user_error("res0_h is {}, but the window yields {} rows", window.height, window.y.outputs());
  if (window.width > window.x.outputs())
    return user_error("res0_w is {}, but the window yields {} columns", window.width, window.x.outputs());
  if (window.taps() > kMaxTaps)
    return unsupported("a window of opd1_h x opd1_w = {}x{}; at most {} taps are supported", window.y.kernel,
                       window.x.kernel, kMaxTaps);
  return check_work({window.batch, window.channels, window.height, window.width, window.taps()});
}

Status place_operands(const Command& command, WindowCommand& window) {
  const bool integer = has_integer_result(command);
  const Base base = integer ? Base::kRequired : Base::kImplied;
  BMNET_ASSIGN(window.input, place("opd0", get(command, tiu::opd0_addr), base, integer ? kI8x4 : kF32,
                                   {window.batch, window.channels, window.y.size, window.x.size}, Spacing::kAligned));
  if (window.kind == WindowKind::kDepthwise) {
    BMNET_ASSIGN(window.weight, place("opd1", get(command, tiu::opd1_addr), base, integer ? kI8 : kF32,
                                      {1, window.channels, window.y.kernel, window.x.kernel}, Spacing::kCompact));
  }
  if (window.has_bias) {
    BMNET_ASSIGN(window.bias, place("opd2", get(command, tiu::opd2_addr), base, integer ? kI16 : kF32,
                                    {1, window.channels, 1, 1}, Spacing::kCompact));
  }
  BMNET_ASSIGN(window.result, place("res0", get(command, tiu::res0_addr), Base::kRequired,
                                    !integer             ? kF32
                                    : window.wide_result ? kI16x4
                                                         : kI8x4,
                                    {window.batch, window.channels, window.height, window.width}, Spacing::kAligned));
  return {};
}

Result<WindowCommand> decode(const Command& command) {
  WindowCommand window = decode_fields(command);
  BMNET_TRY(check(command, window));
  BMNET_TRY(place_operands(command, window));
  return window;
}

}  // namespace

Status execute_window(const Command& command, Memory& memory) {
  BMNET_ASSIGN(const WindowCommand window, decode(command));
  has_integer_result(command) ? run_window_i8(window, memory) : run_window_f32(window, memory);
  return {};
}

// Dilation, padding and the bias cost nothing.
Result<uint64_t> cycles_window(const Command& command) {
  const uint64_t taps = get(command, tiu::opd1_h) * get(command, tiu::opd1_w);
  const uint64_t steps = taps * (get(command, tiu::res_op_x_str) + 1);
  const bool mac = get(command, tiu::tsk_eu_typ) == kMacOperation;
  const uint64_t planes = get(command, tiu::res0_n) * lane_passes(command, get(command, tiu::res0_c));
  if (has_wide_input(command))
    return planes * positions_by(command, 16) * (steps - get(command, tiu::opd1_h) + (mac ? 5 : 0));
  return planes * positions_by(command, 64) * (steps - 1 + (mac ? 2 : 0));
}

Result<std::vector<Access>> accesses_window(const Command& command) {
  BMNET_ASSIGN(const WindowCommand window, decode(command));
  std::vector<Access> accesses;
  append_accesses(window.input, false, accesses);
  if (window.kind == WindowKind::kDepthwise) append_accesses(window.weight, false, accesses);
  if (window.has_bias) append_accesses(window.bias, false, accesses);
  append_accesses(window.result, true, accesses);
  return accesses;
}

}  // namespace bmnet::bm1684
