// Tests of the repository itself: the layer rule of ARCHITECTURE.md, where MLIR may appear, and how long a file may be.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "base/testing.h"

namespace fs = std::filesystem;

namespace {

const fs::path kSource = bmnet::test::source_file("src");

// One framework each; they do not see each other.
const std::set<std::string> kFrontEnd = {"base", "op", "nn", "frontend", "frontend/protobuf", "frontend/hdf5"};

// Folder -> the folders whose headers it may include (itself always). The longest matching folder counts.
const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"base", {}},
    {"op", {"base"}},
    {"op/host", {"base", "op"}},
    {"image", {"base"}},
    {"target/bm1684", {}},  // machine.h
    {"target/bm1684/isa", {"base", "target/bm1684"}},
    {"target/bm1684/exec", {"base", "target/bm1684", "target/bm1684/isa"}},
    {"bmodel", {"base", "target/bm1684", "target/bm1684/isa"}},
    {"device", {"base", "bmodel", "target/bm1684", "target/bm1684/isa", "target/bm1684/exec"}},
    {"runtime", {"base", "op", "bmodel", "device", "target/bm1684", "target/bm1684/isa", "target/bm1684/exec"}},
    {"debug", {"base", "bmodel", "device", "runtime", "target/bm1684", "target/bm1684/isa", "target/bm1684/exec"}},
    {"nn", {"base", "op"}},
    {"frontend", {"base", "op", "nn"}},
    {"frontend/protobuf", {"base"}},
    {"frontend/hdf5", {"base", "frontend"}},
    {"frontend/caffe", kFrontEnd},
    {"frontend/darknet", kFrontEnd},
    {"frontend/mxnet", kFrontEnd},
    {"frontend/onnx", kFrontEnd},
    {"frontend/paddle", kFrontEnd},
    {"frontend/pytorch", kFrontEnd},
    {"frontend/tensorflow", kFrontEnd},
    {"frontend/umodel", kFrontEnd},
    {"pass", {"base", "op", "nn"}},
    {"tile", {"base", "target/bm1684", "target/bm1684/isa", "target/bm1684/exec"}},
    {"target/bm1684/lower", {"base", "op", "tile", "target/bm1684", "target/bm1684/isa"}},
    {"plan",
     {"base", "op", "tile", "bmodel", "target/bm1684", "target/bm1684/isa", "target/bm1684/exec", "target/bm1684/lower",
      "target/bm1684/emit"}},
    {"target/bm1684/emit", {"base", "tile", "bmodel", "target/bm1684", "target/bm1684/isa", "target/bm1684/exec"}},
    {"tool",
     {"base",
      "op",
      "op/host",
      "image",
      "bmodel",
      "device",
      "runtime",
      "debug",
      "nn",
      "frontend",
      "frontend/onnx",
      "frontend/caffe",
      "frontend/darknet",
      "frontend/mxnet",
      "frontend/paddle",
      "frontend/pytorch",
      "frontend/tensorflow",
      "frontend/umodel",
      "pass",
      "plan",
      "target/bm1684",
      "target/bm1684/isa",
      "target/bm1684/exec"}},
};

// A folder that is not a row of its own belongs to the nearest one above that is.
std::string row_of(std::string folder) {
  while (!folder.empty() && !kMayInclude.contains(folder)) {
    const size_t slash = folder.rfind('/');
    folder = slash == std::string::npos ? "" : folder.substr(0, slash);
  }
  return folder;
}

bool is_code(const fs::path& path) { return path.extension() == ".cc" || path.extension() == ".h"; }

struct Include {
  std::string file, folder, included;
};

std::vector<Include> all_includes() {
  static const std::regex kInclude("^#include \"([^\"]+)\"");
  std::vector<Include> includes;
  for (const auto& entry : fs::recursive_directory_iterator(kSource)) {
    if (!entry.is_regular_file() || !is_code(entry.path())) continue;
    const std::string file = fs::relative(entry.path(), kSource).generic_string();
    std::ifstream stream(entry.path());
    for (std::string line; std::getline(stream, line);) {
      std::smatch match;
      if (std::regex_search(line, match, kInclude))
        includes.push_back({file, fs::path(file).parent_path().generic_string(), match[1]});
    }
  }
  return includes;
}

// Tests may reach for anything that helps them: the rule is about the product.
bool is_test(const std::string& file) {
  return file.ends_with("_test.cc") || file.find("testing.h") != std::string::npos;
}

TEST(repository, a_folder_includes_only_what_the_layer_rule_allows) {
  std::vector<std::string> offences;
  for (const Include& include : all_includes()) {
    if (is_test(include.file) || !fs::exists(kSource / include.included)) continue;
    const std::string from = row_of(include.folder),
                      to = row_of(fs::path(include.included).parent_path().generic_string());
    ASSERT_NE(from, "") << include.file << " stands in a folder that the layer rule does not know";
    if (from != to && !kMayInclude.at(from).contains(to))
      offences.push_back(include.file + " includes " + include.included);
  }
  EXPECT_THAT(offences, testing::IsEmpty());
}

TEST(repository, mlir_appears_in_the_compiler_half_only) {
  std::vector<std::string> offences;
  for (const Include& include : all_includes()) {
    const bool compiler_half =
        include.file.starts_with("nn/") || include.file.starts_with("pass/") || include.file.starts_with("tool/");
    const bool mlir = include.included.starts_with("mlir/") || include.included.starts_with("llvm/");
    if (mlir && !compiler_half) offences.push_back(include.file + " includes " + include.included);
  }
  EXPECT_THAT(offences, testing::IsEmpty());
}

// A file that has outgrown this holds more than one thing.
TEST(repository, no_source_is_longer_than_600_lines) {
  constexpr int kMostLines = 600;
  std::vector<std::string> offences;
  for (const char* folder : {"src", "tests", "bench"})
    for (const auto& entry : fs::recursive_directory_iterator(bmnet::test::source_file(folder))) {
      if (!entry.is_regular_file() || !is_code(entry.path())) continue;
      std::ifstream stream(entry.path());
      const auto lines = std::count(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>(), '\n');
      const std::string name = entry.path().filename();
      if (lines > kMostLines) offences.push_back(fmt::format("{}: {} lines", name, lines));
    }
  EXPECT_THAT(offences, testing::IsEmpty());
}

TEST(repository, every_header_has_an_include_guard_and_a_leading_comment) {
  std::vector<std::string> offences;
  for (const auto& entry : fs::recursive_directory_iterator(kSource)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".h") continue;
    std::ifstream stream(entry.path());
    const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    // A body that is included several times on purpose says so by its name and has no guard.
    const bool guarded = text.find("#pragma once") != std::string::npos || text.find("#ifndef ") != std::string::npos ||
                         entry.path().stem().string().ends_with("_body");
    if (!guarded || !(text.starts_with("//") || text.starts_with("/*"))) offences.push_back(entry.path().filename());
  }
  EXPECT_THAT(offences, testing::IsEmpty());
}

}  // namespace
