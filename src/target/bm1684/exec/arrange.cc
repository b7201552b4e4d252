// Rearrangement inside the lanes through 32 words of registers per lane, which keep their content between commands. A
// list of control entries in L2 reads rows into the registers and writes rows from them.
#include <cstring>

#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint32_t kEntryBytes = 64;
constexpr uint32_t kMaxEntries = 4096;  // the engine fetches the first 256 KiB of L2
constexpr uint32_t kWords = 32;         // of a row and of the registers of a lane
constexpr uint32_t kRowBytes = kWords * 4;
constexpr uint8_t kZero = 32, kKeep = 48;  // selectors beside the words 0..31

// One control entry: bytes 0..31 a selector for every word, 32..33 the row, 34 the mode.
struct Entry {
  const uint8_t* selectors;
  uint32_t row;
  bool writes;
};

Entry entry_at(const uint8_t* bytes) {
  return {bytes, static_cast<uint32_t>(bytes[32] | bytes[33] << 8), bytes[34] != 0};
}

struct Operands {
  uint32_t entries = 0;             // their number
  uint32_t list = 0;                // offset in L2
  uint32_t source = 0, result = 0;  // offsets in every lane
};

Result<Operands> operands_of(const Command& command) {
  Operands operands;
  operands.entries = static_cast<uint32_t>(get(command, tiu::opd1_n));
  const uint64_t first = get(command, tiu::opd1_addr);
  if (operands.entries == 0) return user_error("opd1_n is 0: arrange without control entries");
  if (first + operands.entries > kMaxEntries)
    return user_error(
        "opd1_addr {:#x}: {} control entries run out of the {} that the engine fetches from the start of L2", first,
        operands.entries, kMaxEntries);
  operands.list = static_cast<uint32_t>(first * kEntryBytes);
  for (const Field* field : {&tiu::opd0_addr, &tiu::res0_addr}) {
    const uint64_t address = get(command, *field);
    if (address >= kLaneBytes || address % kRowBytes != 0)
      return user_error("{} {:#x}: arrange takes a multiple of 128 inside a lane of {} bytes", field->name, address,
                        kLaneBytes);
  }
  operands.source = static_cast<uint32_t>(get(command, tiu::opd0_addr));
  operands.result = static_cast<uint32_t>(get(command, tiu::res0_addr));
  return operands;
}

Status check_entries(const Operands& operands, const Memory& memory) {
  for (uint32_t i = 0; i < operands.entries; ++i) {
    const Entry entry = entry_at(memory.l2 + operands.list + i * kEntryBytes);
    const uint32_t begin = (entry.writes ? operands.result : operands.source) + entry.row * kRowBytes;
    if (begin + kRowBytes > kLaneBytes)
      return user_error("arrange: control entry {} names row {}, byte {} of a lane of {} bytes", i, entry.row, begin,
                        kLaneBytes);
    for (uint32_t word = 0; word < kWords && !entry.writes; ++word)
      if (const uint8_t selector = entry.selectors[word]; selector > kZero && selector != kKeep)
        return user_error("arrange: control entry {} has selector {} for word {}; 0..32 and 48 are known", i, selector,
                          word);
  }
  return {};
}

void read_row(const Entry& entry, const uint8_t* row, uint32_t (&registers)[kWords]) {
  uint32_t words[kWords];
  std::memcpy(words, row, sizeof words);
  for (uint32_t i = 0; i < kWords; ++i) {
    const uint8_t selector = entry.selectors[i];
    if (selector != kKeep) registers[i] = selector == kZero ? 0 : words[selector];
  }
}

void write_row(const Entry& entry, const uint32_t (&registers)[kWords], uint8_t* row) {
  for (uint32_t i = 0; i < kWords; ++i)
    if (entry.selectors[i] == 0) std::memcpy(row + 4 * i, &registers[i], 4);
}

}  // namespace

Status execute_arrange(const Command& command, Memory& memory) {
  BMNET_ASSIGN(const Operands operands, operands_of(command));
  BMNET_TRY(check_entries(operands, memory));
  for (uint32_t i = 0; i < operands.entries; ++i) {
    const Entry entry = entry_at(memory.l2 + operands.list + i * kEntryBytes);
    for (int lane = 0; lane < kLanes; ++lane) {
      uint8_t* const base = memory.local + lane * kLaneBytes + entry.row * kRowBytes;
      if (entry.writes)
        write_row(entry, memory.arrange_registers[lane], base + operands.result);
      else
        read_row(entry, base + operands.source, memory.arrange_registers[lane]);
    }
  }
  return {};
}

// An estimate: isa/estimated_costs.def.
Result<uint64_t> cycles_arrange(const Command& command) {
  constexpr uint64_t kWordsPerCycle = 16;
  return get(command, tiu::opd1_n) * kWords / kWordsPerCycle;
}

Result<std::vector<Access>> accesses_arrange(const Command& command) {
  BMNET_ASSIGN(const Operands operands, operands_of(command));
  // Which rows is written in L2, so at run time they may be any.
  Access control, read, write;
  control.space = Access::Space::kL2;
  control.begin = operands.list;
  control.run_bytes = operands.entries * kEntryBytes;
  read.lanes = write.lanes = ~0ull;
  read.begin = operands.source;
  read.run_bytes = kLaneBytes - operands.source;
  write.write = true;
  write.begin = operands.result;
  write.run_bytes = kLaneBytes - operands.result;
  return std::vector<Access>{control, read, write};
}

}  // namespace bmnet::bm1684
