#include "frontend/onnx/importer.h"

#include <algorithm>
#include <iterator>
#include <queue>

#include "frontend/declarations.h"
#include "frontend/inputs.h"
#include "nn/limits.h"

namespace bmnet::frontend::onnx {
namespace {

using onnx_file::AttributeProto;
using onnx_file::GraphProto;
using onnx_file::NodeProto;

constexpr int64_t kNewestOpset = 26;
constexpr int kMaxScopes = 32;          // branches and functions within each other
constexpr int64_t kMaxRounds = 10'000;  // of all loops

std::string node_label(const NodeProto& node, const Scope& scope) {
  if (!node.name().empty()) return scope.prefix + node.name();
  const std::string output = node.output_size() ? node.output(0) : "?";
  return fmt::format("{}{}:{}", scope.prefix, node.op_type(), output);
}

// Names that the graph of a branch or loop, or one nested in it, takes from outside.
std::set<std::string> outer_names(const GraphProto& graph) {
  std::set<std::string> names;
  for (const NodeProto& node : graph.node()) {
    names.insert(node.input().begin(), node.input().end());
    for (const AttributeProto& attribute : node.attribute())
      if (attribute.has_g()) names.merge(outer_names(attribute.g()));
  }
  for (const auto& output : graph.output()) names.insert(output.name());
  for (const auto& input : graph.input()) names.erase(input.name());
  for (const auto& initializer : graph.initializer()) names.erase(initializer.name());
  for (const NodeProto& node : graph.node())
    for (const std::string& output : node.output()) names.erase(output);
  return names;
}

std::vector<std::string> referenced_names(const NodeProto& node) {
  std::vector<std::string> names(node.input().begin(), node.input().end());
  for (const AttributeProto& attribute : node.attribute())
    if (attribute.has_g()) std::ranges::copy(outer_names(attribute.g()), std::back_inserter(names));
  return names;
}

std::string_view type_letters(const AttributeProto& attribute) {
  switch (attribute.type()) {
    case AttributeProto::FLOAT:
      return "f";
    case AttributeProto::INT:
      return "i";
    case AttributeProto::STRING:
      return "s";
    case AttributeProto::TENSOR:
      return "t";
    case AttributeProto::GRAPH:
      return "g";
    case AttributeProto::FLOATS:
      return "fs";
    case AttributeProto::INTS:
      return "is";
    case AttributeProto::STRINGS:
      return "ss";
    case AttributeProto::SPARSE_TENSOR:
      return "st";
    case AttributeProto::TYPE_PROTO:
      return "tp";
    case AttributeProto::UNDEFINED:
      break;
    default:
      return "?";
  }
  // The first IR versions did not write the type.
  if (attribute.has_f()) return "f";
  if (attribute.has_i()) return "i";
  if (attribute.has_s()) return "s";
  if (attribute.has_t()) return "t";
  if (attribute.has_g()) return "g";
  if (attribute.floats_size()) return "fs";
  if (attribute.ints_size()) return "is";
  if (attribute.strings_size()) return "ss";
  return "";
}

Status check_attributes(const NodeProto& node, const Row& row, int64_t opset) {
  if (row.attributes == "*") return {};  // refused anyway
  for (const AttributeProto& attribute : node.attribute()) {
    const std::string_view declared = declared_type(row.attributes, attribute.name());
    if (declared.empty())
      return unsupported("attribute '{}' is unknown for this operator at operator set {}", attribute.name(), opset);
    const std::string_view actual = type_letters(attribute);
    if (!actual.empty() && actual != declared)
      return user_error("attribute '{}' has another type than the operator's definition", attribute.name());
  }
  return {};
}

Status check_arity(const NodeProto& node, const Row& row) {
  if (node.input_size() < row.min_inputs || node.input_size() > row.max_inputs) {
    const std::string expected = row.max_inputs == kAny ? fmt::format("at least {}", row.min_inputs)
                                 : row.min_inputs == row.max_inputs
                                     ? fmt::format("{}", row.min_inputs)
                                     : fmt::format("{} to {}", row.min_inputs, row.max_inputs);
    return user_error("{} inputs, {} expected", node.input_size(), expected);
  }
  for (int i = 0; i < row.min_inputs; ++i)
    if (node.input(i).empty()) return user_error("input {} is left out, it is required", i);
  if (node.output_size() < 1 || node.output_size() > row.max_outputs)
    return user_error("{} outputs, 1 to {} expected", node.output_size(), row.max_outputs);
  return {};
}

std::string dims_text(const onnx_file::TensorShapeProto& shape) {
  std::vector<std::string> dims;
  for (const auto& dim : shape.dim())
    dims.push_back(dim.has_dim_value() && dim.dim_value() > 0 ? std::to_string(dim.dim_value())
                   : dim.dim_param().empty()                  ? "?"
                                                              : dim.dim_param());
  return fmt::format("[{}]", fmt::join(dims, ","));
}

// A node whose operands are refused is a blocker itself when its operator can never be compiled.
tl::unexpected<Error> refused_behind(const Row& row) {
  return row.attributes == "*" ? unsupported("{}", row.remark) : behind_blocker();
}

}  // namespace

const onnx_file::ValueInfoProto* Importer::value_info(std::string_view name) const {
  const GraphProto& graph = file_.model().graph();
  for (const auto* list : {&graph.input(), &graph.value_info(), &graph.output()})
    for (const auto& info : *list)
      if (info.name() == name) return &info;
  return nullptr;
}

Result<TensorInfo> Importer::input_info(const std::string& name, size_t position) {
  TensorInfo info;
  const onnx_file::ValueInfoProto* declared = value_info(name);
  const bool typed = declared && declared->has_type();
  if (typed && !declared->type().has_tensor_type())
    return unsupported("input '{}' is not a tensor but a sequence, map or optional value", name);
  const auto& type = typed ? declared->type().tensor_type() : onnx_file::TypeProto::Tensor::default_instance();
  if (typed) {
    auto dtype = imported_dtype(type.elem_type());
    if (!dtype) return with_context(fmt::format("input '{}'", name), std::move(dtype).error());
    info.dtype = *dtype;
  }
  std::optional<StatedShape> stated;
  if (type.has_shape()) {
    stated = StatedShape{.dims = {}, .written = dims_text(type.shape())};
    for (const auto& dim : type.shape().dim()) stated->dims.push_back(dim.has_dim_value() ? dim.dim_value() : 0);
  }
  BMNET_ASSIGN(info.shape, input_shape(options_, name, position, stated, EmptyTensors::kAllowed));
  return info;
}

Status Importer::declare_initializers(const GraphProto& graph, Scope& scope) {
  for (const auto& initializer : graph.initializer()) {
    if (initializer.name().empty()) return user_error("an initializer has no name");
    if (!scope.initializers.emplace(initializer.name(), &initializer).second)
      return user_error("initializer '{}' is defined twice", initializer.name());
  }
  for (const auto& sparse : graph.sparse_initializer()) {
    const std::string& name = sparse.values().name();
    if (scope.initializers.contains(name) || !scope.sparse_initializers.emplace(name, &sparse).second)
      return user_error("initializer '{}' is defined twice", name);
  }
  return {};
}

Status Importer::declare_inputs(Scope& scope) {
  const GraphProto& graph = file_.model().graph();
  std::vector<std::string> names = options_.input_names;
  std::set<std::string> seen;
  for (const auto& input : graph.input()) {
    if (!seen.insert(input.name()).second) return user_error("input '{}' is declared twice", input.name());
    // Before IR version 4 every initializer had to be listed among the inputs too.
    const bool constant = scope.initializers.contains(input.name()) || scope.sparse_initializers.contains(input.name());
    if (options_.input_names.empty() && !constant && !options_.fixed_inputs.contains(input.name()))
      names.push_back(input.name());
  }
  for (const auto& [name, tensor] : options_.fixed_inputs) {
    if (!seen.contains(name)) return user_error("the model has no input '{}' whose value could be fixed", name);
    scope.initializers.erase(name);
    ValueId value = builder_.constant(name, tensor);
    if (tensor.dtype() == DType::kF64 || tensor.dtype() == DType::kF16 || tensor.dtype() == DType::kBF16) {
      BMNET_ASSIGN(value, builder_.create1("cast", name, {{"to", std::string("f32")}}, {value}, name));
    }
    scope.values[name] = value;
  }
  BMNET_TRY(check_given_shapes(options_, names));
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) return user_error("an input has no name");
    BMNET_ASSIGN(TensorInfo info, input_info(names[i], i));
    scope.initializers.erase(names[i]);
    if (!scope.values.emplace(names[i], builder_.input(names[i], std::move(info))).second)
      return user_error("input '{}' is named twice", names[i]);
  }
  return {};
}

