// The bridge between an nn operation and its definition in src/op: attributes, types, constants, verification.
#pragma once

#include <optional>

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "op/op.h"

namespace bmnet::nn {

mlir::Type to_type(mlir::MLIRContext* context, DType dtype);
mlir::RankedTensorType to_type(mlir::MLIRContext* context, const TensorInfo& info);
// Nothing when the element type is not one of base/tensor.h or a dimension is dynamic.
std::optional<TensorInfo> to_info(mlir::Type type);

mlir::Attribute to_attribute(mlir::MLIRContext* context, const op::Attribute& value);
// All attributes of an operation of name `name`, defaults filled in. Attributes with a dialect prefix are not the
// operator's and are left out.
op::Attributes to_attributes(mlir::OperationName name, mlir::DictionaryAttr attributes);

// Up to this many elements a constant is printed in full; larger ones are dense_resource blobs.
inline constexpr int64_t kInlineElements = 64;
mlir::ElementsAttr to_elements(mlir::MLIRContext* context, const std::string& name, const Tensor& tensor);
// Shares the attribute's memory where its representation allows; `owner` keeps the context alive.
Result<Tensor> to_tensor(mlir::ElementsAttr elements, std::shared_ptr<const void> owner);

// Names of the user's model, kept as locations. A result's name, and the name of the node that made it.
mlir::Location named_location(mlir::MLIRContext* context, std::string_view node_name,
                              std::span<const std::string> results);
std::string value_name(mlir::Value value);
std::string node_name(mlir::Operation* operation);

namespace detail {
llvm::LogicalResult infer_result_types(mlir::MLIRContext* context, std::optional<mlir::Location> location,
                                       llvm::StringRef operation, mlir::ValueRange operands,
                                       mlir::DictionaryAttr attributes, llvm::SmallVectorImpl<mlir::Type>& results);
llvm::LogicalResult verify_against_definition(mlir::Operation* operation);
}  // namespace detail

}  // namespace bmnet::nn
