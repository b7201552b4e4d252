// The chip flushes denormals: operands read as zero, results become zero, judged after rounding (x86 FTZ + DAZ).
#pragma once

#include <immintrin.h>

namespace bmnet::bm1684 {

// Puts the calling thread into flush-to-zero and denormals-are-zero, round to nearest, for its lifetime.
class ChipFloatMode {
 public:
  ChipFloatMode() : saved_(_mm_getcsr()) { _mm_setcsr(0x1F80u | 0x8040u); }
  ~ChipFloatMode() { _mm_setcsr(saved_); }
  ChipFloatMode(const ChipFloatMode&) = delete;
  ChipFloatMode& operator=(const ChipFloatMode&) = delete;

 private:
  unsigned saved_;
};

}  // namespace bmnet::bm1684
