#include "target/bm1684/exec/arith.h"

namespace bmnet::bm1684 {

Status execute_arith_fixed(const Command&, Memory&) { return unsupported("arith on 8 and 16 bit results"); }
Result<uint64_t> cycles_arith_fixed(const Command&) { return unsupported("arith on 8 and 16 bit operands"); }
Result<std::vector<Access>> accesses_arith_fixed(const Command&) {
  return unsupported("arith on 8 and 16 bit results");
}

}  // namespace bmnet::bm1684
