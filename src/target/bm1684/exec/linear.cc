#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_linear(const Command& command, Memory& memory) { return unsupported("linear"); }
Result<uint64_t> cycles_linear(const Command& command) { return unsupported("linear"); }
Result<std::vector<Access>> accesses_linear(const Command& command) { return unsupported("linear"); }

}  // namespace bmnet::bm1684
