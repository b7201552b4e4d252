#include "target/bm1684/exec/kernel.h"

#include <atomic>

namespace bmnet::bm1684 {
namespace {

std::atomic<SimdLevel>& current() {
  static std::atomic<SimdLevel> level = best_simd_level();
  return level;
}

}  // namespace

SimdLevel best_simd_level() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni"))
    return SimdLevel::kAvx512;
  return __builtin_cpu_supports("avx2") ? SimdLevel::kAvx2 : SimdLevel::kBaseline;
}

SimdLevel simd_level() { return current().load(std::memory_order_relaxed); }

const Kernels& kernels() {
  switch (simd_level()) {
    case SimdLevel::kAvx512:
      return kernel_avx512::kKernels;
    case SimdLevel::kAvx2:
      return kernel_avx2::kKernels;
    case SimdLevel::kBaseline:
      break;
  }
  return kernel_baseline::kKernels;
}

void use_simd_level(SimdLevel level) { current() = level; }

}  // namespace bmnet::bm1684
