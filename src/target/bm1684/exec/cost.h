// The term that the cycle formulas of the element-wise TIU instructions share.
#pragma once

#include "target/bm1684/exec/timing.h"

namespace bmnet::bm1684 {

// Vector steps of an element-wise walk over res0: 16 words per lane at a time, `batches_per_word` batch items at once.
inline uint64_t element_steps(const Command& command, uint32_t batches_per_word = 1) {
  return ceil_div(get(command, tiu::res0_n), batches_per_word) * lane_passes(command, get(command, tiu::res0_c)) *
         positions_by(command, 16);
}

}  // namespace bmnet::bm1684
