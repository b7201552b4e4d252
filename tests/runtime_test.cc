// The programs of the runtime as a user calls them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/testing.h"
#include "bmodel/testing.h"
#include "bmodel/writer.h"
#include "program.h"

namespace bmnet {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using testing::AllOf;
using testing::HasSubstr;

class runtime_programs : public test::ProgramTest {
 protected:
  runtime_programs() {
    EXPECT_TRUE(bmodel::write_file(folder_ / "compilation.bmodel", bmodel::test::copy_model()));
    std::vector<uint8_t> data(2048);
    for (size_t i = 0; i < data.size(); i += 4) data[i + 3] = 0x40;  // 2.0f
    for (const char* name : {"input_ref_data.dat", "output_ref_data.dat"})
      EXPECT_TRUE(write_file_atomically(folder_ / name, Bytes(data)));
  }
};

TEST_F(runtime_programs, bmrt_test_compares_a_context_folder) {
  const Outcome outcome = run("bmrt_test --context_dir .");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_THAT(
      outcome.text,
      AllOf(HasSubstr("INFO:Loading bmodel from [./compilation.bmodel]. Thanks for your patience..."),
            HasSubstr("INFO:Bmodel loaded, version 2.2"), HasSubstr("INFO:pre net num: 0, load net num: 1"),
            HasSubstr("NetName: copy, Index=0, CoreNum=1"),
            HasSubstr("Input 0) 'x' shape=[ 1 4 8 16 ] dtype=FLOAT32 scale=1 zero_point=0 device_id=0"),
            HasSubstr("INFO:==> running network #0, name: copy, loop: 0"),
            HasSubstr("INFO:reading input #0, bytesize=2048"),
            HasSubstr("INFO:net[copy] stage[0], launch total time is "),
            HasSubstr("INFO:+++ The network[copy] stage[0] output_data +++"),
            HasSubstr("INFO:==>comparing output in mem #0 ... "),
            HasSubstr("INFO:+++ The network[copy] stage[0] cmp success +++"), HasSubstr("INFO:calculate  time(s): ")));
}

TEST_F(runtime_programs, bmrt_test_fails_when_an_output_differs) {
  ASSERT_TRUE(write_file_atomically(folder_ / "other.dat", std::string(2048, '\0')));
  const Outcome outcome = run("bmrt_test --context_dir . --output_ref other.dat");
  EXPECT_EQ(outcome.exit_code, 255);
  EXPECT_THAT(outcome.text, AllOf(HasSubstr("output #0 'y': element 0: 2 instead of 0"), HasSubstr("cmp failed")));
  EXPECT_EQ(run("bmrt_test --context_dir . --output_ref other.dat --compare 0").exit_code, 0);
  EXPECT_EQ(run("bmrt_test --context_dir . --output_ref other.dat --accuracy_f 2").exit_code, 0);
}

TEST_F(runtime_programs, bmrt_test_repeats_in_loops_launches_and_threads) {
  const Outcome outcome =
      run("bmrt_test --context_dir . --loopnum 2 --calculate_times 3 --thread_num 2 --check_races --profile");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_THAT(outcome.text, AllOf(HasSubstr("loop: 1"), HasSubstr("GDMA: 1 commands")));
}

TEST_F(runtime_programs, bmrt_test_runs_a_list_and_appended_folders) {
  ASSERT_TRUE(write_file_atomically(folder_ / "list", std::string_view("# two times the same\n . \n\n.#again\n")));
  EXPECT_EQ(run("bmrt_test --bmodel_list list").exit_code, 0);
  EXPECT_EQ(run("bmrt_test --context_dir . --append_dir .").exit_code, 0);
}

TEST_F(runtime_programs, bmrt_test_runs_a_file_on_zeros_and_exports) {
  EXPECT_EQ(run("bmrt_test --bmodel compilation.bmodel --export_output --export_neuron --debug_output").exit_code, 0);
  EXPECT_EQ(fs::file_size(folder_ / "output.dat"), 2048);
  EXPECT_EQ(fs::file_size(folder_ / "neuron.dat"), 0x2000);
  EXPECT_THAT(read_text(folder_ / "output_0.txt").value(), testing::StartsWith("0\n0\n"));
}

TEST_F(runtime_programs, bmrt_test_exports_all_nets_of_a_file_beside_it) {
  bmodel::Model model = bmodel::test::copy_model();
  model.nets.push_back(model.nets[0]);
  model.nets[1].name = "again";
  fs::create_directory(folder_ / "two");
  ASSERT_TRUE(bmodel::write_file(folder_ / "two/compilation.bmodel", model));
  const std::string values = read_text(folder_ / "input_ref_data.dat").value();
  ASSERT_TRUE(write_file_atomically(folder_ / "two/input_ref_data.dat", values + std::string(2048, 'x')));
  EXPECT_EQ(run("bmrt_test --context_dir two --export_output --compare 0").exit_code, 0);
  EXPECT_EQ(read_text(folder_ / "two/output.dat").value(), values + std::string(2048, 'x'));
}

TEST_F(runtime_programs, bmrt_test_saves_tensors_on_demand) {
  setenv("BMRT_SAVE_IO_TENSORS", "1", 1);
  EXPECT_EQ(run("bmrt_test --context_dir .").exit_code, 0);
  unsetenv("BMRT_SAVE_IO_TENSORS");
  EXPECT_EQ(read_text(folder_ / "output_ref_data.dat.bmrt").value(),
            read_text(folder_ / "output_ref_data.dat").value());
}

TEST_F(runtime_programs, bmrt_test_refuses_nonsense) {
  EXPECT_EQ(run("bmrt_test").exit_code, 255);
  EXPECT_EQ(run("bmrt_test --no_such_option").exit_code, 255);
  EXPECT_EQ(run("bmrt_test --loopnum x").exit_code, 255);
  EXPECT_EQ(run("bmrt_test --context_dir").exit_code, 255);
  EXPECT_EQ(run("bmrt_test --context_dir missing").exit_code, 255);
  EXPECT_EQ(run("bmrt_test --devid 3 --context_dir .").exit_code, 255);
  EXPECT_THAT(run("bmrt_test --output_shapes [1] --context_dir .").text, HasSubstr("dynamic nets"));
  ASSERT_TRUE(write_file_atomically(folder_ / "input_ref_data.dat", std::string_view("short")));
  EXPECT_THAT(run("bmrt_test --context_dir .").text, HasSubstr("holds 5 bytes; 2048 more are needed"));
}

TEST_F(runtime_programs, bmrt_test_explains_itself) {
  EXPECT_THAT(run("bmrt_test --help").text, HasSubstr("--accuracy_f X"));
  EXPECT_EQ(run("bmrt_test --version").exit_code, 0);
}

TEST_F(runtime_programs, the_c_example_runs_a_bmodel) {
  const Outcome outcome = run("run_bmodel compilation.bmodel input_ref_data.dat -- y.dat");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_EQ(read_text(folder_ / "y.dat").value(), read_text(folder_ / "output_ref_data.dat").value());
  EXPECT_EQ(run("run_bmodel compilation.bmodel -- y.dat").exit_code, 1);
}

TEST_F(runtime_programs, cut_files_end_in_a_message) {
  const std::string whole = read_text(folder_ / "compilation.bmodel").value();
  for (size_t length = 0; length < whole.size(); length += 97) {
    ASSERT_TRUE(write_file_atomically(folder_ / "cut.bmodel", std::string_view(whole).substr(0, length)));
    const Outcome outcome = run("bmrt_test --bmodel cut.bmodel");
    EXPECT_EQ(outcome.exit_code, 255) << length;
    EXPECT_THAT(outcome.text, HasSubstr("cut.bmodel")) << length;
  }
}

}  // namespace
}  // namespace bmnet
