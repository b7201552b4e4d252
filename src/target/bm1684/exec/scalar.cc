#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_scalar(const Command& command, Memory& memory) { return unsupported("scalar"); }
Result<uint64_t> cycles_scalar(const Command& command) { return unsupported("scalar"); }
Result<std::vector<Access>> accesses_scalar(const Command& command) { return unsupported("scalar"); }

}  // namespace bmnet::bm1684
