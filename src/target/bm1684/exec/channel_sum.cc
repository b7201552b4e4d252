#include "target/bm1684/exec/operand.h"
#include "target/bm1684/exec/timing.h"

namespace bmnet::bm1684 {

Status execute_channel_sum(const Command& command, Memory& memory) { return unsupported("channel_sum"); }

Result<uint64_t> cycles_channel_sum(const Command& command) {
  return get(command, tiu::res0_n) * lane_passes(command, get(command, tiu::res0_c)) * positions_by(command, 32);
}
Result<std::vector<Access>> accesses_channel_sum(const Command& command) { return unsupported("channel_sum"); }

}  // namespace bmnet::bm1684
