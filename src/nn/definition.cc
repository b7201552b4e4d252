#include "nn/definition.h"

#include "base/stored_elements.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Location.h"
#include "nn/dialect.h"

namespace bmnet::nn {
namespace {

constexpr llvm::StringLiteral kPrefix = "nn.";

std::vector<TensorInfo> operand_infos(mlir::ValueRange operands) {
  std::vector<TensorInfo> infos;
  for (mlir::Value operand : operands)
    if (auto info = to_info(operand.getType())) infos.push_back(*std::move(info));
  return infos;
}

Result<std::vector<TensorInfo>> infer(mlir::OperationName name, mlir::ValueRange operands,
                                      mlir::DictionaryAttr attributes) {
  const llvm::StringRef mnemonic = name.stripDialect();
  const op::OpSpec* spec = op::find({mnemonic.data(), mnemonic.size()});
  if (!spec) return bug("operator '{}' has no definition in src/op", mnemonic.str());
  const std::vector<TensorInfo> inputs = operand_infos(operands);
  if (inputs.size() != operands.size())
    return user_error("{}: an operand is not a tensor of static shape", mnemonic.str());
  return spec->infer(to_attributes(name, attributes), inputs);
}

// bool tensors are one byte an element outside MLIR, bits inside.
Tensor unpack_bools(mlir::DenseElementsAttr dense, TensorInfo info) {
  Tensor tensor(std::move(info));
  int64_t index = 0;
  for (bool value : dense.getValues<bool>()) tensor.data<bool>()[index++] = value;
  return tensor;
}

Tensor from_dense(mlir::DenseElementsAttr dense, TensorInfo info, std::shared_ptr<const void> owner) {
  if (info.dtype == DType::kBool) return unpack_bools(dense, std::move(info));
  const llvm::ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat()) return Tensor(std::move(info), const_cast<char*>(raw.data()), std::move(owner));
  Tensor tensor(std::move(info));
  char* out = static_cast<char*>(tensor.raw());
  for (int64_t i = 0; i < tensor.count(); ++i) std::memcpy(out + i * raw.size(), raw.data(), raw.size());
  return tensor;
}

}  // namespace

mlir::Type to_type(mlir::MLIRContext* context, DType dtype) {
  mlir::Builder b(context);
  switch (dtype) {
    case DType::kF32:
      return b.getF32Type();
    case DType::kF16:
      return b.getF16Type();
    case DType::kBF16:
      return b.getBF16Type();
    case DType::kF64:
      return b.getF64Type();
    case DType::kI8:
      return b.getI8Type();
    case DType::kI16:
      return b.getI16Type();
    case DType::kI32:
      return b.getI32Type();
    case DType::kI64:
      return b.getI64Type();
    case DType::kU8:
      return b.getIntegerType(8, false);
    case DType::kU16:
      return b.getIntegerType(16, false);
    case DType::kU32:
      return b.getIntegerType(32, false);
    case DType::kBool:
      return b.getI1Type();
  }
  return {};
}

mlir::RankedTensorType to_type(mlir::MLIRContext* context, const TensorInfo& info) {
  return mlir::RankedTensorType::get(info.shape, to_type(context, info.dtype));
}

std::optional<TensorInfo> to_info(mlir::Type type) {
  const auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape()) return std::nullopt;
  for (int code = 0; code <= static_cast<int>(DType::kBF16); ++code) {
    const auto dtype = static_cast<DType>(code);
    if (to_type(type.getContext(), dtype) == tensor.getElementType())
      return TensorInfo{dtype, Shape(tensor.getShape().begin(), tensor.getShape().end())};
  }
  return std::nullopt;
}

mlir::Attribute to_attribute(mlir::MLIRContext* context, const op::Attribute& value) {
  mlir::Builder b(context);
  struct Visitor {
    mlir::Builder& b;
    mlir::Attribute operator()(bool v) { return b.getBoolAttr(v); }
    mlir::Attribute operator()(int64_t v) { return b.getI64IntegerAttr(v); }
    mlir::Attribute operator()(float v) { return b.getF32FloatAttr(v); }
    mlir::Attribute operator()(const std::string& v) { return b.getStringAttr(v); }
    mlir::Attribute operator()(const std::vector<int64_t>& v) { return b.getDenseI64ArrayAttr(v); }
    mlir::Attribute operator()(const std::vector<float>& v) { return b.getDenseF32ArrayAttr(v); }
  };
  return std::visit(Visitor{b}, value);
}

op::Attributes to_attributes(mlir::OperationName name, mlir::DictionaryAttr attributes) {
  mlir::NamedAttrList complete(attributes);
  if (auto registered = name.getRegisteredInfo()) registered->populateDefaultAttrs(complete);
  op::Attributes result;
  for (const mlir::NamedAttribute& named : complete) {
    const std::string key = named.getName().str();
    if (llvm::StringRef(key).starts_with(kPrefix)) continue;
    const mlir::Attribute value = named.getValue();
    if (auto flag = llvm::dyn_cast<mlir::BoolAttr>(value))
      result.set(key, flag.getValue());
    else if (auto integer = llvm::dyn_cast<mlir::IntegerAttr>(value))
      result.set(key, integer.getInt());
    else if (auto real = llvm::dyn_cast<mlir::FloatAttr>(value))
      result.set(key, static_cast<float>(real.getValueAsDouble()));
    else if (auto text = llvm::dyn_cast<mlir::StringAttr>(value))
      result.set(key, text.str());
    else if (auto integers = llvm::dyn_cast<mlir::DenseI64ArrayAttr>(value))
      result.set(key, std::vector<int64_t>(integers.asArrayRef()));
    else if (auto reals = llvm::dyn_cast<mlir::DenseF32ArrayAttr>(value))
      result.set(key, std::vector<float>(reals.asArrayRef()));
  }
  return result;
}

