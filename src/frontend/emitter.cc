#include "frontend/emitter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "nn/limits.h"

namespace bmnet::frontend {
namespace {

// As a cast of a float in C, where that is defined: the nearest integer of the type where it is not, 0 for NaN.
template <typename T>
T converted(double value) {
  if constexpr (std::is_same_v<T, bool>) return value != 0;
  if constexpr (std::is_floating_point_v<T>) return static_cast<T>(value);
  if (std::isnan(value)) return 0;
  if (value <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
  if (value >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
  return static_cast<T>(value);
}

// use(T{}) for the C++ type of the elements; false where constants of the type do not exist.
template <typename Use>
bool with_element_type(DType dtype, Use use) {
  switch (dtype) {
    case DType::kF32:
      use(float{});
      return true;
    case DType::kI64:
      use(int64_t{});
      return true;
    case DType::kI32:
      use(int32_t{});
      return true;
    case DType::kU32:
      use(uint32_t{});
      return true;
    case DType::kI16:
      use(int16_t{});
      return true;
    case DType::kU16:
      use(uint16_t{});
      return true;
    case DType::kI8:
      use(int8_t{});
      return true;
    case DType::kU8:
      use(uint8_t{});
      return true;
    case DType::kBool:
      use(bool{});
      return true;
    default:
      return false;
  }
}

template <typename To>
std::vector<To> elements(const Tensor& tensor) {
  std::vector<To> values;
  with_element_type(tensor.dtype(), [&]<typename From>(From) {
    std::ranges::transform(tensor.data<From>(), std::back_inserter(values),
                           [](From element) { return static_cast<To>(element); });
  });
  return values;
}

template <typename T>
Result<T> single(const std::vector<T>& values, std::string_view what) {
  if (values.size() != 1) return user_error("{} has {} elements, one is expected", what, values.size());
  return values[0];
}

}  // namespace

Result<const Tensor*> Emitter::known(ValueId value, std::string_view what) const {
  if (const Tensor* tensor = constant_of(value)) return tensor;
  return unsupported(
      "{} ('{}') is only known at run time; make it a constant of the model or fix the input it comes from", what,
      graph_.name(value));
}

Result<std::vector<int64_t>> Emitter::known_integers(ValueId value, std::string_view what) const {
  BMNET_ASSIGN(const Tensor* tensor, known(value, what));
  if (tensor->dtype() == DType::kF32) return user_error("{} is a list of floats, integers are expected", what);
  std::vector<int64_t> values = elements<int64_t>(*tensor);
  std::ranges::transform(values, values.begin(), tamed);
  return values;
}

Result<std::vector<float>> Emitter::known_numbers(ValueId value, std::string_view what) const {
  BMNET_ASSIGN(const Tensor* tensor, known(value, what));
  return elements<float>(*tensor);
}

Result<int64_t> Emitter::known_integer(ValueId value, std::string_view what) const {
  BMNET_ASSIGN(const std::vector<int64_t> values, known_integers(value, what));
  return single(values, what);
}

Result<float> Emitter::known_number(ValueId value, std::string_view what) const {
  BMNET_ASSIGN(const std::vector<float> values, known_numbers(value, what));
  return single(values, what);
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
  const bool named = !outputs_.empty() && !outputs_[0].empty();
  return fmt::format("{}/{}.{}", named ? outputs_[0] : node_, what, parts_++);
}

Result<Values> Emitter::create(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                               std::span<const std::string> names) {
  auto created = graph_.create(op, node_, std::move(attributes), inputs, names);
  if (created) {
    for (const ValueId value : *created) BMNET_TRY(checked_elements(shape_of(value), empty_));
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
  if (output >= outputs_.size() || outputs_[output].empty()) return make(op, std::move(attributes), inputs);
  BMNET_ASSIGN(const Values values, create(op, std::move(attributes), inputs, {&outputs_[output], 1}));
  return values.front();
}

Result<Values> Emitter::make_all(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                                 size_t results) {
  std::vector<std::string> names;
  for (size_t i = 0; i < results; ++i) names.push_back(part_name(op));
  return create(op, std::move(attributes), inputs, names);
}

Result<Values> Emitter::finish_all(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                                   size_t results) {
  std::vector<std::string> names;
  for (size_t i = 0; i < results; ++i) {
    const bool named = i < outputs_.size() && !outputs_[i].empty();
    names.push_back(named ? outputs_[i] : fmt::format("{}/unused.{}", node_, i));
  }
  return create(op, std::move(attributes), inputs, names);
}

ValueId Emitter::constant(Tensor tensor) { return graph_.constant(part_name("constant"), std::move(tensor)); }

ValueId Emitter::integers(const std::vector<int64_t>& values) {
  return constant(Tensor::of<int64_t>({static_cast<int64_t>(values.size())}, values));
}

Result<ValueId> Emitter::filled(DType dtype, Shape shape, double value) {
  BMNET_TRY(checked_elements(shape, empty_));
  BMNET_TRY(nn::reserve_constant(shape, dtype));
  Tensor tensor({dtype, std::move(shape)});
  const bool exists =
      with_element_type(dtype, [&]<typename T>(T) { std::ranges::fill(tensor.data<T>(), converted<T>(value)); });
  if (!exists) return unsupported("constants of type {} cannot be made", dtype_name(dtype));
  return constant(std::move(tensor));
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
  BMNET_TRY(checked_elements(shape, empty_));
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
