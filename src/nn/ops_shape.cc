// The generated definitions of one operator family (ShapeOps.td); one translation unit each keeps the build quick.
#include "nn/definition.h"
#include "nn/dialect.h"

#define GET_OP_CLASSES
#include "nn/ShapeOps.cpp.inc"
