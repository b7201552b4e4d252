#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_sfu(const Command& command, Memory& memory) { return unsupported("sfu"); }
Result<uint64_t> cycles_sfu(const Command& command) { return unsupported("sfu"); }
Result<std::vector<Access>> accesses_sfu(const Command& command) { return unsupported("sfu"); }

}  // namespace bmnet::bm1684
