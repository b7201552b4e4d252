// bench_peak: fp32 multiply-adds per second of this host on all threads, independent fused operations in registers and
// nothing else: what the simulator's figures are a share of. Compiled with -ffp-contract=fast.
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

double macs_per_second() {
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
  for (int i = 0; i < 20; ++i) best = std::max(best, bmnet::bench::macs_per_second());
  bmnet::bench::print_line({{"threads", bmnet::thread_count()}, {"macs_per_second", best}});
}