Result<nn::Model> Importer::run() {
  const GraphProto& graph = file_.model().graph();
  Scope scope;
  scope.opset = file_.opset("");
  if (scope.opset > kNewestOpset)
    return unsupported(
        "operator set {} is newer than {}, the newest this compiler reads; export the model with opset {} or older",
        scope.opset, kNewestOpset, kNewestOpset);
  BMNET_TRY(declare_initializers(graph, scope));
  std::vector<std::string> outputs = options_.output_names;
  if (outputs.empty())
    for (const auto& output : graph.output()) outputs.push_back(output.name());
  if (outputs.empty()) return user_error("the model has no outputs; name some with --output_names");
  for (const std::string& name : options_.input_names) {
    const auto gives = [&](const NodeProto& node) {
      return std::ranges::find(node.output(), name) != node.output().end();
    };
    if (!value_info(name) && std::ranges::none_of(graph.node(), gives))
      return user_error("the model has no value '{}' to take as an input", name);
  }
  BMNET_TRY(declare_inputs(scope));
  BMNET_TRY(import_nodes(graph.node(), scope, outputs));
  for (const std::string& name : outputs) {
    BMNET_ASSIGN(const ValueId value, lookup_tensor(scope, name));
    if (value != Blockers::kRefused) BMNET_TRY(builder_.output(name, value));
  }
  return blockers_.finish(builder_);
}

