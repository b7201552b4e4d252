// The forms of the GDMA that are no tensor moves: linear copy, shift along channels, transpose of channels and width,
// Winograd transform of int8 weights, filter by a mask.
#include <algorithm>
#include <cstring>

#include "target/bm1684/exec/gdma_tensor.h"

namespace bmnet::bm1684::gdma_exec {
namespace {

Status require_direction(const Header& header, Direction direction) {
  if (header.direction == direction) return {};
  return user_error("special_func {} with direction {}: only direction {} is possible",
                    static_cast<int>(header.special), static_cast<int>(header.direction), static_cast<int>(direction));
}

bool may_write(uint64_t lane_mask, uint64_t lane) { return lane_mask >> lane % kLanes & 1; }

// ---- linear copy: src_nstride elements from address to address; local memory is one lane after the other

struct Linear {
  Place source, destination;
  uint32_t element_bytes = 4;
  uint64_t bytes = 0;
  bool fill = false;
};

Result<Linear> decode_common(const Command& command, const Header& header) {
  Linear linear;
  linear.element_bytes = format_bytes(header.source_format);
  linear.bytes = get(command, gdma::src_nstride) * linear.element_bytes;
  linear.fill = header.special == Special::kFill;
  if (linear.bytes == 0) return user_error("common_mode with src_nstride 0: nothing to copy");
  BMNET_ASSIGN(linear.destination, destination_place(command, header));
  if (linear.fill) return linear;
  BMNET_ASSIGN(linear.source, source_place(command, header));
  return linear;
}

// Calls visit(offset of the piece in the transfer, its bytes, lane or -1) for every piece inside one lane.
template <typename Visit>
void for_each_piece(const Place& place, uint64_t bytes, Visit&& visit) {
  if (!place.local()) return visit(0, bytes, -1);
  for (uint64_t done = 0; done < bytes;) {
    const uint64_t offset = place.offset + done;
    const uint64_t piece = std::min<uint64_t>(bytes - done, kLaneBytes - offset % kLaneBytes);
    visit(done, piece, static_cast<int>(offset / kLaneBytes));
    done += piece;
  }
}

void append_linear(const Place& place, uint64_t bytes, bool write, uint64_t lane_mask, std::vector<Access>& list) {
  for_each_piece(place, bytes, [&](uint64_t start, uint64_t piece, int lane) {
    if (lane >= kLanes || (lane >= 0 && !may_write(lane_mask, lane))) return;
    // A run has 32 bits.
    for (uint64_t done = 0; done < piece; done += uint64_t{1} << 30) {
      Access access;
      access.space = place.space;
      access.write = write;
      if (lane >= 0) access.lanes = uint64_t{1} << lane;
      access.begin = (place.offset + start) % (lane >= 0 ? uint64_t{kLaneBytes} : ~uint64_t{0}) + done;
      access.run_bytes = static_cast<uint32_t>(std::min(piece - done, uint64_t{1} << 30));
      list.push_back(access);
    }
  });
}

// ---- transpose of channels and width

struct TransposeCw {
  Side source, destination;  // shapes 1 x C x 1 x W and 1 x W x 1 x C
};

Result<TransposeCw> decode_transpose_cw(const Command& command, const Header& header) {
  BMNET_TRY(require_direction(header, Direction::kLocalToLocal));
  const Shape4 from = source_sizes(command), to = destination_sizes(command);
  if (from.n != 1 || from.h != 1)
    return user_error("special_func 5 with src_nsize {} and src_hsize {}: both must be 1", from.n, from.h);
  BMNET_ASSIGN(const Place source, source_place(command, header));
  BMNET_ASSIGN(const Place destination, destination_place(command, header));
  const uint32_t bytes = format_bytes(header.source_format);
  const bool explicit_strides = get(command, gdma::stride_enable) != 0;
  const uint32_t source_c = explicit_strides ? source_strides(command).c : from.h * from.w;
  const uint32_t destination_c = explicit_strides ? destination_strides(command).c : to.h * to.w;
  TransposeCw transpose;
  BMNET_ASSIGN(transpose.source, make_side(source, from, {0, source_c, 0, 1}, bytes));
  BMNET_ASSIGN(transpose.destination, make_side(destination, {1, from.w, 1, from.c}, {0, destination_c, 0, 1}, bytes));
  return transpose;
}

// ---- shift along channels

struct LrnShift {
  Side source, destination;  // one shape, the source's strides
  Side cleared;              // channels to clear: all n, h, w
  bool clears = false;
};

Result<LrnShift> decode_lrn_shift(const Command& command, const Header& header) {
  BMNET_TRY(require_direction(header, Direction::kLocalToLocal));
  BMNET_ASSIGN(const Place source, source_place(command, header));
  BMNET_ASSIGN(const Place destination, destination_place(command, header));
  const uint32_t bytes = format_bytes(header.source_format);
  Shape4 shape = source_sizes(command);
  const Strides strides =
      get(command, gdma::stride_enable) ? source_strides(command) : computed_strides(source, shape, bytes);
  LrnShift shift;
  BMNET_ASSIGN(shift.source, make_side(source, shape, strides, bytes));
  BMNET_ASSIGN(shift.destination, make_side(destination, shape, strides, bytes));
  const uint32_t count = static_cast<uint32_t>(get(command, gdma::lrn_shift_num));
  shift.clears = count > 0 && !get(command, gdma::acc_write_enable);
  if (!shift.clears) return shift;
  Place first = destination;
  if (get(command, gdma::lrn_shift_dir)) {
    if (count > destination.lane())
      return user_error("lrn_shift_num {} clears lanes before the first: the destination starts in lane {}", count,
                        destination.lane());
    first.offset -= uint64_t{count} * kLaneBytes;
  } else {
    const uint32_t lane = destination.lane() + shape.c;
    const uint64_t offset = destination.offset_in_lane() + lane / kLanes * uint64_t{strides.c} * bytes;
    if (offset >= kLaneBytes)
      return user_error("lrn_shift_num {}: the channels to clear begin at byte {} of a lane of {} bytes", count, offset,
                        kLaneBytes);
    first.offset = uint64_t{lane % kLanes} * kLaneBytes + offset;
  }
  shape.c = count;
  BMNET_ASSIGN(shift.cleared, make_side(first, shape, strides, bytes));
  return shift;
}

// One channel of a local side as a side of its own.
Side channel_of(const Side& side, uint32_t channel) {
  Side one = side;
  one.place.offset = static_cast<uint64_t>(side.channel_offset(channel));
  one.shape.c = 1;
  return one;
}

// ---- filter

struct Filter {
  Side data, mask;    // aligned words of one shape
  Place destination;  // of the words whose mask word is not zero, one behind the other
};

Result<Filter> decode_filter(const Command& command, const Header& header) {
  BMNET_TRY(require_direction(header, Direction::kLocalToSystem));
  if (header.source_format != Format::kFp32)
    return user_error("special_func 7 with src_data_format {}: only words (0) are filtered",
                      static_cast<int>(header.source_format));
  Filter filter;
  const Shape4 shape = source_sizes(command);
  BMNET_ASSIGN(const Place data, source_place(command, header));
  BMNET_ASSIGN(const Place mask, locate("mask", get(command, gdma::dst_nstride), true, 4));
  BMNET_ASSIGN(filter.destination, destination_place(command, header));
  BMNET_ASSIGN(filter.data, make_side(data, shape, computed_strides(data, shape, 4), 4));
  BMNET_ASSIGN(filter.mask, make_side(mask, shape, computed_strides(mask, shape, 4), 4));
  return filter;
}

// ---- Winograd weights

struct Winograd {
  Side source, destination;  // shapes 1 x C x groups x 9 and 1 x C x groups x 16, bytes
  int slope_small = 0, slope_large = 0, pivot = 0, scale = 0;
};

Result<Winograd> decode_winograd(const Command& command, const Header& header) {
  BMNET_TRY(require_direction(header, Direction::kSystemToLocal));
  if (header.source_format != Format::kInt8)
    return user_error("special_func 6 with src_data_format {}: only int8 (3) weights are transformed",
                      static_cast<int>(header.source_format));
  const Shape4 from = source_sizes(command), to = destination_sizes(command);
  BMNET_ASSIGN(const Place source, source_place(command, header));
  BMNET_ASSIGN(const Place destination, destination_place(command, header));
  const bool explicit_strides = get(command, gdma::stride_enable) != 0;
  const Strides read = explicit_strides ? source_strides(command) : computed_strides(source, from, 1);
  const Strides written = explicit_strides ? destination_strides(command) : computed_strides(destination, to, 1);
  if (read.w != 1 || written.w != 1)
    return user_error("special_func 6 with src_wstride {} and dst_wstride {}: kernels are dense, both must be 1",
                      read.w, written.w);
  if (from.c != to.c || from.w / 9 != to.w / 16 || from.w % 9 != 0 || to.w % 16 != 0)
    return user_error("special_func 6 from {}x{} to {}x{} bytes: kernels of 9 bytes become 16, channel by channel",
                      from.c, from.w, to.c, to.w);
  Winograd winograd;
  BMNET_ASSIGN(winograd.source, make_side(source, {1, to.c, to.w / 16, 9}, {0, read.c, 9, 1}, 1));
  BMNET_ASSIGN(winograd.destination, make_side(destination, {1, to.c, to.w / 16, 16}, {0, written.c, 16, 1}, 1));
  winograd.slope_small = static_cast<int>(get(command, gdma::src_hshift) & 63);
  winograd.slope_large = static_cast<int>(get(command, gdma::constant_value) & 511);
  winograd.pivot = static_cast<int>(get(command, gdma::src_wshift));
  winograd.scale = static_cast<int>(get(command, gdma::dst_hshift) & 31);
  return winograd;
}

// Nine int8 weights become sixteen: piecewise linear scaling, G y G^T, scaling with rounding and saturation.
void transform_kernel(const Winograd& winograd, const int8_t* weights, int8_t* transformed) {
  int y[3][3];
  for (int i = 0; i < 9; ++i) {
    const int v = weights[i];
    int scaled = (v * winograd.slope_small + 4) >> 3;
    if (v > winograd.pivot) scaled = (((v - 128) * winograd.slope_large + 4) >> 3) + 512;
    if (v < -winograd.pivot) scaled = (((v + 128) * winograd.slope_large + 4) >> 3) - 512;
    y[i / 3][i % 3] = std::clamp(scaled, -512, 511);
  }
  constexpr int kG[4][3] = {{1, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 1}};
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 4; ++column) {
      int sum = 0;
      for (int i = 0; i < 3; ++i)
        for (int k = 0; k < 3; ++k) sum += kG[row][i] * y[i][k] * kG[column][k];
      const int shift = 5 + (row == 1 || row == 2) + (column == 1 || column == 2);
      const int rounded = (sum * winograd.scale + (1 << (shift - 1))) >> shift;
      transformed[4 * row + column] = static_cast<int8_t>(std::clamp(rounded, -128, 127));
    }
  }
}

}  // namespace

