// Quantized constants and simulated quantization.
#include <cmath>
#include <limits>

#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

// real = (stored - offset) * scale + minimum
struct Quantization {
  double scale, minimum, offset;
};

template <typename T>
Result<Quantization> quantization(const std::string& mode, double low, double high) {
  const double lowest = std::numeric_limits<T>::min(), highest = std::numeric_limits<T>::max();
  const double steps = highest - lowest;
  if (mode == "MIN_COMBINED") return Quantization{(high - low) / steps, low, lowest};
  if (mode == "MIN_FIRST") {
    const double scale = (high - low) / steps;
    // The minimum is moved to a multiple of the scale, so that 0 is stored exactly.
    const double minimum = high == low ? low : std::round(low / scale) * scale;
    return Quantization{scale, minimum, lowest};
  }
  if (mode == "SCALED") {
    const double scale = lowest < 0 ? std::max(low / lowest, high / highest) : high / highest;
    return Quantization{scale, 0, 0};
  }
  return user_error("mode '{}' is not defined", mode);
}

template <typename T>
Result<Tensor> dequantized(const Tensor& stored, const std::string& mode, double low, double high) {
  BMNET_ASSIGN(const Quantization q, quantization<T>(mode, low, high));
  Tensor real({DType::kF32, stored.shape()});
  const auto from = stored.data<T>();
  for (size_t i = 0; i < from.size(); ++i)
    real.data<float>()[i] = static_cast<float>((static_cast<double>(from[i]) - q.offset) * q.scale + q.minimum);
  return real;
}

Result<Values> dequantize(Call& call) {
  if (call.integer("axis", -1) != -1) return unsupported("ranges for every slice of an axis; one range is supported");
  if (call.flag("narrow_range", false)) return unsupported("narrow_range");
  BMNET_ASSIGN(const Tensor stored, call.tensor(0, "the quantized tensor"));
  BMNET_ASSIGN(const float low, call.number_of(1, "the minimum"));
  BMNET_ASSIGN(const float high, call.number_of(2, "the maximum"));
  if (!(low <= high) || !std::isfinite(low) || !std::isfinite(high))
    return user_error("a range from {} to {}", low, high);
  const std::string mode = call.text("mode", "MIN_COMBINED");
  Result<Tensor> real = unsupported("quantized elements of type {}", dtype_name(stored.dtype()));
  if (stored.dtype() == DType::kU8) real = dequantized<uint8_t>(stored, mode, low, high);
  if (stored.dtype() == DType::kI8) real = dequantized<int8_t>(stored, mode, low, high);
  if (stored.dtype() == DType::kU16) real = dequantized<uint16_t>(stored, mode, low, high);
  if (stored.dtype() == DType::kI16) real = dequantized<int16_t>(stored, mode, low, high);
  if (!real) return tl::unexpected(std::move(real).error());
  return Values{{call.constant(*std::move(real)), false}};
}

// Rounds to the values an integer of `num_bits` could hold, as at inference of a network trained for quantization.
Result<Values> fake_quantize(Call& call) {
  float low = call.number("min", -6), high = call.number("max", 6);
  if (call.input_count() == 3) {
    BMNET_ASSIGN(low, call.number_of(1, "the minimum"));
    BMNET_ASSIGN(high, call.number_of(2, "the maximum"));
  }
  const int64_t bits = call.integer("num_bits", 8);
  if (!(low < high) || !std::isfinite(low) || !std::isfinite(high) || bits < 2 || bits > 16)
    return user_error("a range from {} to {} in {} bits", low, high, bits);
  const float first = call.flag("narrow_range", false) ? 1.0f : 0.0f;
  const float last = static_cast<float>((1 << bits) - 1);
  const float scale = (high - low) / (last - first);
  const float zero = std::clamp(std::round(first - low / scale), first, last);
  const float nudged_low = (first - zero) * scale, nudged_high = (last - zero) * scale;
  const Value& x = call.value(0);
  BMNET_ASSIGN(const ValueId clipped, call.unary("clip", x.id, nudged_low, nudged_high));
  BMNET_ASSIGN(const ValueId steps, call.unary("linear", clipped, 1 / scale, -nudged_low / scale + 0.5f));
  BMNET_ASSIGN(const ValueId whole, call.unary("floor", steps));
  return call.finish("unary", {{"kind", std::string("linear")}, {"alpha", scale}, {"beta", nudged_low}}, {whole},
                     x.channels_first);
}

// clang-format off
constexpr Row kRows[] = {
    {"Dequantize", 3, 3, "mode:s axis:i narrow_range:b", dequantize, "", "constant", "constants with one range"},
    {"FakeQuantWithMinMaxArgs", 1, 1, "min:f max:f num_bits:i narrow_range:b", fake_quantize, "", "unary", ""},
    {"FakeQuantWithMinMaxVars", 3, 3, "num_bits:i narrow_range:b", fake_quantize, "", "unary", "range known at import"},
};
// clang-format on

}  // namespace

std::span<const Row> quantize_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