Result<Item> Importer::lookup(Scope& scope, const std::string& name) {
  for (Scope* level = &scope; level; level = level->parent) {
    if (const auto value = level->values.find(name); value != level->values.end()) return value->second;
    const auto dense = level->initializers.find(name);
    const auto sparse = level->sparse_initializers.find(name);
    if (dense == level->initializers.end() && sparse == level->sparse_initializers.end()) continue;
    auto tensor =
        dense != level->initializers.end() ? file_.tensor(*dense->second) : file_.sparse_tensor(*sparse->second);
    if (!tensor) return with_context(fmt::format("initializer '{}'", name), std::move(tensor).error());
    const ValueId value = builder_.constant(name, std::move(*tensor));
    level->values[name] = value;
    return value;
  }
  const auto is_input = [&](const auto& input) { return input.name() == name; };
  if (std::ranges::any_of(file_.model().graph().input(), is_input))
    return user_error("the model's input '{}' is needed, but it is not among the chosen input names", name);
  return user_error("value '{}' is not defined: no input, initializer or node gives it", name);
}

Result<ValueId> Importer::lookup_tensor(Scope& scope, const std::string& name) {
  BMNET_ASSIGN(const Item item, lookup(scope, name));
  if (const ValueId* value = std::get_if<ValueId>(&item)) return *value;
  return unsupported("'{}' is a sequence of {} tensors; networks have single tensors as inputs and outputs", name,
                     std::get<Values>(item).size());
}

Result<Items> Importer::lookup_all(Scope& scope, const std::vector<std::string>& names) {
  Items items;
  for (const std::string& name : names) {
    BMNET_ASSIGN(Item item, lookup(scope, name));
    if (item == Item(Blockers::kRefused)) return behind_blocker();
    items.push_back(std::move(item));
  }
  return items;
}

Status Importer::count_round() {
  if (++rounds_ <= kMaxRounds) return {};
  return unsupported("loops of more than {} rounds in all", kMaxRounds);
}

// The nodes that the outputs depend on, in the order of the file as far as that respects who needs whom.
Result<std::vector<int>> Importer::needed_in_order(const Nodes& nodes, Scope& scope,
                                                   const std::vector<std::string>& outputs) {
  std::map<std::string_view, int> producers;
  for (int i = 0; i < nodes.size(); ++i)
    for (const std::string& output : nodes[i].output()) {
      if (output.empty() || scope.values.contains(output)) continue;  // left out, or cut off here
      const bool given = scope.initializers.contains(output) || scope.sparse_initializers.contains(output);
      const auto [other, added] = producers.emplace(output, i);
      if (given || !added)
        return user_error("value '{}' is defined twice: by {} and by {}", output,
                          given ? "an initializer" : "node " + node_label(nodes[other->second], scope),
                          "node " + node_label(nodes[i], scope));
    }
  std::vector<std::vector<int>> users(nodes.size());
  std::vector<int> waiting(nodes.size(), -1);  // of needed nodes: how many producers are not placed yet
  std::vector<int> todo;
  int needed = 0;
  const auto need = [&](const std::string& name) {
    scope.used.insert(name);
    const auto producer = producers.find(name);
    if (producer == producers.end()) return -1;
    if (waiting[producer->second] < 0) {
      waiting[producer->second] = 0;
      todo.push_back(producer->second);
      ++needed;
    }
    return producer->second;
  };
  for (const std::string& output : outputs) need(output);
  while (!todo.empty()) {
    const int node = todo.back();
    todo.pop_back();
    for (const std::string& name : referenced_names(nodes[node])) {
      if (name.empty()) continue;
      const int producer = need(name);
      if (producer < 0) continue;
      users[producer].push_back(node);
      ++waiting[node];
    }
  }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < nodes.size(); ++i)
    if (waiting[i] == 0) ready.push(i);
  std::vector<int> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const int user : users[order.back()])
      if (--waiting[user] == 0) ready.push(user);
  }
  if (static_cast<int>(order.size()) == needed) return order;
  for (int i = 0; i < nodes.size(); ++i)
    if (waiting[i] > 0)
      return user_error("node {} ({}): the graph runs in a circle through this node", node_label(nodes[i], scope),
                        nodes[i].op_type());
  return bug("nodes are lost");
}

