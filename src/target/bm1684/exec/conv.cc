#include "target/bm1684/exec/conv.h"

#include <algorithm>
#include <cmath>

#include "target/bm1684/exec/timing.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kExplicitStrides = 3;  // short_*_str
constexpr uint64_t kMaxDepth = 1 << 20;   // products of one output
constexpr uint64_t kWinogradMaxExtent = 2047;

std::optional<Strides> explicit_strides(const Command& command, const Field& code, const Field& n, const Field& c,
                                        const Field& h, const Field& w) {
  if (get(command, code) != kExplicitStrides) return {};
  return Strides{get(command, n), get(command, c), get(command, h), get(command, w)};
}

void decode_geometry(const Command& command, ConvCommand& conv) {
  conv.winograd = get(command, tiu::opt_winograd);
  const WindowAxes axes = window_axes(command);
  conv.y = axes.y, conv.x = axes.x;
  conv.batch = get(command, tiu::res0_n);
  conv.out_channels = get(command, tiu::res0_c);
  conv.in_channels = get(command, tiu::opd0_c);
  conv.positions = get(command, tiu::res0_h) * get(command, tiu::res0_w);
  conv.rotate = !conv.winograd && get(command, tiu::opt_kernel_rotate);
  conv.accumulate = get(command, tiu::opt_res_add);
  conv.has_bias = get(command, tiu::tsk_opd_num) == 3;
  conv.constant_weight = get(command, tiu::opt_opd1_const);
  conv.weight_constant = static_cast<uint32_t>(get(command, tiu::opd1_addr));
  conv.input_signed = get(command, tiu::opt_opd0_sign);
  conv.weight_signed = get(command, tiu::opt_opd1_sign);
  conv.bias_signed = get(command, tiu::opt_opd2_sign);
  conv.relu = get(command, tiu::opt_relu);
  conv.wide_result = get(command, tiu::opt_res0_prec) == 3 && !conv.winograd;
  conv.right_shift = static_cast<int>(get(command, tiu::opt_right_shift));
}

Status check_winograd(const ConvCommand& conv) {
  for (const auto& [axis, name] : {std::pair(&conv.y, "h"), std::pair(&conv.x, "w")}) {
    if (axis->kernel != 4) return user_error("opd1_{} is {}: Winograd weights are 4x4", name, axis->kernel);
    if (axis->stride != 1)
      return user_error("Winograd with stride {}: res_op_{}_str must be 1", axis->stride, *name == 'h' ? 'y' : 'x');
    if (axis->dilation != 1)
      return user_error("Winograd with dilation {}: opd1_{}_ins0 must be 0", axis->dilation, *name == 'h' ? 'y' : 'x');
    if (axis->extent() > kWinogradMaxExtent)
      return user_error("Winograd input extent {} along {}: at most {} with padding", axis->extent(), name,
                        kWinogradMaxExtent);
  }
  if (conv.constant_weight) return user_error("opt_opd1_const is 1: Winograd weights cannot be constant");
  return {};
}

Status check_geometry(const Command& command, const ConvCommand& conv) {
  BMNET_TRY(
      require_nonzero(command, {&tiu::res0_n, &tiu::res0_c, &tiu::res0_h, &tiu::res0_w, &tiu::opd0_c, &tiu::opd0_h,
                                &tiu::opd0_w, &tiu::opd1_h, &tiu::opd1_w, &tiu::res_op_x_str, &tiu::res_op_y_str}));
  if (conv.winograd) BMNET_TRY(check_winograd(conv));
  // A Winograd kernel of 4x4 stands for one of 3x3.
  WindowAxis y = conv.y, x = conv.x;
  if (conv.winograd) y.kernel = x.kernel = 3;
  const uint64_t height = get(command, tiu::res0_h), width = get(command, tiu::res0_w);
  if (height * width > y.outputs() * x.outputs() || (conv.winograd && (height > y.outputs() || width > x.outputs())))
    return user_error("res0_h x res0_w is {}x{}, but the window yields {}x{} outputs", height, width, y.outputs(),
                      x.outputs());
  if (conv.depth() > kMaxDepth)
    return unsupported("a sum of {} products (opd0_c {} x opd1_h {} x opd1_w {}); at most {} are supported",
                       conv.depth(), conv.in_channels, conv.y.kernel, conv.x.kernel, kMaxDepth);
  return check_work({conv.batch, conv.out_channels, conv.positions, conv.depth()});
}

