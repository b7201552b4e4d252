#include "plan/partition.h"

#include <array>
#include <set>

namespace bmnet::plan {

std::vector<SubNetNodes> partition(const op::Graph& graph, const std::vector<Place>& places) {
  // Nodes whose operands are made, by place, lowest index first.
  std::array<std::set<int32_t>, 2> ready;
  std::vector<int32_t> producer(graph.values.size(), -1), missing(graph.nodes.size(), 0);
  std::vector<std::vector<int32_t>> consumers(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    for (op::ValueId value : graph.nodes[i].outputs) producer[value] = static_cast<int32_t>(i);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    std::set<int32_t> needed;
    for (op::ValueId value : graph.nodes[i].inputs)
      if (producer[value] >= 0) needed.insert(producer[value]);
    missing[i] = static_cast<int32_t>(needed.size());
    for (int32_t node : needed) consumers[node].push_back(static_cast<int32_t>(i));
    if (needed.empty()) ready[static_cast<int>(places[i])].insert(static_cast<int32_t>(i));
  }

  std::vector<SubNetNodes> sub_nets;
  Place place = Place::kTpu;
  while (!ready[0].empty() || !ready[1].empty()) {
    if (ready[static_cast<int>(place)].empty()) place = place == Place::kTpu ? Place::kCpu : Place::kTpu;
    auto& queue = ready[static_cast<int>(place)];
    const int32_t node = *queue.begin();
    queue.erase(queue.begin());
    if (place == Place::kCpu || sub_nets.empty() || sub_nets.back().place != place) sub_nets.push_back({place, {}});
    sub_nets.back().nodes.push_back(node);
    for (int32_t consumer : consumers[node])
      if (--missing[consumer] == 0) ready[static_cast<int>(places[consumer])].insert(consumer);
  }
  return sub_nets;
}

}  // namespace bmnet::plan
