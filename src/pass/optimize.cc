#include "pass/optimize.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "nn/ir.h"
#include "pass/passes.h"

namespace bmnet::pass {

Status optimize(nn::Model& model, int level) {
  nn::Model::Impl& impl = model.impl();
  mlir::PassManager manager(impl.context.get());
  const auto add = [&](std::unique_ptr<mlir::Pass> pass) {
    manager.addNestedPass<mlir::func::FuncOp>(std::move(pass));
  };
  add(create_fold_constants());
  add(create_canonicalize());
  if (level >= 1) add(create_fuse_affine());
  add(create_decompose());
  add(create_canonicalize());
  add(create_fold_constants());
  if (level >= 1) add(create_fuse_affine());

  nn::DiagnosticCollector diagnostics(impl.context.get());
  if (mlir::failed(manager.run(impl.module.get())))
    return bug("optimising '{}' failed: {}", model.name(), diagnostics.text());
  return {};
}

void register_passes() {
  mlir::registerPass(create_fold_constants);
  mlir::registerPass(create_canonicalize);
  mlir::registerPass(create_fuse_affine);
  mlir::registerPass(create_decompose);
}

}  // namespace bmnet::pass
