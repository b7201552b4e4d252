#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace bmnet {
namespace {

TEST(parallel_for, visits_every_item_once) {
  std::vector<int> visits(1000);
  parallel_for(visits.size(), 7, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) ++visits[i];
  });
  EXPECT_EQ(visits, std::vector<int>(1000, 1));
}

TEST(parallel_for, nothing_to_do) {
  parallel_for(0, 1, [](size_t, size_t) { FAIL(); });
}

TEST(parallel_for, ranges_are_whole_grains) {
  std::atomic<int> wrong{0};
  parallel_for(10, 4, [&](size_t begin, size_t end) {
    if (begin % 4 != 0 || end != std::min<size_t>(begin + 4, 10)) ++wrong;
  });
  EXPECT_EQ(wrong, 0);
}

TEST(parallel_for, may_be_nested) {
  std::atomic<int> sum{0};
  parallel_for(
      8, 1, [&](size_t, size_t) { parallel_for(8, 1, [&](size_t begin, size_t) { sum += static_cast<int>(begin); }); });
  EXPECT_EQ(sum, 8 * 28);
}

TEST(parallel_for, may_be_called_from_several_threads) {
  std::atomic<int> sum{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      for (int k = 0; k < 100; ++k)
        parallel_for(16, 1, [&](size_t begin, size_t end) { sum += static_cast<int>(end - begin); });
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 4 * 100 * 16);
}

}  // namespace
}  // namespace bmnet
