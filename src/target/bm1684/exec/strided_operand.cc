#include "target/bm1684/exec/strided_operand.h"

#include <algorithm>
#include <cstring>

namespace bmnet::bm1684 {
namespace {

constexpr uint32_t kWordsPerAlign = kAlignBytes / 4;

constexpr uint32_t ceil_div(uint32_t a, uint32_t b) { return (a + b - 1) / b; }
constexpr uint32_t round_up(uint32_t a, uint32_t b) { return ceil_div(a, b) * b; }

// Byte offsets of `count` positions under an address shift. The engine multiplies in 32 bits before it shifts. What is
// far behind every lane is only marked so.
std::vector<uint32_t> shifted_offsets(uint32_t count, uint32_t stride, uint32_t shift) {
  std::vector<uint32_t> offsets(count);
  for (uint32_t i = 0; i < count; ++i) offsets[i] = 4 * std::min((i * stride) >> shift, kLaneBytes);
  return offsets;
}

int64_t farthest(const std::vector<uint32_t>& offsets, uint32_t count, int64_t stride) {
  return offsets.empty() ? (int64_t{count} - 1) * stride : int64_t{*std::max_element(offsets.begin(), offsets.end())};
}

// Offset of the last batch item's byte behind those of the first: words of batches, then items inside a word.
int64_t farthest_batch(const StridedOperand& o) {
  const uint32_t words = ceil_div(o.shape.n, o.packing.batches);
  const uint32_t in_last = (o.shape.n - 1) % o.packing.batches;
  int64_t last = (words - 1) * o.n + in_last * o.packing.element_bytes;
  if (words > 1) last = std::max(last, (words - 2) * o.n + (o.packing.batches - 1) * int64_t{o.packing.element_bytes});
  return last;
}

Status locate(const Command& command, const Field& field, uint32_t alignment, StridedOperand& operand) {
  const uint64_t address = get(command, field);
  if (address < kLocalBase || address >= kLocalBase + kLocalBytes)
    return user_error("{} {:#x} is not a local memory address", field.name, address);
  operand.lane = static_cast<uint32_t>(lane_of(static_cast<uint32_t>(address)));
  operand.offset = offset_in_lane(static_cast<uint32_t>(address)) & ~(alignment - 1);
  return {};
}

Status check_lane(const Command& command, const Field& field, const StridedOperand& operand) {
  const int64_t end = operand.end_in_lane();
  if (end <= kLaneBytes) return {};
  const Shape4& s = operand.shape;
  return user_error("{} {:#x}: the operand of {}x{}x{}x{} ends at byte {} of a lane of {} bytes", field.name,
                    get(command, field), s.n, s.c, s.h, s.w, end, kLaneBytes);
}

void set_aligned_strides(StridedOperand& o, uint32_t unit_bytes, uint32_t align_units) {
  const uint64_t plane = uint64_t{o.shape.h} * o.shape.w;
  const int64_t row_units = static_cast<int64_t>((plane + align_units - 1) / align_units * align_units);
  o.row = row_units * unit_bytes;
  o.n = ceil_div(o.lane + o.shape.c, kLanes) * o.row;
  o.h = int64_t{o.shape.w} * unit_bytes;
  o.w = unit_bytes;
}

// A broadcast dimension stays where it is.
void drop_broadcast_strides(StridedOperand& o) {
  if (o.shape.n == 1) o.n = 0;
  if (o.shape.h == 1) o.h = 0;
  if (o.shape.w == 1) o.w = 0;
}

// Do the strides, sorted, step over everything inside them?
bool places_are_distinct(const StridedOperand& o) {
  if (o.shifted()) return false;
  struct Axis {
    int64_t stride;
    uint32_t count;
  };
  const uint32_t rows = ceil_div(o.lane + o.shape.c, kLanes);
  std::array<Axis, 4> axes = {
      {{o.n, ceil_div(o.shape.n, o.packing.batches)}, {o.row, rows}, {o.h, o.shape.h}, {o.w, o.shape.w}}};
  std::sort(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) { return a.stride < b.stride; });
  int64_t span = 4;
  for (const Axis& axis : axes) {
    if (axis.count == 1) continue;
    if (axis.stride < span) return false;
    span = axis.stride * (int64_t{axis.count} - 1) + span;
  }
  return true;
}

void append_box(const StridedOperand& o, bool write, uint64_t lanes, int64_t begin, uint32_t rows, Access::Axis n,
                uint32_t run_bytes, std::vector<Access>& list) {
  Access access;
  access.write = write;
  access.lanes = lanes;
  access.begin = static_cast<uint64_t>(begin);
  access.run_bytes = run_bytes;
  const uint32_t unit = o.packing.batches * o.packing.element_bytes;
  access.axes = {n, Access::Axis{rows, o.row}, box_axis(o.h_offsets, o.shape.h, o.h, unit),
                 box_axis(o.w_offsets, o.shape.w, o.w, unit)};
  join_runs(access);
  list.push_back(access);
}

}  // namespace

