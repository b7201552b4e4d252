// For tests that run the project's programs as users do.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace bmnet::test {

struct Outcome {
  int exit_code = 0;
  std::string text;  // stdout and stderr together
};

// Runs `command` by the shell in `folder`, with the build's programs in front of the path.
inline Outcome run_in(const std::filesystem::path& folder, const std::string& command) {
  const std::string line =
      "cd '" + folder.string() + "' && { PATH='" + BMNET_BIN_DIR + "':$PATH; " + command + "; } 2>&1";
  Outcome outcome;
  FILE* pipe = popen(line.c_str(), "r");
  if (!pipe) {
    ADD_FAILURE() << "cannot start: " << line;
    return outcome;
  }
  char buffer[4096];
  while (const size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) outcome.text.append(buffer, size);
  const int status = pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

// Tests in a new, empty folder, which is removed afterwards.
class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bmnet_program_XXXXXX").string();
    if (mkdtemp(pattern.data())) folder_ = pattern;
    EXPECT_FALSE(folder_.empty()) << "cannot make " << pattern;
  }
  ~ProgramTest() override {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  Outcome run(const std::string& command) const { return run_in(folder_, command); }

  std::filesystem::path folder_;
};

}  // namespace bmnet::test
