// Kernels for 512-bit vectors.
#define BMNET_KERNEL_NAMESPACE kernel_avx512
#define BMNET_KERNEL_TARGET "avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"
#define BMNET_VECTOR_BYTES 64
#define BMNET_TILE_ROWS 8
#define BMNET_TILE_VECTORS 3
#include "target/bm1684/exec/kernel_body.h"
