// The generated definitions of one operator family (ElementwiseOps.td); one translation unit each keeps the build
// quick.
#include "nn/definition.h"
#include "nn/dialect.h"

#define GET_OP_CLASSES
#include "nn/ElementwiseOps.cpp.inc"
