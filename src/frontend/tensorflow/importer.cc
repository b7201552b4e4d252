#include "frontend/tensorflow/importer.h"

#include <algorithm>
#include <queue>
#include <set>

#include "base/number.h"
#include "frontend/declarations.h"
#include "frontend/inputs.h"
#include "nn/limits.h"

namespace bmnet::frontend::tensorflow {
namespace {

using tensorflow_file::AttrValue;
using tensorflow_file::NodeDef;

constexpr int kMaxDepth = 32;  // functions within each other

std::string_view type_letters(const AttrValue& attribute) {
  switch (attribute.value_case()) {
    case AttrValue::kList:
      return "list";
    case AttrValue::kS:
      return "s";
    case AttrValue::kI:
      return "i";
    case AttrValue::kF:
      return "f";
    case AttrValue::kB:
      return "b";
    case AttrValue::kType:
      return "t";
    case AttrValue::kShape:
      return "h";
    case AttrValue::kTensor:
      return "v";
    case AttrValue::kFunc:
      return "n";
    default:
      return "";
  }
}

Status check_attributes(const NodeDef& node, const Row& row) {
  for (const DeclaredAttribute& declared : declared_attributes(row.attributes)) {
    const auto found = node.attr().find(std::string(declared.name));
    if (found == node.attr().end()) continue;
    if (type_letters(found->second) != (declared.type.size() == 2 ? "list" : declared.type))
      return user_error("attribute '{}' has another type than the operator's definition", declared.name);
  }
  return {};
}

bool is_placeholder(const NodeDef& node) {
  return node.op() == "Placeholder" || node.op() == "PlaceholderV2" || node.op() == "PlaceholderWithDefault";
}

// Offset of a named result among those of its operator; lists follow their start.
int64_t result_offset(const NodeDef& node, std::string_view result) {
  struct Named {
    std::string_view op, result;
    int64_t offset;
  };
  constexpr Named kNamed[] = {{"TopKV2", "indices", 1},
                              {"Switch", "output_true", 1},
                              {"Merge", "value_index", 1},
                              {"NonMaxSuppressionV4", "valid_outputs", 1},
                              {"NonMaxSuppressionV5", "selected_scores", 1},
                              {"NonMaxSuppressionV5", "valid_outputs", 2},
                              {"Unique", "idx", 1},
                              {"LSTMBlockCell", "cs", 1},
                              {"LSTMBlockCell", "f", 2},
                              {"LSTMBlockCell", "o", 3},
                              {"LSTMBlockCell", "ci", 4},
                              {"LSTMBlockCell", "co", 5},
                              {"LSTMBlockCell", "h", 6},
                              {"GRUBlockCell", "u", 1},
                              {"GRUBlockCell", "c", 2},
                              {"GRUBlockCell", "h", 3}};
  for (const Named& named : kNamed)
    if (named.op == node.op() && named.result == result) return named.offset;
  return 0;
}

// A node whose operands are refused is a blocker itself when its operator can never be compiled.
tl::unexpected<Error> refused_behind(const Row& row) {
  return is_refused(row) ? unsupported("{}", row.remark) : behind_blocker();
}

}  // namespace

Reference parse_reference(std::string_view text) {
  if (text.starts_with('^')) return {};
  Reference reference{text, {}, 0};
  const size_t first = text.find(':');
  if (first == std::string_view::npos) return reference;
  reference.node = text.substr(0, first);
  const size_t last = text.rfind(':');
  if (last != first) reference.result = text.substr(first + 1, last - first - 1);
  const std::string_view behind = text.substr(last + 1);
  if (const auto index = parse_number<int64_t>(behind))
    reference.index = *index;
  else
    reference.result = behind;
  return reference;
}

Status Importer::enter(Nodes& nodes, Scope& scope) {
  simplify(nodes);
  for (const NodeDef& node : nodes) {
    if (node.name().empty()) return user_error("a node ({}) has no name", node.op());
    if (!scope.nodes.emplace(node.name(), &node).second) return user_error("node '{}' is defined twice", node.name());
    scope.order.push_back(&node);
  }
  return {};
}

std::string plain_name(std::string_view name) {
  return std::string(name.ends_with(":0") ? name.substr(0, name.size() - 2) : name);
}

Result<std::vector<std::string>> Importer::network_outputs() const {
  std::vector<std::string> names = options_.output_names.empty() ? source_.outputs : options_.output_names;
  if (!names.empty()) return names;
  std::set<std::string_view> used;
  for (const NodeDef& node : source_.graph->node())
    for (const std::string& input : node.input()) used.insert(parse_reference(input).node);
  for (const NodeDef& node : source_.graph->node()) {
    const Row* row = find_row(node.op());
    const bool nothing = node.op() == "NoOp" || node.op() == "Assert" || node.op() == "Const" || is_placeholder(node);
    if (!used.contains(node.name()) && !nothing && !(row && row->becomes == "nothing")) names.push_back(node.name());
  }
  if (names.empty()) return user_error("the graph has no outputs; name some with --output_names");
  return names;
}

Result<TensorInfo> Importer::input_info(const Scope& scope, const std::string& name, size_t position) {
  const NodeDef* node = scope.nodes.contains(name) ? scope.nodes.find(name)->second : nullptr;
  const bool declared = node && is_placeholder(*node);
  TensorInfo info;
  if (node)
    for (const char* key : {"dtype", "T"})
      if (const auto type = node->attr().find(key); type != node->attr().end() && (declared || key[0] == 'T')) {
        auto dtype = imported_dtype(type->second.type());
        if (!dtype) return with_context(fmt::format("input '{}'", name), std::move(dtype).error());
        info.dtype = *dtype;
        break;
      }
  std::optional<StatedShape> stated;
  const auto attribute = declared ? node->attr().find("shape") : decltype(node->attr().end()){};
  if (declared && attribute != node->attr().end()) {
    const auto& shape = attribute->second.shape();
    // Older files write the empty shape for an unknown one.
    if (!shape.unknown_rank() && !shape.dim().empty()) {
      stated.emplace();
      for (const auto& dim : shape.dim()) stated->dims.push_back(dim.size());
    }
  }
  BMNET_ASSIGN(info.shape, input_shape(options_, name, position, stated));
  return info;
}

Status Importer::declare_inputs(Scope& scope, const std::vector<std::string>& outputs) {
  for (const auto& [name, tensor] : options_.fixed_inputs) {
    if (!scope.nodes.contains(name)) return user_error("the model has no input '{}' whose value could be fixed", name);
    inputs_[name] = {builder_.constant(name, tensor), false};
  }
  std::vector<std::string> names = options_.input_names.empty() ? source_.inputs : options_.input_names;
  for (const std::string& name : names)
    if (!scope.nodes.contains(parse_reference(name).node))
      return user_error("the model has no value '{}' to take as an input", name);
  if (names.empty()) {
    BMNET_ASSIGN(const auto needed, needed_in_order(scope, outputs));
    std::set<const NodeDef*> reached(needed.begin(), needed.end());
    for (const NodeDef& node : source_.graph->node()) {
      if (!reached.contains(&node) || (node.op() != "Placeholder" && node.op() != "PlaceholderV2")) continue;
      if (inputs_.contains(node.name())) continue;
      const auto type = node.attr().find("dtype");
      if (type != node.attr().end() && type->second.type() == tensorflow_file::DT_BOOL) {
        warn(fmt::format("placeholder '{}' (a switch for training, it seems) is taken as false", node.name()));
        Tensor no({DType::kBool, {}});
        inputs_[node.name()] = {builder_.constant(node.name(), no), false};
        continue;
      }
      names.push_back(node.name());
    }
  }
  BMNET_TRY(check_given_shapes(options_, names));
  for (size_t i = 0; i < names.size(); ++i) {
    BMNET_ASSIGN(TensorInfo info, input_info(scope, names[i], i));
    if (inputs_.contains(names[i])) return user_error("input '{}' is named twice", names[i]);
    inputs_[names[i]] = {builder_.input(names[i], std::move(info)), false};
  }
  return {};
}

Result<nn::Model> Importer::run() {
  Scope scope;
  BMNET_ASSIGN(const std::vector<std::string> outputs, network_outputs());  // before rewriting leaves nodes unused
  BMNET_TRY(enter(*source_.graph->mutable_node(), scope));
  BMNET_TRY(declare_inputs(scope, outputs));
  BMNET_TRY(import_needed(scope, outputs));
  for (const std::string& name : outputs) {
    BMNET_ASSIGN(const Value value, lookup(scope, name));
    if (value.refused()) continue;
    if (value.dead()) return user_error("output '{}' lies in a branch that is never taken", name);
    if (value.list >= 0) return user_error("output '{}' is a list of tensors; name one that is a tensor", name);
    BMNET_ASSIGN(const ValueId id, in_layout(value, false));
    BMNET_TRY(builder_.output(name, id));
  }
  return blockers_.finish(builder_);
}

// The nodes that the outputs depend on, in the order of the file as far as that respects who needs whom.
Result<std::vector<const NodeDef*>> Importer::needed_in_order(const Scope& scope,
                                                              const std::vector<std::string>& outputs) const {
  std::map<const NodeDef*, std::vector<const NodeDef*>> users;
  std::map<const NodeDef*, int> waiting;
  std::vector<const NodeDef*> todo;
  const auto need = [&](std::string_view text) -> const NodeDef* {
    const Reference reference = parse_reference(text);
    const auto node = scope.nodes.find(reference.node);
    if (reference.node.empty() || node == scope.nodes.end() || scope.values.contains(reference.node)) return nullptr;
    if (scope.depth == 0 && inputs_.contains(plain_name(text))) return nullptr;
    if (waiting.emplace(node->second, 0).second) todo.push_back(node->second);
    return node->second;
  };
  for (const std::string& output : outputs) need(output);
  while (!todo.empty()) {
    const NodeDef* node = todo.back();
    todo.pop_back();
    for (const std::string& input : node->input())
      if (const NodeDef* producer = need(input)) {
        users[producer].push_back(node);
        ++waiting[node];
      }
  }
  std::map<const NodeDef*, int> places;
  std::vector<const NodeDef*> by_place;
  for (const NodeDef* node : scope.order)
    if (waiting.contains(node)) {
      places[node] = static_cast<int>(by_place.size());
      by_place.push_back(node);
    }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (const NodeDef* node : by_place)
    if (waiting[node] == 0) ready.push(places[node]);
  std::vector<const NodeDef*> order;
  while (!ready.empty()) {
    order.push_back(by_place[ready.top()]);
    ready.pop();
    for (const NodeDef* user : users[order.back()])
      if (--waiting[user] == 0) ready.push(places[user]);
  }
  if (order.size() == by_place.size()) return order;
  for (const NodeDef* node : by_place)
    if (waiting[node] > 0)
      return unsupported("node {} ({}): the graph runs in a circle through this node; loops cannot be compiled",
                         scope.prefix + node->name(), node->op());
  return bug("nodes are lost");
}

Status Importer::import_needed(Scope& scope, const std::vector<std::string>& outputs) {
  if (scope.depth > kMaxDepth) return unsupported("functions call each other deeper than {} levels", kMaxDepth);
  BMNET_ASSIGN(const auto order, needed_in_order(scope, outputs));
  for (const NodeDef* node : order) BMNET_TRY(import_node(*node, scope));
  return {};
}

Status Importer::import_node(const NodeDef& node, Scope& scope) {
  const std::string name = scope.prefix + node.name();
  if (++node_count_ > nn::import_limits().steps)
    return unsupported("more than {} nodes after functions are expanded", nn::import_limits().steps);
  auto values = convert_node(node, scope, name);
  if (!values) return refuse_node(node, scope, name, std::move(values).error());
  scope.values[node.name()] = *std::move(values);
  return {};
}

// Goes on behind a node that cannot be compiled; other errors end the import.
Status Importer::refuse_node(const NodeDef& node, Scope& scope, const std::string& name, Error error) {
  if (!is_behind_blocker(error)) {
    const std::string reason = error.message;
    // Errors of nodes inside a function name their node already.
    if (!reason.starts_with("node ")) error.message = fmt::format("node {} ({}): {}", name, node.op(), reason);
    if (error.kind != ErrorKind::kUnsupported) return tl::unexpected(std::move(error));
    BMNET_TRY(blockers_.add({name, node.op(), reason}, error.message));
  }
  for (const std::string& input : node.input()) {
    if (input.starts_with('^')) continue;
    BMNET_ASSIGN(const Value value, lookup(scope, input));
    blockers_.cut_behind({&value.id, 1});
  }
  scope.values[node.name()] = {Value{Blockers::kRefused}};
  return {};
}

Result<Values> Importer::convert_node(const NodeDef& node, Scope& scope, const std::string& name) {
  const Row* row = find_row(node.op());
  if (!row && !find_function(node.op())) return unsupported("the operator is not known");
  Values inputs;
  bool any_dead = false, any_refused = false;
  for (const std::string& input : node.input()) {
    if (input.starts_with('^')) continue;
    BMNET_ASSIGN(const Value value, lookup(scope, input));
    inputs.push_back(value);
    any_dead |= value.dead();
    any_refused |= value.refused();
  }
  if (!row) return call_function(node.op(), name, inputs, scope);
  if (any_dead && row->kind != "merge") return Values(8);  // every result is as dead as the operands
  if (any_refused) return refused_behind(*row);
  return convert_call(node, *row, scope, name, std::move(inputs));
}

Result<Values> Importer::convert_call(const NodeDef& node, const Row& row, Scope& scope, const std::string& name,
                                      Values inputs) {
  const int count = static_cast<int>(inputs.size());
  if (count < row.min_inputs || count > row.max_inputs)
    return user_error("{} inputs, {} {} expected", count, count < row.min_inputs ? "at least" : "at most",
                      count < row.min_inputs ? row.min_inputs : row.max_inputs);
  BMNET_TRY(check_attributes(node, row));
  for (const Value& value : inputs)
    if (value.list >= 0 && !row.takes_lists) return user_error("a list of tensors where a tensor is expected");
  Call call(*this, builder_, scope, row, node, name, std::move(inputs));
  return row.convert(call);
}

Result<Values> Importer::apply(const NodeDef& node, Values inputs) {
  const Row* row = find_row(node.op());
  if (!row) return bug("operator '{}' is not in the table", node.op());
  Scope nowhere;
  return convert_call(node, *row, nowhere, node.name(), std::move(inputs));
}

Result<Value> Importer::lookup(const Scope& scope, std::string_view text) const {
  if (scope.depth == 0)
    if (const auto input = inputs_.find(plain_name(text)); input != inputs_.end()) return input->second;
  const Reference reference = parse_reference(text);
  const auto values = scope.values.find(reference.node);
  if (values == scope.values.end())
    return user_error("value '{}' is not defined: the graph has no node '{}'", text, reference.node);
  if (!values->second.empty() && values->second.front().refused()) return values->second.front();
  int64_t index = reference.index;
  const auto node = scope.nodes.find(reference.node);
  if (!reference.result.empty() && node != scope.nodes.end()) index += result_offset(*node->second, reference.result);
  if (index < 0 || index >= static_cast<int64_t>(values->second.size()))
    return unsupported("output {} of node '{}' cannot be computed", index, reference.node);
  return values->second[index];
}

const tensorflow_file::FunctionDef* Importer::find_function(std::string_view name) const {
  for (const auto& function : source_.graph->library().function())
    if (function.signature().name() == name) return &function;
  return nullptr;
}

Result<Values> Importer::call_function(const std::string& name, const std::string& caller_name, const Values& arguments,
                                       Scope& caller) {
  const auto* function = find_function(name);
  if (!function) return user_error("function '{}' is not in the model's library", name);
  const auto& signature = function->signature();
  if (static_cast<int>(arguments.size()) != signature.input_arg_size())
    return user_error("{} inputs, function '{}' has {}", arguments.size(), name, signature.input_arg_size());
  Scope body;
  body.prefix = caller_name + "/";
  body.depth = caller.depth + 1;
  for (int i = 0; i < signature.input_arg_size(); ++i) body.values[signature.input_arg(i).name()] = {arguments[i]};
  node_count_ += function->node_def_size();  // also those that nobody needs cost time
  if (node_count_ > nn::import_limits().steps)
    return unsupported("functions of more than {} nodes in all", nn::import_limits().steps);
  Nodes nodes = function->node_def();
  BMNET_TRY(enter(nodes, body));
  std::vector<std::string> outputs;
  for (const auto& output : signature.output_arg()) {
    const auto result = function->ret().find(output.name());
    if (result == function->ret().end())
      return user_error("function '{}' says nothing of its result '{}'", name, output.name());
    outputs.push_back(result->second);
  }
  BMNET_TRY(import_needed(body, outputs));
  Values values;
  for (const std::string& output : outputs) {
    BMNET_ASSIGN(const Value value, lookup(body, output));
    if (value.refused()) return behind_blocker();
    values.push_back(value);
  }
  return values;
}

Result<Value> Importer::new_list(std::vector<ValueId> elements) {
  constexpr int64_t kMaxListElements = 1 << 24;
  list_elements_ += static_cast<int64_t>(elements.size());
  if (list_elements_ > kMaxListElements) return unsupported("lists of more than {} tensors in all", kMaxListElements);
  lists_.push_back(std::move(elements));
  return Value{.id = -1, .channels_first = false, .list = static_cast<int32_t>(lists_.size()) - 1};
}

Result<Tensor> Importer::constant(const tensorflow_file::TensorProto& proto) {
  if (proto.tensor_content().empty() && proto.borrowed().empty()) {
    BMNET_ASSIGN(const Shape shape, known_shape(proto.tensor_shape()));
    BMNET_TRY(nn::reserve_constant(shape, DType::kI64));  // one value may stand for all; the widest type
  }
  return tensor_of(proto, source_.file, source_.owner);
}

Result<Tensor> Importer::variable(const std::string& name) {
  if (!source_.variables)
    return unsupported("the graph has the variable '{}' and no values for it; freeze it, or give the SavedModel", name);
  return source_.variables->read(name);
}

Result<ValueId> Importer::in_layout(const Value& value, bool channels_first) {
  if (value.id < 0) return user_error("a list of tensors where a tensor is expected");
  const Shape& stored = builder_.info(value.id).shape;
  const int64_t rank = static_cast<int64_t>(stored.size());
  if (value.channels_first == channels_first || rank < 3) return value.id;
  if (const auto made = layouts_.find({value.id, channels_first}); made != layouts_.end()) return made->second;
  const Shape permutation = channels_first ? to_channels_first(rank) : to_channels_last(rank);
  Shape moved, result;
  for (const int64_t axis : permutation) {
    result.push_back(stored[axis]);
    if (stored[axis] != 1) moved.push_back(axis);
  }
  const std::string name = builder_.name(value.id) + (channels_first ? "/channels_first" : "/channels_last");
  const bool same_order = std::ranges::is_sorted(moved);
  BMNET_ASSIGN(
      const ValueId id,
      builder_.create1(same_order ? "reshape" : "transpose", name,
                       {{same_order ? "shape" : "permutation", same_order ? result : permutation}}, {value.id}, name));
  layouts_[{value.id, channels_first}] = id;
  layouts_[{id, !channels_first}] = value.id;
  return id;
}

}  // namespace bmnet::frontend::tensorflow
