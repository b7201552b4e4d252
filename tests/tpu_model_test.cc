// The program tpu_model as its users see it: texts, files, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "bmodel/reader.h"
#include "bmodel/testing.h"
#include "bmodel/writer.h"
#include "program.h"

namespace bmnet::bmodel {
namespace {

namespace fs = std::filesystem;
using bmnet::test::Outcome;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class tpu_model : public bmnet::test::ProgramTest {
 protected:
  tpu_model() {
    EXPECT_TRUE(write_file(folder_ / "a.bmodel", test::copy_model("a")));
    EXPECT_TRUE(write_file(folder_ / "b.bmodel", test::copy_model("b")));
  }
  Outcome run(const std::string& arguments) const { return ProgramTest::run("tpu_model " + arguments); }
};

TEST_F(tpu_model, shows_info) {
  const Outcome outcome = run("--info a.bmodel");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.text, HasSubstr("net 0: [a]  static\n"));
}

TEST_F(tpu_model, has_its_older_name_too) { EXPECT_EQ(ProgramTest::run("bm_model.bin --info a.bmodel").exit_code, 0); }

TEST_F(tpu_model, prints_json) { EXPECT_THAT(run("--print a.bmodel").text, StartsWith("{\n  \"type\": \"B\",\n")); }

TEST_F(tpu_model, combines) {
  const Outcome outcome = run("--combine a.bmodel b.bmodel -o c.bmodel");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.text, "Success: combined to [c.bmodel].\n");
  EXPECT_EQ(read_file(folder_ / "c.bmodel")->nets.size(), 2u);
}

TEST_F(tpu_model, combines_to_a_default_name) {
  EXPECT_EQ(run("--combine a.bmodel b.bmodel").text, "Success: combined to [bm_combined.bmodel].\n");
}

TEST_F(tpu_model, extracts_into_the_current_folder) {
  const Outcome outcome = run("--extract a.bmodel");
  EXPECT_EQ(outcome.text, "Generate file [bm_net0_stage0.bmodel] ......\nSuccess: all files have been generated!\n");
  EXPECT_EQ(*read_file(folder_ / "bm_net0_stage0.bmodel"), test::copy_model("a"));
}

TEST_F(tpu_model, dumps_bytes) {
  EXPECT_EQ(run("--dump a.bmodel 0x40 16 out").text, "save file[out] success\n");
  EXPECT_EQ(fs::file_size(folder_ / "out"), 16u);
}

TEST_F(tpu_model, an_error_is_one_line_and_exit_code_255) {
  const Outcome outcome = run("--info none.bmodel");
  EXPECT_EQ(outcome.exit_code, 255);
  EXPECT_THAT(outcome.text,
              MatchesRegex("\\[info:[0-9]+\\] Error : none.bmodel: cannot open: No such file or directory\n"));
}

TEST_F(tpu_model, refuses_an_unknown_command) {
  const Outcome outcome = run("--shuffle a.bmodel");
  EXPECT_EQ(outcome.exit_code, 255);
  EXPECT_THAT(outcome.text, HasSubstr("unknown command '--shuffle'"));
}

TEST_F(tpu_model, refuses_a_missing_argument) {
  EXPECT_THAT(run("--dump a.bmodel 0").text, HasSubstr("parameters are not correct: 4 wanted, 2 given"));
}

TEST_F(tpu_model, refuses_a_number_that_is_none) {
  EXPECT_THAT(run("--dump a.bmodel 0 1x out").text, HasSubstr("'1x' is not a number"));
}

TEST_F(tpu_model, refuses_an_output_option_without_name) {
  EXPECT_THAT(run("--combine a.bmodel -o").text, HasSubstr("there is no output filename"));
}

}  // namespace
}  // namespace bmnet::bmodel
