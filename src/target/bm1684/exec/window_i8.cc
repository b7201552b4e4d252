#include "target/bm1684/exec/window.h"
namespace bmnet::bm1684 {
void run_window_i8(const WindowCommand&, Memory&) {}
}  // namespace bmnet::bm1684
