// The cost formula of the memory engine in plain terms, as the vendor's code generator calls it.
#pragma once

#include "target/bm1684/exec/gdma_decode.h"

namespace bmnet::bm1684::gdma_exec {

// Sizes, and strides in elements, of one side.
struct CostSide {
  struct Sizes {
    uint64_t n = 1, c = 1, h = 1, w = 1;
  };
  Sizes size, stride;
  uint32_t h_shift = 0, w_shift = 0;
};

struct CostTerms {
  CostSide source, destination;
  uint64_t source_address = 0;
  uint32_t element_bytes = 4;  // of the wider side
  Direction direction = Direction::kSystemToLocal;
  bool fill = false;
  bool irregular = false;  // accumulates, transposes a matrix, shifts along channels or exchanges channels and width
};

// Cycles of kClockHz, in single precision arithmetic. Refuses an empty transfer.
Result<uint64_t> transfer_cycles(const CostTerms& terms);

}  // namespace bmnet::bm1684::gdma_exec
