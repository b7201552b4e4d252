#include "frontend/onnx/call.h"

#include <algorithm>
#include <numeric>

#include "frontend/onnx/file.h"
#include "frontend/onnx/importer.h"

namespace bmnet::frontend::onnx {
namespace {

// Sizes, pads, counts beyond this are nonsense; INT64_MAX and INT64_MIN stand for "to the end".
constexpr int64_t kMaxInteger = int64_t{1} << 40;

int64_t tamed(int64_t value) { return std::clamp(value, -kMaxInteger, kMaxInteger); }

template <typename To>
std::vector<To> elements(const Tensor& tensor) {
  const auto convert = [&]<typename From>(From) {
    const auto data = tensor.data<From>();
    return std::vector<To>(data.begin(), data.end());
  };
  switch (tensor.dtype()) {
    case DType::kF32:
      return convert(float{});
    case DType::kI32:
      return convert(int32_t{});
    case DType::kI64:
      return convert(int64_t{});
    case DType::kU32:
      return convert(uint32_t{});
    case DType::kI16:
      return convert(int16_t{});
    case DType::kU16:
      return convert(uint16_t{});
    case DType::kI8:
      return convert(int8_t{});
    case DType::kU8:
      return convert(uint8_t{});
    case DType::kBool:
      return convert(bool{});
    default:
      return {};
  }
}

template <typename T>
void fill(Tensor& tensor, double value) {
  std::ranges::fill(tensor.data<T>(), static_cast<T>(value));
}

}  // namespace

Result<Values> Call::all_inputs() const {
  Values values;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (!inputs_[i]) return user_error("input {} is left out", i);
    values.push_back(*inputs_[i]);
  }
  return values;
}

Result<std::vector<int64_t>> Call::integers_of(size_t i, std::string_view what) const {
  if (!has(i)) return user_error("input {} ({}) is missing", i, what);
  const Tensor* tensor = constant(in(i));
  if (!tensor)
    return unsupported(
        "{} ('{}') is only known at run time; make it a constant of the model or fix the input it comes from", what,
        builder.name(in(i)));
  if (tensor->dtype() == DType::kF32) return user_error("{} is a list of floats, integers are expected", what);
  std::vector<int64_t> values = elements<int64_t>(*tensor);
  std::ranges::transform(values, values.begin(), tamed);
  return values;
}

Result<std::vector<float>> Call::numbers_of(size_t i, std::string_view what) const {
  if (!has(i)) return user_error("input {} ({}) is missing", i, what);
  const Tensor* tensor = constant(in(i));
  if (!tensor)
    return unsupported(
        "{} ('{}') is only known at run time; make it a constant of the model or fix the input it comes from", what,
        builder.name(in(i)));
  return elements<float>(*tensor);
}

Result<int64_t> Call::integer_of(size_t i, std::string_view what) const {
  BMNET_ASSIGN(const std::vector<int64_t> values, integers_of(i, what));
  if (values.size() != 1) return user_error("{} has {} elements, one is expected", what, values.size());
  return values[0];
}

Result<float> Call::number_of(size_t i, std::string_view what) const {
  BMNET_ASSIGN(const std::vector<float> values, numbers_of(i, what));
  if (values.size() != 1) return user_error("{} has {} elements, one is expected", what, values.size());
  return values[0];
}

bool Call::wants(size_t i) const {
  return i < output_count() && !node_.output(static_cast<int>(i)).empty() &&
         importer.is_used(scope, node_.output(static_cast<int>(i)));
}

const onnx_file::AttributeProto* Call::attribute(std::string_view name) const {
  for (const auto& attribute : node_.attribute())
    if (attribute.name() == name) return &attribute;
  return nullptr;
}

int64_t Call::integer(std::string_view name, int64_t otherwise) const {
  const auto* found = attribute(name);
  return found ? tamed(found->i()) : otherwise;
}
float Call::number(std::string_view name, float otherwise) const {
  const auto* found = attribute(name);
  return found ? found->f() : otherwise;
}
std::string Call::text(std::string_view name, std::string_view otherwise) const {
  const auto* found = attribute(name);
  return found ? found->s() : std::string(otherwise);
}
std::vector<int64_t> Call::integers(std::string_view name) const {
  std::vector<int64_t> values;
  if (const auto* found = attribute(name)) std::ranges::transform(found->ints(), std::back_inserter(values), tamed);
  return values;
}
std::vector<float> Call::numbers(std::string_view name) const {
  const auto* found = attribute(name);
  return found ? std::vector<float>(found->floats().begin(), found->floats().end()) : std::vector<float>();
}
std::vector<std::string> Call::texts(std::string_view name) const {
  const auto* found = attribute(name);
  return found ? std::vector<std::string>(found->strings().begin(), found->strings().end())
               : std::vector<std::string>();
}

Result<int64_t> Call::required_integer(std::string_view name) const {
  if (!has_attribute(name)) return user_error("the required attribute '{}' is missing", name);
  return integer(name, 0);
}
Result<std::vector<int64_t>> Call::required_integers(std::string_view name) const {
  if (!has_attribute(name)) return user_error("the required attribute '{}' is missing", name);
  return integers(name);
}

