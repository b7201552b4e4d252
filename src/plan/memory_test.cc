#include "plan/memory.h"

#include <gtest/gtest.h>

#include <random>

namespace bmnet::plan {
namespace {

TEST(pack, buffers_that_live_together_lie_apart) {
  const Packing packing = pack({{100, 0, 1}, {100, 1, 2}}, 64);
  EXPECT_EQ(packing.bytes, 256u);
  EXPECT_NE(packing.offsets[0], packing.offsets[1]);
}

TEST(pack, a_dead_buffer_gives_its_place) {
  const Packing packing = pack({{100, 0, 1}, {100, 2, 3}}, 64);
  EXPECT_EQ(packing.bytes, 128u);
  EXPECT_EQ(packing.offsets[0], packing.offsets[1]);
}

TEST(pack, random_lifetimes_never_overlap) {
  std::mt19937 random(7);
  std::vector<Lifetime> buffers;
  for (int i = 0; i < 200; ++i) {
    const int32_t first = static_cast<int32_t>(random() % 50);
    buffers.push_back({static_cast<int64_t>(random() % 5000), first, first + static_cast<int32_t>(random() % 8)});
  }
  const Packing packing = pack(buffers, 64);
  for (size_t a = 0; a < buffers.size(); ++a)
    for (size_t b = 0; b < a; ++b) {
      if (buffers[a].last < buffers[b].first || buffers[b].last < buffers[a].first) continue;
      EXPECT_TRUE(packing.offsets[a] + buffers[a].bytes <= packing.offsets[b] ||
                  packing.offsets[b] + buffers[b].bytes <= packing.offsets[a]);
    }
}

}  // namespace
}  // namespace bmnet::plan
