#include "frontend/emitter.h"

#include <algorithm>

namespace bmnet::frontend {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 40;
constexpr int64_t kMaxMadeElements = int64_t{1} << 28;  // of one constant that the file does not hold

template <typename T>
Tensor filled_with(Shape shape, double value) {
  Tensor tensor({dtype_of<T>(), std::move(shape)});
  std::ranges::fill(tensor.data<T>(), static_cast<T>(value));
  return tensor;
}

}  // namespace

Result<int64_t> checked_elements(std::span<const int64_t> dims) {
  int64_t count = 1;
  for (const int64_t dim : dims) {
    if (dim < 1) return user_error("shape {} has a dimension below 1", to_string(dims));
    if (dim > kMaxElements / count) return unsupported("shape {} has more than 2^40 elements", to_string(dims));
    count *= dim;
  }
  return count;
}

int64_t tamed(int64_t value) { return std::clamp(value, -kMaxElements, kMaxElements); }

Result<std::vector<int64_t>> Emitter::known_integers(ValueId value, std::string_view what) const {
  const Tensor* tensor = constant_of(value);
  if (!tensor) return unsupported("{} is only known at run time; it must be a constant or follow from shapes", what);
  std::vector<int64_t> values;
  if (tensor->dtype() == DType::kI64) {
    std::ranges::transform(tensor->data<int64_t>(), std::back_inserter(values), tamed);
  } else if (tensor->dtype() == DType::kI32) {
    std::ranges::copy(tensor->data<int32_t>(), std::back_inserter(values));
  } else {
    return user_error("{} is of type {}; integers are expected", what, dtype_name(tensor->dtype()));
  }
  return values;
}

Result<int64_t> Emitter::normal_axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) return user_error("axis {} does not exist in a tensor of {} axes", axis, rank);
  return axis < 0 ? axis + rank : axis;
}

Result<std::vector<int64_t>> Emitter::normal_axes(std::vector<int64_t> axes, int64_t rank) {
  for (int64_t& axis : axes) {
    BMNET_ASSIGN(axis, normal_axis(axis, rank));
  }
  std::ranges::sort(axes);
  if (std::ranges::adjacent_find(axes) != axes.end())
    return user_error("axes [{}] name one axis twice", fmt::join(axes, ","));
  return axes;
}

std::string Emitter::part_name(std::string_view what) {
  return fmt::format("{}/{}.{}", outputs_.empty() ? node_ : outputs_[0], what, parts_++);
}

Result<Values> Emitter::create(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                               std::span<const std::string> names) {
  auto created = graph_.create(op, node_, std::move(attributes), inputs, names);
  if (created) {
    for (const ValueId value : *created) BMNET_TRY(checked_elements(graph_.info(value).shape));
    return created;
  }
  Error error = std::move(created).error();
  const std::string prefix = node_ + ": ";  // the importer names the node itself
  if (error.message.starts_with(prefix)) error.message.erase(0, prefix.size());
  return tl::unexpected(std::move(error));
}

Result<ValueId> Emitter::make(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs) {
  BMNET_ASSIGN(const Values values, make_all(op, std::move(attributes), inputs, 1));
  return values.front();
}

Result<ValueId> Emitter::finish(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                                size_t output) {
  if (output >= outputs_.size()) return make(op, std::move(attributes), inputs);
  BMNET_ASSIGN(const Values values, create(op, std::move(attributes), inputs, {&outputs_[output], 1}));
  return values.front();
}

Result<Values> Emitter::make_all(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                                 size_t results) {
  std::vector<std::string> names;
  for (size_t i = 0; i < results; ++i) names.push_back(part_name(op));
  return create(op, std::move(attributes), inputs, names);
}

ValueId Emitter::constant(Tensor tensor) { return graph_.constant(part_name("constant"), std::move(tensor)); }

ValueId Emitter::integers(const std::vector<int64_t>& values) {
  return constant(Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, values));
}

Result<ValueId> Emitter::filled(DType dtype, Shape shape, double value) {
  BMNET_ASSIGN(const int64_t count, checked_elements(shape));
  if (count > kMaxMadeElements) return unsupported("a constant of shape {} is too large", to_string(shape));
  switch (dtype) {
    case DType::kF32:
      return constant(filled_with<float>(std::move(shape), value));
    case DType::kI32:
      return constant(filled_with<int32_t>(std::move(shape), value));
    case DType::kI64:
      return constant(filled_with<int64_t>(std::move(shape), value));
    case DType::kU8:
      return constant(filled_with<uint8_t>(std::move(shape), value));
    case DType::kI8:
      return constant(filled_with<int8_t>(std::move(shape), value));
    case DType::kBool:
      return constant(filled_with<bool>(std::move(shape), value));
    default:
      return unsupported("constants of type {} cannot be made", dtype_name(dtype));
  }
}

Result<ValueId> Emitter::unary(std::string_view kind, ValueId x, float alpha, float beta) {
  return make("unary", {{"kind", std::string(kind)}, {"alpha", alpha}, {"beta", beta}}, {x});
}
Result<ValueId> Emitter::linear(ValueId x, float scale, float shift) {
  if (scale == 1 && shift == 0) return x;
  return unary("linear", x, scale, shift);
}
Result<ValueId> Emitter::binary(std::string_view kind, ValueId a, ValueId b) {
  return make("binary", {{"kind", std::string(kind)}}, {a, b});
}
Result<ValueId> Emitter::reshape(ValueId x, Shape shape) {
  if (shape_of(x) == shape) return x;
  return make("reshape", {{"shape", std::move(shape)}}, {x});
}
Result<ValueId> Emitter::transpose(ValueId x, Shape permutation) {
  if (std::ranges::is_sorted(permutation)) return x;
  return make("transpose", {{"permutation", std::move(permutation)}}, {x});
}
Result<ValueId> Emitter::cast(ValueId x, DType dtype) {
  if (dtype_of(x) == dtype) return x;
  return make("cast", {{"to", std::string(dtype_name(dtype))}}, {x});
}
Result<ValueId> Emitter::broadcast(ValueId x, Shape shape) {
  if (shape_of(x) == shape) return x;
  BMNET_TRY(checked_elements(shape));
  return make("broadcast_to", {{"shape", std::move(shape)}}, {x});
}
Result<ValueId> Emitter::slice(ValueId x, int64_t axis, int64_t start, int64_t size, int64_t step) {
  Shape sizes = shape_of(x);
  if (start == 0 && size == sizes[axis] && step == 1) return x;
  std::vector<int64_t> starts(sizes.size(), 0), steps(sizes.size(), 1);
  starts[axis] = start, sizes[axis] = size, steps[axis] = step;
  return make("slice", {{"starts", starts}, {"sizes", sizes}, {"steps", steps}}, {x});
}

}  // namespace bmnet::frontend
