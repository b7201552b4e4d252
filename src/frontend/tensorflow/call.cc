#include "frontend/tensorflow/call.h"

#include <algorithm>
#include <numeric>

#include "frontend/tensorflow/importer.h"

namespace bmnet::frontend::tensorflow {
namespace {

using tensorflow_file::AttrValue;

// Sizes, pads, counts beyond this are nonsense; INT64_MAX and INT64_MIN stand for "to the end".
constexpr int64_t kMaxInteger = int64_t{1} << 40;

int64_t tamed(int64_t value) { return std::clamp(value, -kMaxInteger, kMaxInteger); }

template <typename To>
std::vector<To> elements(const Tensor& tensor) {
  const auto convert = [&]<typename From>(From) {
    const auto data = tensor.data<From>();
    std::vector<To> result;
    for (const From element : data) result.push_back(static_cast<To>(element));
    return result;
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
    case DType::kBool:
      return convert(uint8_t{});
    default:
      return {};
  }
}

Result<ValueId> filled(Call& call, DType dtype, double value) {
  const Tensor number = Tensor::of<float>({}, std::vector<float>{static_cast<float>(value)});
  return call.cast(call.constant_of(number), dtype);
}

}  // namespace

Shape to_channels_first(int64_t rank) {
  Shape permutation{0, rank - 1};
  for (int64_t axis = 1; axis + 1 < rank; ++axis) permutation.push_back(axis);
  return permutation;
}
Shape to_channels_last(int64_t rank) {
  Shape permutation{0};
  for (int64_t axis = 2; axis < rank; ++axis) permutation.push_back(axis);
  permutation.push_back(1);
  return permutation;
}
Shape channels_first_places(int64_t rank) { return to_channels_last(rank); }

Shape Call::shape_of(const Value& value) const {
  const Shape& stored = builder.info(value.id).shape;
  if (!value.channels_first) return stored;
  Shape shape;
  for (const int64_t place : channels_first_places(static_cast<int64_t>(stored.size()))) shape.push_back(stored[place]);
  return shape;
}

Result<ValueId> Call::in_layout(const Value& value, bool channels_first) {
  if (channels_first && builder.info(value.id).shape.size() < 3)
    return user_error("an image is expected, not a tensor of shape {}", to_string(builder.info(value.id).shape));
  return importer.in_layout(value, channels_first);
}

Result<Tensor> Call::tensor(size_t i, std::string_view what) {
  if (i >= inputs_.size()) return user_error("input {} ({}) is missing", i, what);
  BMNET_ASSIGN(const ValueId id, plain(i));
  const Tensor* tensor = constant(id);
  if (!tensor)
    return unsupported(
        "{} ('{}') is only known at run time; make it a constant of the model or fix the input it comes from", what,
        builder.name(id));
  return *tensor;
}

Result<std::vector<int64_t>> Call::integers_of(size_t i, std::string_view what) {
  BMNET_ASSIGN(const Tensor values, tensor(i, what));
  if (values.dtype() == DType::kF32) return user_error("{} is a list of floats, integers are expected", what);
  std::vector<int64_t> integers = elements<int64_t>(values);
  std::ranges::transform(integers, integers.begin(), tamed);
  return integers;
}
Result<std::vector<float>> Call::numbers_of(size_t i, std::string_view what) {
  BMNET_ASSIGN(const Tensor values, tensor(i, what));
  return elements<float>(values);
}
Result<int64_t> Call::integer_of(size_t i, std::string_view what) {
  BMNET_ASSIGN(const std::vector<int64_t> values, integers_of(i, what));
  if (values.size() != 1) return user_error("{} has {} elements, one is expected", what, values.size());
  return values[0];
}
Result<float> Call::number_of(size_t i, std::string_view what) {
  BMNET_ASSIGN(const std::vector<float> values, numbers_of(i, what));
  if (values.size() != 1) return user_error("{} has {} elements, one is expected", what, values.size());
  return values[0];
}

const AttrValue* Call::attribute(std::string_view name) const {
  const auto found = node_.attr().find(std::string(name));
  return found == node_.attr().end() ? nullptr : &found->second;
}
int64_t Call::integer(std::string_view name, int64_t otherwise) const {
  const auto* found = attribute(name);
  return found ? tamed(found->i()) : otherwise;
}
float Call::number(std::string_view name, float otherwise) const {
  const auto* found = attribute(name);
  return found ? found->f() : otherwise;
}
bool Call::flag(std::string_view name, bool otherwise) const {
  const auto* found = attribute(name);
  return found ? found->b() : otherwise;
}
std::string Call::text(std::string_view name, std::string_view otherwise) const {
  const auto* found = attribute(name);
  return found ? found->s() : std::string(otherwise);
}
std::vector<int64_t> Call::integers(std::string_view name) const {
  std::vector<int64_t> values;
  if (const auto* found = attribute(name)) std::ranges::transform(found->list().i(), std::back_inserter(values), tamed);
  return values;
}
Result<DType> Call::type(std::string_view name, DType otherwise) const {
  const auto* found = attribute(name);
  if (!found) return otherwise;
  return imported_dtype(found->type());
}
bool Call::channels_last() const {
  const std::string format = text("data_format", "NHWC");
  return format != "NCHW" && format != "NCDHW";
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
  const auto repeats = std::ranges::unique(axes);
  axes.erase(repeats.begin(), repeats.end());
  return axes;
}

std::string Call::output_name(size_t which) const { return which ? fmt::format("{}:{}", name_, which) : name_; }

Result<std::vector<ValueId>> Call::create(std::string_view op, op::Attributes attributes,
                                          std::span<const ValueId> inputs, std::span<const std::string> names) {
  auto created = builder.create(op, name_, std::move(attributes), inputs, names);
  if (created) {
    for (const ValueId value : *created) BMNET_TRY(checked_count(stored_shape(value)));
    return created;
  }
  Error error = std::move(created).error();
  const std::string prefix = name_ + ": ";  // the importer names the node itself
  if (error.message.starts_with(prefix)) error.message.erase(0, prefix.size());
  return tl::unexpected(std::move(error));
}

Result<ValueId> Call::make(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs) {
  const std::string name = fmt::format("{}/{}.{}", name_, op, made_++);
  BMNET_ASSIGN(const std::vector<ValueId> values, create(op, std::move(attributes), inputs, {&name, 1}));
  return values.front();
}

Result<Value> Call::make_output(size_t which, std::string_view op, op::Attributes attributes,
                                std::span<const ValueId> inputs, bool channels_first) {
  const std::string name = output_name(which);
  BMNET_ASSIGN(const std::vector<ValueId> values, create(op, std::move(attributes), inputs, {&name, 1}));
  return Value{values.front(), channels_first};
}

Result<Values> Call::finish(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                            bool channels_first) {
  std::vector<std::string> names;
  for (size_t i = 0; i < (op == "top_k" ? 2u : 1u); ++i) names.push_back(output_name(i));
  BMNET_ASSIGN(const std::vector<ValueId> ids, create(op, std::move(attributes), inputs, names));
  Values values;
  for (const ValueId id : ids) values.push_back({id, channels_first});
  return values;
}

ValueId Call::constant_of(Tensor tensor) {
  return builder.constant(fmt::format("{}/constant.{}", name_, made_++), std::move(tensor));
}
ValueId Call::integers_constant(DType dtype, Shape shape, const std::vector<int64_t>& values) {
  if (dtype != DType::kI32) return constant_of(std::move(shape), values);
  return constant_of(std::move(shape), std::vector<int32_t>(values.begin(), values.end()));
}
Result<ValueId> Call::scalar(DType dtype, double value) { return filled(*this, dtype, value); }

Result<ValueId> Call::unary(std::string_view kind, ValueId x, float alpha, float beta) {
  return make("unary", {{"kind", std::string(kind)}, {"alpha", alpha}, {"beta", beta}}, {x});
}
Result<ValueId> Call::reshape(ValueId x, Shape shape) {
  if (stored_shape(x) == shape) return x;
  return make("reshape", {{"shape", std::move(shape)}}, {x});
}
Result<ValueId> Call::transpose(ValueId x, Shape permutation) {
  if (std::ranges::is_sorted(permutation)) return x;
  Shape moved, result;
  for (const int64_t axis : permutation) {
    result.push_back(stored_shape(x)[axis]);
    if (result.back() != 1) moved.push_back(axis);
  }
  if (std::ranges::is_sorted(moved)) return reshape(x, std::move(result));
  return make("transpose", {{"permutation", std::move(permutation)}}, {x});
}
Result<ValueId> Call::cast(ValueId x, DType dtype) {
  if (builder.info(x).dtype == dtype) return x;
  return make("cast", {{"to", std::string(dtype_name(dtype))}}, {x});
}

Result<Aligned> align(Call& call, std::span<const Value> values) {
  size_t rank = 0;
  Aligned aligned;
  for (const Value& value : values) {
    rank = std::max(rank, call.stored_shape(value.id).size());
  }
  for (const Value& value : values)
    aligned.channels_first |= value.channels_first && call.stored_shape(value.id).size() == rank;
  for (const Value& value : values) {
    ValueId id = value.id;
    const Shape& stored = call.stored_shape(id);
    if (!aligned.channels_first || stored.empty() || stored.size() == rank) {
      if (!stored.empty()) {
        BMNET_ASSIGN(id, call.in_layout(value, aligned.channels_first));
      }
    } else {
      BMNET_ASSIGN(id, call.in_layout(value, false));
      Shape wide(rank - stored.size(), 1);
      wide.insert(wide.end(), call.stored_shape(id).begin(), call.stored_shape(id).end());
      BMNET_ASSIGN(id, call.reshape(id, std::move(wide)));
      BMNET_ASSIGN(id, call.transpose(id, to_channels_first(static_cast<int64_t>(rank))));
    }
    aligned.ids.push_back(id);
  }
  return aligned;
}

}  // namespace bmnet::frontend::tensorflow