Access::Axis box_axis(const std::vector<uint32_t>& offsets, uint32_t count, int64_t stride, uint32_t unit) {
  if (offsets.empty()) return {count, stride};
  const uint32_t last = *std::max_element(offsets.begin(), offsets.end());
  const bool regular = count > 1 && [&] {
    for (uint32_t i = 1; i < count; ++i)
      if (offsets[i] != i * offsets[1]) return false;
    return true;
  }();
  return regular ? Access::Axis{count, int64_t{offsets[1]}} : Access::Axis{last / unit + 1, unit};
}

void join_runs(Access& access) {
  for (int d = 3; d >= 0; --d) {
    Access::Axis& axis = access.axes[d];
    const uint64_t joined = uint64_t{access.run_bytes} * axis.count;
    if (axis.count > 1 && (axis.stride != access.run_bytes || joined > ~uint32_t{0})) return;
    access.run_bytes = static_cast<uint32_t>(joined);
    axis = {};
  }
}

int64_t StridedOperand::end_in_lane() const {
  const uint32_t last_row = (lane + shape.c - 1) / kLanes;
  return offset + farthest_batch(*this) + last_row * row + farthest(h_offsets, shape.h, h) +
         farthest(w_offsets, shape.w, w) + packing.element_bytes;
}

Result<Shape4> result_shape(const Command& command, Packing packing) {
  for (const Field* field : {&tiu::res0_n, &tiu::res0_c, &tiu::res0_h, &tiu::res0_w})
    if (get(command, *field) == 0) return user_error("{} is 0", field->name);
  const Shape4 shape{static_cast<uint32_t>(get(command, tiu::res0_n)), static_cast<uint32_t>(get(command, tiu::res0_c)),
                     static_cast<uint32_t>(get(command, tiu::res0_h)),
                     static_cast<uint32_t>(get(command, tiu::res0_w))};
  if (shape.elements() > kLocalBytes / packing.element_bytes)
    return user_error("res0 of {}x{}x{}x{} elements is more than local memory holds", shape.n, shape.c, shape.h,
                      shape.w);
  return shape;
}

Result<StridedOperand> strided_operand(const Command& command, const OperandFields& fields, const Shape4& shape,
                                       Packing packing) {
  StridedOperand o;
  o.shape = shape;
  o.packing = packing;
  BMNET_TRY(locate(command, fields.address, packing.element_bytes == 4 ? 4 : 1, o));
  const uint32_t h_shift = static_cast<uint32_t>(get(command, fields.h_shift));
  const uint32_t w_shift = static_cast<uint32_t>(get(command, fields.w_shift));
  uint32_t h_units = shape.w, w_units = 1;
  if (get(command, fields.short_stride) == 0) {
    set_aligned_strides(o, 4, kWordsPerAlign);
  } else {
    h_units = static_cast<uint32_t>(get(command, fields.h_stride));
    w_units = static_cast<uint32_t>(get(command, fields.w_stride));
    o.n = 4 * static_cast<int64_t>(get(command, fields.n_stride));
    o.row = 4 * static_cast<int64_t>(get(command, fields.c_stride));
    o.h = 4 * int64_t{h_units};
    o.w = 4 * int64_t{w_units};
  }
  drop_broadcast_strides(o);
  if (h_shift != 0 && shape.h > 1) o.h_offsets = shifted_offsets(shape.h, h_units, h_shift);
  if (w_shift != 0 && shape.w > 1) o.w_offsets = shifted_offsets(shape.w, w_units, w_shift);
  BMNET_TRY(check_lane(command, fields.address, o));
  return o;
}

