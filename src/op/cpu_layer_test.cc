#include "op/cpu_layer.h"

#include <gtest/gtest.h>

namespace bmnet::op {
namespace {

CpuLayer gather() {
  const int64_t indices[] = {2, 0};
  return {.op = "gather",
          .attributes = {{"axis", int64_t{1}}},
          .inputs = {{{DType::kF32, {4, 3}}, std::nullopt}, {{DType::kI64, {2}}, Tensor::of<int64_t>({2}, indices)}},
          .outputs = {{DType::kF32, {4, 2}}}};
}

TEST(cpu_layer, reads_what_it_wrote) {
  const auto layer = decode_cpu_layer(encode(gather()));
  ASSERT_TRUE(layer) << layer.error().message;
  EXPECT_EQ(layer->op, "gather");
  EXPECT_EQ(layer->attributes, gather().attributes);
  ASSERT_EQ(layer->inputs.size(), 2u);
  EXPECT_FALSE(layer->inputs[0].constant);
  ASSERT_TRUE(layer->inputs[1].constant);
  EXPECT_EQ(layer->inputs[1].constant->data<int64_t>()[0], 2);
  EXPECT_EQ(layer->outputs, gather().outputs);
}

TEST(cpu_layer, starts_with_its_number_and_length) {
  const std::vector<uint8_t> bytes = encode(gather());
  EXPECT_EQ(bytes[0], kCpuLayerNumber);
  EXPECT_EQ(bytes[4] + 256u * bytes[5], bytes.size() - 8);
}

TEST(cpu_layer, refuses_every_cut) {
  const std::vector<uint8_t> bytes = encode(gather());
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_cpu_layer(std::span(bytes).first(size))) << size;
}

TEST(cpu_layer, damaged_bytes_never_crash) {
  const std::vector<uint8_t> bytes = encode(gather());
  for (size_t i = 0; i < bytes.size(); ++i)
    for (uint8_t value : {0x00, 0x7f, 0xff}) {
      std::vector<uint8_t> damaged = bytes;
      damaged[i] = value;
      const auto layer = decode_cpu_layer(damaged);
      if (!layer) EXPECT_FALSE(layer.error().message.empty());
    }
}

TEST(cpu_layer, wide_integers_are_stored_in_32_bits) {
  EXPECT_EQ(storage_type(DType::kI64), DType::kI32);
  EXPECT_EQ(storage_type(DType::kBool), DType::kI32);
  EXPECT_EQ(storage_type(DType::kF32), DType::kF32);
}

}  // namespace
}  // namespace bmnet::op
