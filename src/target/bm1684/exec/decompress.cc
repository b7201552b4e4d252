#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

Status execute_decompress(const Command& command, Memory& memory) { return unsupported("decompress"); }
Result<uint64_t> cycles_decompress(const Command& command) { return unsupported("decompress"); }
Result<std::vector<Access>> accesses_decompress(const Command& command) { return unsupported("decompress"); }

}  // namespace bmnet::bm1684
