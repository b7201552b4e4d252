#include "target/bm1684/exec/conv.h"
namespace bmnet::bm1684 {
void run_winograd_f32(const ConvCommand&, Memory&) {}
void run_winograd_i8(const ConvCommand&, Memory&) {}
}  // namespace bmnet::bm1684