Status check_weight(const Command& command, const ConvCommand& conv) {
  const bool integer = has_integer_result(command);
  if (integer && conv.accumulate && !conv.winograd)
    return user_error("opt_res_add is 1: int8 convolution cannot accumulate");
  if (conv.constant_weight) return {};
  const uint64_t address = get(command, tiu::opd1_addr), bytes = integer || conv.winograd ? 4 : 8;
  if (address % bytes != 0) return user_error("opd1_addr {:#x} is not a multiple of {}", address, bytes);
  return {};
}

Status place_operands(const Command& command, ConvCommand& conv) {
  const bool integer = has_integer_result(command);
  const Base base = integer ? Base::kRequired : Base::kImplied;
  const auto input_strides = explicit_strides(command, tiu::short_opd0_str, tiu::opd0_n_str, tiu::opd0_c_str,
                                              tiu::opd0_h_str, tiu::opd0_w_str);
  BMNET_ASSIGN(conv.input,
               place("opd0", get(command, tiu::opd0_addr), base, integer ? kI8x4 : kF32,
                     {conv.batch, conv.in_channels, conv.y.size, conv.x.size}, Spacing::kAligned, input_strides));
  if (!conv.constant_weight) {
    std::optional<Strides> strides;
    if (integer || !conv.winograd)
      strides = explicit_strides(command, tiu::short_opd1_str, tiu::opd1_n_str, tiu::opd1_c_str, tiu::opd1_h_str,
                                 tiu::opd1_w_str);
    const Layout layout = integer ? kI8x4 : conv.winograd ? kF32 : kF32x2;
    BMNET_ASSIGN(conv.weight, place("opd1", get(command, tiu::opd1_addr), base, layout,
                                    {conv.in_channels, conv.out_channels, conv.y.kernel, conv.x.kernel},
                                    Spacing::kCompact, strides));
  }
  if (conv.has_bias) {
    std::optional<Strides> strides;
    if (integer)
      strides = explicit_strides(command, tiu::short_opd2_str, tiu::opd2_n_str, tiu::opd2_c_str, tiu::opd2_h_str,
                                 tiu::opd2_w_str);
    BMNET_ASSIGN(conv.bias, place("opd2", get(command, tiu::opd2_addr), base, integer ? kI16 : kF32,
                                  {1, conv.out_channels, 1, 1}, Spacing::kCompact, strides));
  }
  const Layout layout = !integer ? kF32 : conv.wide_result ? kI16x4 : kI8x4;
  const Shape shape = {conv.batch, conv.out_channels, get(command, tiu::res0_h), get(command, tiu::res0_w)};
  BMNET_ASSIGN(conv.result,
               place("res0", get(command, tiu::res0_addr), Base::kRequired, layout, shape, Spacing::kAligned));
  if (integer && !conv.winograd && get(command, tiu::short_res0_str) == kExplicitStrides) {
    Strides strides = conv.result.stride;
    strides.n = get(command, tiu::res0_n_str);
    BMNET_ASSIGN(conv.result, place("res0", get(command, tiu::res0_addr), Base::kRequired, layout, shape,
                                    Spacing::kAligned, strides));
  }
  return {};
}

// Slow-down of int8 convolution when few channels (row: groups of 4, up to 16) or large strides (column: the smaller
// stride, up to 10) starve the multipliers.
constexpr float kInt8Factor[16][10] = {
    {6.82f, 7.89f, 9.56f, 9.94f, 11.27f, 12.04f, 7.31f, 13.78f, 14.18f, 15.62f},
    {3.91f, 4.43f, 5.26f, 5.43f, 6.07f, 6.51f, 5.11f, 7.36f, 7.56f, 8.3f},
    {1.55f, 3.29f, 3.84f, 3.95f, 4.38f, 4.67f, 3.98f, 5.24f, 5.37f, 5.84f},
    {1.3f, 1.35f, 3.12f, 3.21f, 3.53f, 3.75f, 3.4f, 4.18f, 4.28f, 4.63f},
    {1.15f, 1.2f, 1.34f, 2.77f, 3.02f, 3.2f, 3.04f, 3.54f, 3.62f, 3.9f},
    {1.05f, 1.09f, 1.21f, 1.24f, 1.23f, 2.83f, 2.74f, 3.11f, 3.18f, 3.42f},
    {1, 1.03f, 1.12f, 1.14f, 1.15f, 1.28f, 2.5f, 2.81f, 2.87f, 3.07f},
    {1, 1, 1.05f, 1.07f, 1.09f, 1.19f, 1.22f, 2.59f, 2.64f, 2.81f},
    {1, 1, 1.01f, 1.02f, 1.04f, 1.13f, 1.16f, 1.22f, 2.42f, 2.61f},
    {1, 1, 1, 1, 1.01f, 1.07f, 1.1f, 1.15f, 1.19f, 2.45f},
    {1, 1, 1, 1, 1, 1.03f, 1.05f, 1.1f, 1.13f, 2.24f},
    {1, 1, 1, 1, 1, 1, 1.02f, 1.05f, 1.09f, 1.14f},
    {1, 1, 1, 1, 1, 1, 1, 1.02f, 1.05f, 1.09f},
    {1, 1, 1, 1, 1, 1, 1, 1, 1.01f, 1.06f},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1.02f},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
};

