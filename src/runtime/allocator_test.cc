#include "runtime/allocator.h"

#include <gtest/gtest.h>

namespace bmnet::runtime {
namespace {

TEST(allocator, starts_at_the_beginning_and_aligns_to_pages) {
  Allocator allocator(0x105100000, 0x105200000);
  EXPECT_EQ(allocator.allocate(1).value(), 0x105100000);
  EXPECT_EQ(allocator.allocate(5000).value(), 0x105101000);
  EXPECT_EQ(allocator.allocate(1).value(), 0x105103000);
  EXPECT_EQ(allocator.used(), 4 * 4096);
}

TEST(allocator, reuses_the_first_gap_that_fits) {
  Allocator allocator(0, 4 * 4096);
  const uint64_t first = allocator.allocate(1).value(), second = allocator.allocate(8192).value();
  ASSERT_TRUE(allocator.allocate(1));
  ASSERT_TRUE(allocator.free(first));
  EXPECT_FALSE(allocator.allocate(8192));
  EXPECT_EQ(allocator.allocate(1).value(), first);
  ASSERT_TRUE(allocator.free(second));
  EXPECT_EQ(allocator.allocate(8192).value(), second);
}

TEST(allocator, merges_neighbours_when_freed) {
  Allocator allocator(0, 3 * 4096);
  const uint64_t a = allocator.allocate(1).value(), b = allocator.allocate(1).value(),
                 c = allocator.allocate(1).value();
  ASSERT_TRUE(allocator.free(a));
  ASSERT_TRUE(allocator.free(c));
  ASSERT_TRUE(allocator.free(b));
  EXPECT_EQ(allocator.allocate(3 * 4096).value(), 0);
}

TEST(allocator, refuses_what_does_not_fit) {
  Allocator allocator(0, 4096);
  EXPECT_EQ(allocator.allocate(4097).error().kind, ErrorKind::kSystem);
  EXPECT_FALSE(allocator.allocate(~uint64_t{0}));
  EXPECT_TRUE(allocator.allocate(4096));
}

TEST(allocator, refuses_to_free_twice) {
  Allocator allocator(0, 4096);
  const uint64_t a = allocator.allocate(1).value();
  EXPECT_TRUE(allocator.free(a));
  EXPECT_FALSE(allocator.free(a));
}

}  // namespace
}  // namespace bmnet::runtime
