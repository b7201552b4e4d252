#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_matmul256(const Command& command, Memory& memory) { return unsupported("matmul256"); }
Result<uint64_t> cycles_matmul256(const Command& command) { return unsupported("matmul256"); }
Result<std::vector<Access>> accesses_matmul256(const Command& command) { return unsupported("matmul256"); }

}  // namespace bmnet::bm1684
