#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_arith(const Command& command, Memory& memory) { return unsupported("arith"); }
Result<uint64_t> cycles_arith(const Command& command) { return unsupported("arith"); }
Result<std::vector<Access>> accesses_arith(const Command& command) { return unsupported("arith"); }

}  // namespace bmnet::bm1684
