// Cuts a graph into sub-nets: runs of TPU nodes, single CPU nodes.
#pragma once

#include <string>
#include <vector>

#include "op/graph.h"

namespace bmnet::plan {

enum class Place : uint8_t { kTpu, kCpu };

struct SubNetNodes {
  Place place = Place::kTpu;
  std::vector<int32_t> nodes;  // in order of execution; exactly one on the CPU
};

// `places`: where each node runs. Nodes are reordered, within their dependences, so that there are few sub-nets.
std::vector<SubNetNodes> partition(const op::Graph& graph, const std::vector<Place>& places);

}  // namespace bmnet::plan
