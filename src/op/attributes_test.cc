#include "op/attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace bmnet::op {
namespace {

const Attributes kOfEveryType = {{"flag", true},
                                 {"group", int64_t{-3}},
                                 {"alpha", 0.1f},
                                 {"mode", std::string("linear")},
                                 {"pads", std::vector<int64_t>{1, -2}},
                                 {"scales", std::vector<float>{0.5f, 2.0f}},
                                 {"no_ints", std::vector<int64_t>{}},
                                 {"no_floats", std::vector<float>{}}};

TEST(attributes, survive_cbor) {
  const auto read = from_cbor(to_cbor(kOfEveryType));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, kOfEveryType);
}

TEST(attributes, keep_extreme_numbers) {
  const Attributes extremes = {{"least", std::numeric_limits<int64_t>::min()},
                               {"most", std::numeric_limits<int64_t>::max()},
                               {"infinite", std::numeric_limits<float>::infinity()},
                               {"tiny", std::numeric_limits<float>::denorm_min()}};
  EXPECT_EQ(from_cbor(to_cbor(extremes)).value(), extremes);
}

TEST(attributes, same_attributes_give_same_bytes) {
  Attributes other_order;
  for (auto it = kOfEveryType.begin(); it != kOfEveryType.end(); ++it) other_order.set(it->first, it->second);
  EXPECT_EQ(to_cbor(other_order), to_cbor(kOfEveryType));
}

TEST(attributes, read_as_text) {
  EXPECT_EQ(
      to_string(Attributes{{"group", int64_t{2}}, {"kind", std::string("max")}, {"pads", std::vector<int64_t>{1, 1}}}),
      "group = 2, kind = \"max\", pads = [1,1]");
}

TEST(attributes, missing_is_a_bug) { EXPECT_EQ(Attributes{}.get<bool>("log").error().kind, ErrorKind::kBug); }

TEST(attributes, truncated_cbor_is_refused) {
  const std::vector<uint8_t> whole = to_cbor(kOfEveryType);
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(from_cbor(std::span(whole).first(size))) << size << " bytes";
}

TEST(attributes, damaged_cbor_never_crashes) {
  const std::vector<uint8_t> whole = to_cbor(kOfEveryType);
  for (size_t at = 0; at < whole.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<uint8_t> damaged = whole;
      damaged[at] ^= static_cast<uint8_t>(1 << bit);
      if (const auto read = from_cbor(damaged)) {
        EXPECT_EQ(from_cbor(to_cbor(*read)).value(), *read);
      }
    }
}

TEST(attributes, nested_cbor_is_refused) {
  EXPECT_FALSE(from_cbor(std::vector<uint8_t>(1 << 20, 0x81)));  // a million arrays of one
  std::vector<uint8_t> maps;
  for (int i = 0; i < 1 << 18; ++i) maps.insert(maps.end(), {0xa1, 0x61, 'i'});
  EXPECT_FALSE(from_cbor(maps));
}

}  // namespace
}  // namespace bmnet::op
