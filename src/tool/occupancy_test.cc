#include "tool/occupancy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bmnet::tool {
namespace {

using bm1684::Access;
using testing::ElementsAre;
using Samples = std::vector<OccupancySample>;

Access local(uint64_t begin, uint32_t bytes, bool write, uint64_t lanes = 1) {
  return {
      .space = Access::Space::kLocal, .write = write, .lanes = lanes, .begin = begin, .run_bytes = bytes, .axes = {}};
}

TEST(occupancy, lasts_from_the_write_to_the_last_read) {
  Occupancy occupancy;
  occupancy.add(0, 10, {local(0, 256, true)});
  occupancy.add(20, 30, {local(0, 256, false)});
  occupancy.add(40, 50, {local(0, 128, false)});
  EXPECT_THAT(std::move(occupancy).samples(),
              ElementsAre(OccupancySample{0, 256}, OccupancySample{30, 128}, OccupancySample{50, 0}));
}

TEST(occupancy, ends_before_the_place_is_used_again) {
  Occupancy occupancy;
  occupancy.add(0, 10, {local(0, 128, true)});
  occupancy.add(10, 20, {local(0, 128, false)});
  occupancy.add(30, 40, {local(0, 128, true)});
  occupancy.add(40, 50, {local(0, 128, false)});
  EXPECT_THAT(std::move(occupancy).samples(), ElementsAre(OccupancySample{0, 128}, OccupancySample{20, 0},
                                                          OccupancySample{30, 128}, OccupancySample{50, 0}));
}

TEST(occupancy, of_an_accumulator_is_one) {
  Occupancy occupancy;
  occupancy.add(0, 10, {local(0, 128, true)});
  occupancy.add(10, 20, {local(0, 128, false), local(0, 128, true)});
  occupancy.add(20, 30, {local(0, 128, false)});
  EXPECT_THAT(std::move(occupancy).samples(), ElementsAre(OccupancySample{0, 128}, OccupancySample{30, 0}));
}

TEST(occupancy, does_not_count_what_nobody_reads) {
  Occupancy occupancy;
  occupancy.add(0, 10, {local(0, 128, true)});
  EXPECT_TRUE(std::move(occupancy).samples().empty());
}

TEST(occupancy, takes_lanes_together) {
  Occupancy occupancy;
  occupancy.add(0, 10, {local(0, 128, true, 0b01)});
  occupancy.add(0, 10, {local(0, 128, true, 0b10)});
  occupancy.add(10, 20, {local(0, 128, false, 0b11)});
  EXPECT_THAT(std::move(occupancy).samples(), ElementsAre(OccupancySample{0, 128}, OccupancySample{20, 0}));
}

TEST(occupancy, leaves_out_rows_between_strides) {
  Access rows = local(0, 128, true);
  rows.axes[0] = {.count = 4, .stride = 4096};
  Access read = rows;
  read.write = false;
  Occupancy occupancy;
  occupancy.add(0, 10, {rows});
  occupancy.add(10, 20, {read});
  EXPECT_THAT(std::move(occupancy).samples(), ElementsAre(OccupancySample{0, 512}, OccupancySample{20, 0}));
}

}  // namespace
}  // namespace bmnet::tool
