// For tests: literal tensors and one-line evaluation of an operator.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <type_traits>

#include "op/op.h"

namespace bmnet::op::test {

inline Tensor f32(Shape shape, std::vector<float> values) { return Tensor::of<float>(std::move(shape), values); }
inline Tensor i64(Shape shape, std::vector<int64_t> values) { return Tensor::of<int64_t>(std::move(shape), values); }
inline Tensor i32(Shape shape, std::vector<int32_t> values) { return Tensor::of<int32_t>(std::move(shape), values); }
inline Tensor u8(Shape shape, std::vector<uint8_t> values) { return Tensor::of<uint8_t>(std::move(shape), values); }
inline Tensor mask(Shape shape, std::vector<uint8_t> values) {
  Tensor tensor({DType::kBool, std::move(shape)});
  std::copy(values.begin(), values.end(), static_cast<uint8_t*>(tensor.raw()));
  return tensor;
}
// 0, 1, 2, …
inline Tensor ramp(Shape shape) {
  Tensor tensor({DType::kF32, std::move(shape)});
  for (int64_t i = 0; i < tensor.count(); ++i) tensor.data<float>()[i] = static_cast<float>(i);
  return tensor;
}
// Values in [-1, 1], the same on every machine.
inline Tensor noise(Shape shape, uint32_t seed = 1) {
  Tensor tensor({DType::kF32, std::move(shape)});
  for (float& x : tensor.data<float>()) {
    seed = seed * 1664525u + 1013904223u;
    x = static_cast<float>(static_cast<int32_t>(seed)) / 2147483648.0f;
  }
  return tensor;
}

// The only result of an operator; a failed test and an empty tensor when it refuses.
inline Tensor run(std::string_view op, const Attributes& attributes, std::vector<Tensor> inputs, size_t which = 0) {
  auto outputs = evaluate(op, attributes, inputs);
  if (!outputs) {
    ADD_FAILURE() << op << ": " << outputs.error().message;
    return Tensor({DType::kF32, {0}});
  }
  return (*outputs)[which];
}
// The message of the refusal; a failed test when there is none.
inline std::string refusal(std::string_view op, const Attributes& attributes, std::vector<Tensor> inputs) {
  const auto outputs = evaluate(op, attributes, inputs);
  if (outputs) ADD_FAILURE() << op << " accepted what it should refuse";
  return outputs ? "" : outputs.error().message;
}

template <typename T>
std::vector<T> values(const Tensor& tensor) {
  EXPECT_EQ(byte_size(tensor.dtype()), sizeof(T));
  const auto data = tensor.data<T>();
  return {data.begin(), data.end()};
}
inline std::vector<float> floats(const Tensor& tensor) {
  EXPECT_EQ(tensor.dtype(), DType::kF32);
  return values<float>(tensor);
}
inline std::vector<int64_t> longs(const Tensor& tensor) {
  EXPECT_EQ(tensor.dtype(), DType::kI64);
  return values<int64_t>(tensor);
}
inline std::vector<uint8_t> bits(const Tensor& tensor) {
  EXPECT_EQ(tensor.dtype(), DType::kBool);
  return values<uint8_t>(tensor);
}

// Floats equal within `tolerance`, NaN equal to NaN.
MATCHER_P2(NearAll, expected, tolerance, "") {
  return testing::ExplainMatchResult(
      testing::Pointwise(testing::NanSensitiveFloatNear(tolerance), std::vector<float>(expected)), arg,
      result_listener);
}
inline auto near(std::vector<float> expected, float tolerance = 1e-5f) { return NearAll(expected, tolerance); }

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;
using testing::ElementsAre;
using testing::HasSubstr;

}  // namespace bmnet::op::test
