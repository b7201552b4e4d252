#include "bmodel/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bmodel/testing.h"

namespace bmnet::bmodel {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(coverage, counts_instructions_and_names_those_that_never_occur) {
  Coverage coverage;
  coverage.add(test::copy_model());
  EXPECT_EQ(coverage.commands(), 1);
  EXPECT_THAT(coverage.to_text(), HasSubstr("gdma.move                                1\n"));
  EXPECT_THAT(coverage.to_text(), HasSubstr("never: tiu.conv tiu.window.sum"));
  EXPECT_THAT(coverage.to_text(), Not(HasSubstr("fields of tiu")));
}

TEST(coverage, shows_values_by_name_and_range) {
  Coverage coverage;
  for (const uint64_t precision : {0, 2, 2}) {
    bm1684::Command command = bm1684::idle_command(bm1684::Engine::kTiu);
    set(command, bm1684::tiu::opt_res0_prec, precision);
    set(command, bm1684::tiu::res0_w, 7 + precision);
    coverage.add(command, bm1684::Engine::kTiu);
  }
  EXPECT_THAT(coverage.to_text(), HasSubstr("opt_res0_prec                2  int8 x1 fp32 x2\n"));
  EXPECT_THAT(coverage.to_text(), HasSubstr("res0_w                       3  7 to 9\n"));
}

TEST(coverage, lists_fields_that_stay_idle) {
  Coverage coverage;
  coverage.add(test::copy_model());
  EXPECT_THAT(coverage.to_text(), HasSubstr("always idle: pio_gdma_enable"));
}

TEST(coverage, skips_other_chips) {
  Model model = test::copy_model();
  model.chip = "BM1684X";
  Coverage coverage;
  coverage.add(model);
  EXPECT_EQ(coverage.commands(), 0);
}

}  // namespace
}  // namespace bmnet::bmodel