Status execute_common(const Command& command, const Header& header, Memory& memory) {
  BMNET_ASSIGN(const Linear linear, decode_common(command, header));
  BMNET_TRY(check_range(linear.destination, linear.bytes, memory));
  if (!linear.fill) BMNET_TRY(check_range(linear.source, linear.bytes, memory));
  uint8_t* const to = bytes_of(memory, linear.destination.space) + linear.destination.offset;
  const uint32_t constant = static_cast<uint32_t>(get(command, gdma::constant_value));
  // Shared bytes read as they were before.
  std::unique_ptr<uint8_t[]> buffer;
  const uint8_t* from = nullptr;
  if (!linear.fill) {
    from = bytes_of(memory, linear.source.space) + linear.source.offset;
    if (linear.source.space == linear.destination.space &&
        linear.source.offset < linear.destination.offset + linear.bytes &&
        linear.destination.offset < linear.source.offset + linear.bytes) {
      BMNET_ASSIGN(buffer, allocate(linear.bytes));
      std::memcpy(buffer.get(), from, linear.bytes);
      from = buffer.get();
    }
  }
  for_each_piece(linear.destination, linear.bytes, [&](uint64_t start, uint64_t bytes, int lane) {
    if (lane >= 0 && !may_write(header.lane_mask, lane)) return;
    if (from) {
      std::memcpy(to + start, from + start, bytes);
      return;
    }
    for (uint64_t i = 0; i < bytes; i += linear.element_bytes)
      std::memcpy(to + start + i, &constant, linear.element_bytes);
  });
  return {};
}

