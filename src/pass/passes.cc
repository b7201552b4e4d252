#include "pass/passes.h"

#include "mlir/IR/Builders.h"

namespace bmnet::pass {

std::optional<Tensor> constant_of(mlir::Value value) {
  auto constant = value.getDefiningOp<nn::ConstantOp>();
  if (!constant) return std::nullopt;
  auto tensor = nn::to_tensor(constant.getValue(), nullptr);
  return tensor ? std::optional(*std::move(tensor)) : std::nullopt;
}

mlir::Value make_constant(mlir::PatternRewriter& rewriter, mlir::Location location, std::string_view name,
                          const Tensor& tensor) {
  const auto elements = nn::to_elements(rewriter.getContext(), std::string(name), tensor);
  return rewriter.create<nn::ConstantOp>(location, elements.getShapedType(), elements);
}

std::optional<float> uniform_constant(mlir::Value value) {
  if (!is_f32(value)) return std::nullopt;
  const auto tensor = constant_of(value);
  if (!tensor || tensor->count() == 0) return std::nullopt;
  const auto data = tensor->data<float>();
  for (float element : data)
    if (element != data[0]) return std::nullopt;
  return data[0];
}

mlir::Value NnBuilder::unary(llvm::StringRef kind, mlir::Value x, float alpha, float beta) {
  return rewriter_.create<nn::UnaryOp>(location_, x, kind, llvm::APFloat(alpha), llvm::APFloat(beta));
}

mlir::Value NnBuilder::binary(llvm::StringRef kind, mlir::Value a, mlir::Value b) {
  return rewriter_.create<nn::BinaryOp>(location_, a, b, kind);
}

mlir::Value NnBuilder::reduce(llvm::StringRef kind, mlir::Value x, llvm::ArrayRef<int64_t> axes, bool keep_dims) {
  return rewriter_.create<nn::ReduceOp>(location_, x, kind, axes, keep_dims);
}

mlir::Value NnBuilder::reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape) {
  return rewriter_.create<nn::ReshapeOp>(location_, x, shape);
}

mlir::Value NnBuilder::transpose(mlir::Value x, llvm::ArrayRef<int64_t> permutation) {
  return rewriter_.create<nn::TransposeOp>(location_, x, permutation);
}

mlir::Value NnBuilder::scalar(float value) {
  return make_constant(rewriter_, location_, "scalar", Tensor::of<float>({}, std::span(&value, 1)));
}

}  // namespace bmnet::pass
