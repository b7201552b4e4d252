// Instructions that compute over windows, matrices and channels.
#include "device/isa_fuzz/tiu_case.h"

namespace bmnet::isa_fuzz {
namespace {

enum class Kind { kFp32, kInt8, kInt16 };  // by result; integer inputs are 8-bit

Kind choose_kind(TiuCase& c) {
  const Kind kind = static_cast<Kind>(c.random().pick(0, 2));
  c.set(tiu::opt_res0_prec, kind == Kind::kFp32 ? 2 : kind == Kind::kInt8 ? 0 : 3);
  c.set(tiu::opt_opd0_prec, kind == Kind::kFp32 ? 2 : 0);
  c.set(tiu::opt_opd1_prec, kind == Kind::kFp32 ? 2 : 0);
  c.set(tiu::opt_opd2_prec, kind == Kind::kFp32 ? 2 : 3);
  return kind;
}

void choose_integer_options(TiuCase& c) {
  for (const Field* sign : {&tiu::opt_opd0_sign, &tiu::opt_opd1_sign, &tiu::opt_opd2_sign}) c.set_flag(*sign, 50);
  c.set_flag(tiu::opt_relu, 30);
  c.set(tiu::opt_right_shift, c.random().chance(90) ? c.random().pick(0, 14) : c.random().pick(0, 31));
}

// One spatial axis of a sliding window.
struct Axis {
  uint64_t size = 1, kernel = 1, stride = 1, before = 0, after = 0, insert = 0, dilation = 0;

