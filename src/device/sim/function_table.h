// The function tables that stand in L2 from power-up, each entry from its formula.
#pragma once

#include <cstdint>
#include <span>

namespace bmnet {

// Writes all tables of machine.h (kTableIntByte … kTableWarp) into `l2`, the whole L2 memory (bm1684::kL2Bytes).
void write_function_tables(std::span<uint8_t> l2);

}  // namespace bmnet
