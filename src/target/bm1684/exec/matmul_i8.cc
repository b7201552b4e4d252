#include "target/bm1684/exec/matmul.h"
namespace bmnet::bm1684 {
void run_matmul_i8(const MatmulCommand&, Memory&) {}
}  // namespace bmnet::bm1684
