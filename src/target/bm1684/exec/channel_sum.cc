#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_channel_sum(const Command& command, Memory& memory) { return unsupported("channel_sum"); }
Result<uint64_t> cycles_channel_sum(const Command& command) { return unsupported("channel_sum"); }
Result<std::vector<Access>> accesses_channel_sum(const Command& command) { return unsupported("channel_sum"); }

}  // namespace bmnet::bm1684
