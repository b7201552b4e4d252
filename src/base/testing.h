// For tests only: where the shared data folder (specifications, golden vectors, real models) stands.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace bmnet::test {

// The root of the repository. Defined once for a build, so that no test's compilation depends on where it stands.
extern const char* const kSourceDirectory;

// `relative` inside the repository.
inline std::filesystem::path source_file(const std::string& relative) {
  return std::filesystem::path(kSourceDirectory) / relative;
}

// `relative` inside the shared data folder: $BMNET_SHARED, else ../shared beside the repository. The file may be
// absent: use BMNET_REQUIRE_SHARED.
inline std::filesystem::path shared_file(const std::string& relative) {
  const char* root = std::getenv("BMNET_SHARED");
  return (root ? std::filesystem::path(root) : source_file("../shared")) / relative;
}

}  // namespace bmnet::test

// Skips the test with a clear word when `path` (a std::filesystem::path) is absent.
#define BMNET_REQUIRE_SHARED(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs the shared data folder: no " << (path).string()
