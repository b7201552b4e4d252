#include "frontend/tensorflow/inputs.h"

#include <algorithm>

#include "frontend/tensorflow/tensor.h"

namespace bmnet::frontend::tensorflow {

std::string plain_name(std::string_view name) {
  return std::string(name.ends_with(":0") ? name.substr(0, name.size() - 2) : name);
}

Status check_given_shapes(const ImportOptions& options, const std::vector<std::string>& inputs) {
  if (options.shapes.size() > inputs.size())
    return user_error("{} shapes are given for {} inputs ({})", options.shapes.size(), inputs.size(),
                      fmt::join(inputs, ", "));
  for (const InputShape& shape : options.shapes)
    if (!shape.name.empty() && std::ranges::find(inputs, plain_name(shape.name)) == inputs.end())
      return user_error("a shape is given for '{}', which is no input of the network; its inputs are {}", shape.name,
                        fmt::join(inputs, ", "));
  return {};
}

Result<Shape> input_shape(const ImportOptions& options, const std::string& name, size_t position,
                          const std::optional<Shape>& stated) {
  const InputShape* given = nullptr;
  for (size_t i = 0; i < options.shapes.size(); ++i)
    if (plain_name(options.shapes[i].name) == name || (options.shapes[i].name.empty() && i == position))
      given = &options.shapes[i];
  Shape shape;
  if (given) {
    if (stated && stated->size() != given->shape.size())
      return user_error("input '{}' has {} dimensions {}, but the shape {} is given for it", name, stated->size(),
                        to_string(*stated), to_string(given->shape));
    shape = given->shape;
  } else if (!stated) {
    return user_error("input '{}' has no shape in the model; give it with --shapes", name);
  } else {
    shape = *stated;
    if (options.batch && !shape.empty()) shape[0] = *options.batch;
    if (std::ranges::any_of(shape, [](int64_t dim) { return dim <= 0; }))
      return user_error("input '{}' has the dynamic shape {}; fix it with --shapes", name, to_string(shape));
  }
  auto count = checked_count(shape);
  if (!count) return with_context(fmt::format("input '{}'", name), std::move(count).error());
  return shape;
}

}  // namespace bmnet::frontend::tensorflow
