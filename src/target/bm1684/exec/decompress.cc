// Scatter inside every lane: number i of a dense list goes to the place that the i-th 16-bit index names.
#include <cstring>

#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint32_t kSkip = 0xFFFF;
constexpr uint32_t kOffsetMask = kLaneBytes - 4;  // operands begin at words, the same in all lanes

struct Operands {
  uint32_t count = 0;
  uint32_t indices = 0, data = 0, result = 0;  // offsets in the lane
  uint32_t element_bytes = 1;
};

Status check_lane(const Command& command, const Field& field, uint32_t offset, uint32_t bytes) {
  if (bytes <= kLaneBytes - offset) return {};
  return user_error("{} {:#x}: {} bytes run out of a lane of {} bytes", field.name, get(command, field), bytes,
                    kLaneBytes);
}

Result<Operands> operands_of(const Command& command) {
  Operands operands;
  const uint64_t precision = get(command, tiu::opt_res0_prec);
  if (precision != 0 && precision != 2)
    return user_error("decompress with opt_res0_prec {}: only 0 (bytes) and 2 (words) are possible", precision);
  operands.element_bytes = precision == 0 ? 1 : 4;
  operands.count = static_cast<uint32_t>(get(command, tiu::opd0_w));
  if (operands.count == 0) return user_error("opd0_w is 0");
  for (const Field* field : {&tiu::opd0_addr, &tiu::opd1_addr, &tiu::res0_addr}) {
    const uint64_t address = get(command, *field);
    if (address >= kLocalBase + kLaneBytes || (address >= kLaneBytes && address < kLocalBase))
      return user_error("{} {:#x}: decompress works on all lanes from lane 0 on", field->name, address);
  }
  operands.indices = get(command, tiu::opd0_addr) & kOffsetMask;
  operands.data = get(command, tiu::opd1_addr) & kOffsetMask;
  operands.result = get(command, tiu::res0_addr) & kOffsetMask;
  BMNET_TRY(check_lane(command, tiu::opd0_addr, operands.indices, 2 * operands.count));
  BMNET_TRY(check_lane(command, tiu::opd1_addr, operands.data, operands.element_bytes * operands.count));
  return operands;
}

// Of one lane.
struct Lane {
  const uint16_t* indices;
  const uint8_t* data;
};
Lane lane_of(const Operands& operands, const uint8_t* lane) {
  return {reinterpret_cast<const uint16_t*>(lane + operands.indices), lane + operands.data};
}

Status check_indices(const Command& command, const Operands& operands, const Memory& memory) {
  for (int lane = 0; lane < kLanes; ++lane) {
    const Lane source = lane_of(operands, memory.local + lane * kLaneBytes);
    for (uint32_t i = 0; i < operands.count; ++i) {
      const uint32_t index = source.indices[i];
      if (index == kSkip) continue;
      if (operands.element_bytes == 4 && index % 4 != 0)
        return user_error("decompress: index {} of lane {} is {}, not a multiple of 4", i, lane, index);
      BMNET_TRY(check_lane(command, tiu::res0_addr, operands.result, index + operands.element_bytes));
    }
  }
  return {};
}

}  // namespace

Status execute_decompress(const Command& command, Memory& memory) {
  BMNET_ASSIGN(const Operands operands, operands_of(command));
  BMNET_TRY(check_indices(command, operands, memory));
  const uint32_t bytes = operands.element_bytes;
  std::vector<uint16_t> indices(operands.count);
  std::vector<uint8_t> data(size_t{operands.count} * bytes);
  for (int lane = 0; lane < kLanes; ++lane) {
    uint8_t* const base = memory.local + lane * kLaneBytes;
    const Lane source = lane_of(operands, base);
    std::memcpy(indices.data(), source.indices, 2 * indices.size());
    std::memcpy(data.data(), source.data, data.size());
    for (uint32_t i = 0; i < operands.count; ++i)
      if (indices[i] != kSkip) std::memcpy(base + operands.result + indices[i], data.data() + i * bytes, bytes);
  }
  return {};
}

// An estimate: isa/estimated_costs.def.
Result<uint64_t> cycles_decompress(const Command& command) { return get(command, tiu::opd0_w); }

Result<std::vector<Access>> accesses_decompress(const Command& command) {
  BMNET_ASSIGN(const Operands operands, operands_of(command));
  const auto box = [](bool write, uint32_t begin, uint32_t bytes) {
    Access access;
    access.write = write;
    access.lanes = ~0ull;
    access.begin = begin;
    access.run_bytes = bytes;
    return access;
  };
  // Where the indices point is known at run time only: anywhere in their 64 KiB.
  const uint32_t reach = std::min(kSkip - 1 + operands.element_bytes, kLaneBytes - operands.result);
  return std::vector<Access>{box(false, operands.indices, 2 * operands.count),
                             box(false, operands.data, operands.element_bytes * operands.count),
                             box(true, operands.result, reach)};
}

}  // namespace bmnet::bm1684
