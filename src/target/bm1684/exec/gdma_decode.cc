#include "target/bm1684/exec/gdma_decode.h"

#include <algorithm>

namespace bmnet::bm1684::gdma_exec {
namespace {

constexpr uint64_t kOffsetLimit = uint64_t{1} << 32;

uint32_t get32(const Command& command, const Field& field) { return static_cast<uint32_t>(get(command, field)); }

std::string_view space_name(Access::Space space) {
  switch (space) {
    case Access::Space::kLocal:
      return "local memory";
    case Access::Space::kL2:
      return "L2";
    case Access::Space::kDtcm:
      return "DTCM";
    case Access::Space::kDdr:
      return "DDR";
  }
  return "";
}

Result<Format> read_format(const Command& command, const Field& field) {
  const uint64_t code = get(command, field);
  if (code > static_cast<uint64_t>(Format::kFp16)) return user_error("{} {} is no format", field.name, code);
  return static_cast<Format>(code);
}

Status check_conversion(Format from, Format to) {
  const auto is_byte = [](Format format) { return format == Format::kUint8 || format == Format::kInt8; };
  if (from != Format::kInt16 && to != Format::kInt16 && from != to && !(is_byte(from) && is_byte(to))) return {};
  return user_error("special_func 3 does not convert src_data_format {} to dst_data_format {}", static_cast<int>(from),
                    static_cast<int>(to));
}

std::vector<uint32_t> shifted_offsets(uint32_t count, uint32_t stride, uint32_t shift, uint32_t element_bytes) {
  std::vector<uint32_t> offsets(count);
  for (uint32_t i = 0; i < count; ++i) offsets[i] = ((i * stride) >> shift) * element_bytes;
  return offsets;
}

uint64_t farthest(const std::vector<uint32_t>& offsets, uint32_t count, int64_t stride) {
  return offsets.empty() ? (count - 1) * static_cast<uint64_t>(stride)
                         : *std::max_element(offsets.begin(), offsets.end());
}

// The side as an operand of local memory, whose box arithmetic it shares.
StridedOperand as_operand(const Side& side) {
  StridedOperand operand;
  operand.lane = side.place.lane();
  operand.offset = side.place.offset_in_lane();
  operand.n = side.n;
  operand.row = side.c;
  operand.h = side.h;
  operand.w = side.w;
  operand.h_offsets = side.h_offsets;
  operand.w_offsets = side.w_offsets;
  operand.packing = {1, side.element_bytes};
  operand.shape = side.shape;
  return operand;
}

}  // namespace

int64_t Side::channel_offset(uint32_t channel) const {
  if (!place.local()) return static_cast<int64_t>(place.offset) + channel * c;
  const uint32_t lane = place.lane() + channel;
  return int64_t{lane % kLanes} * kLaneBytes + place.offset_in_lane() + (lane / kLanes) * c;
}

uint64_t Side::end() const {
  const uint32_t rows = place.local() ? (place.lane() + shape.c - 1) / kLanes : shape.c - 1;
  const uint64_t start = place.local() ? place.offset_in_lane() : place.offset;
  return start + (shape.n - 1) * static_cast<uint64_t>(n) + rows * static_cast<uint64_t>(c) +
         farthest(h_offsets, shape.h, h) + farthest(w_offsets, shape.w, w) + element_bytes;
}

Result<Header> read_header(const Command& command) {
  Header header;
  header.direction = static_cast<Direction>(get(command, gdma::direction));
  header.special = static_cast<Special>(get(command, gdma::special_func));
  header.common = get(command, gdma::common_mode) != 0;
  header.matrix = get(command, gdma::sys_mem_type) != 0;
  BMNET_ASSIGN(header.source_format, read_format(command, gdma::src_data_format));
  header.destination_format = header.source_format;
  if (header.special == Special::kConvert && !header.common) {
    BMNET_ASSIGN(header.destination_format, read_format(command, gdma::dst_data_format));
    BMNET_TRY(check_conversion(header.source_format, header.destination_format));
  }
  header.lane_mask = get(command, gdma::localmem_mask_l32) | get(command, gdma::localmem_mask_h32) << 32;
  // Integer formats are never accumulated.
  header.accumulate = get(command, gdma::acc_write_enable) && header.destination_format == Format::kFp32;
  if (get(command, gdma::acc_write_enable) && header.destination_format == Format::kFp16)
    return unsupported("acc_write_enable 1 with fp16: the engine accumulates fp32 only");
  return header;
}

Result<Place> locate(std::string_view name, uint64_t address, bool local, uint32_t alignment) {
  struct Window {
    Access::Space space;
    uint64_t base, bytes;
  };
  constexpr Window kWindows[] = {{Access::Space::kDtcm, kDtcmBase, kDtcmBytes},
                                 {Access::Space::kLocal, kLocalBase, kLocalBytes},
                                 {Access::Space::kL2, kL2Base, kL2Bytes},
                                 {Access::Space::kDdr, kDdrBase, ~uint64_t{0}}};
  for (const Window& window : kWindows) {
    if (address < window.base || address - window.base >= window.bytes) continue;
    if (local != (window.space == Access::Space::kLocal)) break;
    if (address % alignment != 0)
      return user_error("{} address {:#x} is not a multiple of the element size {}", name, address, alignment);
    return Place{name, address, window.space, address - window.base};
  }
  return user_error("{} address {:#x} is not in {}", name, address, local ? "local memory" : "DDR, L2 or DTCM");
}

Result<Place> source_place(const Command& command, const Header& header) {
  return locate("source", get(command, gdma::src_start_addr_l32) | get(command, gdma::src_start_addr_h8) << 32,
                header.source_is_local(), format_bytes(header.source_format));
}

Result<Place> destination_place(const Command& command, const Header& header) {
  return locate("destination", get(command, gdma::dst_start_addr_l32) | get(command, gdma::dst_start_addr_h8) << 32,
                header.destination_is_local(), format_bytes(header.destination_format));
}

Shape4 source_sizes(const Command& command) {
  return {get32(command, gdma::src_nsize), get32(command, gdma::src_csize), get32(command, gdma::src_hsize),
          get32(command, gdma::src_wsize)};
}
Shape4 destination_registers(const Command& command) {
  return {get32(command, gdma::dst_nsize), get32(command, gdma::dst_csize), get32(command, gdma::dst_hsize),
          get32(command, gdma::dst_wsize)};
}
Shape4 destination_sizes(const Command& command) {
  return get(command, gdma::chw_copy) ? source_sizes(command) : destination_registers(command);
}
Strides source_strides(const Command& command) {
  return {get32(command, gdma::src_nstride), get32(command, gdma::src_cstride), get32(command, gdma::src_hstride),
          get32(command, gdma::src_wstride)};
}
Strides destination_strides(const Command& command) {
  return {get32(command, gdma::dst_nstride), get32(command, gdma::dst_cstride), get32(command, gdma::dst_hstride),
          get32(command, gdma::dst_wstride)};
}

Strides computed_strides(const Place& place, const Shape4& shape, uint32_t element_bytes) {
  const uint32_t plane = shape.h * shape.w;
  if (!place.local()) return {shape.c * plane, plane, shape.w, 1};
  const uint32_t align = kAlignBytes / element_bytes;
  const uint32_t row = (plane + align - 1) / align * align;
  return {(place.lane() + shape.c + kLanes - 1) / kLanes * row, row, shape.w, 1};
}

Result<Side> make_side(const Place& place, const Shape4& shape, const Strides& strides, uint32_t element_bytes,
                       uint32_t h_shift, uint32_t w_shift) {
  if (shape.elements() == 0)
    return user_error("{} of {}x{}x{}x{} elements is empty", place.name, shape.n, shape.c, shape.h, shape.w);
  Side side;
  side.place = place;
  side.shape = shape;
  side.element_bytes = element_bytes;
  side.n = int64_t{strides.n} * element_bytes;
  side.c = int64_t{strides.c} * element_bytes;
  side.h = int64_t{strides.h} * element_bytes;
  side.w = int64_t{strides.w} * element_bytes;
  // Only the low 5 bits of the shift fields count.
  if (h_shift % 32) side.h_offsets = shifted_offsets(shape.h, strides.h, h_shift % 32, element_bytes);
  if (w_shift % 32) side.w_offsets = shifted_offsets(shape.w, strides.w, w_shift % 32, element_bytes);
  const uint64_t end = side.end();
  if (place.local()) {
    if (end > kLaneBytes)
      return user_error("{} address {:#x}: {}x{}x{}x{} elements end at byte {} of a lane of {} bytes", place.name,
                        place.address, shape.n, shape.c, shape.h, shape.w, end, kLaneBytes);
  } else if (end - place.offset > kOffsetLimit) {
    return user_error("{} address {:#x}: strides reach {} bytes, the engine's offsets wrap at 4 GiB", place.name,
                      place.address, end - place.offset);
  }
  return side;
}

Status check_range(const Place& place, uint64_t bytes, const Memory& memory) {
  const uint64_t size = size_of(memory, place.space);
  if (place.offset <= size && bytes <= size - place.offset) return {};
  return user_error("{} address {:#x}: {} bytes run out of {} of {} bytes", place.name, place.address, bytes,
                    space_name(place.space), size);
}

Status check_extent(const Side& side, const Memory& memory) {
  if (side.place.local()) return {};  // lanes are checked by make_side
  return check_range(side.place, side.end() - side.place.offset, memory);
}

Status check_work(const Side& destination, const Memory& memory) {
  const Shape4& shape = destination.shape;
  const uint64_t size = size_of(memory, destination.place.space);
  if (shape.elements() <= size / destination.element_bytes) return {};
  return user_error("{} of {}x{}x{}x{} elements is more than {} holds", destination.place.name, shape.n, shape.c,
                    shape.h, shape.w, space_name(destination.place.space));
}

uint8_t* bytes_of(const Memory& memory, Access::Space space) {
  switch (space) {
    case Access::Space::kLocal:
      return memory.local;
    case Access::Space::kL2:
      return memory.l2;
    case Access::Space::kDtcm:
      return memory.dtcm;
    case Access::Space::kDdr:
      return memory.ddr;
  }
  return nullptr;
}

uint64_t size_of(const Memory& memory, Access::Space space) {
  switch (space) {
    case Access::Space::kLocal:
      return kLocalBytes;
    case Access::Space::kL2:
      return kL2Bytes;
    case Access::Space::kDtcm:
      return kDtcmBytes;
    case Access::Space::kDdr:
      return memory.ddr_bytes;
  }
  return 0;
}

void append_accesses(const Side& side, bool write, uint64_t lane_mask, std::vector<Access>& list) {
  if (side.place.local()) {
    bm1684::append_accesses(as_operand(side), write, list, lane_mask);
    return;
  }
  Access access;
  access.space = side.place.space;
  access.write = write;
  access.begin = side.place.offset;
  access.run_bytes = side.element_bytes;
  access.axes = {Access::Axis{side.shape.n, side.n}, Access::Axis{side.shape.c, side.c},
                 box_axis(side.h_offsets, side.shape.h, side.h, side.element_bytes),
                 box_axis(side.w_offsets, side.shape.w, side.w, side.element_bytes)};
  join_runs(access);
  list.push_back(access);
}

}  // namespace bmnet::bm1684::gdma_exec
