#include "target/bm1684/exec/operand.h"

#include <algorithm>
#include <cstring>

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kLocalEnd = kLocalBase + kLocalBytes;

uint64_t round_up(uint64_t value, uint64_t step) { return (value + step - 1) / step * step; }

// Lanes first..last of one channel slot.
uint64_t lane_mask(uint32_t first, uint32_t last) {
  const uint64_t upto = last == 63 ? ~0ull : (1ull << (last + 1)) - 1;
  return upto & ~((1ull << first) - 1);
}

// The boxes of batch items [n0, n0 + items) that lie in the same bytes of their units, channel slots
// [slot, slot + slots) and the lanes of `lanes`.
Access box(const Operand& operand, uint64_t n0, uint64_t units, uint64_t items, uint64_t slot, uint64_t slots,
           uint64_t lanes, bool write) {
  const Layout& layout = operand.layout;
  Access access;
  access.write = write;
  access.lanes = lanes;
  access.begin = operand.base + layout.unit * (n0 / layout.pack * operand.stride.n + slot * operand.stride.c) +
                 layout.element * (n0 % layout.pack);
  uint64_t run = layout.element * items;
  const auto axis = [&](uint64_t count, uint64_t stride) {
    return Access::Axis{static_cast<uint32_t>(count), static_cast<int64_t>(layout.unit * stride)};
  };
  access.axes = {axis(units, operand.stride.n), axis(slots, operand.stride.c), axis(operand.shape.h, operand.stride.h),
                 axis(operand.shape.w, operand.stride.w)};
  // Inner axes that continue the run are part of it.
  for (int i = 3; i >= 0; --i) {
    Access::Axis& inner = access.axes[i];
    if (inner.count > 1 && static_cast<uint64_t>(inner.stride) != run) break;
    if (inner.count > 1) run *= inner.count;
    inner = {};
  }
  access.run_bytes = static_cast<uint32_t>(run);
  return access;
}

void append_slots(const Operand& operand, uint64_t slot, uint64_t slots, uint64_t lanes, bool write,
                  std::vector<Access>& out) {
  const uint64_t pack = operand.layout.pack, n = operand.shape.n;
  if (n >= pack) out.push_back(box(operand, 0, n / pack, pack, slot, slots, lanes, write));
  if (n % pack != 0) out.push_back(box(operand, n / pack * pack, 1, n % pack, slot, slots, lanes, write));
}

}  // namespace

uint64_t Operand::end() const {
  const uint64_t last = byte((shape.n - 1) / layout.pack * layout.pack, shape.c - 1, shape.h - 1, shape.w - 1);
  return last + layout.unit;
}

Result<Operand> place(std::string_view name, uint64_t address, Base base, const Layout& layout, const Shape& shape,
                      Spacing spacing, const std::optional<Strides>& strides) {
  if (base == Base::kImplied) address |= kLocalBase;
  if (address < kLocalBase || address >= kLocalEnd)
    return user_error("{}_addr {:#x} is outside local memory {:#x}..{:#x}", name, address, kLocalBase, kLocalEnd - 1);
  if (address % layout.element != 0)
    return user_error("{}_addr {:#x} is not a multiple of {}", name, address, layout.element);
  Operand operand;
  operand.layout = layout;
  operand.shape = shape;
  operand.start = static_cast<uint32_t>(lane_of(static_cast<uint32_t>(address)));
  operand.base = offset_in_lane(static_cast<uint32_t>(address));
  if (strides) {
    operand.stride = *strides;
  } else {
    const uint64_t plane = shape.h * shape.w;
    operand.stride.w = 1;
    operand.stride.h = shape.w;
    operand.stride.c = spacing == Spacing::kAligned ? round_up(plane, layout.align) : plane;
    operand.stride.n = operand.stride.c * ((operand.start + shape.c + kLanes - 1) / kLanes);
  }
  if (operand.end() > kLaneBytes)
    return user_error("{}_addr {:#x}: a tensor of {}x{}x{}x{} ends at byte {} of a lane of {}", name, address, shape.n,
                      shape.c, shape.h, shape.w, operand.end(), kLaneBytes);
  // Every factor is below 2^32 here and three of them cannot be large without strides of zero: multiply stepwise.
  uint64_t elements = layout.element;
  for (const uint64_t size : {shape.n, shape.c, shape.h, shape.w}) {
    elements *= size;
    if (elements > kLocalBytes)
      return unsupported("{}: strides fold a tensor of {}x{}x{}x{} onto itself; at most {} bytes are supported", name,
                         shape.n, shape.c, shape.h, shape.w, kLocalBytes);
  }
  return operand;
}

Result<Matrix> place_matrix(std::string_view name, uint64_t address, Base base, const Layout& layout, uint64_t rows,
                            uint64_t columns, uint64_t width) {
  const Shape shape = {rows, (columns + width - 1) / width, 1, width};
  BMNET_ASSIGN(const Operand sections, place(name, address, base, layout, shape, Spacing::kAligned));
  return Matrix{sections, columns};
}

void append_accesses(const Operand& operand, bool write, std::vector<Access>& out) {
  const uint64_t first = operand.start, last = operand.start + operand.shape.c - 1;  // as slot * 64 + lane
  const uint64_t first_slot = first / kLanes, last_slot = last / kLanes;
  const auto first_lane = static_cast<uint32_t>(first % kLanes), last_lane = static_cast<uint32_t>(last % kLanes);
  if (first_slot == last_slot)
    return append_slots(operand, first_slot, 1, lane_mask(first_lane, last_lane), write, out);
  const uint64_t full_begin = first_slot + (first_lane != 0), full_end = last_slot + (last_lane == 63);
  if (first_lane != 0) append_slots(operand, first_slot, 1, lane_mask(first_lane, 63), write, out);
  if (full_end > full_begin) append_slots(operand, full_begin, full_end - full_begin, ~0ull, write, out);
  if (last_lane != 63) append_slots(operand, last_slot, 1, lane_mask(0, last_lane), write, out);
}

void append_accesses(const Matrix& matrix, bool write, std::vector<Access>& out) {
  Operand whole = matrix.sections;
  if (matrix.last_width() == matrix.width()) return append_accesses(whole, write, out);
  Operand last = whole;
  last.start += static_cast<uint32_t>(whole.shape.c - 1);
  last.shape.c = 1;
  last.shape.w = matrix.last_width();
  if (--whole.shape.c > 0) append_accesses(whole, write, out);
  append_accesses(last, write, out);
}

LaneView::LaneView(const Memory& memory, const Operand& source, const Operand& result) : LaneView(memory) {
  if (source.end() <= result.begin() || result.end() <= source.begin()) return;
  shift_ = source.begin();
  pitch_ = source.end() - source.begin();
  copy_.resize(pitch_ * kLanes);
  for (size_t lane = 0; lane < kLanes; ++lane)
    std::memcpy(copy_.data() + lane * pitch_, memory.local + lane * kLaneBytes + shift_, pitch_);
  origin_ = copy_.data();
  last_ = copy_.data() + copy_.size();
}

Status require_nonzero(const Command& command, std::initializer_list<const Field*> fields) {
  for (const Field* field : fields)
    if (get(command, *field) == 0) return user_error("{} is 0", field->name);
  return {};
}

Status check_work(std::initializer_list<uint64_t> factors) {
  uint64_t work = 1;
  for (const uint64_t factor : factors) {
    if (factor != 0 && work > kMaxWork / factor)
      return unsupported("the command asks for more than 2^40 multiply-adds");
    work *= factor;
  }
  return {};
}

}  // namespace bmnet::bm1684
