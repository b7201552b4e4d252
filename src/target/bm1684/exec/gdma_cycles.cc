#include "target/bm1684/exec/instruction.h"
namespace bmnet::bm1684 {
Result<uint64_t> cycles_gdma(const Command&) { return unsupported("gdma"); }
}  // namespace bmnet::bm1684