Result<StridedOperand> aligned_operand(const Command& command, const Field& address, const Shape4& shape) {
  StridedOperand o;
  o.shape = shape;
  BMNET_TRY(locate(command, address, 4, o));
  set_aligned_strides(o, 4, kWordsPerAlign);
  BMNET_TRY(check_lane(command, address, o));
  return o;
}

Result<StridedOperand> aligned_bytes_operand(const Command& command, const Field& address, const Shape4& shape) {
  StridedOperand o;
  o.shape = shape;
  o.packing = {1, 1};
  BMNET_TRY(locate(command, address, 1, o));
  set_aligned_strides(o, 1, kAlignBytes);
  BMNET_TRY(check_lane(command, address, o));
  return o;
}

StridedOperand constant_operand(const uint32_t* word) {
  StridedOperand o;
  o.memory = reinterpret_cast<uint8_t*>(const_cast<uint32_t*>(word));  // never written: constants are no results
  o.lane_pitch = 0;
  return o;
}

bool same_places(const StridedOperand& a, const StridedOperand& b) {
  return a.memory == b.memory && a.lane == b.lane && a.offset == b.offset && a.shape == b.shape && a.n == b.n &&
         a.row == b.row && a.h == b.h && a.w == b.w && a.packing.element_bytes == b.packing.element_bytes &&
         places_are_distinct(a) && places_are_distinct(b);
}

bool may_overlap(const StridedOperand& a, const StridedOperand& b) {
  return a.memory == b.memory && a.begin_in_lane() < b.end_in_lane() && b.begin_in_lane() < a.end_in_lane();
}

void protect_from(const StridedOperand& result, StridedOperand& operand, std::vector<uint8_t>& storage) {
  if (may_overlap(result, operand) && !same_places(result, operand)) copy_aside(operand, storage);
}

StridedOperand input_or_constant(const std::optional<StridedOperand>& operand, const uint32_t* constant,
                                 const StridedOperand& result, std::vector<uint8_t>& storage) {
  if (!operand) return constant_operand(constant);
  StridedOperand input = *operand;
  input.memory = result.memory;
  protect_from(result, input, storage);
  return input;
}

void copy_aside(StridedOperand& operand, std::vector<uint8_t>& storage) {
  const int64_t begin = operand.begin_in_lane() & ~int64_t{3};
  const uint64_t bytes = round_up(static_cast<uint32_t>(operand.end_in_lane() - begin), 4);
  storage.resize(kLanes * bytes);
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    std::memcpy(storage.data() + lane * bytes, operand.memory + lane * operand.lane_pitch + begin, bytes);
  operand.memory = storage.data();
  operand.lane_pitch = bytes;
  operand.offset -= begin;
}

void append_accesses(const StridedOperand& operand, bool write, std::vector<Access>& list, uint64_t lane_mask) {
  const StridedOperand& o = operand;
  const uint32_t batches = o.packing.batches, bytes = o.packing.element_bytes;
  const uint32_t full_words = o.shape.n / batches, rest = o.shape.n % batches;
  const uint32_t last_channel = o.lane + o.shape.c - 1;
  // Lanes that hold the same rows form one box.
  for (uint32_t lane = 0; lane < kLanes;) {
    const auto first_row = [&](uint32_t l) { return l >= o.lane ? 0u : 1u; };
    const auto rows = [&](uint32_t l) {
      return l > last_channel
                 ? 0u
                 : (last_channel - l) / kLanes + 1 - std::min((last_channel - l) / kLanes + 1, first_row(l));
    };
    const uint32_t first = first_row(lane), count = rows(lane);
    uint64_t lanes = 0;
    do lanes |= uint64_t{1} << lane++;
    while (lane < kLanes && first_row(lane) == first && rows(lane) == count);
    lanes &= lane_mask;
    if (count == 0 || lanes == 0) continue;
    const int64_t begin = o.offset + first * o.row;
    if (full_words > 0) append_box(o, write, lanes, begin, count, {full_words, o.n}, batches * bytes, list);
    if (rest > 0) append_box(o, write, lanes, begin + full_words * o.n, count, {}, rest * bytes, list);
  }
}

}  // namespace bmnet::bm1684
