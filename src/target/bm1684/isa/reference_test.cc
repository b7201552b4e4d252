#include "target/bm1684/isa/reference.h"
#include "base/testing.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"

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

}  // namespace
}  // namespace bmnet::bm1684
