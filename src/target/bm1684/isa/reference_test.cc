#include "target/bm1684/isa/reference.h"
#include "base/testing.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "target/bm1684/isa/names.h"

namespace bmnet::bm1684 {
namespace {

TEST(isa_reference, the_committed_page_is_up_to_date) {
  const std::filesystem::path page = bmnet::test::source_file("docs/reference/ISA.md");
  if (std::getenv("BMNET_UPDATE_DOCS")) {
    std::filesystem::create_directories(page.parent_path());
    ASSERT_TRUE(write_file_atomically(page, isa_reference()));
  }
  const Result<std::string> committed = read_text(page);
  ASSERT_TRUE(committed) << committed.error().message;
  EXPECT_EQ(*committed, isa_reference()) << "run BMNET_UPDATE_DOCS=1 bmnet_isa_test";
}

TEST(estimated_cost, names_what_the_vendors_cycle_model_leaves_out) {
  Command command{};
  EXPECT_EQ(estimated_cost(command, Engine::kTiu), nullptr);   // conv
  EXPECT_EQ(estimated_cost(command, Engine::kGdma), nullptr);  // move
  set(command, tiu::tsk_typ, 11);
  EXPECT_EQ(estimated_cost(command, Engine::kTiu)->instruction, "arrange");
  set(command, tiu::tsk_typ, 15);
  EXPECT_EQ(estimated_cost(command, Engine::kTiu), nullptr);  // unknown
}

// Every row names an instruction.
TEST(estimated_cost, every_row_is_found) {
  for (const EstimatedCost& cost : estimated_costs()) {
    const auto names = cost.engine == Engine::kTiu ? families() : gdma_functions();
    EXPECT_NE(find_name(names, cost.instruction), nullptr) << cost.instruction;
  }
}

}  // namespace
}  // namespace bmnet::bm1684
