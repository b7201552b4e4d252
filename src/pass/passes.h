// For the passes themselves: constructors, and what patterns share.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include "nn/definition.h"
#include "nn/dialect.h"

namespace bmnet::pass {

#define GEN_PASS_DECL
#include "pass/Passes.h.inc"

std::unique_ptr<mlir::Pass> create_fold_constants();
std::unique_ptr<mlir::Pass> create_canonicalize();
std::unique_ptr<mlir::Pass> create_fuse_affine();
std::unique_ptr<mlir::Pass> create_decompose();

// The value's tensor when nn.constant makes it.
std::optional<Tensor> constant_of(mlir::Value value);
// A constant that lives beside `user`, named after the value it was derived from.
mlir::Value make_constant(mlir::PatternRewriter& rewriter, mlir::Location location, std::string_view name,
                          const Tensor& tensor);

// The same float for all elements, if the value is such an f32 constant.
std::optional<float> uniform_constant(mlir::Value value);

inline TensorInfo info_of(mlir::Value value) { return *nn::to_info(value.getType()); }
inline llvm::ArrayRef<int64_t> shape_of(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}
inline bool is_f32(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getElementType().isF32();
}

// Builders for the operators that patterns make most; locations keep the user's names.
class NnBuilder {
 public:
  NnBuilder(mlir::PatternRewriter& rewriter, mlir::Location location) : rewriter_(rewriter), location_(location) {}
  mlir::Value unary(llvm::StringRef kind, mlir::Value x, float alpha = 0, float beta = 0);
  mlir::Value binary(llvm::StringRef kind, mlir::Value a, mlir::Value b);
  mlir::Value reduce(llvm::StringRef kind, mlir::Value x, llvm::ArrayRef<int64_t> axes, bool keep_dims);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> permutation);
  mlir::Value scalar(float value);
  // Any other operator.
  template <typename Op, typename... Arguments>
  mlir::Value create(Arguments&&... arguments) {
    return rewriter_.create<Op>(location_, std::forward<Arguments>(arguments)...);
  }
  mlir::PatternRewriter& rewriter() { return rewriter_; }

 private:
  mlir::PatternRewriter& rewriter_;
  mlir::Location location_;
};

// Puts the value that a function of the operator makes in its place.
template <typename Op>
struct ReplacePattern : mlir::OpRewritePattern<Op> {
  using Replacement = mlir::Value (*)(Op, NnBuilder&);  // null: does not apply
  ReplacePattern(mlir::MLIRContext* context, Replacement replacement)
      : mlir::OpRewritePattern<Op>(context), replacement_(replacement) {}
  llvm::LogicalResult matchAndRewrite(Op op, mlir::PatternRewriter& rewriter) const override {
    NnBuilder build(rewriter, op.getLoc());
    const mlir::Value result = replacement_(op, build);
    if (!result) return mlir::failure();
    rewriter.replaceOp(op, result);
    return mlir::success();
  }
  Replacement replacement_;
};

}  // namespace bmnet::pass
