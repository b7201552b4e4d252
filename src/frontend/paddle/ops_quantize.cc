// What quantisation-aware training leaves in a program: values that are only observed vanish, stored integers are
// multiplied by their scales.
#include <algorithm>

#include "frontend/paddle/call.h"

namespace bmnet::frontend::paddle {
namespace {

// The network runs in f32, where the operator only measures or rounds.
Result<Values> observed(Call& call) { return one(call.in("X")); }

// `scale` beside x: one value, or one for each element of `axis`.
Result<ValueId> aligned_scale(Call& call, ValueId x, ValueId scale, int64_t axis) {
  const int64_t count = element_count(call.shape_of(scale));
  if (count == 1) return call.reshape(scale, {});
  BMNET_ASSIGN(axis, Emitter::normal_axis(axis, call.rank_of(x)));
  if (count != call.shape_of(x)[axis])
    return user_error("{} scales do not fit axis {} of {}", count, axis, to_string(call.shape_of(x)));
  Shape shape(call.rank_of(x), 1);
  shape[axis] = count;
  return call.reshape(scale, shape);
}

// X * scale / max_range; dequantize_linear: (X - ZeroPoint) * Scale / (2^(bits-1) - 1).
Result<Values> dequantize(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  BMNET_ASSIGN(ValueId scale, call.kind() == "channel"
                                  ? call.all("Scales").map([](const Values& all) { return all[0]; })
                                  : call.in("Scale"));
  if (call.kind() == "channel") {
    BMNET_ASSIGN(const Values scales, call.all("Scales"));
    if (scales.size() > 1) return unsupported("two levels of scales");
  }
  const std::vector<int64_t> bits_list = call.integers("quant_bits");
  const int64_t bits = bits_list.empty() ? call.integer("bit_length", 8) : bits_list[0];
  if (bits < 2 || bits > 16) return user_error("{} bits", bits);
  const auto levels = static_cast<float>((int64_t{1} << (bits - 1)) - 1);
  const float range = call.kind() == "abs" ? call.number("max_range", levels) : levels;
  if (!(range > 0)) return user_error("max_range={}", range);
  BMNET_ASSIGN(x, call.cast(x, DType::kF32));
  BMNET_ASSIGN(scale, aligned_scale(call, x, scale, call.integer("quant_axis", 0)));
  BMNET_ASSIGN(scale, call.cast(scale, DType::kF32));
  if (call.kind() == "linear" && call.has("ZeroPoint")) {
    BMNET_ASSIGN(ValueId zero, call.in("ZeroPoint"));
    BMNET_ASSIGN(zero, aligned_scale(call, x, zero, call.integer("quant_axis", 0)));
    BMNET_ASSIGN(zero, call.cast(zero, DType::kF32));
    BMNET_ASSIGN(x, call.binary("sub", x, zero));
  }
  BMNET_ASSIGN(scale, call.linear(scale, 1 / range, 0));
  return one(call.finish("binary", {{"kind", std::string("mul")}}, {x, scale}));
}

// round(clip(X / Scale) * levels), as a float that holds an integer.
Result<Values> quantize(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in("X"));
  BMNET_ASSIGN(ValueId scale, call.in("Scale"));
  const int64_t bits = call.integer("bit_length", 8);
  if (bits < 2 || bits > 16) return user_error("{} bits", bits);
  const auto levels = static_cast<float>((int64_t{1} << (bits - 1)) - 1);
  if (call.has("ZeroPoint")) {
    BMNET_ASSIGN(const ValueId zero, call.in("ZeroPoint"));
    const Tensor* known = call.constant_of(zero);
    const auto zeros =
        known ? call.known_numbers(zero, "ZeroPoint") : Result<std::vector<float>>(std::vector<float>{1});
    if (!zeros || std::ranges::any_of(*zeros, [](float value) { return value != 0; }))
      return unsupported("a zero point that is not 0");
  }
  BMNET_ASSIGN(scale, aligned_scale(call, x, scale, call.integer("quant_axis", 0)));
  BMNET_ASSIGN(x, call.binary("div", x, scale));
  BMNET_ASSIGN(x, call.linear(x, levels, 0));
  BMNET_ASSIGN(x, call.unary("round", x));
  return one(call.finish("unary", {{"kind", std::string("clip")}, {"alpha", -levels - 1}, {"beta", levels}}, {x}));
}

// clang-format off
constexpr std::string_view kObserved = "computed in f32: it only measures or rounds";
constexpr Row kRows[] = {
    {"fake_quantize_dequantize_abs_max", observed, "", "", "", kObserved},
    {"fake_quantize_dequantize_moving_average_abs_max", observed, "", "", "", kObserved},
    {"fake_channel_wise_quantize_dequantize_abs_max", observed, "", "", "", kObserved},
    {"moving_average_abs_max_scale", observed, "", "", "", kObserved},
    {"fake_dequantize_max_abs", dequantize, "abs", "max_range", "binary", ""},
    {"fake_channel_wise_dequantize_max_abs", dequantize, "channel", "quant_bits quant_axis", "binary", "one level of scales"},
    {"dequantize_linear", dequantize, "linear", "bit_length quant_axis", "binary", "", "Y"},
    {"quantize_linear", quantize, "", "bit_length quant_axis", "binary unary", "zero point 0", "Y"},
};
// clang-format on

}  // namespace

std::span<const Row> quantize_rows() { return kRows; }

}  // namespace bmnet::frontend::paddle
