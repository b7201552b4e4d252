// The planner's entry point: a graph of operators becomes a BModel.
//
// Nodes that the TPU can do run there one after the other, each sliced as is cheapest; every other node becomes a CPU
// sub-net of its own (op/cpu_layer.h). Equal graphs and options give equal bytes, whatever the number of threads.
#pragma once

#include "base/status.h"
#include "bmodel/model.h"
#include "op/graph.h"
#include "plan/report.h"

namespace bmnet::plan {

struct Options {
  int opt_level = 1;  // 0: every node alone; 1 and above: a unary function is done with the node before it
  int threads = 0;    // 1: only the calling thread; else as base/parallel.h decides
};

struct Compiled {
  bmodel::Model model;
  Report report;
};

// Errors: unsupported when a value has no form in a BModel (rank above 8, an empty tensor, an unknown operator).
Result<Compiled> compile(const op::Graph& graph, const Options& options = {});

}  // namespace bmnet::plan
