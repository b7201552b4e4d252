// Shapes of a network's inputs: what the user asks for (--shapes, --batch) over what the model states.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "frontend/limits.h"
#include "frontend/options.h"

namespace bmnet::frontend {

// Errors: a shape for a name that is none of `inputs`; more shapes than inputs.
Status check_given_shapes(const ImportOptions& options, std::span<const std::string> inputs);

// The shape that the user gives for the input `name`: by name, or without a name at its `position` among the inputs.
// Null: none.
const Shape* given_shape(const ImportOptions& options, std::string_view name, size_t position);

// What a model says of an input's shape.
struct StatedShape {
  Shape dims;           // below 1: left open
  std::string written;  // in the model's own words, for messages: "[batch,3,224,224]"; empty: as `dims`
};

// The shape of an input. `stated`: nothing when the model says nothing, not even the rank. Errors: no shape at all, an
// open dimension, a given shape of another rank than stated, absurd dimensions.
Result<Shape> input_shape(const ImportOptions& options, const std::string& name, size_t position,
                          const std::optional<StatedShape>& stated, EmptyTensors empty = EmptyTensors::kRefused);

}  // namespace bmnet::frontend
