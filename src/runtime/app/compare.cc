#include "runtime/app/compare.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "runtime/include/bmruntime_interface.h"

namespace bmnet::bmrt_test {
namespace {

template <typename T>
T load(Bytes bytes, size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

bool is_float(bm_data_type_t type) { return type == BM_FLOAT32 || type == BM_FLOAT16 || type == BM_BFLOAT16; }

float half(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  const float sign = bits >> 15 ? -1.0f : 1.0f;
  if (exponent == 31) return mantissa ? NAN : sign * INFINITY;
  return sign * (exponent ? std::ldexp(1024.0f + mantissa, exponent - 25) : std::ldexp(1.0f * mantissa, -24));
}

double value_of(Bytes bytes, size_t index, bm_data_type_t type) {
  switch (type) {
    case BM_FLOAT32:
      return load<float>(bytes, index);
    case BM_FLOAT16:
      return half(load<uint16_t>(bytes, index));
    case BM_BFLOAT16: {
      const uint32_t bits = static_cast<uint32_t>(load<uint16_t>(bytes, index)) << 16;
      float value;
      std::memcpy(&value, &bits, sizeof value);
      return value;
    }
    case BM_INT8:
      return load<int8_t>(bytes, index);
    case BM_UINT8:
      return load<uint8_t>(bytes, index);
    case BM_INT16:
      return load<int16_t>(bytes, index);
    case BM_UINT16:
      return load<uint16_t>(bytes, index);
    case BM_INT32:
      return load<int32_t>(bytes, index);
    default:
      return load<uint32_t>(bytes, index);
  }
}

bool near(double actual, double expected, bool floating, Tolerance tolerance) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected))) return true;
  const double distance = std::fabs(actual - expected);
  if (!floating) return distance <= static_cast<double>(tolerance.integers);
  return distance <= tolerance.floats * std::max(1.0, std::fabs(expected));
}

}  // namespace

std::optional<std::string> first_difference(Bytes actual, Bytes expected, bm_data_type_t type, Tolerance tolerance) {
  if (actual.size() == expected.size() && std::memcmp(actual.data(), expected.data(), actual.size()) == 0)
    return std::nullopt;
  const bool floating = is_float(type);
  const size_t count = expected.size() / bmrt_data_type_size(type);
  for (size_t i = 0; i < count; ++i) {
    const double a = value_of(actual, i, type), e = value_of(expected, i, type);
    if (!near(a, e, floating, tolerance)) return fmt::format("element {}: {} instead of {}", i, a, e);
  }
  return std::nullopt;
}

std::string element_text(Bytes bytes, size_t index, bm_data_type_t type) {
  return fmt::format("{}", value_of(bytes, index, type));
}

}  // namespace bmnet::bmrt_test
