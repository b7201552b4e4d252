// For passes: the MLIR side of an nn::Model.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "nn/dialect.h"
#include "nn/model.h"

namespace bmnet::nn {

// A module with one function @main: arguments are the network inputs, returned values the outputs. Argument and result
// attributes "nn.name" hold their names.
struct Model::Impl {
  std::shared_ptr<const void> file;  // mapped, that weights may refer to; goes last
  std::shared_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;  // goes before the context

  mlir::func::FuncOp main() { return module->lookupSymbol<mlir::func::FuncOp>("main"); }
};

inline constexpr llvm::StringLiteral kNameAttr = "nn.name";

// A context with the dialects of a model loaded, single-threaded.
std::shared_ptr<mlir::MLIRContext> make_context();

// Collects the diagnostics emitted during its lifetime into one message.
class DiagnosticCollector {
 public:
  explicit DiagnosticCollector(mlir::MLIRContext* context);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  mlir::ScopedDiagnosticHandler handler_;
};

}  // namespace bmnet::nn
