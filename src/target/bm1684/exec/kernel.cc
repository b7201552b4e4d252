#include "target/bm1684/exec/kernel.h"

#include <atomic>

namespace bmnet::bm1684 {
namespace {

const Kernels* kernels_of(SimdLevel level) {
  switch (level) {
    case SimdLevel::kBaseline:
      return &kernel_baseline::kKernels;
    case SimdLevel::kAvx2:
      return &kernel_avx2::kKernels;
    case SimdLevel::kAvx512:
      return &kernel_avx512::kKernels;
  }
  return &kernel_baseline::kKernels;
}

std::atomic<const Kernels*>& current() {
  static std::atomic<const Kernels*> kernels = kernels_of(best_simd_level());
  return kernels;
}

}  // namespace

SimdLevel best_simd_level() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni"))
    return SimdLevel::kAvx512;
  return __builtin_cpu_supports("avx2") ? SimdLevel::kAvx2 : SimdLevel::kBaseline;
}

const Kernels& kernels() { return *current().load(std::memory_order_relaxed); }

void use_simd_level(SimdLevel level) { current() = kernels_of(level); }

}  // namespace bmnet::bm1684
