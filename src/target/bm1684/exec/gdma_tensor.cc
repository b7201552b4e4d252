// Tensor moves: plain, strided, reshaping, transposing N and C, converting, accumulating, filling with a constant.
#include "target/bm1684/exec/gdma_tensor.h"

#include <algorithm>
#include <new>
#include <numeric>

#include "target/bm1684/exec/gdma_move.h"

namespace bmnet::bm1684::gdma_exec {
namespace {

// Byte offsets of the positions along one dimension, the first one apart: a stride, or a table if there is no stride.
struct Positions {
  int64_t first = 0, stride = 0;
  std::vector<int64_t> table;
};

// `offset(i)` for every i of `indices`.
template <typename Offset>
Positions positions(const std::vector<uint32_t>& indices, Offset&& offset) {
  Positions result;
  if (indices.empty()) return result;
  result.first = offset(indices[0]);
  bool regular = true;
  if (indices.size() > 1) result.stride = offset(indices[1]) - result.first;
  for (size_t i = 1; i < indices.size() && regular; ++i)
    regular = offset(indices[i]) == result.first + static_cast<int64_t>(i) * result.stride;
  if (regular) return result;
  for (const uint32_t index : indices) result.table.push_back(offset(index) - result.first);
  return result;
}

Positions positions(const std::vector<uint32_t>& offsets, int64_t stride) {
  Positions result;
  if (offsets.empty())
    result.stride = stride;
  else
    result.table.assign(offsets.begin(), offsets.end());
  return result;
}

// Does every element of the side have a place of its own? Judged by its strides alone.
bool writes_once(const Side& side) {
  if (!side.h_offsets.empty() || !side.w_offsets.empty()) return false;
  struct Axis {
    int64_t stride;
    uint32_t count;
  };
  // A local channel has a lane, or at least a row, of its own.
  const uint32_t rows = side.place.local() ? (side.place.lane() + side.shape.c - 1) / kLanes + 1 : side.shape.c;
  std::array<Axis, 4> axes = {{{side.n, side.shape.n}, {side.c, rows}, {side.h, side.shape.h}, {side.w, side.shape.w}}};
  std::sort(axes.begin(), axes.end(), [](const Axis& a, const Axis& b) { return a.stride < b.stride; });
  int64_t span = side.element_bytes;
  for (const Axis& axis : axes) {
    if (axis.count == 1) continue;
    if (axis.stride < span) return false;
    span += axis.stride * (int64_t{axis.count} - 1);
  }
  return true;
}

}  // namespace

void move_tensor(Tensor source, Tensor destination, bool transposed, uint64_t lane_mask, const Transform& transform) {
  const Side &from = *source.side, &to = *destination.side;
  std::vector<uint32_t> channels(to.shape.c);  // of the destination that may be written
  std::iota(channels.begin(), channels.end(), 0);
  if (to.place.local() && lane_mask != ~0ull)
    std::erase_if(channels, [&](uint32_t c) { return !(lane_mask >> (to.place.lane() + c) % kLanes & 1); });
  if (channels.empty()) return;
  std::vector<uint32_t> batches(to.shape.n);
  std::iota(batches.begin(), batches.end(), 0);
  const auto batch_of = [&](uint32_t n) { return n * from.n; };
  const auto channel_of = [&](uint32_t c) { return from.channel_offset(c); };
  const Positions from_n = transposed ? positions(batches, channel_of) : positions(batches, batch_of);
  const Positions from_c = transposed ? positions(channels, batch_of) : positions(channels, channel_of);
  const Positions to_c = positions(channels, [&](uint32_t c) { return to.channel_offset(c); });
  const Positions from_h = positions(from.h_offsets, from.h), to_h = positions(to.h_offsets, to.h);
  const Positions from_w = positions(from.w_offsets, from.w), to_w = positions(to.w_offsets, to.w);
  const bool any_order = writes_once(to);
  run_move({{{to.shape.n, from_n.stride, to.n, from_n.table, {}},
             {static_cast<uint32_t>(channels.size()), from_c.stride, to_c.stride, from_c.table, to_c.table},
             {to.shape.h, from_h.stride, to_h.stride, from_h.table, to_h.table},
             {to.shape.w, from_w.stride, to_w.stride, from_w.table, to_w.table}}},
           source.memory + from_n.first + from_c.first, destination.memory + to_c.first, transform, any_order);
}

Side compact_side(const Shape4& shape, uint32_t element_bytes) {
  Side side;
  side.shape = shape;
  side.element_bytes = element_bytes;
  side.w = element_bytes;
  side.h = shape.w * side.w;
  side.c = shape.h * side.h;
  side.n = shape.c * side.c;
  return side;
}

Status move_through_buffer(Tensor source, Tensor destination, bool transposed, uint64_t lane_mask,
                           const Transform& transform) {
  const Shape4& from = source.side->shape;
  const uint64_t bytes = from.elements() * transform.source_bytes;
  const uint64_t total = destination.side->shape.elements() * transform.source_bytes;
  BMNET_ASSIGN(const std::unique_ptr<uint8_t[]> buffer, allocate(std::max(bytes, total)));
  const Side gathered = compact_side(from, transform.source_bytes);
  move_tensor(source, {&gathered, buffer.get()}, false, ~0ull,
              {transform.source_bytes, transform.source_bytes, nullptr});
  for (uint64_t i = bytes; i < total; ++i) buffer[i] = buffer[i - bytes];
  const Side scattered = transposed ? gathered : compact_side(destination.side->shape, transform.source_bytes);
  move_tensor({&scattered, buffer.get()}, destination, transposed, lane_mask, transform);
  return {};
}

namespace {

struct TensorMove {
  Side source, destination;
  bool fill = false;  // `source` is one constant everywhere
  bool transposed = false;
};

Result<TensorMove> decode(const Command& command, const Header& header) {
  TensorMove move;
  move.fill = header.special == Special::kFill;
  move.transposed = header.special == Special::kTransposeNc;
  const bool explicit_strides = get(command, gdma::stride_enable) != 0;
  if (header.direction == Direction::kSystemToSystem && !explicit_strides)
    return user_error("direction 2 needs stride_enable 1: the engine has no default strides from system to system");
  // Real streams fill local memory by direction 3 as well as by 0.
  if (move.fill && header.direction == Direction::kLocalToSystem)
    return user_error(
        "special_func 4 with direction 1: local memory is filled by direction 0 or 3, system memory by 2");
  BMNET_ASSIGN(const Place destination, destination_place(command, header));
  const Shape4 from = source_sizes(command);
  Shape4 to = destination_sizes(command);
  if (move.transposed) {
    to.n = from.c;
    to.c = from.n;
    if (from.h != to.h || from.w != to.w)
      return user_error("a transpose of N and C from {}x{} to {}x{}: h and w must be equal", from.h, from.w, to.h,
                        to.w);
  }
  const uint32_t bytes = format_bytes(header.destination_format);
  const auto shift = [&](const Field& field) { return static_cast<uint32_t>(get(command, field)); };
  BMNET_ASSIGN(move.destination,
               make_side(destination, to,
                         explicit_strides ? destination_strides(command) : computed_strides(destination, to, bytes),
                         bytes, shift(gdma::dst_hshift), shift(gdma::dst_wshift)));
  if (move.fill) {
    move.source.shape = to;
    return move;
  }
  BMNET_ASSIGN(const Place source, source_place(command, header));
  const uint32_t source_bytes = format_bytes(header.source_format);
  BMNET_ASSIGN(
      move.source,
      make_side(source, from, explicit_strides ? source_strides(command) : computed_strides(source, from, source_bytes),
                source_bytes, shift(gdma::src_hshift), shift(gdma::src_wshift)));
  if (from.elements() > to.elements())
    return user_error("source of {} elements, destination of {}", from.elements(), to.elements());
  return move;
}

}  // namespace

Result<std::unique_ptr<uint8_t[]>> allocate(uint64_t bytes) {
  std::unique_ptr<uint8_t[]> buffer(new (std::nothrow) uint8_t[bytes]);
  if (!buffer) return system_error("no memory for a buffer of {} bytes", bytes);
  return buffer;
}

bool may_overlap(const Side& a, const Side& b) {
  if (a.place.space != b.place.space) return false;
  const auto begin = [](const Side& side) {
    return side.place.local() ? uint64_t{side.place.offset_in_lane()} : side.place.offset;
  };
  return begin(a) < b.end() && begin(b) < a.end();
}

Status execute_tensor(const Command& command, const Header& header, Memory& memory) {
  BMNET_ASSIGN(const TensorMove move, decode(command, header));
  const Side& to = move.destination;
  BMNET_TRY(check_extent(to, memory));
  BMNET_TRY(check_work(to, memory));
  const Transform transform = transform_of(header);
  const Tensor destination{&to, bytes_of(memory, to.place.space)};
  if (move.fill) {
    uint32_t constant = static_cast<uint32_t>(get(command, gdma::constant_value));
    move_tensor({&move.source, reinterpret_cast<uint8_t*>(&constant)}, destination, false, header.lane_mask, transform);
    return {};
  }
  BMNET_TRY(check_extent(move.source, memory));
  const Tensor source{&move.source, bytes_of(memory, move.source.place.space)};
  const bool reshapes = !move.transposed && move.source.shape != to.shape;
  if (reshapes || may_overlap(move.source, to))
    return move_through_buffer(source, destination, move.transposed, header.lane_mask, transform);
  move_tensor(source, destination, move.transposed, header.lane_mask, transform);
  return {};
}

Result<std::vector<Access>> accesses_tensor(const Command& command, const Header& header) {
  BMNET_ASSIGN(const TensorMove move, decode(command, header));
  std::vector<Access> list;
  if (!move.fill) append_accesses(move.source, false, ~0ull, list);
  if (header.accumulate) append_accesses(move.destination, false, header.lane_mask, list);
  append_accesses(move.destination, true, header.lane_mask, list);
  return list;
}

}  // namespace bmnet::bm1684::gdma_exec
