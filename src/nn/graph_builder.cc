#include "nn/graph_builder.h"

#include <deque>

#include "mlir/IR/Verifier.h"
#include "nn/definition.h"
#include "nn/ir.h"
#include "op/op.h"

namespace bmnet::nn {
namespace {

// Results of constant calls up to this size are folded; beyond it the call stays (a huge Expand, for example). So it
// does when much would have to be computed, or when a graph has folded so much already that memory could run out.
constexpr int64_t kMaxFoldedElements = int64_t{1} << 26;
constexpr int64_t kMaxFoldedElementsInAll = int64_t{1} << 29;
constexpr int64_t kMaxFoldedMacs = int64_t{1} << 32;

int64_t total_elements(std::span<const TensorInfo> infos) {
  int64_t total = 0;
  for (const TensorInfo& info : infos) total += info.count();
  return total;
}

bool worth_folding(const op::OpSpec& spec, const op::Attributes& attributes, std::span<const TensorInfo> inputs,
                   std::span<const TensorInfo> results, int64_t folded_before) {
  const int64_t produced = total_elements(results);
  return produced <= std::max(kMaxFoldedElements, total_elements(inputs)) &&
         folded_before + produced <= kMaxFoldedElementsInAll &&
         (!spec.macs || spec.macs(attributes, inputs) <= kMaxFoldedMacs);
}

}  // namespace

struct GraphBuilder::State {
  struct Known {
    std::string name;
    TensorInfo info;
    std::optional<Tensor> constant;
    mlir::Value value;  // null for a constant until an operation uses it
  };
  std::shared_ptr<mlir::MLIRContext> context = make_context();
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  mlir::OpBuilder builder{context.get()};
  std::deque<Known> values;  // references to elements stay valid
  std::vector<std::pair<std::string, ValueId>> outputs;
  std::vector<std::string> input_names;
  int64_t folded_elements = 0;

  ValueId add(Known known) {
    values.push_back(std::move(known));
    return static_cast<ValueId>(values.size() - 1);
  }

