// Operands that an instruction reads from L2 by offset: function tables and power series.
#pragma once

#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

// The offset in L2 that an operand's address field names: plain, or an address of the L2 window. `bytes` from there
// must lie in L2.
inline Result<uint32_t> l2_offset(const Command& command, const Field& field, uint32_t alignment, uint64_t bytes) {
  const uint64_t address = get(command, field);
  const uint64_t offset = (address >= kL2Base ? address - kL2Base : address) & ~uint64_t{alignment - 1};
  if (offset >= kL2Bytes || bytes > kL2Bytes - offset)
    return user_error("{} {:#x}: {} bytes from L2 offset {:#x} run out of L2 of {} bytes", field.name, address, bytes,
                      offset, kL2Bytes);
  return static_cast<uint32_t>(offset);
}

inline Access l2_read(uint32_t offset, uint32_t bytes) {
  Access access;
  access.space = Access::Space::kL2;
  access.begin = offset;
  access.run_bytes = bytes;
  return access;
}

}  // namespace bmnet::bm1684
