// Operators of a network by kind, for `bmnet info` and `bmnet doctor`.
#pragma once

#include <map>
#include <string>

#include "op/graph.h"

namespace bmnet::tool {

// Nodes by operator. "transpose" counts those left after the optimisation when `graph` is the optimised one.
std::map<std::string, int64_t> count_operators(const op::Graph& graph);

int64_t count_of(const std::map<std::string, int64_t>& operators, const std::string& op);

int64_t parameter_count(const op::Graph& graph);

// The page of `bmnet info` about a model: inputs, outputs, parameters, operators before and after the optimisation.
std::string model_info(const std::string& file, std::string_view framework, const op::Graph& source,
                       const op::Graph& optimised);

// "  name  [1,3] f32"
std::string tensor_line(const std::string& name, const TensorInfo& info);

}  // namespace bmnet::tool
