#include "nn/graph_builder.h"

#include <deque>

#include "mlir/IR/Verifier.h"
#include "nn/definition.h"
#include "nn/ir.h"
#include "nn/limits.h"
#include "op/op.h"

namespace bmnet::nn {
namespace {

int64_t total_elements(std::span<const TensorInfo> infos) {
  int64_t total = 0;
  for (const TensorInfo& info : infos) total += info.count();
  return total;
}

// What the reference kernel of a call does, in visits of an element: windows visit their elements again for each place,
// detection operators compare boxes with each other.
double effort_of(const op::OpSpec& spec, const op::Attributes& attributes, std::span<const TensorInfo> inputs,
                 std::span<const TensorInfo> results) {
  static constexpr std::string_view kPairwise[] = {
      "box_nms",        "deform_gather",       "detection_output", "matrix_nms", "multibox_detection",
      "multiclass_nms", "non_max_suppression", "proposal",         "psroi_pool", "roi_align",
      "roi_pool"};
  if (spec.macs) return static_cast<double>(spec.macs(attributes, inputs));
  const auto produced = static_cast<double>(total_elements(results)),
             read = static_cast<double>(total_elements(inputs));
  if (std::ranges::find(kPairwise, spec.name) != std::end(kPairwise)) return (read + produced) * (read + produced);
  double window = 1;
  if (spec.name == "lrn")
    window = static_cast<double>(std::min(attributes.get_or<int64_t>("size", 1), inputs[0].shape[1]));
  for (const int64_t extent : attributes.get_or<std::vector<int64_t>>("kernel", {}))
    window *= static_cast<double>(extent);
  return produced * window;
}

// What a graph has folded so far.
struct Folded {
  int64_t elements = 0;
  double effort = 0;

  // Whether one more call is worth it; then it is counted.
  bool add(const op::OpSpec& spec, const op::Attributes& attributes, std::span<const TensorInfo> inputs,
           std::span<const TensorInfo> results) {
    const ImportLimits& limits = import_limits();
    const int64_t produced = total_elements(results);
    const double work = effort_of(spec, attributes, inputs, results);
    if (produced > std::max(limits.folded_elements, total_elements(inputs)) ||
        elements + produced > limits.folded_elements_in_all || effort + work > static_cast<double>(limits.folded_macs))
      return false;
    elements += produced;
    effort += work;
    return true;
  }
};

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
  Folded folded;
  ConstantBudget budget;

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
  if (constants.size() == inputs.size() && !inputs.empty() && s.folded.add(*spec, complete, infos, *results)) {
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
