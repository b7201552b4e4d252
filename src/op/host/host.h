// The fast way to run a graph on the host: oneDNN kernels, blocked layouts kept from one convolution to the next.
//
// Results agree with the reference kernels to about 1e-5 of the maximum; NaN may turn into a number in an activation.
// What has no fast kernel runs in the reference kernel. Uses as many threads as parallel_for (base/parallel.h).
#pragma once

#include <memory>

#include "op/interpreter.h"

namespace bmnet::op::host {

struct Options {
  bool fast = true;      // false: the reference kernels alone
  bool observe = false;  // every value will be looked at (RunHooks::on_value): nothing is fused
};

// An interpreter that is as fast as this machine allows. `graph` must outlive it.
Result<Interpreter> make_interpreter(const Graph& graph, Options options = {});

// Whether the accelerator library is there; else make_interpreter uses the reference kernels.
bool has_accelerator();

}  // namespace bmnet::op::host