  uint64_t padded() const { return (size - 1) * (insert + 1) + 1 + before + after; }
  uint64_t window() const { return (kernel - 1) * (dilation + 1) + 1; }
  bool legal() const { return padded() >= window(); }
  uint64_t outputs() const { return (padded() - window()) / stride + 1; }
};

struct WindowLimits {
  uint64_t kernel = 5, size = 14;
  bool inserts = true, dilation = true;
};

Axis choose_axis(Random& random, const WindowLimits& limits) {
  Axis axis;
  do {
    axis = {};
    axis.size = random.size(limits.size);
    axis.kernel = random.chance(3) ? random.pick(1, 3 * limits.kernel) : random.pick(1, limits.kernel);
    axis.stride = random.chance(60) ? 1 : random.chance(90) ? random.pick(1, 4) : random.pick(1, 15);
    const uint64_t most = random.chance(95) ? 3 : 15;
    if (random.chance(60)) axis.before = random.pick(0, most);
    if (random.chance(60)) axis.after = random.pick(0, most);
    if (limits.inserts && random.chance(20)) axis.insert = random.pick(1, random.chance(90) ? 3 : 15);
    if (limits.dilation && random.chance(20)) axis.dilation = random.pick(1, random.chance(90) ? 3 : 15);
  } while (!axis.legal());
  return axis;
}

void set_axes(TiuCase& c, const Axis& h, const Axis& w) {
  c.set(tiu::opd0_h, h.size), c.set(tiu::opd0_w, w.size);
  c.set(tiu::opd1_h, h.kernel), c.set(tiu::opd1_w, w.kernel);
  c.set(tiu::opd0_y_ins0, h.insert), c.set(tiu::opd0_x_ins0, w.insert);
  c.set(tiu::opd1_y_ins0, h.dilation), c.set(tiu::opd1_x_ins0, w.dilation);
  c.set(tiu::opd0_up_pad, h.before), c.set(tiu::opd0_dn_pad, h.after);
  c.set(tiu::opd0_lf_pad, w.before), c.set(tiu::opd0_rt_pad, w.after);
  c.set(tiu::res_op_y_str, h.stride), c.set(tiu::res_op_x_str, w.stride);
}

// Explicit strides in units for a tensor of `n` batch words; the tensor stays dense up to small gaps.
struct StrideFields {
  const Field &code, &n, &c, &h, &w;
};
constexpr StrideFields kOpd0{tiu::short_opd0_str, tiu::opd0_n_str, tiu::opd0_c_str, tiu::opd0_h_str, tiu::opd0_w_str};
constexpr StrideFields kOpd1{tiu::short_opd1_str, tiu::opd1_n_str, tiu::opd1_c_str, tiu::opd1_h_str, tiu::opd1_w_str};

void choose_strides(TiuCase& c, const StrideFields& fields, uint64_t lane, uint64_t channels, uint64_t h, uint64_t w) {
  Random& random = c.random();
  const auto gap = [&] { return random.chance(30) ? random.pick(1, 3) : 0; };
  const uint64_t step = random.chance(80) ? 1 : 2;
  const uint64_t row = w * step + gap(), plane = h * row + gap();
  c.set(fields.code, 3);
  c.set(fields.w, step), c.set(fields.h, row), c.set(fields.c, plane);
  c.set(fields.n, (lane + channels + 63) / 64 * plane + gap());
}

constexpr uint64_t kMaxMacs = 20000;

}  // namespace

Case generate_conv(Random& random) {
  TiuCase c(random, 0);
  const Kind kind = choose_kind(c);
  const bool integer = kind != Kind::kFp32;
  const Axis h = choose_axis(random, {}), w = choose_axis(random, {});
  set_axes(c, h, w);
  uint64_t n = random.pick(1, 5), outputs = random.chance(90) ? random.size(40) : random.pick(60, 130);
  uint64_t inputs = random.chance(90) ? random.size(20) : random.pick(60, 130);
  const auto macs = [&] { return n * outputs * inputs * h.outputs() * w.outputs() * h.kernel * w.kernel; };
  while (macs() > kMaxMacs && n + outputs + inputs > 3) {
    uint64_t& most = inputs >= outputs && inputs >= n ? inputs : outputs >= n ? outputs : n;
    most = (most + 1) / 2;
  }
  uint64_t rows = h.outputs();
  if (rows > 1 && random.chance(10)) rows = random.pick(1, rows);
  c.result_shape({n, outputs, rows, w.outputs()});
  c.set(tiu::opd0_c, inputs);
  c.set_flag(tiu::opt_kernel_rotate, 30);
  c.set(tiu::tsk_opd_num, random.pick(2, 3));
  c.place(tiu::res0_addr, 0, 4);
  c.place(tiu::opd0_addr, 1, 4);
  c.place(tiu::opd1_addr, 2, integer ? 4 : 8);
  c.place(tiu::opd2_addr, 3, integer ? 2 : 4);
  if (random.chance(10)) {
    c.set(tiu::opt_opd1_const, 1);
    c.set(tiu::opd1_addr, c.float_constant());
  }
  if (integer)
    choose_integer_options(c);
  else
    c.set_flag(tiu::opt_res_add, 30);
  if (random.chance(30)) choose_strides(c, kOpd0, c.lane_of(tiu::opd0_addr), inputs, h.size, w.size);
  if (random.chance(5))
    for (const Field* axis : {&tiu::opd2_n_str, &tiu::opd2_h_str, &tiu::opd2_w_str}) c.set(*axis, random.pick(0, 9));
  if (random.chance(30) && !c.get(tiu::opt_opd1_const))
    choose_strides(c, kOpd1, c.lane_of(tiu::opd1_addr), outputs, h.kernel, w.kernel);
  if (integer && random.chance(20)) c.set(tiu::short_opd2_str, 3), c.set(tiu::opd2_c_str, random.pick(1, 9));
  if (random.chance(20)) {  // of fp32 results without effect
    const uint64_t plane = (rows * w.outputs() + 31) / 32 * 32;
    c.set(tiu::short_res0_str, 3);
    c.set(tiu::res0_n_str, (c.lane_of(tiu::res0_addr) + outputs + 63) / 64 * plane + random.pick(0, 3) * 32);
  }
  return c.finish(integer ? Content::kBytes : Content::kAny);
}

Case generate_winograd(Random& random) {
  TiuCase c(random, 0);
  const bool integer = choose_kind(c) != Kind::kFp32;
  c.set(tiu::opt_winograd, 1);
  const auto axis = [&] {
    Axis axis;
    do {
      axis = choose_axis(random, {.kernel = 1, .dilation = false});
      axis.kernel = 3, axis.stride = 1;
    } while (!axis.legal());
    return axis;
  };
  Axis h = axis(), w = axis();
  uint64_t n = random.pick(1, 5), outputs = random.size(40), inputs = random.size(20);
  while (n * outputs * inputs * h.outputs() * w.outputs() * 9 > kMaxMacs && n + outputs + inputs > 3) {
    uint64_t& most = inputs >= outputs && inputs >= n ? inputs : outputs >= n ? outputs : n;
    most = (most + 1) / 2;
  }
  c.result_shape({n, outputs, h.outputs(), w.outputs()});
  h.kernel = w.kernel = 4;  // as they stand in memory, transformed
  set_axes(c, h, w);
  c.set(tiu::opd0_c, inputs);
  c.set(tiu::tsk_opd_num, random.pick(2, 3));
  c.place(tiu::res0_addr, 0, 128);
  c.place(tiu::opd0_addr, 1, 4);
  c.place(tiu::opd1_addr, 2, integer ? 4 : 128);
  c.place(tiu::opd2_addr, 3, integer ? 2 : 4);
  if (integer) {
    choose_integer_options(c);
    if (random.chance(20)) choose_strides(c, kOpd1, c.lane_of(tiu::opd1_addr), outputs, 4, 4);
    if (random.chance(20)) c.set(tiu::short_opd2_str, 3), c.set(tiu::opd2_c_str, random.pick(1, 9));
  } else {
    c.set_flag(tiu::opt_res_add, 30);
  }
  if (random.chance(30)) choose_strides(c, kOpd0, c.lane_of(tiu::opd0_addr), inputs, h.size, w.size);
  return c.finish(integer ? Content::kBytes : Content::kTameFloats);
}

Case generate_window(Random& random) {
  TiuCase c(random, 1);
  const Kind kind = choose_kind(c);
  const bool integer = kind != Kind::kFp32;
  const bool maximum = kind != Kind::kInt16 && random.chance(35);
  const bool average = !maximum && kind != Kind::kInt16 && random.chance(40);
  c.set(tiu::tsk_eu_typ, maximum ? 4 : 1);
  const WindowLimits limits{.kernel = 5, .size = 16, .inserts = !maximum || integer, .dilation = !maximum};
  const Axis h = choose_axis(random, limits), w = choose_axis(random, limits);
  set_axes(c, h, w);
  Dims d{random.pick(1, 6), random.chance(90) ? random.size(40) : random.pick(60, 130), h.outputs(), w.outputs()};
  while (d.elements() * h.kernel * w.kernel > kMaxMacs && d.n + d.c > 2) (d.n > d.c ? d.n : d.c) /= 2;
  if (random.chance(10)) d.h = random.pick(1, d.h);
  if (random.chance(10)) d.w = random.pick(1, d.w);
  c.result_shape(d);
  if (random.chance(5)) choose_strides(c, kOpd0, 0, d.c, h.size, w.size);  // without effect
  c.set(tiu::tsk_opd_num, maximum ? 1 : random.pick(2, 3));
  c.place(tiu::res0_addr, 0, 128);
  c.place(tiu::opd0_addr, 1, integer ? 4 : 128);
  c.place(tiu::opd1_addr, 2, integer ? 1 : 4);
  c.place(tiu::opd2_addr, 3, integer ? 2 : 4);
  if (average) {
    c.set(tiu::opt_opd1_const, 1);
    c.set(tiu::opd1_addr, c.float_constant());
    if (integer) c.set(tiu::tsk_opd_num, 2);
  }
  if (integer) choose_integer_options(c);
  if (maximum) c.set(tiu::opt_right_shift, 0);
  return c.finish(integer ? Content::kBytes : Content::kAny);
}

Case generate_matmul(Random& random) {
  TiuCase c(random, 2);
  const Kind kind = choose_kind(c);
  const bool integer = kind != Kind::kFp32;
  uint64_t rows = random.size(12), sections = random.size(10), section = random.size(24);
  const uint64_t last = random.chance(50) ? section : random.pick(1, section);
  uint64_t columns_c = random.chance(90) ? random.size(20) : random.pick(60, 130), columns_w = random.size(40);
  while (rows * sections * section * columns_c * columns_w > 2 * kMaxMacs && columns_c + columns_w > 2)
    (columns_c > columns_w ? columns_c : columns_w) /= 2;
  c.set(tiu::opd0_n, rows), c.set(tiu::opd0_c, sections), c.set(tiu::opd0_w, section), c.set(tiu::opd1_w, last);
  c.set(tiu::res0_c, columns_c), c.set(tiu::res0_w, columns_w);
  c.set_flag(tiu::opt_left_tran, 40);
  c.set(tiu::tsk_opd_num, random.pick(2, 3));
  c.set_flag(tiu::opt_res_add, 30);
  for (const auto& [field, slot] : {std::pair(&tiu::res0_addr, 0), std::pair(&tiu::opd0_addr, 1),
                                    std::pair(&tiu::opd1_addr, 2), std::pair(&tiu::opd2_addr, 3)})
    c.place(*field, slot, 128);
  if (random.chance(10)) c.set(tiu::opt_opd0_const, 1), c.set(tiu::opd0_addr, c.float_constant());
  if (integer) {
    choose_integer_options(c);
    c.set_flag(tiu::opt_res_add_sign, 50);
    c.set(tiu::opt_left_shift, random.chance(80) ? random.pick(0, 8) : random.pick(0, 31));
  }
  return c.finish(integer ? Content::kBytes : Content::kAny);
}

Case generate_matmul256(Random& random) {
  TiuCase c(random, 4);
  c.set(tiu::opt_res0_prec, 0);
  c.set_flag(tiu::opt_opd0_sign, 50);
  c.set_flag(tiu::opt_opd1_sign, 50);
  c.place(tiu::res0_addr, 0, 128);
  c.place(tiu::opd0_addr, 1, 128);
  c.place(tiu::opd1_addr, 2, 128);
  return c.finish(Content::kBytes);
}

Case generate_correlation(Random& random) {
  TiuCase c(random, 5);
  c.set(tiu::opt_res0_prec, 2);
  const WindowLimits limits{.inserts = false, .dilation = false};
  const Axis h = choose_axis(random, limits), w = choose_axis(random, limits);
  set_axes(c, h, w);
  for (const Field* ignored : {&tiu::opd0_x_ins0, &tiu::opd0_y_ins0, &tiu::opd1_x_ins0, &tiu::opd1_y_ins0})
    if (random.chance(5)) c.set(*ignored, random.pick(1, 15));
  Dims d{random.size(12), random.size(24), h.outputs(), w.outputs()};
  while (d.elements() * h.kernel * w.kernel > kMaxMacs && d.n + d.c > 2) (d.n > d.c ? d.n : d.c) /= 2;
  c.result_shape(d);
  c.place(tiu::res0_addr, 0, 128);
  c.place(tiu::opd0_addr, 1, 128);
  c.place(tiu::opd1_addr, 2, 128);
  return c.finish(Content::kTameFloats);
}

Case generate_channel_sum(Random& random) {
  TiuCase c(random, 7);
  c.set(tiu::opt_res0_prec, 2);
  const Dims d = c.dims(6, 80, 16, 16, 3000);
  c.set(tiu::opd0_n, d.n), c.set(tiu::res0_c, d.c), c.set(tiu::opd0_h, d.h), c.set(tiu::opd0_w, d.w);
  c.set_flag(tiu::opt_res_add, 40);
  c.place(tiu::res0_addr, 0, 4);
  c.place(tiu::opd0_addr, 1, 128);
  return c.finish(Content::kTameFloats);
}

Case generate_linear(Random& random) {
  TiuCase c(random, 10);
  c.set(tiu::opt_res0_prec, 2);
  c.set(tiu::tsk_eu_typ, random.one_of({1, 20, 21}));
  c.result_shape(c.dims(5, 130, 12, 16, 3000));
  c.set_flag(tiu::opt_res_add, 40);
  c.place(tiu::res0_addr, 0, 128);
  c.place(tiu::opd0_addr, 1, 128);
  c.place_or_constant(tiu::opd1_addr, tiu::opt_opd1_const, 2, 30);
  c.place_or_constant(tiu::opd2_addr, tiu::opt_opd2_const, 3, 30);
  return c.finish();
}

Case generate_vector_correlation(Random& random) {
  TiuCase c(random, 14);
  const bool integer = random.chance(30);
  c.set(tiu::opt_res0_prec, integer ? 4 : 2);
  c.set(tiu::tsk_eu_typ, integer ? random.one_of({7, 8, 9}) : random.one_of({0, 2, 3, 4, 5, 12}));
  const uint64_t section = random.size(12);
  c.set(tiu::opd0_c, random.size(8)), c.set(tiu::opd0_w, section), c.set(tiu::opd1_w, random.pick(1, section));
  c.set(tiu::res0_c, random.chance(90) ? random.size(16) : random.pick(60, 130)), c.set(tiu::res0_w, random.size(24));
  c.place(tiu::res0_addr, 0, 128);
  c.place(tiu::opd0_addr, 1, 128);
  c.place(tiu::opd1_addr, 2, 128);
  return c.finish();
}

}  // namespace bmnet::isa_fuzz
