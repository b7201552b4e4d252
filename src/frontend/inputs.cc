#include "frontend/inputs.h"

#include <algorithm>

namespace bmnet::frontend {
namespace {

// A shape to try in place of one with open dimensions: one sample of 224 x 224.
Shape example_for(Shape dims) {
  for (size_t i = 0; i < dims.size(); ++i)
    if (dims[i] < 1) dims[i] = i == 0 ? 1 : 224;
  return dims;
}

std::string text_of(const StatedShape& stated) {
  return stated.written.empty() ? to_string(stated.dims) : stated.written;
}

Result<Shape> chosen_shape(const ImportOptions& options, const std::string& name, size_t position,
                           const std::optional<StatedShape>& stated) {
  if (const Shape* given = given_shape(options, name, position)) {
    if (stated && stated->dims.size() != given->size())
      return user_error("input '{}' has {} dimensions {}, but the shape {} is given for it", name, stated->dims.size(),
                        text_of(*stated), to_string(*given));
    return *given;
  }
  if (!stated)
    return user_error("input '{}' has no shape in the model; give it with --shapes, for example --shapes [1,3,224,224]",
                      name);
  Shape shape = stated->dims;
  if (options.batch && !shape.empty()) shape[0] = *options.batch;
  if (std::ranges::any_of(shape, [](int64_t dim) { return dim < 1; }))
    return user_error("input '{}' has the dynamic shape {}; fix it with --shapes, for example --shapes {}", name,
                      text_of(*stated), to_string(example_for(shape)));
  return shape;
}

}  // namespace

Status check_given_shapes(const ImportOptions& options, std::span<const std::string> inputs) {
  if (options.shapes.size() > inputs.size())
    return user_error("{} shapes are given for {} inputs ({})", options.shapes.size(), inputs.size(),
                      fmt::join(inputs, ", "));
  for (const InputShape& given : options.shapes)
    if (!given.name.empty() && std::ranges::find(inputs, given.name) == inputs.end())
      return user_error("a shape is given for '{}', which is no input of the network; its inputs are {}", given.name,
                        fmt::join(inputs, ", "));
  return {};
}

const Shape* given_shape(const ImportOptions& options, std::string_view name, size_t position) {
  const auto& shapes = options.shapes;
  const auto named = std::ranges::find(shapes, name, &InputShape::name);
  if (named != shapes.end()) return &named->shape;
  return position < shapes.size() && shapes[position].name.empty() ? &shapes[position].shape : nullptr;
}

Result<Shape> input_shape(const ImportOptions& options, const std::string& name, size_t position,
                          const std::optional<StatedShape>& stated, EmptyTensors empty) {
  BMNET_ASSIGN(Shape shape, chosen_shape(options, name, position, stated));
  if (const auto count = checked_elements(shape, empty); !count)
    return with_context(fmt::format("input '{}'", name), count.error());
  return shape;
}

}  // namespace bmnet::frontend
