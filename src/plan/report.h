// What a compilation did and what it will cost: per layer and in all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "op/graph.h"

namespace bmnet::plan {

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

// A table for people: one line per layer, then the totals.
std::string to_string(const Report& report);

// What is known of a node before any command of it is made.
LayerReport layer_report(const op::Graph& graph, int32_t node);

// The totals and the lower bound, from the layers and the byte counts.
void add_up(const op::Graph& graph, Report& report);

}  // namespace bmnet::plan
