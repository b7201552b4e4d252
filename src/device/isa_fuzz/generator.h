// Random commands that a compiler could have emitted: small shapes, operands inside their lanes, and every field that
// the instruction reads varied.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "device/isa_fuzz/random.h"
#include "target/bm1684/exec/instruction.h"

namespace bmnet::isa_fuzz {

// What the memory that a command reads should hold.
enum class Content {
  kAny,         // floats of one of several kinds, denormals, infinities and NaN among them, or bytes
  kTameFloats,  // floats whose sums and products stay far from overflow and underflow
  kBytes,       // bytes, often the extreme ones
};

// Bytes that must stand in memory, besides the random content.
struct Patch {
  bm1684::Access::Space space = bm1684::Access::Space::kLocal;
  uint64_t offset = 0;  // in local memory lane * kLaneBytes + byte in the lane
  std::vector<uint8_t> bytes;
};

struct Case {
  bm1684::Command command{};
  bm1684::Engine engine = bm1684::Engine::kTiu;
  Content content = Content::kAny;
  std::vector<Patch> patches;
};

struct Family {
  std::string_view name;  // "conv", "arith_fixed", "gdma_move" …
  bm1684::Engine engine;
  Case (*generate)(Random& random);
};

// Of both engines.
std::span<const Family> families();

// Where DDR operands lie: sources in the first 4 MiB, destinations from 8 MiB on.
inline constexpr uint64_t kDdrBytes = 16 << 20;

// Case `index` of a family under a seed, the same on every host.
Case generate(const Family& family, uint64_t seed, uint64_t index);

// Generators, by the file that holds them.
Case generate_conv(Random& random);
Case generate_winograd(Random& random);
Case generate_window(Random& random);
Case generate_matmul(Random& random);
Case generate_matmul256(Random& random);
Case generate_correlation(Random& random);
Case generate_channel_sum(Random& random);
Case generate_linear(Random& random);
Case generate_vector_correlation(Random& random);

Case generate_arith(Random& random);
Case generate_arith_fixed(Random& random);
Case generate_scalar(Random& random);
Case generate_sfu(Random& random);
Case generate_lookup(Random& random);
Case generate_compare(Random& random);
Case generate_decompress(Random& random);
Case generate_arrange(Random& random);

Case generate_gdma_move(Random& random);
Case generate_gdma_transpose_nc(Random& random);
Case generate_gdma_convert(Random& random);
Case generate_gdma_fill(Random& random);
Case generate_gdma_transpose_cw(Random& random);
Case generate_gdma_lrn_shift(Random& random);
Case generate_gdma_winograd(Random& random);
Case generate_gdma_filter(Random& random);
Case generate_gdma_matrix(Random& random);
Case generate_gdma_common(Random& random);

}  // namespace bmnet::isa_fuzz