  mlir::Value materialize(ValueId id) {
    Known& known = values[id];
    if (!known.value) {
      const mlir::Location location = named_location(context.get(), known.name, {&known.name, 1});
      const mlir::ElementsAttr elements = to_elements(context.get(), known.name, *known.constant);
      known.value = builder.create<ConstantOp>(location, elements.getShapedType(), elements);
    }
    return known.value;
  }
};

GraphBuilder::GraphBuilder(std::string graph_name) : state_(std::make_unique<State>()) {
  State& s = *state_;
  const mlir::Location unknown = mlir::UnknownLoc::get(s.context.get());
  s.module = mlir::ModuleOp::create(unknown, llvm::StringRef(graph_name));
  s.builder.setInsertionPointToEnd(s.module->getBody());
  s.function = s.builder.create<mlir::func::FuncOp>(unknown, "main", s.builder.getFunctionType({}, {}));
  s.builder.setInsertionPointToStart(s.function.addEntryBlock());
}

GraphBuilder::~GraphBuilder() = default;

GraphBuilder::ValueId GraphBuilder::input(std::string name, TensorInfo info) {
  State& s = *state_;
  const mlir::Location location = named_location(s.context.get(), name, {&name, 1});
  const mlir::Value value = s.function.front().addArgument(to_type(s.context.get(), info), location);
  s.input_names.push_back(name);
  return s.add({std::move(name), std::move(info), std::nullopt, value});
}

GraphBuilder::ValueId GraphBuilder::constant(std::string name, Tensor tensor) {
  TensorInfo info = tensor.info();
  return state_->add({std::move(name), std::move(info), std::move(tensor), {}});
}

Result<std::vector<GraphBuilder::ValueId>> GraphBuilder::create(std::string_view op, std::string_view node_name,
                                                                op::Attributes attributes,
                                                                std::span<const ValueId> inputs,
                                                                std::span<const std::string> output_names) {
  State& s = *state_;
  const mlir::OperationName operation(fmt::format("nn.{}", op), s.context.get());
  const op::OpSpec* spec = op::find(op);
  if (!spec || !operation.isRegistered()) return bug("{}: operator '{}' is not defined", node_name, op);

  mlir::NamedAttrList named;
  for (const auto& [key, value] : attributes) {
    if (!llvm::is_contained(operation.getAttributeNames(), mlir::StringAttr::get(s.context.get(), key)))
      return bug("{}: operator '{}' has no attribute '{}'", node_name, op, key);
    named.append(key, to_attribute(s.context.get(), value));
  }
  const op::Attributes complete = to_attributes(operation, named.getDictionary(s.context.get()));

  std::vector<TensorInfo> infos;
  std::vector<Tensor> constants;
  for (ValueId input : inputs) {
    infos.push_back(s.values[input].info);
    if (s.values[input].constant) constants.push_back(*s.values[input].constant);
  }
  auto results = spec->infer(complete, infos);
  if (!results) return with_context(node_name, std::move(results).error());
  if (results->size() != output_names.size())
    return bug("{}: operator '{}' has {} results, {} names are given", node_name, op, results->size(),
               output_names.size());

  std::vector<ValueId> ids;
  if (constants.size() == inputs.size() && !inputs.empty() &&
      worth_folding(*spec, complete, infos, *results, s.folded_elements)) {
    s.folded_elements += total_elements(*results);
    auto folded = op::evaluate(op, complete, constants);
    if (!folded) return with_context(node_name, std::move(folded).error());
    for (size_t i = 0; i < folded->size(); ++i) ids.push_back(constant(output_names[i], std::move((*folded)[i])));
    return ids;
  }

  mlir::OperationState state(named_location(s.context.get(), node_name, output_names), operation);
  for (ValueId input : inputs) state.addOperands(s.materialize(input));
  for (const TensorInfo& info : *results) state.addTypes(to_type(s.context.get(), info));
  state.attributes = std::move(named);
  mlir::Operation* created = s.builder.create(state);
  for (size_t i = 0; i < results->size(); ++i)
    ids.push_back(s.add({output_names[i], (*results)[i], std::nullopt, created->getResult(i)}));
  return ids;
}

Result<GraphBuilder::ValueId> GraphBuilder::create1(std::string_view op, std::string_view node_name,
                                                    op::Attributes attributes, std::initializer_list<ValueId> inputs,
                                                    std::string output_name) {
  BMNET_ASSIGN(const std::vector<ValueId> ids, create(op, node_name, std::move(attributes), inputs, {&output_name, 1}));
  return ids.front();
}

const TensorInfo& GraphBuilder::info(ValueId value) const { return state_->values[value].info; }

const Tensor* GraphBuilder::constant_value(ValueId value) const {
  const auto& constant = state_->values[value].constant;
  return constant ? &*constant : nullptr;
}

const std::string& GraphBuilder::name(ValueId value) const { return state_->values[value].name; }

Status GraphBuilder::output(std::string name, ValueId value) {
  if (value < 0 || static_cast<size_t>(value) >= state_->values.size()) return bug("output '{}' is not a value", name);
  state_->outputs.emplace_back(std::move(name), value);
  return {};
}

Result<Model> GraphBuilder::finish() {
  State& s = *state_;
  if (s.outputs.empty()) return user_error("the network has no outputs");
  llvm::SmallVector<mlir::Value> returned;
  for (const auto& [name, id] : s.outputs) returned.push_back(s.materialize(id));
  s.builder.create<mlir::func::ReturnOp>(s.function.getLoc(), returned);
  s.function.setFunctionType(
      s.builder.getFunctionType(s.function.front().getArgumentTypes(), mlir::ValueRange(returned).getTypes()));
  for (size_t i = 0; i < s.input_names.size(); ++i)
    s.function.setArgAttr(i, kNameAttr, s.builder.getStringAttr(s.input_names[i]));
  for (size_t i = 0; i < s.outputs.size(); ++i)
    s.function.setResultAttr(i, kNameAttr, s.builder.getStringAttr(s.outputs[i].first));

  DiagnosticCollector diagnostics(s.context.get());
  if (mlir::failed(mlir::verify(s.module.get()))) return bug("the imported graph is not valid: {}", diagnostics.text());
  auto impl = std::make_shared<Model::Impl>();
  impl->context = s.context;
  impl->module = std::move(s.module);
  state_.reset();
  return Model(std::move(impl));
}

}  // namespace bmnet::nn
