#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_vector_correlation(const Command& command, Memory& memory) { return unsupported("vector_correlation"); }
Result<uint64_t> cycles_vector_correlation(const Command& command) { return unsupported("vector_correlation"); }
Result<std::vector<Access>> accesses_vector_correlation(const Command& command) {
  return unsupported("vector_correlation");
}

}  // namespace bmnet::bm1684
