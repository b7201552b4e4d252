// How fast the simulator's compute instructions are, in multiply-adds per second of host time.
// Run on a quiet machine: bench_compute [--benchmark_filter=...], BMNET_THREADS sets the number of threads.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/instruction.h"
#include "target/bm1684/exec/kernel.h"

namespace bmnet::bm1684 {
namespace {

struct Shape {
  uint64_t n, ic, h, w, oc, kernel, stride, pad;
};

// Operands stand one behind the other in the lanes: input, weights, bias, result.
constexpr uint64_t kInput = kLocalBase, kWeight = kLocalBase + 0x30000, kBias = kLocalBase + 0x58000,
                   kResult = kLocalBase + 0x60000;

Command base_command(const Shape& shape, bool integer) {
  Command command{};
  const uint64_t out_h = (shape.h + 2 * shape.pad - shape.kernel) / shape.stride + 1;
  const uint64_t out_w = (shape.w + 2 * shape.pad - shape.kernel) / shape.stride + 1;
  set(command, tiu::res0_n, shape.n);
  set(command, tiu::res0_c, shape.oc);
  set(command, tiu::res0_h, out_h);
  set(command, tiu::res0_w, out_w);
  set(command, tiu::opd0_c, shape.ic);
  set(command, tiu::opd0_h, shape.h);
  set(command, tiu::opd0_w, shape.w);
  set(command, tiu::opd1_h, shape.kernel);
  set(command, tiu::opd1_w, shape.kernel);
  for (const Field* pad : {&tiu::opd0_up_pad, &tiu::opd0_dn_pad, &tiu::opd0_lf_pad, &tiu::opd0_rt_pad})
    set(command, *pad, shape.pad);
  set(command, tiu::res_op_x_str, shape.stride);
  set(command, tiu::res_op_y_str, shape.stride);
  set(command, tiu::tsk_opd_num, 3);
  for (const Field* precision : {&tiu::opt_res0_prec, &tiu::opt_opd0_prec, &tiu::opt_opd1_prec})
    set(command, *precision, integer ? 0 : 2);
  set(command, tiu::opt_opd0_sign, 1);
  set(command, tiu::opt_opd1_sign, 1);
  set(command, tiu::opt_right_shift, integer ? 7 : 0);
  set(command, tiu::res0_addr, kResult);
  set(command, tiu::opd0_addr, kInput);
  set(command, tiu::opd1_addr, kWeight);
  set(command, tiu::opd2_addr, kBias);
  return command;
}

// Small numbers everywhere: ordinary as fp32 and as bytes.
std::vector<uint8_t> filled_local_memory() {
  std::vector<uint8_t> local(kLocalBytes);
  uint32_t state = 1;
  for (size_t i = 0; i < local.size(); i += 4) {
    state = state * 1664525 + 1013904223;
    const float value = static_cast<float>(static_cast<int32_t>(state) >> 8) * 0x1p-23f;
    std::memcpy(&local[i], &value, sizeof value);
  }
  return local;
}

void run(benchmark::State& state, const Command& command, double products) {
  static std::vector<uint8_t> local = filled_local_memory();
  Memory memory;
  memory.local = local.data();
  const ChipFloatMode mode;
  for (auto _ : state) {
    const Status status = execute(command, Engine::kTiu, memory);
    if (!status) return state.SkipWithError(status.error().message.c_str());
  }
  state.counters["GMAC/s"] =
      benchmark::Counter(products * 1e-9, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
}

double conv_products(const Command& command) {
  return static_cast<double>(get(command, tiu::res0_n) * get(command, tiu::res0_c) * get(command, tiu::res0_h) *
                             get(command, tiu::res0_w) * get(command, tiu::opd0_c) * get(command, tiu::opd1_h) *
                             get(command, tiu::opd1_w));
}

void conv(benchmark::State& state, const Shape& shape, bool integer) {
  const Command command = base_command(shape, integer);
  run(state, command, conv_products(command));
}

void winograd(benchmark::State& state, const Shape& shape, bool integer) {
  Command command = base_command(shape, integer);
  const double products = conv_products(command);
  set(command, tiu::opt_winograd, 1);
  set(command, tiu::opd1_h, 4);
  set(command, tiu::opd1_w, 4);
  run(state, command, products);
}

void depthwise(benchmark::State& state, const Shape& shape, bool integer) {
  Command command = base_command(shape, integer);
  set(command, tiu::tsk_typ, 1);
  set(command, tiu::tsk_eu_typ, 1);
  run(state, command, conv_products(command) / static_cast<double>(shape.ic));
}

void matmul(benchmark::State& state, uint64_t rows, uint64_t depth, uint64_t columns, bool integer) {
  Command command = base_command({1, 1, 1, 1, 1, 1, 1, 0}, integer);
  set(command, tiu::tsk_typ, 2);
  set(command, tiu::tsk_opd_num, 2);
  set(command, tiu::opd0_n, rows);
  set(command, tiu::opd0_c, depth / 16);
  set(command, tiu::opd0_w, 16);
  set(command, tiu::opd1_w, 16);
  set(command, tiu::res0_c, columns / 16);
  set(command, tiu::res0_w, 16);
  run(state, command, static_cast<double>(rows * depth * columns));
}

constexpr Shape kResnet3x3 = {1, 64, 56, 56, 64, 3, 1, 1}, kResnet3x3Batch = {4, 64, 56, 56, 64, 3, 1, 1},
                kPointwise = {1, 256, 28, 28, 128, 1, 1, 0}, kPointwiseBatch = {4, 256, 28, 28, 128, 1, 1, 0},
                kDeep = {1, 256, 7, 7, 256, 3, 1, 1}, kDeepBatch = {4, 256, 7, 7, 256, 3, 1, 1},
                kStem = {1, 3, 112, 112, 64, 7, 2, 3}, kStemBatch = {4, 3, 112, 112, 64, 7, 2, 3},
                kStride2 = {1, 64, 56, 56, 128, 3, 2, 1}, kSmall = {1, 16, 20, 20, 16, 1, 1, 0},
                kWindow = {1, 96, 56, 56, 96, 3, 1, 1}, kWindowBatch = {4, 96, 56, 56, 96, 3, 1, 1},
                kWindowStride2 = {1, 96, 56, 56, 96, 5, 2, 2};

#define BMNET_BENCH(function, name, ...) BENCHMARK_CAPTURE(function, name, __VA_ARGS__)->UseRealTime()
BMNET_BENCH(conv, f32_3x3_64to64_56, kResnet3x3, false);
BMNET_BENCH(conv, f32_1x1_256to128_28, kPointwise, false);
BMNET_BENCH(conv, f32_3x3_256to256_7, kDeep, false);
BMNET_BENCH(conv, f32_7x7s2_3to64_112, kStem, false);
BMNET_BENCH(conv, f32_3x3s2_64to128_56, kStride2, false);
BMNET_BENCH(conv, f32_1x1_16to16_20, kSmall, false);
BMNET_BENCH(conv, i8_3x3_64to64_56_batch4, kResnet3x3Batch, true);
BMNET_BENCH(conv, i8_3x3_64to64_56, kResnet3x3, true);
BMNET_BENCH(conv, i8_1x1_256to128_28_batch4, kPointwiseBatch, true);
BMNET_BENCH(conv, i8_1x1_256to128_28, kPointwise, true);
BMNET_BENCH(conv, i8_3x3_256to256_7_batch4, kDeepBatch, true);
BMNET_BENCH(conv, i8_7x7s2_3to64_112, kStem, true);
BMNET_BENCH(conv, i8_7x7s2_3to64_112_batch4, kStemBatch, true);
BMNET_BENCH(winograd, f32_64to64_56, kResnet3x3, false);
BMNET_BENCH(winograd, i8_64to64_56_batch4, kResnet3x3Batch, true);
BMNET_BENCH(depthwise, f32_3x3_96_56, kWindow, false);
BMNET_BENCH(depthwise, f32_5x5s2_96_56, kWindowStride2, false);
BMNET_BENCH(depthwise, i8_3x3_96_56, kWindow, true);
BMNET_BENCH(depthwise, i8_3x3_96_56_batch4, kWindowBatch, true);
BMNET_BENCH(matmul, f32_1x1024x1024, 1, 1024, 1024, false);
BMNET_BENCH(matmul, f32_64x256x1024, 64, 256, 1024, false);
BMNET_BENCH(matmul, i8_1x1024x1024, 1, 1024, 1024, true);
BMNET_BENCH(matmul, i8_64x256x1024, 64, 256, 1024, true);

}  // namespace
}  // namespace bmnet::bm1684

BENCHMARK_MAIN();
