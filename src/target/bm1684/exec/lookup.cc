// Table look-up: every result word is the word of a table in L2 that a byte index names.
#include "target/bm1684/exec/cost.h"
#include "target/bm1684/exec/l2_table.h"
#include "target/bm1684/exec/word_rows.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint32_t kMaxEntries = 256;

void look_up(const uint32_t* const* inputs, uint32_t* result, size_t count, const void* table) {
  const uint32_t* const entries = static_cast<const uint32_t*>(table);
  for (size_t i = 0; i < count; ++i) result[i] = entries[inputs[0][i] & 0xFF];
}

uint32_t largest_index(const Shape4& shape, const StridedOperand& index) {
  uint32_t largest = 0;
  walk_rows<1>(shape, {&index}, [&](const Row<1>& row) {
    for (uint32_t i = 0; i < row.count; ++i) largest = std::max<uint32_t>(largest, row.at[0][i * row.stride[0]]);
  });
  return largest;
}

struct Operands {
  Shape4 shape;
  StridedOperand index, result;
  uint32_t table;    // offset in L2
  uint32_t entries;  // up to the end of L2, at most 256
};

Result<Operands> operands_of(const Command& command) {
  Operands operands;
  BMNET_ASSIGN(operands.shape, result_shape(command, kWords));
  const uint64_t precision = get(command, tiu::opt_opd0_prec);
  if (precision != 0 && precision != 2)
    return user_error(
        "opt_opd0_prec is {}: the index of a look-up is bytes (0) or words (2), of which the low byte counts",
        precision);
  if (precision == 0) {
    BMNET_ASSIGN(operands.index, aligned_bytes_operand(command, tiu::opd0_addr, operands.shape));
  } else {
    BMNET_ASSIGN(operands.index, aligned_operand(command, tiu::opd0_addr, operands.shape));
  }
  BMNET_ASSIGN(operands.result, aligned_operand(command, tiu::res0_addr, operands.shape));
  BMNET_ASSIGN(operands.table, l2_offset(command, tiu::opd1_addr, 4, 4));
  operands.entries = std::min(kMaxEntries, (kL2Bytes - operands.table) / 4);
  return operands;
}

}  // namespace

Status execute_lookup(const Command& command, Memory& memory) {
  BMNET_ASSIGN(Operands operands, operands_of(command));
  operands.index.memory = operands.result.memory = memory.local;
  if (operands.entries < kMaxEntries) {  // the engine checks no index; only a table at the end of L2 can be overrun
    const uint32_t largest = largest_index(operands.shape, operands.index);
    if (largest >= operands.entries)
      return user_error("opd1_addr {:#x}: index {} runs out of a table of {} entries at the end of L2",
                        get(command, tiu::opd1_addr), largest, operands.entries);
  }
  std::vector<uint8_t> storage;
  protect_from(operands.result, operands.index, storage);
  apply_words<1>(operands.shape, {&operands.index}, operands.result, look_up, memory.l2 + operands.table);
  return {};
}

Result<uint64_t> cycles_lookup(const Command& command) { return element_steps(command) * 24; }

Result<std::vector<Access>> accesses_lookup(const Command& command) {
  BMNET_ASSIGN(const Operands operands, operands_of(command));
  std::vector<Access> list;
  append_accesses(operands.index, false, list);
  list.push_back(l2_read(operands.table, operands.entries * 4));
  append_accesses(operands.result, true, list);
  return list;
}

}  // namespace bmnet::bm1684
