// For tests that run the project's programs as users do.
#pragma once

#include <sys/wait.h>

#include <cstdio>
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
  FILE* pipe = popen(line.c_str(), "r");
  Outcome outcome;
  char buffer[4096];
  while (const size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) outcome.text.append(buffer, size);
  const int status = pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

}  // namespace bmnet::test
