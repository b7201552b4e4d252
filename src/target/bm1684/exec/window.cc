#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_window(const Command& command, Memory& memory) { return unsupported("window"); }
Result<uint64_t> cycles_window(const Command& command) { return unsupported("window"); }
Result<std::vector<Access>> accesses_window(const Command& command) { return unsupported("window"); }

}  // namespace bmnet::bm1684