mlir::ElementsAttr to_elements(mlir::MLIRContext* context, const std::string& name, const Tensor& tensor) {
  const mlir::RankedTensorType type = to_type(context, tensor.info());
  if (tensor.count() <= kInlineElements) {
    if (tensor.dtype() == DType::kBool)
      return mlir::DenseElementsAttr::get(type, llvm::ArrayRef<bool>(tensor.data<bool>().data(), tensor.count()));
    return mlir::DenseElementsAttr::getFromRawBuffer(type, {static_cast<const char*>(tensor.raw()), tensor.bytes()});
  }
  const size_t alignment = byte_size(tensor.dtype());
  const bool aligned = reinterpret_cast<uintptr_t>(tensor.raw()) % alignment == 0;
  Tensor kept = tensor;
  if (!aligned) {
    kept = Tensor(tensor.info());
    std::memcpy(kept.raw(), tensor.raw(), tensor.bytes());
  }
  const llvm::ArrayRef<char> data(static_cast<const char*>(kept.raw()), kept.bytes());
  mlir::AsmResourceBlob blob(data, alignment, [kept](void*, size_t, size_t) {}, /*dataIsMutable=*/false);
  return mlir::DenseResourceElementsAttr::get(type, name, std::move(blob));
}

Result<Tensor> to_tensor(mlir::ElementsAttr elements, std::shared_ptr<const void> owner) {
  auto info = to_info(elements.getType());
  if (!info) return user_error("a constant has an element type that is not supported");
  if (auto dense = llvm::dyn_cast<mlir::DenseElementsAttr>(elements))
    return from_dense(dense, *std::move(info), std::move(owner));
  auto resource = llvm::dyn_cast<mlir::DenseResourceElementsAttr>(elements);
  if (!resource) return user_error("a constant is neither dense nor a dense resource");
  const mlir::AsmResourceBlob* blob = resource.getRawHandle().getBlob();
  if (!blob)
    return user_error("the weights of constant '{}' are not in the file", resource.getRawHandle().getKey().str());
  if (blob->getData().size() != info->bytes())
    return user_error("constant '{}' has {} bytes of weights, its type {} needs {}",
                      resource.getRawHandle().getKey().str(), blob->getData().size(), to_string(info->shape),
                      info->bytes());
  const char* data = blob->getData().data();
  if (!can_be_read_at(data, info->dtype)) return copy_of_elements(*std::move(info), data);
  return Tensor(*std::move(info), const_cast<char*>(data), std::move(owner));
}

mlir::Location named_location(mlir::MLIRContext* context, std::string_view node_name,
                              std::span<const std::string> results) {
  llvm::SmallVector<mlir::Location> names;
  for (const std::string& result : results) names.push_back(mlir::NameLoc::get(mlir::StringAttr::get(context, result)));
  if (names.size() == 1 && results[0] == node_name) return names[0];
  return mlir::FusedLoc::get(context, names, mlir::StringAttr::get(context, llvm::StringRef(node_name)));
}

std::string value_name(mlir::Value value) {
  mlir::Location location = value.getLoc();
  if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(location)) {
    const auto result = llvm::dyn_cast<mlir::OpResult>(value);
    const size_t index = result ? result.getResultNumber() : 0;
    if (index >= fused.getLocations().size()) return {};
    location = fused.getLocations()[index];
  }
  if (auto named = llvm::dyn_cast<mlir::NameLoc>(location)) return named.getName().str();
  return {};
}

std::string node_name(mlir::Operation* operation) {
  if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(operation->getLoc()))
    if (auto name = llvm::dyn_cast_or_null<mlir::StringAttr>(fused.getMetadata())) return name.str();
  return operation->getNumResults() ? value_name(operation->getResult(0)) : std::string();
}

namespace detail {

llvm::LogicalResult infer_result_types(mlir::MLIRContext* context, std::optional<mlir::Location> location,
                                       llvm::StringRef operation, mlir::ValueRange operands,
                                       mlir::DictionaryAttr attributes, llvm::SmallVectorImpl<mlir::Type>& results) {
  auto inferred = infer(mlir::OperationName(operation, context), operands, attributes);
  if (!inferred) return mlir::emitOptionalError(location, inferred.error().message);
  for (const TensorInfo& info : *inferred) results.push_back(to_type(context, info));
  return mlir::success();
}

llvm::LogicalResult verify_against_definition(mlir::Operation* operation) {
  auto inferred = infer(operation->getName(), operation->getOperands(), operation->getAttrDictionary());
  if (!inferred) return operation->emitOpError(inferred.error().message);
  if (inferred->size() != operation->getNumResults())
    return operation->emitOpError() << "has " << operation->getNumResults() << " results, its definition "
                                    << inferred->size();
  for (const auto& [info, type] : llvm::zip(*inferred, operation->getResultTypes())) {
    const mlir::Type expected = to_type(operation->getContext(), info);
    if (expected != type) return operation->emitOpError() << "has result type " << type << ", inferred is " << expected;
  }
  return mlir::success();
}

}  // namespace detail
}  // namespace bmnet::nn
