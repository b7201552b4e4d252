#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "target/bm1684/exec/element_testing.h"

namespace bmnet::bm1684 {
namespace {

using test::Chip;
using test::lane_address;
using ::testing::ElementsAre;
using namespace gdma;

constexpr Engine kGdma = Engine::kGdma;
constexpr uint32_t kLocal = test::kBase;
constexpr uint64_t kLoad = 0, kStore = 1, kSystem = 2, kMoveLanes = 3;

// One size for both sides, 1 in the fields not named.
struct Sizes {
  uint64_t n = 1, c = 1, h = 1, w = 1;
};

// A command as fields that a test adds to.
struct Transfer {
  std::vector<FieldValue> values;

  Transfer(uint64_t way, Sizes s) {
    values = {{direction, way}, {src_nsize, s.n}, {src_csize, s.c}, {src_hsize, s.h}, {src_wsize, s.w},
              {dst_nsize, s.n}, {dst_csize, s.c}, {dst_hsize, s.h}, {dst_wsize, s.w}};
  }
  Transfer& with(std::initializer_list<FieldValue> more) {
    for (const FieldValue& value : more) {
      std::erase_if(values, [&](const FieldValue& old) { return old.field == value.field; });
      values.push_back(value);
    }
    return *this;
  }
  Transfer& from_ddr(uint64_t offset) { return with({{src_start_addr_l32, offset}, {src_start_addr_h8, 1}}); }
  Transfer& to_ddr(uint64_t offset) { return with({{dst_start_addr_l32, offset}, {dst_start_addr_h8, 1}}); }
  Transfer& from(uint64_t address) { return with({{src_start_addr_l32, address}}); }
  Transfer& to(uint64_t address) { return with({{dst_start_addr_l32, address}}); }
  Transfer& source_strides(uint64_t n, uint64_t c, uint64_t h, uint64_t w) {
    return with({{stride_enable, 1}, {src_nstride, n}, {src_cstride, c}, {src_hstride, h}, {src_wstride, w}});
  }
  Transfer& destination_strides(uint64_t n, uint64_t c, uint64_t h, uint64_t w) {
    return with({{stride_enable, 1}, {dst_nstride, n}, {dst_cstride, c}, {dst_hstride, h}, {dst_wstride, w}});
  }

