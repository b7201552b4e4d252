#include "target/bm1684/exec/schedule.h"

#include <gtest/gtest.h>

namespace bmnet::bm1684 {
namespace {

constexpr Engine kTiu = Engine::kTiu, kGdma = Engine::kGdma;

TEST(schedule, commands_of_one_engine_follow_each_other) {
  const TimedCommand commands[] = {{kTiu, 10, 0}, {kTiu, 5, 0}};
  const Schedule result = schedule(commands).value();
  EXPECT_EQ(result.spans[1].start, 10u);
  EXPECT_EQ(result.total, 15u);
  EXPECT_EQ(result.tiu_busy, 15u);
}

TEST(schedule, engines_overlap_without_waits) {
  const TimedCommand commands[] = {{kGdma, 100, 0}, {kTiu, 80, 0}};
  EXPECT_EQ(schedule(commands)->total, 100u);
}

TEST(schedule, a_command_waits_for_the_id_it_names) {
  const TimedCommand commands[] = {{kGdma, 7, 0}, {kGdma, 100, 0}, {kTiu, 10, 1}, {kGdma, 1, 1}};
  const Schedule result = schedule(commands).value();
  EXPECT_EQ(result.spans[2].start, 7u);
  EXPECT_EQ(result.spans[3].start, 107u);
}

TEST(schedule, refuses_engines_that_wait_for_each_other) {
  const TimedCommand commands[] = {{kTiu, 1, 0}, {kTiu, 1, 1}, {kGdma, 1, 2}};
  EXPECT_EQ(schedule(commands).error().message, "TIU command 2 waits for id 1 of the GDMA, which never finishes");
}

TEST(schedule, refuses_a_wait_behind_the_end) {
  const TimedCommand commands[] = {{kTiu, 1, 0}, {kGdma, 1, 2}};
  EXPECT_EQ(schedule(commands).error().message, "GDMA command 1 waits for id 2 of the TIU, which never finishes");
}

TEST(schedule, an_empty_stream_takes_no_time) { EXPECT_EQ(schedule({})->total, 0u); }

}  // namespace
}  // namespace bmnet::bm1684
