#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_compare(const Command& command, Memory& memory) { return unsupported("compare"); }
Result<uint64_t> cycles_compare(const Command& command) { return unsupported("compare"); }
Result<std::vector<Access>> accesses_compare(const Command& command) { return unsupported("compare"); }

}  // namespace bmnet::bm1684
