#include "target/bm1684/emit/emit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tile/builder.h"

namespace bmnet::bm1684 {
namespace {

using tile::Box;
using tile::Builder;
using tile::Layout;
using tile::Local;
using tile::make_local;

constexpr tile::Dims kShape = {1, 64, 1, 32};
constexpr uint64_t kAddresses[] = {kContextStart, kContextStart + 0x10000};

struct Bench {
  Bench() {
    program.add({tile::Buffer::Kind::kActivation, "x", 1 << 16, 0, nullptr});
    program.add({tile::Buffer::Kind::kActivation, "y", 1 << 16, 1, nullptr});
  }
  static Local at(uint32_t offset) { return make_local(kShape, Layout::kAligned, offset); }
  static Box box(tile::BufferId buffer) { return {buffer, 0, kShape, tile::dense_strides(kShape)}; }
  Stream emitted(uint32_t max_id = kMaxGroupId) {
    EXPECT_TRUE(build.status()) << build.status().error().message;
    auto stream = emit(program, program.ops, kAddresses, max_id);
    EXPECT_TRUE(stream) << stream.error().message;
    return std::move(*stream);
  }
  tile::Program program;
  Builder build{program, 0};
};

uint64_t tiu_waits_for(const Stream& stream, size_t i) { return get(stream.groups[0].tiu[i], tiu::cmd_id_gdma); }
uint64_t gdma_waits_for(const Stream& stream, size_t i) { return get(stream.groups[0].gdma[i], gdma::eng0_sync_id); }

TEST(emit, a_compute_waits_for_its_load_and_the_store_for_the_compute) {
  Bench bench;
  bench.build.load(Bench::at(0), Bench::box(0));
  bench.build.max(Bench::at(256), Bench::at(0), 0.0f);
  bench.build.store(Bench::box(1), Bench::at(256));
  const Stream stream = bench.emitted();
  EXPECT_EQ(gdma_waits_for(stream, 0), 0u);
  EXPECT_EQ(tiu_waits_for(stream, 0), 1u);
  EXPECT_EQ(gdma_waits_for(stream, 1), 1u);
  EXPECT_EQ(get(stream.groups[0].gdma[1], gdma::cmd_id), 2u);
}

TEST(emit, commands_on_other_bytes_do_not_wait) {
  Bench bench;
  bench.build.load(Bench::at(0), Bench::box(0));
  bench.build.load(Bench::at(512), Bench::box(0));
  bench.build.max(Bench::at(256), Bench::at(0), 0.0f);
  bench.build.load(Bench::at(1024), Bench::box(0));
  const Stream stream = bench.emitted();
  EXPECT_EQ(tiu_waits_for(stream, 0), 1u);
  EXPECT_EQ(gdma_waits_for(stream, 2), 0u);
}

TEST(emit, other_lanes_are_other_bytes) {
  Bench bench;
  const Local low = make_local({1, 32, 1, 32}, Layout::kAligned, 0),
              high = make_local({1, 32, 1, 32}, Layout::kAligned, 0, 32);
  bench.build.load(high, {0, 0, {1, 32, 1, 32}, {1024, 32, 32, 1}});
  bench.build.max(low, low, 0.0f);
  EXPECT_EQ(tiu_waits_for(bench.emitted(), 0), 0u);
}

TEST(emit, overwriting_waits_for_the_reader) {
  Bench bench;
  bench.build.load(Bench::at(0), Bench::box(0));
  bench.build.max(Bench::at(256), Bench::at(0), 0.0f);
  bench.build.load(Bench::at(0), Bench::box(0));
  EXPECT_EQ(gdma_waits_for(bench.emitted(), 1), 1u);
}

TEST(emit, waits_never_go_back) {
  Bench bench;
  bench.build.load(Bench::at(0), Bench::box(0));
  bench.build.load(Bench::at(512), Bench::box(0));
  bench.build.max(Bench::at(768), Bench::at(512), 0.0f);
  bench.build.max(Bench::at(256), Bench::at(0), 0.0f);
  const Stream stream = bench.emitted();
  EXPECT_EQ(tiu_waits_for(stream, 0), 2u);
  EXPECT_EQ(tiu_waits_for(stream, 1), 2u);
}

TEST(emit, a_new_group_starts_when_ids_run_out) {
  Bench bench;
  for (int i = 0; i < 5; ++i) bench.build.load(Bench::at(0), Bench::box(0));
  const Stream stream = bench.emitted(2);
  ASSERT_EQ(stream.groups.size(), 3u);
  EXPECT_EQ(stream.groups[2].gdma.size(), 1u);
  EXPECT_EQ(get(stream.groups[2].gdma[0], gdma::cmd_id), 1u);
}

TEST(emit, addresses_of_ddr_are_filled_in) {
  Bench bench;
  bench.build.store({1, 8, kShape, tile::dense_strides(kShape)}, Bench::at(0));
  const Command command = bench.emitted().groups[0].gdma[0];
  EXPECT_EQ(get(command, gdma::dst_start_addr_l32) | get(command, gdma::dst_start_addr_h8) << 32, kAddresses[1] + 32);
}

TEST(emit, engines_overlap) {
  Bench bench;
  bench.build.load(Bench::at(0), Bench::box(0));
  bench.build.max(Bench::at(256), Bench::at(0), 0.0f);
  bench.build.load(Bench::at(1024), Bench::box(0));
  const Stream stream = bench.emitted();
  EXPECT_EQ(stream.timing[1].start, stream.timing[2].start);
}

}  // namespace
}  // namespace bmnet::bm1684
