// Every golden vector of the compute instructions, at every vector width of this machine.
#include <gtest/gtest.h>

#include <ostream>

#include "base/testing.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/vector_file.h"

namespace bmnet::bm1684 {
namespace {

struct Family {
  const char* name;
  size_t cases;
};

void PrintTo(const Family& family, std::ostream* out) { *out << family.name; }

class compute_vectors : public ::testing::TestWithParam<Family> {
 protected:
  void TearDown() override { use_simd_level(best_simd_level()); }
};

TEST_P(compute_vectors, match_every_byte) {
  const auto path = test::shared_file(std::string("isa/vectors/tiu_compute_") + GetParam().name + ".json.gz");
  BMNET_REQUIRE_SHARED(path);
  const auto cases = read_vector_file(path);
  ASSERT_TRUE(cases) << cases.error().message;
  EXPECT_EQ(cases->size(), GetParam().cases);
  VectorRunner runner;
  for (int level = 0; level <= static_cast<int>(best_simd_level()); ++level) {
    use_simd_level(static_cast<SimdLevel>(level));
    for (const VectorCase& vector : *cases) {
      const Status status = runner.run(vector);
      EXPECT_TRUE(status) << vector.name << " at level " << level << ": " << status.error().message;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    all, compute_vectors,
    ::testing::Values(Family{"conv_f32", 70}, Family{"conv_f32_bigk", 10}, Family{"conv_f32_wide", 12},
                      Family{"conv_i8", 70}, Family{"conv_i8_bigk", 10}, Family{"conv_i8_wide", 16},
                      Family{"conv_i16", 40}, Family{"wino_f32", 30}, Family{"wino_i8", 30}, Family{"dw_f32", 50},
                      Family{"dw_i8", 50}, Family{"dw_i16", 40}, Family{"avg_f32", 40}, Family{"avg_i8", 50},
                      Family{"avg_i8_bigwin", 12}, Family{"max_f32", 40}, Family{"max_i8", 40}, Family{"mm_f32", 50},
                      Family{"mm_i8", 50}, Family{"mm_i16", 40}, Family{"mm2", 3}, Family{"cc", 40},
                      Family{"md_sum", 40}, Family{"md_linear", 40}, Family{"vc_f32", 40}, Family{"vc_i32", 20}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace bmnet::bm1684
