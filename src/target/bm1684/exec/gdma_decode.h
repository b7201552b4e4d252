// A GDMA command read into plain terms and checked against everything that the command alone can tell.
#pragma once

#include "target/bm1684/exec/strided_operand.h"

namespace bmnet::bm1684::gdma_exec {

enum class Direction : uint8_t { kSystemToLocal, kLocalToSystem, kSystemToSystem, kLocalToLocal };
enum class Special : uint8_t { kMove, kTransposeNc, kLrnShift, kConvert, kFill, kTransposeCw, kWinograd, kFilter };
enum class Format : uint8_t { kFp32, kInt16, kUint8, kInt8, kFp16 };

constexpr uint32_t format_bytes(Format format) {
  return format == Format::kFp32 ? 4 : format == Format::kInt16 || format == Format::kFp16 ? 2 : 1;
}

// An address of one side, located in its memory.
struct Place {
  std::string_view name;  // "source" or "destination"
  uint64_t address = 0;
  Access::Space space = Access::Space::kDdr;
  uint64_t offset = 0;  // in that memory; in local memory lane * kLaneBytes + byte in the lane

  bool local() const { return space == Access::Space::kLocal; }
  uint32_t lane() const { return static_cast<uint32_t>(offset / kLaneBytes); }
  uint32_t offset_in_lane() const { return static_cast<uint32_t>(offset % kLaneBytes); }
};

// Strides in elements, 32-bit registers.
struct Strides {
  uint32_t n = 0, c = 0, h = 0, w = 0;
};

// One side of a transfer: a tensor in a memory. Byte strides; the h and w terms come from tables where the address
// shift is set. In local memory `c` steps from one row of lanes to the next.
struct Side {
  Place place;
  Shape4 shape;
  uint32_t element_bytes = 4;
  int64_t n = 0, c = 0, h = 0, w = 0;
  std::vector<uint32_t> h_offsets, w_offsets;

  // Byte offset of channel c from the start of the side's memory (n = h = w = 0).
  int64_t channel_offset(uint32_t channel) const;
  // One past the last byte: in local memory within the lane, else within the memory.
  uint64_t end() const;
};

// The general part of every command.
struct Header {
  Direction direction = Direction::kSystemToLocal;
  Special special = Special::kMove;
  Format source_format = Format::kFp32, destination_format = Format::kFp32;
  bool matrix = false, common = false, accumulate = false;
  uint64_t lane_mask = ~0ull;  // of local lanes that may be written

  bool source_is_local() const {
    return direction == Direction::kLocalToSystem || direction == Direction::kLocalToLocal;
  }
  bool destination_is_local() const {
    return direction == Direction::kSystemToLocal || direction == Direction::kLocalToLocal;
  }
};

Result<Header> read_header(const Command& command);
Result<Place> source_place(const Command& command, const Header& header);
Result<Place> destination_place(const Command& command, const Header& header);
// The same for any address; `name` is for messages. Refuses addresses in no memory or in the wrong kind of memory, and
// addresses that are no multiple of `alignment`.
Result<Place> locate(std::string_view name, uint64_t address, bool local, uint32_t alignment);

Shape4 source_sizes(const Command& command);
Shape4 destination_sizes(const Command& command);  // those of the source with chw_copy
Shape4 destination_registers(const Command& command);
Strides source_strides(const Command& command);
Strides destination_strides(const Command& command);
// What the engine computes without stride_enable: compact, but channels of a local side begin at multiples of 128
// bytes.
Strides computed_strides(const Place& place, const Shape4& shape, uint32_t element_bytes);

// Refuses empty shapes, and sides that leave their lane, their memory (DDR: once its size is known, check_extent) or
// the 4 GiB that the engine's 32-bit offset arithmetic can reach.
Result<Side> make_side(const Place& place, const Shape4& shape, const Strides& strides, uint32_t element_bytes,
                       uint32_t h_shift = 0, uint32_t w_shift = 0);
Status check_extent(const Side& side, const Memory& memory);
// Every byte of a destination is written once in legal commands: refuses more elements than its memory holds, which
// also bounds the work that a command can ask for.
Status check_work(const Side& destination, const Memory& memory);
Status check_range(const Place& place, uint64_t bytes, const Memory& memory);

uint8_t* bytes_of(const Memory& memory, Access::Space space);
uint64_t size_of(const Memory& memory, Access::Space space);

void append_accesses(const Side& side, bool write, uint64_t lane_mask, std::vector<Access>& list);

}  // namespace bmnet::bm1684::gdma_exec
