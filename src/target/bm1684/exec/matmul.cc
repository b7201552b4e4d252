#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_matmul(const Command& command, Memory& memory) { return unsupported("matmul"); }
Result<uint64_t> cycles_matmul(const Command& command) { return unsupported("matmul"); }
Result<std::vector<Access>> accesses_matmul(const Command& command) { return unsupported("matmul"); }

}  // namespace bmnet::bm1684
