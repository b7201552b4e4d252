// What a program calls that no table has, without running it.
#pragma once

#include <vector>

#include "frontend/options.h"
#include "frontend/pytorch/program.h"

namespace bmnet::frontend::pytorch {

// Every operator called by forward of the root, by what that calls and by the methods of its submodules that carry a
// called name, one blocker for each place; calls in branches that are not taken are among them. `node` is the place:
// "code/__torch__/m.py line 12".
std::vector<Blocker> unknown_operators(Program& program);

}  // namespace bmnet::frontend::pytorch
