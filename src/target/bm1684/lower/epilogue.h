// An element-wise function applied to a kernel's result while that is still in local memory.
#pragma once

#include "target/bm1684/lower/unary.h"

namespace bmnet::bm1684 {

// Makes every kernel of the recipe that writes the node's result apply `function` before the result is stored. False,
// and the recipe unchanged, when a move writes a part of the result.
bool add_epilogue(Recipe& recipe, const UnaryFunction& function);

}  // namespace bmnet::bm1684
