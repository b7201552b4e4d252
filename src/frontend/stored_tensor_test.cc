#include "frontend/stored_tensor.h"

#include <gmock/gmock.h>

namespace bmnet::frontend {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<float> floats_of(Stored stored, std::vector<uint8_t> bytes, size_t each) {
  const Tensor tensor =
      stored_tensor({stored, each, DType::kF32}, {std::ssize(bytes) / static_cast<int64_t>(each)}, bytes, nullptr);
  const auto data = tensor.data<float>();
  return {data.begin(), data.end()};
}

TEST(stored_tensor, widens_to_f32) {
  EXPECT_THAT(floats_of(Stored::kHalf, {0x00, 0x3c, 0x00, 0xc0}, 2), ElementsAre(1, -2));
  EXPECT_THAT(floats_of(Stored::kBFloat, {0x80, 0x3f, 0x00, 0xc0}, 2), ElementsAre(1, -2));
  EXPECT_THAT(floats_of(Stored::kDouble, {0, 0, 0, 0, 0, 0, 0xe0, 0x3f}, 8), ElementsAre(0.5f));
}
TEST(stored_tensor, any_byte_but_zero_is_true) {
  const std::vector<uint8_t> bytes{0, 1, 7};
  const Tensor tensor = stored_tensor({Stored::kBool, 1, DType::kBool}, {3}, bytes, nullptr);
  EXPECT_THAT(tensor.data<bool>(), ElementsAre(false, true, true));
}
TEST(stored_tensor, copies_what_is_not_aligned) {
  alignas(4) const uint8_t bytes[] = {0, 1, 0, 0, 0};
  EXPECT_THAT(stored_tensor({Stored::kAsIs, 4, DType::kI32}, {1}, Bytes(bytes).subspan(1), nullptr).data<int32_t>(),
              ElementsAre(1));
}
TEST(byte_reader, names_the_byte_where_the_file_ends) {
  const std::vector<uint8_t> bytes{1, 0, 0, 0, 9};
  ByteReader reader(bytes);
  EXPECT_EQ(*reader.number<uint32_t>(), 1u);
  EXPECT_THAT(reader.number<uint32_t>().error().message,
              HasSubstr("byte 4: 4 bytes run past the end of the file (1 left)"));
}
TEST(byte_reader, refuses_counts_that_cannot_be) {
  const std::vector<uint8_t> bytes{3, 0, 0, 0, 0, 0, 0, 0, 1, 2};
  EXPECT_THAT(ByteReader(bytes).count(1).error().message, HasSubstr("3 entries cannot stand in 2 bytes"));
}

}  // namespace
}  // namespace bmnet::frontend
