#include "nn/model.h"

#include <map>

#include "base/file.h"
#include "llvm/Support/SourceMgr.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "nn/definition.h"
#include "nn/ir.h"
#include "nn/umodel.h"

namespace bmnet::nn {
namespace {

// Fixed, so that the same model gives the same bytes whatever built it.
constexpr llvm::StringLiteral kProducer = "bmnet umodel 1";

llvm::StringRef to_ref(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

class GraphExtractor {
 public:
  GraphExtractor(mlir::func::FuncOp function, std::shared_ptr<const void> owner)
      : function_(function), owner_(std::move(owner)) {}

  Result<op::Graph> run(std::string name) {
    graph_.name = std::move(name);
    for (mlir::BlockArgument argument : function_.getArguments()) {
      BMNET_ASSIGN(const op::ValueId id, add_value(argument));
      graph_.inputs.push_back(id);
    }
    for (mlir::Operation& operation : function_.front()) {
      if (operation.hasTrait<mlir::OpTrait::IsTerminator>()) {
        for (mlir::Value value : operation.getOperands()) graph_.outputs.push_back(ids_.at(value.getAsOpaquePointer()));
      } else {
        BMNET_TRY(add_operation(operation));
      }
    }
    return std::move(graph_);
  }

 private:
  Result<op::ValueId> add_value(mlir::Value value) {
    auto info = to_info(value.getType());
    if (!info) return user_error("value '{}' is not a tensor of static shape", value_name(value));
    const auto id = static_cast<op::ValueId>(graph_.values.size());
    std::string name = value_name(value);
    if (name.empty()) name = fmt::format("%{}", id);
    graph_.values.push_back({std::move(name), *std::move(info), std::nullopt});
    ids_.emplace(value.getAsOpaquePointer(), id);
    return id;
  }

  Status add_operation(mlir::Operation& operation) {
    if (!llvm::isa_and_nonnull<NnDialect>(operation.getDialect()))
      return user_error("{} is no operator of the nn dialect", operation.getName().getStringRef().str());
    std::vector<op::ValueId> outputs;
    for (mlir::Value result : operation.getResults()) {
      BMNET_ASSIGN(const op::ValueId id, add_value(result));
      outputs.push_back(id);
    }
    if (auto constant = llvm::dyn_cast<ConstantOp>(operation)) {
      BMNET_ASSIGN(Tensor tensor, to_tensor(constant.getValue(), owner_));
      graph_.values[outputs[0]].constant = std::move(tensor);
      return {};
    }
    op::Node node;
    node.op = operation.getName().stripDialect().str();
    node.name = node_name(&operation);
    if (node.name.empty()) node.name = graph_.values[outputs[0]].name;
    node.attributes = to_attributes(operation.getName(), operation.getAttrDictionary());
    for (mlir::Value operand : operation.getOperands()) node.inputs.push_back(ids_.at(operand.getAsOpaquePointer()));
    node.outputs = std::move(outputs);
    graph_.nodes.push_back(std::move(node));
    return {};
  }

  mlir::func::FuncOp function_;
  std::shared_ptr<const void> owner_;
  op::Graph graph_;
  std::map<const void*, op::ValueId> ids_;
};

}  // namespace

DiagnosticCollector::DiagnosticCollector(mlir::MLIRContext* context)
    : handler_(context, [this](mlir::Diagnostic& diagnostic) {
        if (!text_.empty()) text_ += "; ";
        text_ += diagnostic.str();
        return mlir::success();
      }) {}

std::string Model::name() const { return impl_->module->getName().value_or("network").str(); }

void Model::rename(const std::string& name) { impl_->module->setSymName(name); }

Result<op::Graph> Model::to_graph() const {
  mlir::func::FuncOp function = impl_->main();
  if (!function) return user_error("the module has no function @main");
  BMNET_ASSIGN(op::Graph graph, GraphExtractor(function, impl_).run(name()));
  // Inputs and outputs go by the names the user knows, which may differ from the value's own.
  for (size_t i = 0; i < graph.inputs.size(); ++i)
    if (auto given = function.getArgAttrOfType<mlir::StringAttr>(i, kNameAttr))
      graph.values[graph.inputs[i]].name = given.str();
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    auto given = function.getResultAttrOfType<mlir::StringAttr>(i, kNameAttr);
    graph.output_names.push_back(given ? given.str() : graph.values[graph.outputs[i]].name);
  }
  return graph;
}

Status Model::save(const std::filesystem::path& path) const {
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  const mlir::BytecodeWriterConfig config(kProducer);
  if (mlir::failed(mlir::writeBytecodeToFile(impl_->module.get(), stream, config)))
    return bug("{}: the model cannot be written as bytecode", path.string());
  const auto header = umodel_header(as_bytes(bytes));
  const Bytes chunks[] = {header, as_bytes(bytes)};
  return write_file_atomically(path, chunks);
}

Result<Model> Model::load(const std::filesystem::path& path) {
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(path));
  const auto bytecode = umodel_bytecode(file.bytes());
  if (!bytecode) return with_context(path.string(), bytecode.error());
  if (!mlir::isBytecode(llvm::MemoryBufferRef(to_ref(*bytecode), "")))
    return user_error("{}: its content is not MLIR bytecode", path.string());
  auto impl = std::make_shared<Impl>();
  impl->file = file.owner();
  impl->context = make_context();
  DiagnosticCollector diagnostics(impl->context.get());
  auto sources = std::make_shared<llvm::SourceMgr>();  // weights refer to it and through it to the mapped file
  sources->AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(to_ref(*bytecode), path.string(), false), llvm::SMLoc());
  impl->module = mlir::parseSourceFile<mlir::ModuleOp>(sources, mlir::ParserConfig(impl->context.get()));
  if (!impl->module) return user_error("{}: not a readable UModel: {}", path.string(), diagnostics.text());
  if (!impl->main() || !llvm::hasSingleElement(impl->main().getBody()))
    return user_error("{}: not a UModel: no function @main of one block", path.string());
  return Model(std::move(impl));
}

std::string Model::to_text(bool elide_weights) const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  mlir::OpPrintingFlags flags;
  flags.enableDebugInfo(true, false);
  if (elide_weights) flags.elideLargeElementsAttrs(kInlineElements).elideLargeResourceString(kInlineElements);
  impl_->module->print(stream, flags);
  return text;
}

}  // namespace bmnet::nn
