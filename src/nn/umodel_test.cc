#include "nn/umodel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "nn/graph_builder.h"

namespace bmnet::nn {
namespace {

using testing::HasSubstr;

const std::filesystem::path kFile = std::filesystem::path(testing::TempDir()) / "umodel_test.fp32umodel";

// y = relu(x * w) with weights that are not printed in line.
Model small_model() {
  GraphBuilder builder("small");
  const auto x = builder.input("x", {DType::kF32, {100}});
  const auto w = builder.constant("w", Tensor::of<float>({100}, std::vector<float>(100, 0.5f)));
  const auto product = builder.create1("binary", "product", {{"kind", std::string("mul")}}, {x, w}, "product");
  const auto y = builder.create1("unary", "relu", {{"kind", std::string("relu")}}, {*product}, "y");
  EXPECT_TRUE(builder.output("y", *y));
  return *builder.finish();
}

std::string saved() {
  EXPECT_TRUE(small_model().save(kFile));
  return *read_text(kFile);
}

std::string refusal(const std::string& content) {
  EXPECT_TRUE(write_file_atomically(kFile, content));
  const auto model = Model::load(kFile);
  return model ? "it is not refused" : model.error().message;
}

TEST(umodel, weights_stay_in_the_mapped_file_after_the_file_is_closed) {
  saved();
  auto loaded = Model::load(kFile);
  ASSERT_TRUE(loaded) << loaded.error().message;
  const op::Graph graph = *loaded->to_graph();
  loaded = user_error("gone");
  for (const op::Value& value : graph.values)
    if (value.constant) EXPECT_EQ(value.constant->data<float>()[99], 0.5f);
}

TEST(umodel, weights_are_aligned) {
  const std::string file = saved();
  EXPECT_EQ(as_bytes(file).size() - umodel_bytecode(as_bytes(file))->size(), 64u);
}

TEST(umodel, every_truncation_is_refused) {
  const std::string file = saved();
  for (size_t length = 0; length < file.size(); ++length) {
    const auto bytecode = umodel_bytecode(as_bytes(file).first(length));
    ASSERT_FALSE(bytecode) << length;
  }
  EXPECT_THAT(refusal(file.substr(0, file.size() - 1)), HasSubstr("cut off"));
  EXPECT_THAT(refusal(file.substr(0, 20)), HasSubstr("cut off: 20 bytes, the header alone has 64"));
}

TEST(umodel, every_changed_byte_is_refused) {
  const std::string file = saved();
  for (size_t i = 0; i < file.size(); ++i)
    for (const char bit : {1, 128}) {
      std::string damaged = file;
      damaged[i] = static_cast<char>(damaged[i] ^ bit);
      ASSERT_FALSE(umodel_bytecode(as_bytes(damaged))) << i;
    }
  std::string damaged = file;
  damaged[100] = static_cast<char>(damaged[100] ^ 4);
  EXPECT_THAT(refusal(damaged), HasSubstr("damaged: the SHA-256"));
}

TEST(umodel, more_bytes_than_stated_are_refused) { EXPECT_THAT(refusal(saved() + "x"), HasSubstr("are stated")); }

TEST(umodel, other_kinds_of_files_are_refused) {
  EXPECT_THAT(refusal(""), HasSubstr("not a UModel"));
  EXPECT_THAT(refusal("hello"), HasSubstr("not a UModel: it does not begin with BMUMODEL"));
  EXPECT_THAT(refusal(std::string("ML\xEFR", 4)), HasSubstr("not a UModel"));
  EXPECT_THAT(refusal("\x08\x07\x12\x05onnx"), HasSubstr("not a UModel"));
  EXPECT_THAT(Model::load("/no/such/file").error().message, HasSubstr("No such file"));
  EXPECT_FALSE(Model::load(testing::TempDir()));
}

TEST(umodel, another_version_is_refused) {
  std::string file = saved();
  file[8] = 2;
  EXPECT_THAT(refusal(file), HasSubstr("UModel version 2 (header of 64 bytes) is not known, only version 1"));
}

// A header that is right over content that is none.
std::string with_header(const std::string& bytecode) {
  const auto header = umodel_header(as_bytes(bytecode));
  return std::string(header.begin(), header.end()) + bytecode;
}

TEST(umodel, a_right_checksum_over_other_content_is_refused) {
  EXPECT_THAT(refusal(with_header("")), HasSubstr("its content is not MLIR bytecode"));
  EXPECT_THAT(refusal(with_header("module {}")), HasSubstr("its content is not MLIR bytecode"));
  EXPECT_THAT(refusal(with_header(std::string("ML\xEFR\x06", 5))), HasSubstr("not a readable UModel"));
}

TEST(umodel, a_right_checksum_over_cut_bytecode_is_refused) {
  const std::string file = saved();
  for (size_t length = kUModelHeaderBytes; length < file.size(); length += 7)
    ASSERT_NE(refusal(with_header(file.substr(kUModelHeaderBytes, length - kUModelHeaderBytes))), "it is not refused");
}

}  // namespace
}  // namespace bmnet::nn
