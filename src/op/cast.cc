// cast. Numbers go towards zero and saturate, NaN becomes 0, where C leaves the result undefined; integers wrap around
// as in C; anything but zero is true.
#include "base/half.h"
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

float to_float(Half half) { return half_to_float(half.bits); }
float to_float(BFloat bfloat) { return bfloat_to_float(bfloat.bits); }

template <typename To, typename From>
To convert(From value) {
  if constexpr (std::is_same_v<From, Half> || std::is_same_v<From, BFloat>) {
    return convert<To>(to_float(value));
  } else if constexpr (std::is_same_v<To, Half>) {
    return {float_to_half(static_cast<float>(value))};
  } else if constexpr (std::is_same_v<To, BFloat>) {
    return {float_to_bfloat(static_cast<float>(value))};
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
