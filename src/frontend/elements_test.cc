#include "frontend/elements.h"

#include <gtest/gtest.h>

namespace bmnet::frontend {
namespace {

TEST(load_element, reads_at_any_alignment) {
  const uint8_t data[] = {0xaa, 0x01, 0x00, 0x02, 0x00};
  EXPECT_EQ(load_element<uint16_t>(data + 1, 0), 1);
  EXPECT_EQ(load_element<uint16_t>(data + 1, 1), 2);
}

}  // namespace
}  // namespace bmnet::frontend
