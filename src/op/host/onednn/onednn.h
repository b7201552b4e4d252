// The one place that knows oneDNN (2.6). Built as a module of its own, libbmnet_onednn.so, which op/host/host.cc loads
// on demand: this function is all there is to it.
#pragma once

#include "op/accelerator.h"

namespace bmnet::op::host {

// An accelerator for a checked graph; with `fuse`, activations are computed by the node before them. Never null: nodes
// without a fast kernel are left to the reference. The caller owns the result.
using MakeAccelerator = Accelerator*(const Graph& graph, bool fuse);
inline constexpr const char* kMakeAcceleratorName = "bmnet_make_accelerator";

}  // namespace bmnet::op::host
