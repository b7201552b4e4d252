#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_correlation(const Command& command, Memory& memory) { return unsupported("correlation"); }
Result<uint64_t> cycles_correlation(const Command& command) { return unsupported("correlation"); }
Result<std::vector<Access>> accesses_correlation(const Command& command) { return unsupported("correlation"); }

}  // namespace bmnet::bm1684
