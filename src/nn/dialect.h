// The nn dialect's C++ classes. Everything below an operator's schema is generic: see definition.h.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "nn/Nn.h.inc"
#define GET_OP_CLASSES
#include "nn/ConvOps.h.inc"
#define GET_OP_CLASSES
#include "nn/DetectionOps.h.inc"
#define GET_OP_CLASSES
#include "nn/ElementwiseOps.h.inc"
#define GET_OP_CLASSES
#include "nn/NormOps.h.inc"
#define GET_OP_CLASSES
#include "nn/ShapeOps.h.inc"
