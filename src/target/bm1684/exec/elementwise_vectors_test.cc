// The golden vectors of the element-wise instructions and of the GDMA.
#include <gtest/gtest.h>

#include "base/testing.h"
#include "target/bm1684/exec/function_tables.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/vector_file.h"

namespace bmnet::bm1684 {
namespace {

class elementwise_vectors : public ::testing::TestWithParam<const char*> {};

TEST_P(elementwise_vectors, equal_the_c_model) {
  const std::string name = GetParam();
  const auto path = test::shared_file("isa/vectors/" + name + ".json.gz");
  BMNET_REQUIRE_SHARED(path);
  const auto cases = read_vector_file(path);
  ASSERT_TRUE(cases) << cases.error().message;
  ASSERT_FALSE(cases->empty());
  VectorRunner runner;
  for (const SimdLevel level : {SimdLevel::kBaseline, SimdLevel::kAvx2, SimdLevel::kAvx512}) {
    if (level > best_simd_level()) break;
    use_simd_level(level);
    for (const VectorCase& vector : *cases) {
      const auto nan = vector.name.starts_with("nan_") ? VectorRunner::Nan::kAsClass : VectorRunner::Nan::kExact;
      const Status status = runner.run(vector, nan);
      EXPECT_TRUE(status) << vector.name << ": " << status.error().message;
    }
  }
  use_simd_level(best_simd_level());
}

// The recipes come with the tables that the runtime loads.
TEST(function_tables, equal_those_of_the_golden_recipes) {
  const auto path = test::shared_file("isa/vectors/tiu_elementwise_recipe.json.gz");
  BMNET_REQUIRE_SHARED(path);
  const auto cases = read_vector_file(path);
  ASSERT_TRUE(cases) << cases.error().message;
  std::vector<uint8_t> l2(kL2Bytes);
  fill_function_tables(std::span<uint8_t, kL2Bytes>(l2));
  int compared = 0;
  for (const VectorCase& vector : *cases) {
    for (const VectorRegion& region : vector.before) {
      if (region.space != Access::Space::kL2 || region.offset < kL2UserEnd) continue;
      EXPECT_TRUE(std::equal(region.bytes.begin(), region.bytes.end(), l2.begin() + static_cast<long>(region.offset)))
          << "table at " << region.offset;
      ++compared;
    }
  }
  EXPECT_GT(compared, 50);
}

INSTANTIATE_TEST_SUITE_P(files, elementwise_vectors,
                         ::testing::Values("tiu_elementwise_ar_f32", "tiu_elementwise_ar_fix", "tiu_elementwise_lut",
                                           "tiu_elementwise_md", "tiu_elementwise_misc", "tiu_elementwise_nan",
                                           "tiu_elementwise_recipe", "gdma_tensor", "gdma_format", "gdma_constant",
                                           "gdma_cw_trans", "gdma_matrix", "gdma_common", "gdma_special"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace bmnet::bm1684
