// For tests only: where the shared data folder (specifications, golden vectors, real models) stands.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace bmnet::test {

// `relative` inside the shared data folder: $BMNET_SHARED, else ../shared beside the repository. The file may be absent:
// use BMNET_REQUIRE_SHARED.
inline std::filesystem::path shared_file(const std::string& relative) {
  const char* root = std::getenv("BMNET_SHARED");
  return (root ? std::filesystem::path(root) : std::filesystem::path(BMNET_SOURCE_DIR) / ".." / "shared") / relative;
}

}  // namespace bmnet::test

// Skips the test with a clear word when `path` (a std::filesystem::path) is absent.
#define BMNET_REQUIRE_SHARED(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs the shared data folder: no " << (path).string()
