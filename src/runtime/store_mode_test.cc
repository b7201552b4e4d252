#include "runtime/store_mode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bmnet::runtime {
namespace {

using bmodel::DataType;
using bmodel::StoreMode;

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

TEST(store_mode, ranks_beyond_four_fold_into_w) {
  const Extent4 extent = extent_of(std::vector<int64_t>{2, 3, 4, 5, 6});
  EXPECT_EQ(extent.h, 4);
  EXPECT_EQ(extent.w, 30);
  EXPECT_EQ(extent_of(std::vector<int64_t>{7}).count(), 7);
  EXPECT_EQ(extent_of({}).count(), 1);
}

TEST(store_mode, four_batch_items_share_a_word) {
  const std::vector<std::byte> plain = bytes_of({0, 1, 8, 9, 16, 17});  // [3,1,1,2]
  std::vector<std::byte> words(8, std::byte{0xEE});
  interleave(plain, {3, 1, 1, 2}, {}, words);
  EXPECT_EQ(words, bytes_of({0, 8, 16, 0xEE, 1, 9, 17, 0xEE}));  // the missing item keeps the old byte
  std::vector<std::byte> back(6);
  deinterleave(words, {3, 1, 1, 2}, back);
  EXPECT_EQ(back, plain);
}

TEST(store_mode, the_fifth_item_starts_a_second_run) {
  std::vector<std::byte> words(8);
  interleave(bytes_of({1, 2, 3, 4, 5}), {5, 1, 1, 1}, {}, words);
  EXPECT_EQ(words, bytes_of({1, 2, 3, 4, 5, 0, 0, 0}));
}

TEST(store_mode, padding_rows_are_zero) {
  std::vector<std::byte> words(4 * 4, std::byte{0xEE});
  interleave(bytes_of({1}), {1, 1, 1, 1}, {1, 2}, words);
  EXPECT_EQ(words, bytes_of({0, 0xEE, 0xEE, 0xEE, 1, 0xEE, 0xEE, 0xEE, 0, 0xEE, 0xEE, 0xEE, 0, 0xEE, 0xEE, 0xEE}));
}

TEST(store_mode, counts_whole_words) {
  EXPECT_EQ(stored_bytes({3, 1, 1, 5}, DataType::kInt8, StoreMode::k4N), 20);
  EXPECT_EQ(stored_bytes({3, 1, 1, 5}, DataType::kInt8, StoreMode::k1N), 15);
}

TEST(store_mode, refuses_impossible_conversions) {
  EXPECT_FALSE(check_conversion(DataType::kInt8, StoreMode::k2N, StoreMode::k1N));
  EXPECT_FALSE(check_conversion(DataType::kFloat32, StoreMode::k1N, StoreMode::k4N));
  EXPECT_FALSE(check_conversion(DataType::kInt8, StoreMode::k4N, StoreMode::k4N, {1, 1}));
  EXPECT_TRUE(check_conversion(DataType::kInt8, StoreMode::k1N, StoreMode::k4N, {1, 1}));
}

}  // namespace
}  // namespace bmnet::runtime