Result<int64_t> Call::normal_axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) return user_error("axis {} does not exist in a tensor of {} axes", axis, rank);
  return axis < 0 ? axis + rank : axis;
}

Result<std::vector<int64_t>> Call::normal_axes(std::vector<int64_t> axes, int64_t rank) {
  for (int64_t& axis : axes) {
    BMNET_ASSIGN(axis, normal_axis(axis, rank));
  }
  std::ranges::sort(axes);
  if (std::ranges::adjacent_find(axes) != axes.end())
    return user_error("axes [{}] name one axis twice", fmt::join(axes, ","));
  return axes;
}

Result<std::vector<ValueId>> Call::create(std::string_view op, op::Attributes attributes,
                                          std::span<const ValueId> inputs, std::span<const std::string> names) {
  auto created = builder.create(op, name_, std::move(attributes), inputs, names);
  if (created) {
    for (const ValueId value : *created) BMNET_TRY(checked_count(shape_of(value)));
    return created;
  }
  Error error = std::move(created).error();
  const std::string prefix = name_ + ": ";  // the importer names the node itself
  if (error.message.starts_with(prefix)) error.message.erase(0, prefix.size());
  return tl::unexpected(std::move(error));
}

Result<ValueId> Call::make(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs) {
  const std::string base = node_.output_size() && !node_.output(0).empty() ? node_.output(0) : name_;
  const std::string name = fmt::format("{}/{}.{}", base, op, made_++);
  BMNET_ASSIGN(const std::vector<ValueId> values, create(op, std::move(attributes), inputs, {&name, 1}));
  return values.front();
}

Result<Values> Call::finish(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs) {
  const size_t results = op == "top_k" ? 2 : op == "rnn" ? 3 : 1;
  std::vector<std::string> names;
  for (size_t i = 0; i < results; ++i) {
    const bool named = i < output_count() && !node_.output(static_cast<int>(i)).empty();
    names.push_back(named ? node_.output(static_cast<int>(i)) : fmt::format("{}/unused.{}", name_, i));
  }
  return create(op, std::move(attributes), inputs, names);
}

Result<ValueId> Call::make_output(size_t i, std::string_view op, op::Attributes attributes,
                                  std::initializer_list<ValueId> inputs) {
  const std::string name = node_.output(static_cast<int>(i)).empty() ? fmt::format("{}/unused.{}", name_, i)
                                                                     : node_.output(static_cast<int>(i));
  BMNET_ASSIGN(const std::vector<ValueId> values,
               create(op, std::move(attributes), std::span(inputs.begin(), inputs.size()), {&name, 1}));
  return values.front();
}

ValueId Call::constant_of(Tensor tensor) {
  return builder.constant(fmt::format("{}/constant.{}", node_.output_size() ? node_.output(0) : name_, made_++),
                          std::move(tensor));
}

Result<ValueId> Call::filled(DType dtype, Shape shape, double value) {
  BMNET_TRY(importer.reserve(shape, dtype));
  Tensor tensor({dtype, std::move(shape)});
  switch (dtype) {
    case DType::kF32:
      fill<float>(tensor, value);
      break;
    case DType::kI32:
      fill<int32_t>(tensor, value);
      break;
    case DType::kI64:
      fill<int64_t>(tensor, value);
      break;
    case DType::kU32:
      fill<uint32_t>(tensor, value);
      break;
    case DType::kI16:
      fill<int16_t>(tensor, value);
      break;
    case DType::kU16:
      fill<uint16_t>(tensor, value);
      break;
    case DType::kI8:
      fill<int8_t>(tensor, value);
      break;
    case DType::kU8:
      fill<uint8_t>(tensor, value);
      break;
    case DType::kBool:
      fill<bool>(tensor, value);
      break;
    default:
      return unsupported("constants of type {} cannot be made", dtype_name(dtype));
  }
  return constant_of(std::move(tensor));
}

Result<ValueId> Call::unary(std::string_view kind, ValueId x, float alpha, float beta) {
  return make("unary", {{"kind", std::string(kind)}, {"alpha", alpha}, {"beta", beta}}, {x});
}
Result<ValueId> Call::reshape(ValueId x, Shape shape) {
  if (shape_of(x) == shape) return x;
  return make("reshape", {{"shape", std::move(shape)}}, {x});
}
Result<ValueId> Call::transpose(ValueId x, Shape permutation) {
  if (std::ranges::is_sorted(permutation)) return x;
  return make("transpose", {{"permutation", std::move(permutation)}}, {x});
}
Result<ValueId> Call::cast(ValueId x, DType dtype) {
  if (dtype_of(x) == dtype) return x;
  return make("cast", {{"to", std::string(dtype_name(dtype))}}, {x});
}
Result<ValueId> Call::broadcast(ValueId x, Shape shape) {
  if (shape_of(x) == shape) return x;
  BMNET_TRY(checked_count(shape));
  return make("broadcast_to", {{"shape", std::move(shape)}}, {x});
}

}  // namespace bmnet::frontend::onnx
