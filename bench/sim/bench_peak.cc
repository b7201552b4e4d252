// bench_peak: multiply-adds per second of this host on all threads, independent operations in registers and nothing
// else: what the simulator's figures are a share of. fp32: fused operations (compiled with -ffp-contract=fast). int8:
// the widest instruction that sums products, of bytes where the host has one, else of 16-bit numbers.
#include <immintrin.h>

#include <algorithm>
#include <atomic>

#include "base/parallel.h"
#include "bench/report.h"

namespace bmnet::bench {
namespace {

constexpr int kChains = 8;  // independent sums: latency 4 on two units
constexpr int64_t kSteps = 20'000'000;

using Vector32 = float __attribute__((vector_size(32)));
using Vector64 = float __attribute__((vector_size(64)));

// Gives the multiply-adds done. `sink` keeps the sums from being left out.
#define BMNET_CHAINS(name, isa, Vector)                    \
  __attribute__((target(isa))) int64_t name(float* sink) { \
    Vector sums[kChains] = {}, factor = {}, term = {};     \
    factor += sink[0], term += sink[1];                    \
    for (int64_t step = 0; step < kSteps; ++step)          \
      for (Vector & sum : sums) sum = sum * factor + term; \
    for (const Vector& sum : sums) sink[2] += sum[0];      \
    return kSteps * kChains * int64_t{sizeof(Vector) / 4}; \
  }
BMNET_CHAINS(chains_avx512, "avx512f", Vector64)
BMNET_CHAINS(chains_avx2, "avx2,fma", Vector32)

int64_t chains(float* sink) { return __builtin_cpu_supports("avx512f") ? chains_avx512(sink) : chains_avx2(sink); }

__attribute__((target("avx512f,avx512vnni"))) int64_t chains_vnni(float* sink) {
  __m512i sums[kChains] = {};
  const __m512i a = _mm512_set1_epi8(static_cast<char>(sink[0] * 6)), b = _mm512_set1_epi8(static_cast<char>(sink[1]));
  for (int64_t step = 0; step < kSteps; ++step)
    for (__m512i& sum : sums) {
      sum = _mm512_dpbusd_epi32(sum, a, b);
      asm("" : "+v"(sum));  // equal chains are not computed once
    }
  for (const __m512i& sum : sums) sink[2] += static_cast<float>(_mm512_cvtsi512_si32(sum));
  return kSteps * kChains * 64;
}

__attribute__((target("avx2"))) int64_t chains_madd(float* sink) {
  __m256i sums[kChains] = {};
  __m256i a = _mm256_set1_epi16(static_cast<short>(sink[0] * 6));
  const __m256i b = _mm256_set1_epi16(static_cast<short>(sink[1]));
  for (int64_t step = 0; step < kSteps; ++step)
    for (__m256i& sum : sums) {
      asm("" : "+x"(a));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
    }
  for (const __m256i& sum : sums) sink[2] += static_cast<float>(_mm256_extract_epi32(sum, 0));
  return kSteps * kChains * 16;
}

int64_t byte_chains(float* sink) {
  return __builtin_cpu_supports("avx512vnni") ? chains_vnni(sink) : chains_madd(sink);
}

double macs_per_second(int64_t (*chains)(float* sink)) {
  std::atomic<int64_t> done = 0;
  const Stopwatch watch;
  parallel_for(static_cast<size_t>(thread_count()), 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      float sink[3] = {0.5f, 1, 0};
      done += chains(sink);
      [[maybe_unused]] volatile float kept = sink[2];
    }
  });
  return static_cast<double>(done) / watch.seconds();
}

}  // namespace
}  // namespace bmnet::bench

int main() {
  double best = 0;
  double best_bytes = 0;
  for (int i = 0; i < 20; ++i) {
    best = std::max(best, bmnet::bench::macs_per_second(bmnet::bench::chains));
    best_bytes = std::max(best_bytes, bmnet::bench::macs_per_second(bmnet::bench::byte_chains));
  }
  bmnet::bench::print_line(
      {{"threads", bmnet::thread_count()}, {"macs_per_second", best}, {"int8_macs_per_second", best_bytes}});
}
