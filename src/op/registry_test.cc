#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "base/testing.h"
#include "op/testing.h"

namespace bmnet::op {
namespace {

std::set<std::string> mnemonics_of_the_dialect() {
  std::set<std::string> names;
  const std::regex row("Nn_Op<\"([a-z0-9_]+)\"");
  for (const auto& entry : std::filesystem::directory_iterator(bmnet::test::source_file("src/nn"))) {
    if (entry.path().extension() != ".td") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (std::sregex_iterator it(text.begin(), text.end(), row), end; it != end; ++it) names.insert((*it)[1]);
  }
  return names;
}

TEST(registry, is_the_nn_dialect) {
  std::set<std::string> defined;
  for (const OpSpec& spec : registry()) defined.emplace(spec.name);
  EXPECT_EQ(defined, mnemonics_of_the_dialect());
}

TEST(registry, is_sorted_and_complete) {
  std::string_view previous;
  for (const OpSpec& spec : registry()) {
    EXPECT_LT(previous, spec.name);
    EXPECT_NE(spec.infer, nullptr) << spec.name;
    EXPECT_NE(spec.reference, nullptr) << spec.name;
    EXPECT_EQ(find(spec.name), &spec);
    previous = spec.name;
  }
}

TEST(registry, find_of_an_unknown_name_is_null) {
  EXPECT_EQ(find("convolution"), nullptr);
  EXPECT_EQ(find(""), nullptr);
  EXPECT_EQ(find("zzz"), nullptr);
}

TEST(registry, infer_survives_no_operands_and_no_attributes) {
  for (const OpSpec& spec : registry()) EXPECT_FALSE(spec.infer({}, {})) << spec.name;
}

TEST(evaluate, an_unknown_operator_is_a_bug) {
  EXPECT_EQ(evaluate("convolution", {}, {}).error().kind, ErrorKind::kBug);
}

}  // namespace
}  // namespace bmnet::op
