// The generated definitions of one operator family (ConvOps.td); one translation unit each keeps the build quick.
#include "nn/definition.h"
#include "nn/dialect.h"

#define GET_OP_CLASSES
#include "nn/ConvOps.cpp.inc"
