// The two units behind instruction `arith`, and the numbers of its operations.
#pragma once

#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

// tsk_eu_typ of arith, scalar and compare.
enum class EuType : uint8_t {
  kMul = 0,
  kMac = 1,
  kAdd = 2,
  kSub = 3,
  kMax = 4,
  kMin = 5,
  kShift = 6,
  kAnd = 7,
  kOr = 8,
  kXor = 9,
  kSelectGreater = 10,
  kSelectEqual = 11,
  kDivide = 12,
  kCopy = 19,
  kCompare = 22,
  kSelect = 23,
  kCompareSelect = 24,
};

inline EuType eu_type(const Command& command) { return static_cast<EuType>(get(command, tiu::tsk_eu_typ)); }

Status execute_arith_f32(const Command& command, Memory& memory);
Result<uint64_t> cycles_arith_f32(const Command& command);
Result<std::vector<Access>> accesses_arith_f32(const Command& command);

Status execute_arith_fixed(const Command& command, Memory& memory);
Result<uint64_t> cycles_arith_fixed(const Command& command);
Result<std::vector<Access>> accesses_arith_fixed(const Command& command);

}  // namespace bmnet::bm1684
