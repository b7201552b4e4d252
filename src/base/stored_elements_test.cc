#include "base/stored_elements.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace bmnet {
namespace {

TEST(stored_elements, are_shared_where_they_are_aligned) {
  const auto memory = std::make_shared<const std::array<float, 2>>(std::array{1.0f, 2.0f});
  const Tensor tensor = shared_or_copied({DType::kF32, {2}}, memory->data(), memory);
  EXPECT_EQ(tensor.raw(), memory->data());
}

TEST(stored_elements, are_copied_where_they_are_not) {
  const std::array values = {1.0f, 2.0f};
  const auto memory = std::make_shared<std::array<uint8_t, 16>>();
  for (const size_t offset : {1, 2, 3}) {
    std::memcpy(memory->data() + offset, values.data(), sizeof(values));
    const Tensor tensor = shared_or_copied({DType::kF32, {2}}, memory->data() + offset, memory);
    EXPECT_TRUE(can_be_read_at(tensor.raw(), DType::kF32));
    EXPECT_EQ(tensor.data<float>()[1], 2.0f);
  }
}

TEST(stored_elements, are_copied_where_nobody_keeps_them) {
  const std::array values = {1.0f, 2.0f};
  const Tensor tensor = shared_or_copied({DType::kF32, {2}}, values.data(), nullptr);
  EXPECT_NE(tensor.raw(), values.data());
}

}  // namespace
}  // namespace bmnet
