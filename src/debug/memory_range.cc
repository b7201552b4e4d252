#include "debug/memory_range.h"

#include "base/number.h"
#include "target/bm1684/machine.h"

namespace bmnet::debug {

using bm1684::Access;
using Space = Access::Space;

namespace {

struct Region {
  Space space;
  uint64_t base, bytes;
};

std::array<Region, 4> regions(const bm1684::Memory& memory) {
  return {{{Space::kDtcm, bm1684::kDtcmBase, bm1684::kDtcmBytes},
           {Space::kLocal, bm1684::kLocalBase, bm1684::kLocalBytes},
           {Space::kL2, bm1684::kL2Base, bm1684::kL2Bytes},
           {Space::kDdr, bm1684::kDdrBase, memory.ddr_bytes}}};
}

uint64_t base_of(Space space) {
  switch (space) {
    case Space::kDtcm:
      return bm1684::kDtcmBase;
    case Space::kL2:
      return bm1684::kL2Base;
    default:
      return bm1684::kDdrBase;
  }
}

Result<MemoryRange> inside_lane(uint64_t lane, uint64_t offset, uint64_t bytes) {
  if (lane >= bm1684::kLanes) return user_error("there is no lane {}; lanes are 0 to {}", lane, bm1684::kLanes - 1);
  if (bytes == 0 || offset >= bm1684::kLaneBytes || bytes > bm1684::kLaneBytes - offset)
    return user_error("{} bytes from {:#x} run out of their lane of {:#x} bytes", bytes, offset, bm1684::kLaneBytes);
  return MemoryRange{Space::kLocal, static_cast<int>(lane), offset, bytes};
}

Result<MemoryRange> range_at(uint64_t address, uint64_t bytes, const bm1684::Memory& memory) {
  for (const Region& region : regions(memory)) {
    if (address < region.base || address - region.base >= region.bytes) continue;
    const uint64_t offset = address - region.base;
    if (region.space == Space::kLocal)
      return inside_lane(offset / bm1684::kLaneBytes, offset % bm1684::kLaneBytes, bytes);
    if (bytes == 0 || bytes > region.bytes - offset)
      return user_error("{} bytes from {:#x} run out of their memory", bytes, address);
    return MemoryRange{region.space, 0, offset, bytes};
  }
  return user_error("address {:#x} is in no memory: local memory from {:#x}, L2 from {:#x}, DDR from {:#x}", address,
                    bm1684::kLocalBase, bm1684::kL2Base, bm1684::kDdrBase);
}

}  // namespace

Result<MemoryRange> parse_range(std::string_view text, const bm1684::Memory& memory) {
  uint64_t bytes = 4;
  if (const size_t comma = text.find(','); comma != std::string_view::npos) {
    BMNET_ASSIGN(bytes, parse_unsigned(text.substr(comma + 1)));
    text = text.substr(0, comma);
  }
  if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    BMNET_ASSIGN(const uint64_t lane, parse_unsigned(text.substr(0, colon)));
    BMNET_ASSIGN(const uint64_t offset, parse_unsigned(text.substr(colon + 1)));
    return inside_lane(lane, offset, bytes);
  }
  BMNET_ASSIGN(const uint64_t address, parse_unsigned(text));
  return range_at(address, bytes, memory);
}

Result<MemoryRange> ddr_range(uint64_t address, uint64_t bytes, const bm1684::Memory& memory) {
  if (address < bm1684::kDdrBase) return user_error("address {:#x} is not in DDR", address);
  return range_at(address, bytes, memory);
}

std::string first_address(const MemoryRange& range) {
  if (range.space == Space::kLocal) return fmt::format("{}:{:#x}", range.lane, range.offset);
  return fmt::format("{:#x}", base_of(range.space) + range.offset);
}

std::string to_string(const MemoryRange& range) { return fmt::format("{},{}", first_address(range), range.bytes); }

std::span<const uint8_t> bytes_of(const MemoryRange& range, const bm1684::Memory& memory) {
  switch (range.space) {
    case Space::kLocal:
      return {memory.local + static_cast<uint64_t>(range.lane) * bm1684::kLaneBytes + range.offset, range.bytes};
    case Space::kL2:
      return {memory.l2 + range.offset, range.bytes};
    case Space::kDtcm:
      return {memory.dtcm + range.offset, range.bytes};
    case Space::kDdr:
      return {memory.ddr + range.offset, range.bytes};
  }
  return {};
}

Access access_of(const MemoryRange& range) {
  return {.space = range.space,
          .write = false,
          .lanes = range.space == Space::kLocal ? uint64_t{1} << range.lane : 0,
          .begin = range.offset,
          .run_bytes = static_cast<uint32_t>(range.bytes),
          .axes = {}};
}

}  // namespace bmnet::debug