Status Importer::import_nodes(const Nodes& nodes, Scope& scope, const std::vector<std::string>& outputs) {
  if (scope.depth > kMaxScopes)
    return unsupported("branches and functions are nested deeper than {} levels", kMaxScopes);
  BMNET_ASSIGN(const std::vector<int> order, needed_in_order(nodes, scope, outputs));
  for (const int i : order) BMNET_TRY(import_node(nodes[i], scope));
  return {};
}

Status Importer::import_node(const NodeProto& node, Scope& scope) {
  const std::string name = node_label(node, scope);
  if (++node_count_ > nn::import_limits().steps)
    return unsupported("more than {} nodes after functions are expanded", nn::import_limits().steps);
  auto items = convert_node(node, scope, name);
  if (!items) return refuse_node(node, scope, name, std::move(items).error());
  for (int i = 0; i < node.output_size(); ++i) {
    const std::string& output = node.output(i);
    if (output.empty() || scope.values.contains(output)) continue;
    if (static_cast<size_t>(i) < items->size()) {
      scope.values[output] = (*items)[i];
    } else if (is_used(scope, output)) {
      return unsupported("node {} ({}): output {} ('{}') cannot be computed", name, node.op_type(), i, output);
    }
  }
  return {};
}

// Goes on behind a node that cannot be compiled; other errors end the import.
Status Importer::refuse_node(const NodeProto& node, Scope& scope, const std::string& name, Error error) {
  if (!is_behind_blocker(error)) {
    const std::string reason = error.message;
    // Errors of nodes inside a branch or function name their node already.
    if (!reason.starts_with("node ")) error.message = fmt::format("node {} ({}): {}", name, node.op_type(), reason);
    if (error.kind != ErrorKind::kUnsupported) return tl::unexpected(std::move(error));
    BMNET_TRY(blockers_.add({name, node.op_type(), reason}, error.message));
  }
  for (const std::string& input : node.input()) {
    if (input.empty()) continue;
    BMNET_ASSIGN(const Item item, lookup(scope, input));
    if (const ValueId* value = std::get_if<ValueId>(&item))
      blockers_.cut_behind({value, 1});
    else
      blockers_.cut_behind(std::get<Values>(item));
  }
  for (const std::string& output : node.output())
    if (!output.empty()) scope.values.emplace(output, Blockers::kRefused);
  return {};
}

const onnx_file::FunctionProto* Importer::find_function(const NodeProto& node) const {
  for (const auto& function : file_.model().functions())
    if (function.name() == node.op_type() && function.domain() == node.domain() &&
        function.overload() == node.overload())
      return &function;
  return nullptr;
}

