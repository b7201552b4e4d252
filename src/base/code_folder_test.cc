#include "base/code_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace bmnet {
namespace {

std::filesystem::path this_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

void in_this_program() {}

TEST(code_folder, of_the_program_is_where_its_file_lies) {
  EXPECT_EQ(folder_of_code(reinterpret_cast<const void*>(&in_this_program)), this_program().parent_path());
}

TEST(code_folder, does_not_depend_on_the_current_folder) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path("/");
  EXPECT_EQ(folder_of_code(reinterpret_cast<const void*>(&in_this_program)), this_program().parent_path());
  std::filesystem::current_path(before);
}

TEST(code_folder, of_a_library_is_the_librarys) {
  const auto folder = folder_of_code(reinterpret_cast<const void*>(&::getpid));
  EXPECT_TRUE(std::filesystem::exists(folder / "libc.so.6")) << folder;
}

TEST(code_folder, of_no_code_is_unknown) {
  int variable = 0;
  EXPECT_EQ(folder_of_code(&variable), "");
}

}  // namespace
}  // namespace bmnet
