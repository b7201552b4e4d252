#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_conv(const Command& command, Memory& memory) { return unsupported("conv"); }
Result<uint64_t> cycles_conv(const Command& command) { return unsupported("conv"); }
Result<std::vector<Access>> accesses_conv(const Command& command) { return unsupported("conv"); }

}  // namespace bmnet::bm1684
