// Tensor arithmetic with strides and broadcast. The precision of the result picks the unit: 8 or 16 bit results are
// fixed point (arith_fixed.cc), all others work on 32-bit words (arith_f32.cc).
#include "target/bm1684/exec/arith.h"

#include "target/bm1684/exec/timing.h"

namespace bmnet::bm1684 {
namespace {

bool is_fixed(const Command& command) {
  const uint64_t precision = get(command, tiu::opt_res0_prec);
  return precision == 0 || precision == 3;
}

}  // namespace

Status execute_arith(const Command& command, Memory& memory) {
  return is_fixed(command) ? execute_arith_fixed(command, memory) : execute_arith_f32(command, memory);
}

// Unlike the value, the cost goes by the precision of opd0; but only the 32-bit unit selects and divides.
Result<uint64_t> cycles_arith(const Command& command) {
  const EuType operation = eu_type(command);
  const bool words_only =
      operation == EuType::kSelectGreater || operation == EuType::kSelectEqual || operation == EuType::kDivide;
  return has_wide_input(command) || (words_only && !is_fixed(command)) ? cycles_arith_f32(command)
                                                                       : cycles_arith_fixed(command);
}

Result<std::vector<Access>> accesses_arith(const Command& command) {
  return is_fixed(command) ? accesses_arith_fixed(command) : accesses_arith_f32(command);
}

}  // namespace bmnet::bm1684