// The formulas are estimates in single precision, truncated; which steps round to single matters.
float direct_cycles_f32(const Command& command) {
  const uint64_t channels = get(command, tiu::opd0_c);
  const uint64_t kernel = get(command, tiu::opd1_h) * get(command, tiu::opd1_w);
  const uint64_t ports = std::min<uint64_t>(channels, 64), reach = get(command, tiu::res_op_x_str) + 1;
  const float starve = reach > ports ? static_cast<float>(reach) / static_cast<float>(ports) : 1.0f;
  const uint64_t blocks =
      get(command, tiu::res0_n) * lane_passes(command, get(command, tiu::res0_c)) * positions_by(command, 16);
  const double products = static_cast<float>(kernel * ceil_div(channels, 2)) * starve;
  const double block = products * (channels == 3 ? 2.5 : 1.0) + (has_bias(command) ? 2 : 0) + 3;
  return static_cast<float>(block * static_cast<double>(blocks));
}

float direct_cycles_i8(const Command& command) {
  const uint64_t groups = ceil_div(get(command, tiu::opd0_c), 4);
  const uint64_t kernel = get(command, tiu::opd1_h) * get(command, tiu::opd1_w);
  const uint64_t stride = std::min(get(command, tiu::res_op_x_str), get(command, tiu::res_op_y_str));
  const float factor = kInt8Factor[std::clamp<uint64_t>(groups, 1, 16) - 1][std::clamp<uint64_t>(stride, 1, 10) - 1];
  const uint64_t blocks = ceil_div(get(command, tiu::res0_n), 4) * lane_passes(command, get(command, tiu::res0_c)) *
                          positions_by(command, 16);
  const float products = static_cast<float>(kernel * groups) * factor;
  return (products + (has_bias(command) ? 2.0f : 0.0f) + 8.0f) * static_cast<float>(blocks);
}

uint64_t winograd_cycles(const Command& command) {
  const uint64_t tiles = ceil_div(get(command, tiu::res0_h), 2) * ceil_div(get(command, tiu::res0_w), 2);
  const uint64_t channels = get(command, tiu::opd0_c), passes = lane_passes(command, get(command, tiu::res0_c));
  const uint64_t n = get(command, tiu::res0_n);
  if (has_wide_input(command)) return n * passes * tiles * (channels + (has_bias(command) ? 13 : 6)) / 2;
  return ceil_div(n, 4) * passes * tiles *
         (ceil_div(channels, 4) + 5 + (channels == 3 ? 4 : 0) + (has_bias(command) ? 5 : 6));
}

Result<ConvCommand> decode(const Command& command) {
  ConvCommand conv;
  decode_geometry(command, conv);
  BMNET_TRY(check_geometry(command, conv));
  BMNET_TRY(check_weight(command, conv));
  BMNET_TRY(place_operands(command, conv));
  return conv;
}

}  // namespace

Status execute_conv(const Command& command, Memory& memory) {
  BMNET_ASSIGN(const ConvCommand conv, decode(command));
  const bool integer = has_integer_result(command);
  if (conv.winograd)
    integer ? run_winograd_i8(conv, memory) : run_winograd_f32(conv, memory);
  else
    integer ? run_conv_i8(conv, memory) : run_conv_f32(conv, memory);
  return {};
}

Result<uint64_t> cycles_conv(const Command& command) {
  BMNET_TRY(require_nonzero(command, {&tiu::opd0_c}));
  if (get(command, tiu::opt_winograd)) return winograd_cycles(command);
  const float cycles = has_wide_input(command) ? direct_cycles_f32(command) : direct_cycles_i8(command);
  if (cycles >= 0x1p62f) return unsupported("a convolution of {} cycles", cycles);
  return static_cast<uint64_t>(cycles);
}

Result<std::vector<Access>> accesses_conv(const Command& command) {
  BMNET_ASSIGN(const ConvCommand conv, decode(command));
  std::vector<Access> accesses;
  append_accesses(conv.input, false, accesses);
  if (!conv.constant_weight) append_accesses(conv.weight, false, accesses);
  if (conv.has_bias) append_accesses(conv.bias, false, accesses);
  if (conv.accumulate && !has_integer_result(command)) append_accesses(conv.result, false, accesses);
  append_accesses(conv.result, true, accesses);
  return accesses;
}

}  // namespace bmnet::bm1684
