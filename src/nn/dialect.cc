#include "nn/dialect.h"

#include "nn/Nn.cpp.inc"
#include "nn/definition.h"

namespace bmnet::nn {

void NnDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "nn/ConvOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "nn/DetectionOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "nn/ElementwiseOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "nn/NormOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "nn/ShapeOps.cpp.inc"
      >();
}

mlir::Operation* NnDialect::materializeConstant(mlir::OpBuilder& builder, mlir::Attribute value, mlir::Type type,
                                                mlir::Location location) {
  const auto elements = llvm::dyn_cast<mlir::ElementsAttr>(value);
  return elements ? builder.create<ConstantOp>(location, type, elements) : nullptr;
}

mlir::OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

llvm::LogicalResult ConstantOp::verify() {
  if (getValue().getShapedType() == getOutput().getType()) return mlir::success();
  return emitOpError() << "has type " << getOutput().getType() << ", its value " << getValue().getShapedType();
}

}  // namespace bmnet::nn