  Status run(Chip& chip) const {
    const ChipFloatMode mode;
    return execute(encode(idle_command(kGdma), values).value(), kGdma, chip.memory);
  }
  std::string refusal() const {
    Chip chip;
    const Status status = run(chip);
    return status ? "no refusal" : status.error().message;
  }
};

TEST(gdma, loads_channels_into_lanes) {
  Chip chip;
  chip.put(chip.memory.ddr, {1u, 2u, 3u, 4u, 5u, 6u});
  ASSERT_TRUE(Transfer(kLoad, {1, 3, 1, 2}).from_ddr(0).to(kLocal).run(chip));
  EXPECT_THAT(chip.get<uint32_t>(chip.lane(0), 2), ElementsAre(1, 2));
  EXPECT_THAT(chip.get<uint32_t>(chip.lane(2), 2), ElementsAre(5, 6));
}

// The second row of lanes begins a multiple of 128 bytes further on.
TEST(gdma, channels_wrap_over_the_lanes) {
  Chip chip;
  chip.put(chip.memory.ddr, {1u, 2u});
  ASSERT_TRUE(Transfer(kLoad, {1, 2, 1, 1}).from_ddr(0).to(lane_address(63, 0)).run(chip));
  EXPECT_EQ(chip.get<uint32_t>(chip.lane(63), 1)[0], 1u);
  EXPECT_EQ(chip.get<uint32_t>(chip.lane(0, 128), 1)[0], 2u);
}

TEST(gdma, stores_a_slice) {
  Chip chip;
  chip.put(chip.lane(0), {1u, 2u, 3u, 4u});
  ASSERT_TRUE(Transfer(kStore, {1, 1, 2, 1})
                  .from(kLocal)
                  .to_ddr(8)
                  .source_strides(1, 1, 2, 1)
                  .destination_strides(1, 1, 3, 1)
                  .run(chip));
  EXPECT_THAT(chip.get<uint32_t>(chip.memory.ddr, 6), ElementsAre(0, 0, 1, 0, 0, 3));
}

TEST(gdma, transposes_batch_and_channel) {
  Chip chip;
  chip.put(chip.memory.ddr, {11u, 12u, 13u, 21u, 22u, 23u});  // 2 x 3
  ASSERT_TRUE(Transfer(kSystem, {2, 3, 1, 1})
                  .with({{special_func, 1}})
                  .from_ddr(0)
                  .to_ddr(64)
                  .source_strides(3, 1, 1, 1)
                  .destination_strides(2, 1, 1, 1)
                  .run(chip));
  EXPECT_THAT(chip.get<uint32_t>(chip.memory.ddr + 64, 6), ElementsAre(11, 21, 12, 22, 13, 23));
}

TEST(gdma, reshapes_in_element_order) {
  Chip chip;
  chip.put(chip.memory.ddr, {1u, 2u, 3u, 4u});
  ASSERT_TRUE(Transfer(kLoad, {1, 1, 1, 4}).with({{dst_csize, 4}, {dst_wsize, 1}}).from_ddr(0).to(kLocal).run(chip));
  EXPECT_EQ(chip.get<uint32_t>(chip.lane(3), 1)[0], 4u);
}

TEST(gdma, leaves_masked_lanes_alone) {
  Chip chip;
  chip.put(chip.memory.ddr, {1u, 2u, 3u});
  ASSERT_TRUE(Transfer(kLoad, {1, 3, 1, 1}).with({{localmem_mask_l32, 0b101}}).from_ddr(0).to(kLocal).run(chip));
  EXPECT_EQ(chip.get<uint32_t>(chip.lane(1), 1)[0], 0u);
  EXPECT_EQ(chip.get<uint32_t>(chip.lane(2), 1)[0], 3u);
}

TEST(gdma, accumulates_fp32) {
  Chip chip;
  chip.put(chip.memory.ddr, {1.0f, 2.0f});
  chip.put(chip.lane(0), {10.0f, 20.0f});
  ASSERT_TRUE(Transfer(kLoad, {1, 1, 1, 2}).with({{acc_write_enable, 1}}).from_ddr(0).to(kLocal).run(chip));
  EXPECT_THAT(chip.get<float>(chip.lane(0), 2), ElementsAre(11, 22));
}

TEST(gdma, accumulates_step_by_step_where_places_repeat) {
  Chip chip;
  chip.put<float>(chip.memory.ddr, {1, 2, 4, 8, 16, 32});
  chip.put<float>(chip.lane(0), {100, 200, 300, 400});
  ASSERT_TRUE(Transfer(kLoad, {.w = 6})
                  .from_ddr(0)
                  .to(kLocal)
                  .source_strides(6, 6, 6, 1)
                  .destination_strides(6, 6, 6, 1)
                  .with({{acc_write_enable, 1}, {dst_wshift, 1}})
                  .run(chip));
  EXPECT_THAT(chip.get<float>(chip.lane(0), 4), ElementsAre(103, 212, 348, 400));
}

TEST(gdma, converts_to_bytes_by_rounding_and_saturating) {
  Chip chip;
  chip.put(chip.memory.ddr, {1.5f, 2.5f, -300.0f, 300.0f});
  ASSERT_TRUE(
      Transfer(kLoad, {1, 1, 1, 4}).with({{special_func, 3}, {dst_data_format, 3}}).from_ddr(0).to(kLocal).run(chip));
  EXPECT_THAT(chip.get<int8_t>(chip.lane(0), 4), ElementsAre(2, 2, -128, 127));
}

TEST(gdma, half_zero_is_read_as_a_small_number) {
  Chip chip;
  ASSERT_TRUE(
      Transfer(kLoad, {1, 1, 1, 1}).with({{special_func, 3}, {src_data_format, 4}}).from_ddr(0).to(kLocal).run(chip));
  EXPECT_EQ(chip.get<float>(chip.lane(0), 1)[0], 0x1p-15f);
}

TEST(gdma, fills_with_the_low_bytes_of_the_constant) {
  Chip chip;
  ASSERT_TRUE(Transfer(kLoad, {1, 1, 1, 3})
                  .with({{special_func, 4}, {src_data_format, 1}, {constant_value, 0x12345678}})
                  .to(kLocal)
                  .run(chip));
  EXPECT_THAT(chip.get<uint16_t>(chip.lane(0), 4), ElementsAre(0x5678, 0x5678, 0x5678, 0));
}

TEST(gdma, loads_a_matrix_in_sections) {
  Chip chip;
  chip.put(chip.memory.ddr, {1u, 2u, 3u, 4u, 5u, 6u});  // 2 x 3 in sections of 2
  ASSERT_TRUE(Transfer(kLoad, {1, 1, 2, 3}).with({{sys_mem_type, 1}, {dst_wsize, 2}}).from_ddr(0).to(kLocal).run(chip));
  EXPECT_THAT(chip.get<uint32_t>(chip.lane(0), 2), ElementsAre(1, 2));
  EXPECT_THAT(chip.get<uint32_t>(chip.lane(1), 2), ElementsAre(3, 0));
  EXPECT_THAT(chip.get<uint32_t>(chip.lane(0, 128), 2), ElementsAre(4, 5));
}

TEST(gdma, transposes_channel_and_width) {
  Chip chip;
  chip.put(chip.lane(0), {1u, 2u, 3u});
  ASSERT_TRUE(Transfer(kMoveLanes, {1, 1, 1, 3}).with({{special_func, 5}}).from(kLocal).to(kLocal + 0x1000).run(chip));
  EXPECT_EQ(chip.get<uint32_t>(chip.lane(2, 0x1000), 1)[0], 3u);
}

TEST(gdma, shifts_channels_and_clears_behind) {
  Chip chip;
  for (uint32_t lane = 0; lane < 4; ++lane) chip.put(chip.lane(lane), {lane + 1});
  ASSERT_TRUE(Transfer(kMoveLanes, {1, 2, 1, 1})
                  .with({{special_func, 2}, {lrn_shift_num, 1}})
                  .from(lane_address(1, 0))
                  .to(kLocal)
                  .run(chip));
  EXPECT_EQ(chip.get<uint32_t>(chip.lane(0), 1)[0], 2u);
  EXPECT_EQ(chip.get<uint32_t>(chip.lane(1), 1)[0], 3u);
  EXPECT_EQ(chip.get<uint32_t>(chip.lane(2), 1)[0], 0u);
}

TEST(gdma, common_mode_runs_from_lane_to_lane) {
  Chip chip;
  chip.put(chip.memory.ddr, {1u, 2u});
  ASSERT_TRUE(Transfer(kLoad, {})
                  .with({{common_mode, 1}, {src_nstride, 2}})
                  .from_ddr(0)
                  .to(lane_address(0, kLaneBytes - 4))
                  .run(chip));
  EXPECT_EQ(chip.get<uint32_t>(chip.lane(1), 1)[0], 2u);
}

TEST(gdma, filters_by_a_mask_and_counts) {
  Chip chip;
  chip.put(chip.lane(0), {1u, 2u, 3u});
  chip.put(chip.lane(0, 0x1000), {1u, 0u, 5u});
  ASSERT_TRUE(Transfer(kStore, {1, 1, 1, 3})
                  .with({{special_func, 7}, {dst_nstride, kLocal + 0x1000}})
                  .from(kLocal)
                  .to_ddr(0)
                  .run(chip));
  EXPECT_THAT(chip.get<uint32_t>(chip.memory.ddr, 3), ElementsAre(1, 3, 0));
  EXPECT_EQ(chip.memory.filter_count, 2u);
}

TEST(gdma, a_filter_has_no_lane_mask) {
  Chip chip;
  chip.put(chip.lane(0), {1u});
  chip.put(chip.lane(0, 0x1000), {1u});
  ASSERT_TRUE(
      Transfer(kStore, {1, 1, 1, 1})
          .with({{special_func, 7}, {dst_nstride, kLocal + 0x1000}, {localmem_mask_l32, 0}, {localmem_mask_h32, 0}})
          .from(kLocal)
          .to_ddr(0)
          .run(chip));
  EXPECT_EQ(chip.get<uint32_t>(chip.memory.ddr, 1)[0], 1u);
}

// Sides that share bytes move as if through a buffer.
TEST(gdma, an_overlapping_move_reads_first) {
  Chip chip;
  chip.put(chip.memory.ddr, {1u, 2u, 3u});
  ASSERT_TRUE(Transfer(kSystem, {1, 1, 1, 3})
                  .from_ddr(0)
                  .to_ddr(4)
                  .source_strides(3, 3, 3, 1)
                  .destination_strides(3, 3, 3, 1)
                  .run(chip));
  EXPECT_THAT(chip.get<uint32_t>(chip.memory.ddr, 4), ElementsAre(1, 1, 2, 3));
}

// ---- refusals

Transfer load() { return Transfer(kLoad, {}).from_ddr(0).to(kLocal); }

TEST(gdma, refuses_an_address_in_no_memory) {
  EXPECT_EQ(load().with({{src_start_addr_h8, 0}, {src_start_addr_l32, 64}}).refusal(),
            "source address 0x40 is not in DDR, L2 or DTCM");
  EXPECT_EQ(load().with({{dst_start_addr_l32, 64}}).refusal(), "destination address 0x40 is not in local memory");
}
TEST(gdma, refuses_a_misaligned_start) {
  EXPECT_EQ(load().to(kLocal + 2).refusal(), "destination address 0x8000002 is not a multiple of the element size 4");
}
TEST(gdma, refuses_to_leave_ddr) {
  EXPECT_EQ(load().from_ddr(Chip::kDdrBytes - 4).with({{src_wsize, 2}, {dst_wsize, 2}}).refusal(),
            "source address 0x1000ffffc: 8 bytes run out of DDR of 1048576 bytes");
}
TEST(gdma, refuses_to_leave_a_lane) {
  EXPECT_EQ(load().to(kLocal + kLaneBytes - 4).with({{src_wsize, 2}, {dst_wsize, 2}}).refusal(),
            "destination address 0x807fffc: 1x1x1x2 elements end at byte 524292 of a lane of 524288 bytes");
}
TEST(gdma, refuses_system_moves_without_strides) {
  EXPECT_EQ(Transfer(kSystem, {}).from_ddr(0).to_ddr(64).refusal(),
            "direction 2 needs stride_enable 1: the engine has no default strides from system to system");
}
TEST(gdma, refuses_fills_with_a_local_source) {
  EXPECT_EQ(Transfer(kStore, {}).with({{special_func, 4}}).refusal(),
            "special_func 4 with direction 1: local memory is filled by direction 0 or 3, system memory by 2");
}
TEST(gdma, refuses_unknown_formats) {
  EXPECT_EQ(load().with({{src_data_format, 5}}).refusal(), "src_data_format 5 is no format");
}
TEST(gdma, refuses_conversions_that_the_engine_lacks) {
  EXPECT_EQ(load().with({{special_func, 3}, {src_data_format, 2}, {dst_data_format, 3}}).refusal(),
            "special_func 3 does not convert src_data_format 2 to dst_data_format 3");
}
TEST(gdma, refuses_to_accumulate_fp16) {
  EXPECT_EQ(load().with({{acc_write_enable, 1}, {src_data_format, 4}}).refusal(),
            "acc_write_enable 1 with fp16: the engine accumulates fp32 only");
}
TEST(gdma, refuses_an_empty_side) {
  EXPECT_EQ(load().with({{dst_hsize, 0}}).refusal(), "destination of 1x1x0x1 elements is empty");
}
TEST(gdma, refuses_a_source_longer_than_the_destination) {
  EXPECT_EQ(load().with({{src_wsize, 2}}).refusal(), "source of 2 elements, destination of 1");
}
TEST(gdma, refuses_strides_past_4_gib) {
  EXPECT_EQ(load()
                .source_strides(0, 0, 0, 0xFFFFFFFF)
                .destination_strides(0, 0, 0, 1)
                .with({{src_wsize, 2}, {dst_wsize, 2}})
                .refusal(),
            "source address 0x100000000: strides reach 17179869184 bytes, the engine's offsets wrap at 4 GiB");
}
TEST(gdma, refuses_more_work_than_the_destination_holds) {
  EXPECT_EQ(
      load()
          .with({{stride_enable, 1}, {src_nsize, 65535}, {dst_nsize, 65535}, {src_wsize, 65535}, {dst_wsize, 65535}})
          .source_strides(0, 0, 0, 0)
          .destination_strides(0, 0, 0, 0)
          .refusal(),
      "destination of 65535x1x1x65535 elements is more than local memory holds");
}
TEST(gdma, refuses_a_matrix_between_systems) {
  EXPECT_EQ(Transfer(kSystem, {}).with({{sys_mem_type, 1}}).refusal(),
            "sys_mem_type 1 with direction 2: a matrix moves between system and local memory");
}
TEST(gdma, refuses_a_converted_matrix) {
  EXPECT_EQ(load().with({{sys_mem_type, 1}, {special_func, 4}}).refusal(),
            "sys_mem_type 1 with special_func 4: a matrix is only moved or transposed");
}
TEST(gdma, refuses_a_shift_outside_of_the_lanes) {
  EXPECT_EQ(load().with({{special_func, 2}}).refusal(),
            "special_func 2 with direction 0: only direction 3 is possible");
}
TEST(gdma, refuses_to_clear_lanes_before_the_first) {
  EXPECT_EQ(Transfer(kMoveLanes, {})
                .with({{special_func, 2}, {lrn_shift_num, 2}, {lrn_shift_dir, 1}})
                .from(lane_address(2, 0))
                .to(lane_address(1, 0))
                .refusal(),
            "lrn_shift_num 2 clears lanes before the first: the destination starts in lane 1");
}
TEST(gdma, refuses_a_transpose_of_channel_and_width_with_batches) {
  EXPECT_EQ(Transfer(kMoveLanes, {2, 1, 1, 1}).with({{special_func, 5}}).from(kLocal).to(kLocal).refusal(),
            "special_func 5 with src_nsize 2 and src_hsize 1: both must be 1");
}
TEST(gdma, refuses_winograd_weights_that_are_not_dense) {
  Transfer transfer(kLoad, {1, 1, 1, 9});
  transfer.from_ddr(0).to(kLocal).source_strides(9, 9, 9, 2).destination_strides(16, 16, 16, 1);
  transfer.with({{special_func, 6}, {src_data_format, 3}, {dst_wsize, 16}});
  EXPECT_EQ(transfer.refusal(),
            "special_func 6 with src_wstride 2 and dst_wstride 1: kernels are dense, both must be 1");
}

TEST(gdma, refuses_winograd_weights_of_other_sizes) {
  Transfer transfer(kLoad, {1, 2, 1, 9});
  transfer.from_ddr(0).to(kLocal).with({{special_func, 6}, {src_data_format, 3}, {dst_wsize, 32}});
  EXPECT_EQ(transfer.refusal(),
            "special_func 6 from 2x9 to 2x32 bytes: kernels of 9 bytes become 16, channel by channel");
}

TEST(gdma, refuses_winograd_of_words) {
  EXPECT_EQ(load().with({{special_func, 6}}).refusal(),
            "special_func 6 with src_data_format 0: only int8 (3) weights are transformed");
}
TEST(gdma, refuses_a_filter_of_bytes) {
  EXPECT_EQ(Transfer(kStore, {}).with({{special_func, 7}, {src_data_format, 2}}).refusal(),
            "special_func 7 with src_data_format 2: only words (0) are filtered");
}
TEST(gdma, refuses_an_empty_linear_copy) {
  EXPECT_EQ(load().with({{common_mode, 1}, {src_nstride, 0}}).refusal(),
            "common_mode with src_nstride 0: nothing to copy");
}

TEST(gdma_cycles, a_dense_load) {
  const Command command =
      encode(idle_command(kGdma), Transfer(kLoad, {1, 64, 56, 56}).from_ddr(0).to(kLocal).values).value();
  EXPECT_EQ(cycles(command, kGdma).value(), 15180u);
}

}  // namespace
}  // namespace bmnet::bm1684