Result<std::vector<Access>> accesses_common(const Command& command, const Header& header) {
  BMNET_ASSIGN(const Linear linear, decode_common(command, header));
  std::vector<Access> list;
  if (!linear.fill) append_linear(linear.source, linear.bytes, false, ~0ull, list);
  append_linear(linear.destination, linear.bytes, true, header.lane_mask, list);
  return list;
}

Status execute_transpose_cw(const Command& command, const Header& header, Memory& memory) {
  BMNET_ASSIGN(const TransposeCw transpose, decode_transpose_cw(command, header));
  const Side& from = transpose.source;
  BMNET_TRY(check_work(transpose.destination, memory));
  const uint32_t channels = from.shape.c, width = from.shape.w;
  const Transform copy{from.element_bytes, from.element_bytes, nullptr};
  // Gathered as C x W; the buffer read column by column is the W x C of the destination.
  BMNET_ASSIGN(const std::unique_ptr<uint8_t[]> buffer, allocate(uint64_t{channels} * width * from.element_bytes));
  const Side gathered = compact_side(from.shape, from.element_bytes);
  move_tensor({&from, memory.local}, {&gathered, buffer.get()}, false, ~0ull, copy);
  Side columns = gathered;
  columns.shape = transpose.destination.shape;
  columns.c = gathered.w;
  columns.w = gathered.c;
  move_tensor({&columns, buffer.get()}, {&transpose.destination, memory.local}, false, header.lane_mask, copy);
  return {};
}

