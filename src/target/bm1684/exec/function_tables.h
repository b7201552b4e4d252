// The function tables that the runtime keeps in L2 from power-up: sources of lookup and of the power series of sfu.
#pragma once

#include <cstdint>
#include <span>

#include "target/bm1684/machine.h"

namespace bmnet::bm1684 {

// Writes all tables at their places (machine.h, kTable…) of an image of L2; the other bytes stay as they are. Every
// entry comes from a formula and does not depend on the floating point mode of the thread.
void fill_function_tables(std::span<uint8_t, kL2Bytes> l2);

}  // namespace bmnet::bm1684
