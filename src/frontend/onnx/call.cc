#include "frontend/onnx/call.h"

#include <algorithm>

#include "frontend/onnx/importer.h"

namespace bmnet::frontend::onnx {

Call::Call(Importer& importer, nn::GraphBuilder& graph, Scope& scope, const Row& row, const onnx_file::NodeProto& node,
           std::string name, int64_t opset, std::vector<std::optional<Item>> inputs)
    : Emitter(graph, std::move(name), {node.output().begin(), node.output().end()}, EmptyTensors::kAllowed),
      importer(importer),
      scope(scope),
      row_(row),
      node_(node),
      opset_(opset),
      inputs_(std::move(inputs)) {}

Result<Values> Call::all_inputs() const {
  Values values;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (!inputs_[i]) return user_error("input {} is left out", i);
    values.push_back(in(i));
  }
  return values;
}

Result<Item> Call::item(size_t i) const {
  if (has(i)) return *inputs_[i];
  return user_error("input {} is left out", i);
}
Result<ValueId> Call::tensor(size_t i) const {
  BMNET_ASSIGN(const Item found, item(i));
  if (const ValueId* value = std::get_if<ValueId>(&found)) return *value;
  return user_error("input {} is a sequence of tensors, a tensor is expected", i);
}
Result<Values> Call::sequence(size_t i) const {
  BMNET_ASSIGN(const Item found, item(i));
  if (const Values* values = std::get_if<Values>(&found)) return *values;
  return user_error("input {} is a tensor, a sequence of tensors is expected", i);
}

Status Call::check_there(size_t i, std::string_view what) const {
  if (has(i)) return {};
  return user_error("input {} ({}) is missing", i, what);
}
Result<std::vector<int64_t>> Call::integers_of(size_t i, std::string_view what) const {
  BMNET_TRY(check_there(i, what));
  return known_integers(in(i), what);
}
Result<std::vector<float>> Call::numbers_of(size_t i, std::string_view what) const {
  BMNET_TRY(check_there(i, what));
  return known_numbers(in(i), what);
}
Result<int64_t> Call::integer_of(size_t i, std::string_view what) const {
  BMNET_TRY(check_there(i, what));
  return known_integer(in(i), what);
}
Result<float> Call::number_of(size_t i, std::string_view what) const {
  BMNET_TRY(check_there(i, what));
  return known_number(in(i), what);
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
Result<const onnx_file::GraphProto*> Call::graph_of(std::string_view name) const {
  if (const auto* found = attribute(name)) return &found->g();
  return user_error("the required attribute '{}' is missing", name);
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

Result<ValueId> Call::filled(DType dtype, Shape shape, double value) {
  BMNET_TRY(nn::reserve_constant(shape, dtype));
  return Emitter::filled(dtype, std::move(shape), value);
}

}  // namespace bmnet::frontend::onnx
