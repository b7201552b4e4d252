// The network's inputs: what the user says of their shapes, and what the model says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "frontend/options.h"

namespace bmnet::frontend::tensorflow {

// "node:0" and "node" are one value.
std::string plain_name(std::string_view name);

// Every entry of ImportOptions::shapes must belong to one of the inputs.
Status check_given_shapes(const ImportOptions& options, const std::vector<std::string>& inputs);

// Shape of the input at `position`. `stated` by the model: unknown dimensions are below 1; nothing: unknown rank.
Result<Shape> input_shape(const ImportOptions& options, const std::string& name, size_t position,
                          const std::optional<Shape>& stated);

}  // namespace bmnet::frontend::tensorflow