Result<std::vector<Access>> accesses_transpose_cw(const Command& command, const Header& header) {
  BMNET_ASSIGN(const TransposeCw transpose, decode_transpose_cw(command, header));
  std::vector<Access> list;
  append_accesses(transpose.source, false, ~0ull, list);
  append_accesses(transpose.destination, true, header.lane_mask, list);
  return list;
}

Status execute_lrn_shift(const Command& command, const Header& header, Memory& memory) {
  BMNET_ASSIGN(const LrnShift shift, decode_lrn_shift(command, header));
  BMNET_TRY(check_work(shift.destination, memory));
  const Transform transform = transform_of(header);
  for (uint32_t c = 0; c < shift.source.shape.c; ++c) {  // one channel after the other: a later one may read an earlier
    const Side from = channel_of(shift.source, c), to = channel_of(shift.destination, c);
    if (!may_write(header.lane_mask, to.place.lane())) continue;
    BMNET_TRY(move_through_buffer({&from, memory.local}, {&to, memory.local}, false, ~0ull, transform));
  }
  if (!shift.clears) return {};
  uint32_t zero = 0;
  Side zeros;
  zeros.shape = shift.cleared.shape;
  const uint32_t bytes = shift.cleared.element_bytes;
  move_tensor({&zeros, reinterpret_cast<uint8_t*>(&zero)}, {&shift.cleared, memory.local}, false, header.lane_mask,
              {bytes, bytes, nullptr});
  return {};
}

