// The planner's entry point: a graph of operators becomes a BModel.
//
// Nodes that the TPU can do run there one after the other, each sliced as is cheapest; every other node becomes a CPU
// sub-net of its own (op/cpu_layer.h). Equal graphs and options give equal bytes, whatever the number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "bmodel/model.h"
#include "op/graph.h"

namespace bmnet::plan {

struct Options {
  int opt_level = 1;  // 0: every node alone; 1 and above: a unary function is done with the node before it
  int threads = 0;    // 1: only the calling thread; else as base/parallel.h decides
};

struct LayerReport {
  int32_t node = -1;  // of the graph; -1: copies of inputs or constants that are outputs as well
  std::string name, op;
  bool on_tpu = false;
  std::string note;  // TPU: the recipe; CPU: why
  int64_t slices = 0;
  int64_t macs = 0;
  uint64_t tiu_cycles = 0, gdma_cycles = 0;  // busy
  uint64_t start = 0, end = 0;               // cycles from the start of its sub-net
  uint64_t ddr_bytes = 0;                    // moved, both ways
};

struct Report {
  std::vector<LayerReport> layers;  // in order of execution
  uint64_t cycles = 0;              // all TPU sub-nets
  uint64_t tiu_cycles = 0, gdma_cycles = 0, ddr_bytes = 0;
  int64_t macs = 0;
  // No schedule can be shorter: multiply-accumulates at the full rate of the chip, or inputs, outputs and weights once
  // through the memory bus.
  uint64_t lower_bound = 0;
  uint64_t coefficient_bytes = 0, activation_bytes = 0;
  size_t tpu_sub_nets = 0, cpu_sub_nets = 0;
};

struct Compiled {
  bmodel::Model model;
  Report report;
};

// Errors: unsupported when a value has no form in a BModel (rank above 8, an empty tensor, an unknown operator).
Result<Compiled> compile(const op::Graph& graph, const Options& options = {});

// A table for people: one line per layer, then the totals.
std::string to_string(const Report& report);

}  // namespace bmnet::plan
