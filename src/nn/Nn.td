// The nn dialect: a framework-neutral graph of tensors with static shapes, NCHW.
#ifndef BMNET_NN_NN_TD
#define BMNET_NN_NN_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Nn_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::bmnet::nn";
  let summary = "framework-neutral neural network graph";
  let description = [{
    Operators on tensors of static shape. Image tensors are NCHW (NCW, NCDHW), weights are OIHW. Every value carries the
    name it had in the user's model as its location. Constraints, shape rules and reference kernels are those of
    `src/op` (operator of the same name): the verifier calls them.
  }];
  // Attributes stay in one dictionary: src/op reads them by name.
  let usePropertiesForAttributes = 0;
  let hasConstantMaterializer = 1;
}

def Nn_Tensor : Type<And<[RankedTensorOf<[AnyType]>.predicate, HasStaticShapePred]>, "statically shaped tensor", "::mlir::RankedTensorType">;

// An operator whose constraints, result types and kernel are those of the src/op operator of the same name.
class Nn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Nn_Dialect, mnemonic, traits # [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(::mlir::MLIRContext* context, ::std::optional<::mlir::Location> location,
        ::mlir::ValueRange operands, ::mlir::DictionaryAttr attributes, ::mlir::OpaqueProperties, ::mlir::RegionRange,
        ::llvm::SmallVectorImpl<::mlir::Type>& results) {
      return ::bmnet::nn::detail::infer_result_types(context, location, getOperationName(), operands, attributes, results);
    }
    ::llvm::LogicalResult $cppClass::verify() { return ::bmnet::nn::detail::verify_against_definition(*this); }
  }];
}

#endif  // BMNET_NN_NN_TD
