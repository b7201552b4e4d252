#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_arrange(const Command& command, Memory& memory) { return unsupported("arrange"); }
Result<uint64_t> cycles_arrange(const Command& command) { return unsupported("arrange"); }
Result<std::vector<Access>> accesses_arrange(const Command& command) { return unsupported("arrange"); }

}  // namespace bmnet::bm1684
