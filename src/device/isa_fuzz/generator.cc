#include "device/isa_fuzz/generator.h"

namespace bmnet::isa_fuzz {
namespace {

constexpr Family kFamilies[] = {
    {"conv", bm1684::Engine::kTiu, generate_conv},
    {"winograd", bm1684::Engine::kTiu, generate_winograd},
    {"window", bm1684::Engine::kTiu, generate_window},
    {"matmul", bm1684::Engine::kTiu, generate_matmul},
    {"arith", bm1684::Engine::kTiu, generate_arith},
    {"arith_fixed", bm1684::Engine::kTiu, generate_arith_fixed},
    {"matmul256", bm1684::Engine::kTiu, generate_matmul256},
    {"correlation", bm1684::Engine::kTiu, generate_correlation},
    {"lookup", bm1684::Engine::kTiu, generate_lookup},
    {"channel_sum", bm1684::Engine::kTiu, generate_channel_sum},
    {"scalar", bm1684::Engine::kTiu, generate_scalar},
    {"sfu", bm1684::Engine::kTiu, generate_sfu},
    {"linear", bm1684::Engine::kTiu, generate_linear},
    {"arrange", bm1684::Engine::kTiu, generate_arrange},
    {"decompress", bm1684::Engine::kTiu, generate_decompress},
    {"compare", bm1684::Engine::kTiu, generate_compare},
    {"vector_correlation", bm1684::Engine::kTiu, generate_vector_correlation},
    {"gdma_move", bm1684::Engine::kGdma, generate_gdma_move},
    {"gdma_transpose_nc", bm1684::Engine::kGdma, generate_gdma_transpose_nc},
    {"gdma_lrn_shift", bm1684::Engine::kGdma, generate_gdma_lrn_shift},
    {"gdma_convert", bm1684::Engine::kGdma, generate_gdma_convert},
    {"gdma_fill", bm1684::Engine::kGdma, generate_gdma_fill},
    {"gdma_transpose_cw", bm1684::Engine::kGdma, generate_gdma_transpose_cw},
    {"gdma_winograd_weights", bm1684::Engine::kGdma, generate_gdma_winograd},
    {"gdma_filter", bm1684::Engine::kGdma, generate_gdma_filter},
    {"gdma_matrix", bm1684::Engine::kGdma, generate_gdma_matrix},
    {"gdma_common", bm1684::Engine::kGdma, generate_gdma_common},
};

}  // namespace

std::span<const Family> families() { return kFamilies; }

Case generate(const Family& family, uint64_t seed, uint64_t index) {
  Random random(seed);
  for (const char c : family.name) random = Random(random.next() ^ static_cast<uint8_t>(c));
  random = Random(random.next() ^ index);
  return family.generate(random);
}

}  // namespace bmnet::isa_fuzz
