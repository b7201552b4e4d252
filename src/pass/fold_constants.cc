// FoldConstants: evaluates calls of which everything is known.
// Before: any verified graph. After: no operation has only constant operands, unless its results would be huge.
#include "op/op.h"
#include "pass/passes.h"

namespace bmnet::pass {

#define GEN_PASS_DEF_FOLDCONSTANTS
#include "pass/Passes.h.inc"

namespace {

constexpr int64_t kMaxGrowth = int64_t{1} << 26;  // elements that folding may add

class FoldConstantsPass : public impl::FoldConstantsBase<FoldConstantsPass> {
  void runOnOperation() override {
    mlir::OpBuilder builder(&getContext());
    for (mlir::Operation& operation : llvm::make_early_inc_range(getOperation().front())) {
      if (operation.hasTrait<mlir::OpTrait::IsTerminator>() || llvm::isa<nn::ConstantOp>(operation)) continue;
      if (operation.getNumOperands() > 0 && !fold(builder, operation)) return signalPassFailure();
    }
  }

  static bool fold(mlir::OpBuilder& builder, mlir::Operation& operation) {
    std::vector<Tensor> operands;
    int64_t consumed = 0, produced = 0;
    for (mlir::Value operand : operation.getOperands()) {
      auto constant = constant_of(operand);
      if (!constant) return true;
      consumed += constant->count();
      operands.push_back(*std::move(constant));
    }
    for (mlir::Value result : operation.getResults()) produced += info_of(result).count();
    if (produced > std::max(consumed, kMaxGrowth)) return true;

    const std::string mnemonic = operation.getName().stripDialect().str();
    const auto attributes = nn::to_attributes(operation.getName(), operation.getAttrDictionary());
    auto results = op::evaluate(mnemonic, attributes, operands);
    if (!results) return operation.emitOpError(results.error().message), false;
    builder.setInsertionPoint(&operation);
    for (auto [value, tensor] : llvm::zip(operation.getResults(), *results)) {
      const auto elements = nn::to_elements(builder.getContext(), nn::value_name(value), tensor);
      value.replaceAllUsesWith(builder.create<nn::ConstantOp>(value.getLoc(), elements.getShapedType(), elements));
    }
    operation.erase();
    return true;
  }
};

}  // namespace

std::unique_ptr<mlir::Pass> create_fold_constants() { return std::make_unique<FoldConstantsPass>(); }

}  // namespace bmnet::pass
