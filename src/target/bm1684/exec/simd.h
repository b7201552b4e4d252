// Loops compiled for several vector widths, the widest that the host has chosen at run time. The compiler vectorises;
// every version computes the same bits (no contraction, no reassociation).
#pragma once

#include "target/bm1684/exec/kernel.h"

#define BMNET_INLINE inline __attribute__((always_inline))

#if defined(__clang__)
// Sanitizers keep the compiler from vectorising, which changes nothing but speed.
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

// Before a loop whose iterations touch disjoint elements, or exactly the same element through several pointers.
#if defined(__clang__)
#define BMNET_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define BMNET_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace bmnet::bm1684 {

namespace detail {
template <typename Loop, typename Signature>
struct Versions;
template <typename Loop, typename... Args>
struct Versions<Loop, void(Args...)> {
  static void baseline(Args... args) { Loop::run(args...); }
  __attribute__((target("avx2"))) static void avx2(Args... args) { Loop::run(args...); }
  __attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512dq"))) static void avx512(Args... args) {
    Loop::run(args...);
  }
};
}  // namespace detail

// The version of Loop::run, a static BMNET_INLINE function of the type `Signature`, for `level`.
template <typename Loop, typename Signature>
Signature* simd_version(SimdLevel level = simd_level()) {
  using Versions = detail::Versions<Loop, Signature>;
  switch (level) {
    case SimdLevel::kAvx512:
      return Versions::avx512;
    case SimdLevel::kAvx2:
      return Versions::avx2;
    case SimdLevel::kBaseline:
      break;
  }
  return Versions::baseline;
}

}  // namespace bmnet::bm1684
