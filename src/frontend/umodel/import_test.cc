#include "frontend/umodel/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/file.h"
#include "nn/graph_builder.h"
#include "nn/umodel.h"

namespace bmnet::frontend {
namespace {

using testing::HasSubstr;

std::filesystem::path saved() {
  const auto path = std::filesystem::path(testing::TempDir()) / "import_umodel.fp32umodel";
  nn::GraphBuilder builder("small");
  const auto x = builder.input("x", {DType::kF32, {2, 3}});
  const auto y = builder.create1("unary", "relu", {{"kind", std::string("relu")}}, {x}, "y");
  EXPECT_TRUE(builder.output("y", *y));
  EXPECT_TRUE(builder.finish()->save(path));
  return path;
}

std::string refusal(const ImportOptions& options) {
  const auto model = import_umodel(saved(), options);
  return model ? "it is not refused" : model.error().message;
}

TEST(umodel_import, keeps_the_stored_name_or_takes_the_given_one) {
  EXPECT_EQ(import_umodel(saved())->name(), "small");
  EXPECT_EQ(import_umodel(saved(), {.net_name = "other"})->name(), "other");
}

TEST(umodel_import, options_that_state_what_is_stored_are_fine) {
  EXPECT_TRUE(
      import_umodel(saved(), {.input_names = {"x"}, .output_names = {"y"}, .shapes = {{"", {2, 3}}}, .batch = 2}));
}

TEST(umodel_import, refuses_options_that_ask_for_another_network) {
  EXPECT_THAT(refusal({.shapes = {{"", {4, 3}}}}),
              HasSubstr("input 'x' of the UModel has shape [2,3], not [4,3]; state "));
  EXPECT_THAT(refusal({.shapes = {{"z", {4, 3}}}}), HasSubstr("'z', which is no input of the network"));
  EXPECT_THAT(refusal({.shapes = {{"", {2, 3}}, {"", {2}}}}), HasSubstr("2 shapes are given for 1 inputs"));
  EXPECT_THAT(refusal({.batch = 8}), HasSubstr("not a batch of 8"));
  EXPECT_THAT(refusal({.output_names = {"z"}}), HasSubstr("--output_names: the UModel has y"));
  EXPECT_THAT(refusal({.input_names = {"z"}}), HasSubstr("--input_names: the UModel has x"));
}

// Changed bytecode under a checksum that is right again: some of these files crash MLIR's reader.
TEST(umodel_import, survives_files_made_to_harm) {
  const std::string whole = *read_text(saved());
  const auto path = std::filesystem::path(testing::TempDir()) / "hostile.fp32umodel";
  size_t refused = 0;
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    std::string bytecode = whole.substr(nn::kUModelHeaderBytes);
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
      const size_t place = random() % bytecode.size();
      bytecode[place] = static_cast<char>(random());
    }
    const auto header = nn::umodel_header(as_bytes(bytecode));
    ASSERT_TRUE(write_file_atomically(path, std::string(header.begin(), header.end()) + bytecode));
    refused += !import_umodel(path);
  }
  EXPECT_GT(refused, 15u);
}

TEST(umodel_import, knows_its_files) {
  EXPECT_TRUE(is_umodel(saved()));
  const auto other = std::filesystem::path(testing::TempDir()) / "other";
  ASSERT_TRUE(write_file_atomically(other, std::string_view("ML")));
  EXPECT_FALSE(is_umodel(other));
  EXPECT_FALSE(is_umodel("/no/such/file"));
  EXPECT_FALSE(is_umodel(testing::TempDir()));
}

TEST(umodel_import, lists_the_operators_of_the_dialect) { EXPECT_GT(list_umodel_ops().size(), 30u); }

}  // namespace
}  // namespace bmnet::frontend
