#include "base/progress.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace bmnet {
namespace {

std::string printed(Progress::Style style, void (*work)(Progress&)) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* stream = open_memstream(&text, &size);
  {
    Progress progress(style, stream);
    work(progress);
  }
  std::fclose(stream);
  std::string result(text, size);
  std::free(text);
  return result;
}

void two_steps(Progress& progress) {
  progress.begin_stage("planning", 4);
  progress.step(2);
  progress.step(4);
}

TEST(progress, writes_plain_lines_where_there_is_no_terminal) {
  EXPECT_EQ(printed(Progress::Style::kLines, two_steps), "planning\nplanning: 50%\nplanning: 100%\n");
}

TEST(progress, says_nothing_when_quiet) { EXPECT_EQ(printed(Progress::Style::kQuiet, two_steps), ""); }

TEST(progress, draws_a_bar_and_wipes_it_at_the_end) {
  const std::string text = printed(Progress::Style::kBar, two_steps);
  EXPECT_NE(text.find("planning [##"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\033[K"));
}

}  // namespace
}  // namespace bmnet
