// Kernels for 128-bit vectors.
#define BMNET_KERNEL_NAMESPACE kernel_baseline
#define BMNET_VECTOR_BYTES 16
#define BMNET_TILE_ROWS 6
#define BMNET_TILE_VECTORS 2
#include "target/bm1684/exec/kernel_body.h"
