#include "target/bm1684/exec/sparse_memory.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kPage = SparseMemory::kPageBytes;

TEST(sparse_memory, is_zero_until_written) {
  const SparseMemory memory = SparseMemory::create(10 * kPage).value();
  EXPECT_EQ(memory.data()[5 * kPage], 0);
}

TEST(sparse_memory, knows_the_pages_that_were_written) {
  const SparseMemory memory = SparseMemory::create(1000 * kPage).value();
  memory.data()[3 * kPage + 7] = 1;
  memory.data()[900 * kPage] = 1;
  const std::vector<uint64_t> touched = memory.touched_pages(memory.size());
  for (const uint64_t page : {3, 900}) EXPECT_TRUE(std::binary_search(touched.begin(), touched.end(), page));
}

TEST(sparse_memory, is_zero_again_after_clear) {
  SparseMemory memory = SparseMemory::create(10 * kPage).value();
  memory.data()[1] = 1;
  memory.clear();
  EXPECT_EQ(memory.data()[1], 0);
}

TEST(sparse_memory, takes_far_more_address_space_than_memory) { EXPECT_TRUE(SparseMemory::create(uint64_t{1} << 36)); }

TEST(sparse_memory, refuses_more_than_the_address_space) { EXPECT_FALSE(SparseMemory::create(uint64_t{1} << 60)); }

}  // namespace
}  // namespace bmnet::bm1684
