#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_gdma(const Command& command, Memory& memory) { return unsupported("gdma"); }
Result<uint64_t> cycles_gdma(const Command& command) { return unsupported("gdma"); }
Result<std::vector<Access>> accesses_gdma(const Command& command) { return unsupported("gdma"); }

}  // namespace bmnet::bm1684
