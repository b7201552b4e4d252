// The instruction reference docs/reference/ISA.md, made from the tables.
#pragma once

#include <string>

namespace bmnet::bm1684 {

std::string isa_reference();

}  // namespace bmnet::bm1684
