// Tensor arithmetic with strides and broadcast. The precision of the result picks the unit: 8 or 16 bit results are
// fixed point (arith_fixed.cc), all others work on 32-bit words (arith_f32.cc).
#include "target/bm1684/exec/arith.h"

#include "target/bm1684/exec/operand.h"
#include "target/bm1684/exec/timing.h"

namespace bmnet::bm1684 {

Status execute_arith(const Command& command, Memory& memory) {
  return has_integer_result(command) ? execute_arith_fixed(command, memory) : execute_arith_f32(command, memory);
}

// Unlike the value, the cost goes by the precision of opd0; but only the 32-bit unit selects and divides.
Result<uint64_t> cycles_arith(const Command& command) {
  const EuType operation = eu_type(command);
  const bool words_only =
      operation == EuType::kSelectGreater || operation == EuType::kSelectEqual || operation == EuType::kDivide;
  return has_wide_input(command) || (words_only && !has_integer_result(command)) ? cycles_arith_f32(command)
                                                                                 : cycles_arith_fixed(command);
}

Result<std::vector<Access>> accesses_arith(const Command& command) {
  return has_integer_result(command) ? accesses_arith_fixed(command) : accesses_arith_f32(command);
}

}  // namespace bmnet::bm1684
