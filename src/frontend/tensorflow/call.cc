#include "frontend/tensorflow/call.h"

#include <algorithm>
#include <numeric>

#include "frontend/tensorflow/importer.h"

namespace bmnet::frontend::tensorflow {
namespace {

using tensorflow_file::AttrValue;

constexpr int64_t kMaxNamedOutputs = 256;

// Names of a node's outputs; those of rare further ones are made up.
std::vector<std::string> output_names(const tensorflow_file::NodeDef& node, const std::string& name) {
  int64_t count = 2;
  for (const char* key : {"num_split", "num", "N"})
    if (const auto found = node.attr().find(key); found != node.attr().end())
      count = std::max(count, found->second.i());
  std::vector<std::string> names{name};
  for (int64_t i = 1; i < std::min(count, kMaxNamedOutputs); ++i) names.push_back(fmt::format("{}:{}", name, i));
  return names;
}

}  // namespace

Call::Call(Importer& importer, nn::GraphBuilder& graph, Scope& scope, const Row& row,
           const tensorflow_file::NodeDef& node, std::string name, Values inputs)
    : Emitter(graph, name, output_names(node, name), EmptyTensors::kAllowed),
      importer(importer),
      scope(scope),
      row_(row),
      node_(node),
      inputs_(std::move(inputs)) {}

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

Shape layout_places(const Value& value, int64_t rank) {
  if (value.channels_first) return channels_first_places(rank);
  Shape places(static_cast<size_t>(rank));
  std::iota(places.begin(), places.end(), 0);
  return places;
}

Shape placed(const Shape& by_axis, const Shape& places) {
  Shape result(by_axis.size());
  for (size_t axis = 0; axis < by_axis.size(); ++axis) result[places[axis]] = by_axis[axis];
  return result;
}

Shape Call::shape_of(const Value& value) const {
  const Shape& stored = shape_of(value.id);
  if (!value.channels_first) return stored;
  Shape shape;
  for (const int64_t place : channels_first_places(static_cast<int64_t>(stored.size()))) shape.push_back(stored[place]);
  return shape;
}

Result<ValueId> Call::in_layout(const Value& value, bool channels_first) {
  if (channels_first && rank_of(value.id) < 3)
    return user_error("an image is expected, not a tensor of shape {}", to_string(shape_of(value.id)));
  return importer.in_layout(value, channels_first);
}

Status Call::check_there(size_t i, std::string_view what) const {
  if (i < inputs_.size()) return {};
  return user_error("input {} ({}) is missing", i, what);
}
Result<Tensor> Call::tensor(size_t i, std::string_view what) {
  BMNET_TRY(check_there(i, what));
  BMNET_ASSIGN(const ValueId id, plain(i));
  if (const Tensor* tensor = constant_of(id)) return *tensor;
  return unsupported("{} ('{}') is only known at run time; make it a constant of the model", what, graph().name(id));
}
Result<std::vector<int64_t>> Call::integers_of(size_t i, std::string_view what) {
  BMNET_TRY(check_there(i, what));
  BMNET_ASSIGN(const ValueId id, plain(i));
  return known_integers(id, what);
}
Result<std::vector<float>> Call::numbers_of(size_t i, std::string_view what) {
  BMNET_TRY(check_there(i, what));
  BMNET_ASSIGN(const ValueId id, plain(i));
  return known_numbers(id, what);
}
Result<int64_t> Call::integer_of(size_t i, std::string_view what) {
  BMNET_TRY(check_there(i, what));
  BMNET_ASSIGN(const ValueId id, plain(i));
  return known_integer(id, what);
}
Result<float> Call::number_of(size_t i, std::string_view what) {
  BMNET_TRY(check_there(i, what));
  BMNET_ASSIGN(const ValueId id, plain(i));
  return known_number(id, what);
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

Result<Values> Call::finish(std::string_view op, op::Attributes attributes, std::span<const ValueId> inputs,
                            bool channels_first, size_t results) {
  BMNET_ASSIGN(const frontend::Values ids, finish_all(op, std::move(attributes), inputs, results));
  Values values;
  for (const ValueId id : ids) values.push_back({id, channels_first});
  return values;
}
Result<Value> Call::finish_output(size_t which, std::string_view op, op::Attributes attributes,
                                  std::initializer_list<ValueId> inputs, bool channels_first) {
  BMNET_ASSIGN(const ValueId id, Emitter::finish(op, std::move(attributes), inputs, which));
  return Value{id, channels_first};
}

ValueId Call::integers_constant(DType dtype, Shape shape, const std::vector<int64_t>& values) {
  if (dtype != DType::kI32) return constant(std::move(shape), values);
  return constant(std::move(shape), std::vector<int32_t>(values.begin(), values.end()));
}

Result<ValueId> Call::transpose(ValueId x, Shape permutation) {
  Shape moved, result;
  for (const int64_t axis : permutation) {
    result.push_back(shape_of(x)[axis]);
    if (result.back() != 1) moved.push_back(axis);
  }
  if (std::ranges::is_sorted(moved)) return reshape(x, std::move(result));
  return Emitter::transpose(x, std::move(permutation));
}

Result<Aligned> align(Call& call, std::span<const Value> values) {
  size_t rank = 0;
  Aligned aligned;
  for (const Value& value : values) {
    rank = std::max(rank, call.shape_of(value.id).size());
  }
  for (const Value& value : values)
    aligned.channels_first |= value.channels_first && call.shape_of(value.id).size() == rank;
  for (const Value& value : values) {
    ValueId id = value.id;
    const Shape& stored = call.shape_of(id);
    if (!aligned.channels_first || stored.empty() || stored.size() == rank) {
      if (!stored.empty()) {
        BMNET_ASSIGN(id, call.in_layout(value, aligned.channels_first));
      }
    } else {
      BMNET_ASSIGN(id, call.in_layout(value, false));
      Shape wide(rank - stored.size(), 1);
      wide.insert(wide.end(), call.shape_of(id).begin(), call.shape_of(id).end());
      BMNET_ASSIGN(id, call.reshape(id, std::move(wide)));
      BMNET_ASSIGN(id, call.transpose(id, to_channels_first(static_cast<int64_t>(rank))));
    }
    aligned.ids.push_back(id);
  }
  return aligned;
}

}  // namespace bmnet::frontend::tensorflow
