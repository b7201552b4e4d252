// Places in the chip's memories, as a user writes them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "target/bm1684/exec/instruction.h"

namespace bmnet::debug {

// Bytes that follow each other in one memory.
struct MemoryRange {
  bm1684::Access::Space space = bm1684::Access::Space::kDdr;
  int lane = 0;         // kLocal
  uint64_t offset = 0;  // inside the lane (kLocal) or inside the memory
  uint64_t bytes = 4;
  bool operator==(const MemoryRange&) const = default;
};

// LANE:OFFSET[,BYTES] in local memory, or ADDRESS[,BYTES] as the GDMA counts addresses (machine.h). BYTES is 4 when
// absent. Refused: what is no such text, what does not lie inside one memory (one lane).
Result<MemoryRange> parse_range(std::string_view text, const bm1684::Memory& memory);

// The range of a run-time DDR address.
Result<MemoryRange> ddr_range(uint64_t address, uint64_t bytes, const bm1684::Memory& memory);

std::string first_address(const MemoryRange& range);  // "3:0x1000", "0x105100000"
std::string to_string(const MemoryRange& range);      // "3:0x1000,64"

// `range` lies inside its memory.
std::span<const uint8_t> bytes_of(const MemoryRange& range, const bm1684::Memory& memory);

// The range as an operand of a command, for device/race.h's overlap().
bm1684::Access access_of(const MemoryRange& range);

}  // namespace bmnet::debug
