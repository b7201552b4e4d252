#include "tool/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bmnet::tool {
namespace {

using testing::ElementsAre;

Result<CompileFlags> parse(const std::vector<std::string>& arguments) {
  return parse_compile_flags({"bmneto", "", ""}, arguments);
}

TEST(flags, accepts_one_dash_and_a_blank) { EXPECT_EQ(parse({"-model", "a.onnx"})->model, "a.onnx"); }

TEST(flags, accepts_two_dashes_and_an_equals_sign) { EXPECT_EQ(parse({"--model=a.onnx"})->model, "a.onnx"); }

TEST(flags, a_bare_name_is_the_model) { EXPECT_EQ(parse({"a.onnx"})->model, "a.onnx"); }

TEST(flags, the_later_one_wins) { EXPECT_EQ(parse({"--outdir=a", "--outdir=b"})->outdir, "b"); }

TEST(flags, booleans_in_all_spellings) {
  EXPECT_EQ(parse({"-cmp=1"})->cmp, CompareMode::kOn);
  EXPECT_EQ(parse({"--cmp", "False"})->cmp, CompareMode::kOff);
  EXPECT_EQ(parse({"--cmp"})->cmp, CompareMode::kOn);
  EXPECT_EQ(parse({"--cmp=warn"})->cmp, CompareMode::kWarn);
}

TEST(flags, a_bare_boolean_is_true) { EXPECT_TRUE(parse({"--list_ops"})->list_ops); }

TEST(flags, a_bare_boolean_leaves_the_model_alone) { EXPECT_EQ(parse({"--dump_ref", "a.onnx"})->model, "a.onnx"); }

TEST(flags, aliases) { EXPECT_EQ(parse({"--weights=w", "--input_shapes=[1]"})->shapes, "[1]"); }

TEST(flags, shapes_with_brackets_and_blanks_stay_whole) {
  EXPECT_EQ(parse({"--shapes", "[[1, 3, 4, 4], [1, 2]]"})->shapes, "[[1, 3, 4, 4], [1, 2]]");
}

TEST(flags, defaults_are_the_documented_ones) {
  const CompileFlags flags = *parse({"a.onnx"});
  EXPECT_EQ(flags.outdir, "compilation");
  EXPECT_EQ(flags.target, "BM1684");
  EXPECT_EQ(flags.opt, 2);
}

TEST(flags, an_unknown_one_names_the_nearest) {
  EXPECT_EQ(parse({"--shape=[1]"}).error().message, "unknown flag '--shape'; did you mean '--shapes'?");
}

TEST(flags, refuses_another_chip) {
  EXPECT_EQ(parse({"--target=BM1684X"}).error().message,
            "--target BM1684X is not supported: this compiler makes BModels for BM1684");
}

TEST(flags, refuses_a_boolean_that_is_none) {
  EXPECT_EQ(parse({"--dyn=perhaps"}).error().message, "--dyn takes true or false, not 'perhaps'");
}

TEST(flags, names_are_split_at_commas_only) {
  EXPECT_THAT(parse_names("'< 24 >14,< 24 >51'"), ElementsAre("< 24 >14", "< 24 >51"));
  EXPECT_THAT(parse_names("[a, b]"), ElementsAre("a", "b"));
}

TEST(flags, descs_give_type_and_range) {
  const auto rows = *parse_descs("[0,int64,0,128]");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].dtype, "int64");
  EXPECT_EQ(rows[0].high, 128);
}

TEST(flags, descs_of_two_inputs) { EXPECT_EQ(parse_descs("[[0,fp32,-1,1],[2,uint8,0,255]]")->at(1).index, 2); }

TEST(flags, refuses_descs_without_a_range) {
  EXPECT_EQ(parse_descs("[0,int64]").error().message, "--descs '[0,int64]': every entry is [index,dtype,low,high)");
}

}  // namespace
}  // namespace bmnet::tool