Result<Items> Importer::convert_node(const NodeProto& node, Scope& scope, const std::string& name) {
  const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
  const Row* row = standard ? find_row(node.op_type(), scope.opset) : nullptr;
  if (!row) {
    if (const auto* function = find_function(node)) return inline_function(*function, node, scope, name);
    if (node.domain() == "ai.onnx.preview.training")
      return unsupported("it belongs to training; export the model for inference");
    if (!standard)
      return unsupported("operators of domain '{}' cannot be compiled; export the model with standard operators",
                         node.domain());
    if (const int first = first_version(node.op_type()))
      return user_error("the operator exists from operator set {} on, the model imports {}", first, scope.opset);
    return unsupported("the operator is not known");
  }
  BMNET_TRY(check_arity(node, *row));
  BMNET_TRY(check_attributes(node, *row, scope.opset));
  std::vector<std::optional<Item>> inputs;
  for (const std::string& input : node.input()) {
    inputs.emplace_back();
    if (input.empty()) continue;
    BMNET_ASSIGN(inputs.back(), lookup(scope, input));
  }
  if (std::ranges::find(inputs, Item(Blockers::kRefused)) != inputs.end()) return refused_behind(*row);
  for (size_t i = 0; i < inputs.size() && !row->convert_items; ++i)
    if (inputs[i] && std::holds_alternative<Values>(*inputs[i]))
      return user_error("input {} ('{}') is a sequence of tensors, a tensor is expected", i,
                        node.input(static_cast<int>(i)));
  while (!inputs.empty() && !inputs.back()) inputs.pop_back();
  Call call(*this, builder_, scope, *row, node, name, scope.opset, std::move(inputs));
  if (row->convert_items) return row->convert_items(call);
  BMNET_ASSIGN(const Values values, row->convert(call));
  return Items(values.begin(), values.end());
}

Result<Items> Importer::import_body(const GraphProto& graph, Scope& parent, const std::string& prefix,
                                    const Items& inputs) {
  Scope scope;
  scope.parent = &parent;
  scope.opset = parent.opset;
  scope.prefix = prefix.empty() ? parent.prefix : prefix + "/";
  scope.depth = parent.depth + 1;
  BMNET_TRY(declare_initializers(graph, scope));
  for (size_t i = 0; i < inputs.size(); ++i) scope.values[graph.input(static_cast<int>(i)).name()] = inputs[i];
  std::vector<std::string> outputs;
  for (const auto& output : graph.output()) outputs.push_back(output.name());
  BMNET_TRY(import_nodes(graph.node(), scope, outputs));
  return lookup_all(scope, outputs);
}

namespace {

// A node of a function's body with attributes that refer to the caller's replaced by their values.
void bind_attributes(NodeProto& node, const NodeProto& caller, const onnx_file::FunctionProto& function) {
  google::protobuf::RepeatedPtrField<AttributeProto> bound;
  for (AttributeProto& attribute : *node.mutable_attribute()) {
    if (attribute.has_g())
      for (NodeProto& inner : *attribute.mutable_g()->mutable_node()) bind_attributes(inner, caller, function);
    if (attribute.ref_attr_name().empty()) {
      *bound.Add() = std::move(attribute);
      continue;
    }
    const AttributeProto* value = nullptr;
    for (const AttributeProto& given : function.attribute_proto())
      if (given.name() == attribute.ref_attr_name()) value = &given;
    for (const AttributeProto& given : caller.attribute())
      if (given.name() == attribute.ref_attr_name()) value = &given;
    if (!value) continue;  // not given: the operator's default holds
    AttributeProto copy = *value;
    copy.set_name(attribute.name());
    *bound.Add() = std::move(copy);
  }
  *node.mutable_attribute() = std::move(bound);
}

}  // namespace

Result<Items> Importer::inline_function(const onnx_file::FunctionProto& function, const NodeProto& node, Scope& scope,
                                        const std::string& name) {
  Scope body;
  body.opset = scope.opset;
  body.prefix = name + "/";
  body.depth = scope.depth + 1;
  for (const auto& import : function.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx") body.opset = import.version();
  if (body.opset > kNewestOpset)
    return unsupported("function '{}' uses operator set {}, newer than {}", function.name(), body.opset, kNewestOpset);
  if (node.input_size() > function.input_size())
    return user_error("{} inputs, function '{}' has {}", node.input_size(), function.name(), function.input_size());
  for (int i = 0; i < node.input_size(); ++i) {
    if (node.input(i).empty()) continue;
    BMNET_ASSIGN(body.values[function.input(i)], lookup(scope, node.input(i)));
  }
  if (body.depth > kMaxScopes) return unsupported("functions call each other deeper than {} levels", kMaxScopes);
  Nodes nodes = function.node();
  for (NodeProto& inner : nodes) {
    bind_attributes(inner, node, function);
    // An input of the function that the caller leaves out is left out in its body too.
    for (int i = node.input_size(); i < function.input_size(); ++i)
      for (std::string& input : *inner.mutable_input())
        if (input == function.input(i)) input.clear();
  }
  const std::vector<std::string> outputs(function.output().begin(), function.output().end());
  BMNET_TRY(import_nodes(nodes, body, outputs));
  return lookup_all(body, outputs);
}

}  // namespace bmnet::frontend::onnx
