#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_lookup(const Command& command, Memory& memory) { return unsupported("lookup"); }
Result<uint64_t> cycles_lookup(const Command& command) { return unsupported("lookup"); }
Result<std::vector<Access>> accesses_lookup(const Command& command) { return unsupported("lookup"); }

}  // namespace bmnet::bm1684
