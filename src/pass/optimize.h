// nn -> nn: the graph that the planner sees, from the graph that a front end made. No MLIR in this header.
#pragma once

#include "base/status.h"
#include "nn/model.h"

namespace bmnet::pass {

// level 0: only what the chip's lowerings need (decomposition, canonical forms); 1 and above: fusion as well.
// Names of values that remain are unchanged.
Status optimize(nn::Model& model, int level);

// Registers every pass with MLIR's command line (bmnet-opt).
void register_passes();

}  // namespace bmnet::pass
