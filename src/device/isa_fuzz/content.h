// Random memory contents for the operands of a command.
#pragma once

#include <functional>
#include <vector>

#include "device/isa_fuzz/generator.h"

namespace bmnet::isa_fuzz {

// Takes bytes for a place of one memory (offset as in Patch).
using Put = std::function<void(bm1684::Access::Space space, uint64_t offset, std::span<const uint8_t> bytes)>;

// Random bytes for everything between the first and the last byte of each operand read, then the patches. The function
// tables in L2 stay.
void fill_operands(const Case& test, const std::vector<bm1684::Access>& accesses, Random& random, const Put& put);

}  // namespace bmnet::isa_fuzz
