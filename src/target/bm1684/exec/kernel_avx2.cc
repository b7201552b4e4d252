// Kernels for 256-bit vectors.
#define BMNET_KERNEL_NAMESPACE kernel_avx2
#define BMNET_KERNEL_TARGET "avx2"
#define BMNET_VECTOR_BYTES 32
#define BMNET_TILE_ROWS 6
#define BMNET_TILE_VECTORS 2
#include "target/bm1684/exec/kernel_body.h"
