#include "debug/tensor_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "device/sim/mapping.h"

namespace bmnet::debug {
namespace {

using Space = bm1684::Access::Space;
using testing::HasSubstr;

// Memories of which a test fills what it looks at.
class Memories {
 public:
  Memories() : local_(Mapping::create(bm1684::kLocalBytes).value()), ddr_(1 << 16) {
    memory = {.local = local_.data(), .ddr = ddr_.data(), .ddr_bytes = ddr_.size()};
  }
  template <typename T>
  void put(int lane, uint32_t offset, T value) {
    std::memcpy(local_.data() + static_cast<size_t>(lane) * bm1684::kLaneBytes + offset, &value, sizeof value);
  }
  template <typename T>
  void put(uint32_t offset, T value) {
    std::memcpy(&ddr_[offset], &value, sizeof value);
  }
  bm1684::Memory memory;

 private:
  Mapping local_;
  std::vector<uint8_t> ddr_;
};

MemoryRange local(int lane, uint64_t offset) { return {Space::kLocal, lane, offset, 4}; }

double at(const TensorView& view, std::vector<int64_t> index) { return value_of(view.element(), view.at(index)); }

TEST(tensor_view, channels_go_from_lane_to_lane) {
  Memories m;
  m.put(63, 0x100, 1.0f);           // channel 0 in lane 63
  m.put(0, 0x100 + 128, 2.0f);      // channel 1: next row of channels, aligned to 128 bytes
  m.put(0, 0x100 + 128 + 8, 3.0f);  // its third element
  const auto view = TensorView::create(local(63, 0x100), {1, 2, 1, 5}, Element::kF32, {}, m.memory).value();
  EXPECT_EQ(at(view, {0, 0, 0, 0}), 1);
  EXPECT_EQ(at(view, {0, 1, 0, 0}), 2);
  EXPECT_EQ(at(view, {0, 1, 0, 2}), 3);
}

TEST(tensor_view, compact_channels_have_no_gaps) {
  Memories m;
  m.put(0, 20, 2.0f);  // channel 64, behind the five elements of channel 0
  const auto view = TensorView::create(local(0, 0), {1, 65, 1, 5}, Element::kF32, {.aligned = false}, m.memory).value();
  EXPECT_EQ(at(view, {0, 64, 0, 0}), 2);
}

TEST(tensor_view, four_batch_items_share_a_word) {
  Memories m;
  m.put<int8_t>(0, 4 * 3 + 2, 7);    // item 2, element 3
  m.put<int8_t>(0, 128 + 4 + 1, 9);  // item 5 = second word row, element 1
  const auto view = TensorView::create(local(0, 0), {8, 1, 1, 4}, Element::kI8, {.interleave = 4}, m.memory).value();
  EXPECT_EQ(at(view, {2, 0, 0, 3}), 7);
  EXPECT_EQ(at(view, {5, 0, 0, 1}), 9);
}

TEST(tensor_view, ddr_is_dense) {
  Memories m;
  m.put(16 + 4 * 5, 8.0f);
  const auto view = TensorView::create({Space::kDdr, 0, 16, 4}, {2, 3}, Element::kF32, {}, m.memory).value();
  EXPECT_EQ(at(view, {1, 2}), 8);
}

TEST(tensor_view, refuses_what_runs_out_of_its_memory) {
  Memories m;
  const auto refusal = [&](const MemoryRange& start, Shape shape, Layout layout = {}) {
    const auto view = TensorView::create(start, std::move(shape), Element::kF32, layout, m.memory);
    return view ? "no refusal" : view.error().message;
  };
  EXPECT_THAT(refusal(local(0, 0), {1, 1, 400, 400}), HasSubstr("runs out of its lane"));
  EXPECT_THAT(refusal(local(0, 0), {1, 1, 1, 1, 1}), HasSubstr("at most 4 axes"));
  EXPECT_THAT(refusal({Space::kDdr, 0, 0, 4}, {1 << 15}), HasSubstr("run out of their memory"));
  EXPECT_THAT(refusal(local(0, 0), {0}), HasSubstr("an axis of 0"));
  EXPECT_THAT(refusal(local(0, 0), {4}, {.interleave = 4}), HasSubstr("do not fill a word"));
}

TEST(slice, reads_indices_ranges_and_whole_axes) {
  const Slice slice = parse_slice("[1, :2, -1, 3:]", {2, 4, 5, 6}).value();
  EXPECT_EQ(slice.axes[0].begin, 1);
  EXPECT_EQ(slice.axes[1].end, 2);
  EXPECT_EQ(slice.axes[2].begin, 4);
  EXPECT_EQ(slice.axes[3].begin, 3);
  EXPECT_EQ(slice.axes[3].end, 6);
}

TEST(slice, refuses_what_selects_nothing) {
  EXPECT_THAT(parse_slice("[2:1]", {4}).error().message, HasSubstr("selects nothing"));
  EXPECT_THAT(parse_slice("[4]", {4}).error().message, HasSubstr("outside an axis of 4"));
  EXPECT_THAT(parse_slice("[-5]", {4}).error().message, HasSubstr("outside an axis of 4"));
  EXPECT_THAT(parse_slice("[a]", {4}).error().message, HasSubstr("not a number"));
}

TEST(table, writes_a_line_a_row) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const Tensor tensor = Tensor::of<float>({2, 3}, values);
  const TensorView view = TensorView::of_host(tensor, Element::kF32);
  EXPECT_EQ(table(view, parse_slice("", {2, 3}).value()), "[0,0] 1 2 3\n[1,0] 4 5 6\n");
  EXPECT_EQ(table(view, parse_slice("[1,1:]", {2, 3}).value()), "[1,1] 5 6\n");
  EXPECT_EQ(table(view, parse_slice("", {2, 3}).value(), 1), "[0,0] 1 2 3\n… 1 more rows\n");
}

TEST(summary, tells_extremes_zeros_and_nans) {
  const std::vector<float> values = {0, 2, -1, NAN};
  const Tensor tensor = Tensor::of<float>({4}, values);
  EXPECT_EQ(summary(TensorView::of_host(tensor, Element::kF32)), "min -1 max 2 mean 0.333333, 25 % zeros, 1 NaNs");
}

TEST(memory_range, is_a_lane_or_an_address) {
  Memories m;
  EXPECT_EQ(parse_range("3:0x1000,64", m.memory).value(), (MemoryRange{Space::kLocal, 3, 0x1000, 64}));
  EXPECT_EQ(parse_range("0x08080010", m.memory).value(), (MemoryRange{Space::kLocal, 1, 0x10, 4}));
  EXPECT_EQ(parse_range("0x10300400,8", m.memory).value(), (MemoryRange{Space::kL2, 0, 0x300400, 8}));
  EXPECT_EQ(parse_range("0x100000000,1", m.memory).value(), (MemoryRange{Space::kDdr, 0, 0, 1}));
  EXPECT_EQ(to_string(parse_range("4294967304,8", m.memory).value()), "0x100000008,8");
}

TEST(memory_range, refuses_what_leaves_its_memory) {
  Memories m;
  EXPECT_THAT(parse_range("0:0x80000", m.memory).error().message, HasSubstr("out of their lane"));
  EXPECT_THAT(parse_range("0:0,0", m.memory).error().message, HasSubstr("out of their lane"));
  EXPECT_THAT(parse_range("0x100000000,0x10001", m.memory).error().message, HasSubstr("out of their memory"));
  EXPECT_THAT(parse_range("0x", m.memory).error().message, HasSubstr("not a number"));
  EXPECT_THAT(parse_range("", m.memory).error().message, HasSubstr("not a number"));
}

}  // namespace
}  // namespace bmnet::debug
