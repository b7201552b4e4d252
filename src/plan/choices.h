// What the planner decides about each node before anything is laid out: where it runs, how, and with which other node.
#pragma once

#include <string>
#include <vector>

#include "plan/compile.h"
#include "plan/network.h"
#include "plan/node_plan.h"
#include "plan/partition.h"

namespace bmnet::plan {

struct NodeChoice {
  Place place = Place::kTpu;
  std::string reason;     // why on the CPU
  bool is_alias = false;  // no commands: its result is its operand's bytes
  int32_t epilogue = -1;  // the unary node that is done with it
  bool merged = false;    // is the epilogue of another
  NodePlan plan;          // on the TPU, unless it is an alias or merged
};

struct Choices {
  std::vector<NodeChoice> nodes;  // by node of the graph
  std::vector<op::ValueId> root;  // by value: the value whose bytes it shares, itself when none
  std::vector<SubNetNodes> sub_nets;
};

Result<Choices> choose(const Network& network, const Options& options);

}  // namespace bmnet::plan
