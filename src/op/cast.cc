// cast. Numbers go towards zero and saturate, NaN becomes 0, where C leaves the result undefined; integers wrap around
// as in C; anything but zero is true.
#include <bit>
#include <cmath>

#include "op/family.h"
#include "op/kernel.h"

namespace bmnet::op {
namespace {

// Elements of f16 and bf16 are converted through float; these are their storage types.
struct Half {
  uint16_t bits;
};
struct BFloat {
  uint16_t bits;
};

float to_float(Half h) {
  const uint32_t sign = (h.bits & 0x8000u) << 16;
  const uint32_t exponent = (h.bits >> 10) & 0x1f, fraction = h.bits & 0x3ff;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  if (exponent == 0) return std::copysign(std::ldexp(static_cast<float>(fraction), -24), sign ? -1.0f : 1.0f);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}
float to_float(BFloat b) { return std::bit_cast<float>(static_cast<uint32_t>(b.bits) << 16); }

// Round to nearest, ties to even.
Half to_half(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const float magnitude = std::abs(value);
  if (value != value) return {static_cast<uint16_t>(sign | 0x7e00u)};
  if (magnitude >= 65520.0f) return {static_cast<uint16_t>(sign | 0x7c00u)};
  if (magnitude < 0x1p-14f)  // subnormal: multiples of 2^-24
    return {static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyint(magnitude * 0x1p24f)))};
  const uint32_t rebased = (bits & 0x7fffffffu) - (112u << 23);
  return {static_cast<uint16_t>(sign | (rebased + 0xfffu + ((rebased >> 13) & 1)) >> 13)};
}
BFloat to_bfloat(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (value != value) return {static_cast<uint16_t>((bits >> 16) | 0x40u)};
  return {static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16)};
}

template <typename To, typename From>
To convert(From value) {
  if constexpr (std::is_same_v<From, Half> || std::is_same_v<From, BFloat>) {
    return convert<To>(to_float(value));
  } else if constexpr (std::is_same_v<To, Half>) {
    return to_half(static_cast<float>(value));
  } else if constexpr (std::is_same_v<To, BFloat>) {
    return to_bfloat(static_cast<float>(value));
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != 0;
  } else {
    return number_cast<To>(value);
  }
}

// Calls visitor.template operator()<T>() with the type that stores elements of `dtype`.
template <typename Visitor>
void visit_storage(DType dtype, Visitor&& visitor) {
  if (dtype == DType::kF16) return visitor.template operator()<Half>();
  if (dtype == DType::kBF16) return visitor.template operator()<BFloat>();
  (void)NumberTypes::visit(dtype, visitor);
}

Result<Infos> infer_cast(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 1));
  BMNET_ASSIGN(const std::string to, attributes.get<std::string>("to"));
  BMNET_ASSIGN(const DType dtype, parse_dtype(to));
  return result(dtype, inputs[0].shape);
}

template <typename From>
void cast_from(const Tensor& input, Tensor& output) {
  const auto cast_elements = [&]<typename To>() {
    const From* in = pointer<From>(input);
    To* out = pointer<To>(output);
    for (int64_t i = 0; i < input.count(); ++i) out[i] = convert<To>(in[i]);
  };
  if (output.dtype() == DType::kBool)
    cast_elements.template operator()<bool>();
  else
    visit_storage(output.dtype(), cast_elements);
}

Status cast(const Attributes&, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  if (inputs[0].dtype() == DType::kBool) {  // as 0 or 1, whatever the byte
    Tensor bits({DType::kU8, inputs[0].shape()});
    for (int64_t i = 0; i < bits.count(); ++i) pointer<uint8_t>(bits)[i] = pointer<uint8_t>(inputs[0])[i] != 0;
    cast_from<uint8_t>(bits, outputs[0]);
    return {};
  }
  visit_storage(inputs[0].dtype(), [&]<typename From>() { cast_from<From>(inputs[0], outputs[0]); });
  return {};
}

constexpr OpSpec kOps[] = {{"cast", infer_cast, cast}};

}  // namespace

std::span<const OpSpec> cast_ops() { return kOps; }

}  // namespace bmnet::op
