// Which operators have a form on the chip, for lists and reports; the planner decides node by node.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bmnet::plan {

struct ChipForm {
  bool exists = false;                   // else every node of the operator runs in a CPU sub-net
  std::vector<std::string> constraints;  // that a node must keep to run on the chip: "the weights must be constant"
};

ChipForm chip_form(std::string_view op);

}  // namespace bmnet::plan