Result<std::vector<Access>> accesses_lrn_shift(const Command& command, const Header& header) {
  BMNET_ASSIGN(const LrnShift shift, decode_lrn_shift(command, header));
  std::vector<Access> list;
  append_accesses(shift.source, false, ~0ull, list);
  if (header.accumulate) append_accesses(shift.destination, false, header.lane_mask, list);
  append_accesses(shift.destination, true, header.lane_mask, list);
  if (shift.clears) append_accesses(shift.cleared, true, header.lane_mask, list);
  return list;
}

// The lane mask has no say: nothing is written to local memory.
Status execute_filter(const Command& command, const Header& header, Memory& memory) {
  BMNET_ASSIGN(const Filter filter, decode_filter(command, header));
  const Shape4& shape = filter.data.shape;
  std::vector<uint32_t> kept;
  for (uint32_t n = 0; n < shape.n; ++n) {
    for (uint32_t c = 0; c < shape.c; ++c) {
      const uint8_t* data = memory.local + filter.data.channel_offset(c) + n * filter.data.n;
      const uint8_t* mask = memory.local + filter.mask.channel_offset(c) + n * filter.mask.n;
      for (uint64_t i = 0; i < uint64_t{shape.h} * shape.w; ++i) {
        uint32_t flag, word;
        std::memcpy(&flag, mask + 4 * i, 4);
        std::memcpy(&word, data + 4 * i, 4);
        if (flag != 0) kept.push_back(word);
      }
    }
  }
  BMNET_TRY(check_range(filter.destination, 4 * kept.size(), memory));
  if (!kept.empty())
    std::memcpy(bytes_of(memory, filter.destination.space) + filter.destination.offset, kept.data(), 4 * kept.size());
  memory.filter_count += static_cast<uint32_t>(kept.size());
  return {};
}

Result<std::vector<Access>> accesses_filter(const Command& command, const Header& header) {
  BMNET_ASSIGN(const Filter filter, decode_filter(command, header));
  std::vector<Access> list;
  append_accesses(filter.data, false, ~0ull, list);
  append_accesses(filter.mask, false, ~0ull, list);
  // How many words come out is known at run time only.
  append_linear(filter.destination, 4 * filter.data.shape.elements(), true, ~0ull, list);
  return list;
}

Status execute_winograd(const Command& command, const Header& header, Memory& memory) {
  BMNET_ASSIGN(const Winograd winograd, decode_winograd(command, header));
  BMNET_TRY(check_extent(winograd.source, memory));
  BMNET_TRY(check_work(winograd.destination, memory));
  const uint8_t* const source = bytes_of(memory, winograd.source.place.space);
  for (uint32_t c = 0; c < winograd.destination.shape.c; ++c) {
    if (!may_write(header.lane_mask, winograd.destination.place.lane() + c)) continue;
    const uint8_t* const weights = source + winograd.source.channel_offset(c);
    uint8_t* const transformed = memory.local + winograd.destination.channel_offset(c);
    for (uint32_t group = 0; group < winograd.destination.shape.h; ++group)
      transform_kernel(winograd, reinterpret_cast<const int8_t*>(weights + 9 * group),
                       reinterpret_cast<int8_t*>(transformed + 16 * group));
  }
  return {};
}

Result<std::vector<Access>> accesses_winograd(const Command& command, const Header& header) {
  BMNET_ASSIGN(const Winograd winograd, decode_winograd(command, header));
  std::vector<Access> list;
  append_accesses(winograd.source, false, ~0ull, list);
  append_accesses(winograd.destination, true, header.lane_mask, list);
  return list;
}

}  // namespace bmnet::bm1684::gdma_exec
