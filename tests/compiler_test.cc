// The compilers as their users see them: files, texts, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/testing.h"
#include "program.h"

namespace bmnet {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

std::string content(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class compiler : public test::ProgramTest {
 protected:
  compiler() {
    for (const char* file :
         {"shapes.onnx", "shapes.prototxt", "shapes.caffemodel", "labels.txt", "pictures/star_1.png"})
      fs::copy_file(test::source_file(std::string("examples/demo/") + file), folder_ / fs::path(file).filename());
  }
};

TEST_F(compiler, writes_what_the_original_writes) {
  const Outcome outcome = run("bmneto --model=shapes.onnx --outdir=out");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("Store bmodel of BMCompiler."));
  EXPECT_EQ(fs::file_size(folder_ / "out/input_ref_data.dat"), 3 * 64 * 64 * sizeof(float));
  EXPECT_EQ(fs::file_size(folder_ / "out/output_ref_data.dat"), 8 * sizeof(float));
  EXPECT_TRUE(fs::exists(folder_ / "out/compilation.bmodel"));
}

TEST_F(compiler, what_it_writes_passes_bmrt_test) {
  run("bmnetc -model shapes.prototxt -weight shapes.caffemodel -outdir out");
  const Outcome outcome = run("bmrt_test --context_dir out");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("cmp success"));
}

TEST_F(compiler, the_default_folder_is_compilation) {
  run("bmneto --model shapes.onnx --cmp=false");
  EXPECT_TRUE(fs::exists(folder_ / "compilation/compilation.bmodel"));
  EXPECT_FALSE(fs::exists(folder_ / "compilation/input_ref_data.dat"));
}

TEST_F(compiler, gives_the_same_bytes_in_any_folder_with_any_number_of_threads) {
  run("BMNET_THREADS=1 bmneto --model=shapes.onnx --outdir=a");
  run("mkdir deep && cp shapes.onnx deep && cd deep && BMNET_THREADS=2 bmneto --model=shapes.onnx --outdir=b");
  EXPECT_EQ(content(folder_ / "a/compilation.bmodel"), content(folder_ / "deep/b/compilation.bmodel"));
  EXPECT_EQ(content(folder_ / "a/output_ref_data.dat"), content(folder_ / "deep/b/output_ref_data.dat"));
}

// Called by name, through PATH, a program finds what was built beside it: the fast kernels, whose last bits differ from
// those of the reference kernels.
TEST_F(compiler, gives_the_same_bytes_however_it_is_called) {
  run("bmneto --model=shapes.onnx --outdir=by_name");
  run(std::string(BMNET_BIN_DIR) + "/bmneto --model=shapes.onnx --outdir=by_path");
  EXPECT_EQ(content(folder_ / "by_name/output_ref_data.dat"), content(folder_ / "by_path/output_ref_data.dat"));
}

TEST_F(compiler, recognises_formats_by_content) {
  run("cp shapes.onnx model.bin");
  EXPECT_EQ(run("bmnet compile model.bin --outdir=out").exit_code, 0);
}

TEST_F(compiler, compiles_for_the_batch_that_the_shapes_say) {
  EXPECT_EQ(run("bmneto --model=shapes.onnx --shapes=[3,3,64,64] --outdir=out").exit_code, 0);
  EXPECT_THAT(run("tpu_model --info out/compilation.bmodel").text, HasSubstr("[3, 3, 64, 64]"));
}

TEST_F(compiler, cuts_the_network_at_a_named_value) {
  EXPECT_EQ(
      run("bmnetc --model=shapes.prototxt --weight=shapes.caffemodel --output_names=score --outdir=out").exit_code, 0);
  EXPECT_THAT(run("tpu_model --info out/compilation.bmodel").text, HasSubstr("output: score"));
}

TEST_F(compiler, saves_a_umodel) {
  EXPECT_EQ(run("bmneto --model=shapes.onnx --mode=GenUmodel --outdir=out").exit_code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "out/shapes_bmneto.fp32umodel"));
}

TEST_F(compiler, classifies_a_picture) {
  run("bmneto --model=shapes.onnx --outdir=out");
  const Outcome outcome = run("bmnet run out/compilation.bmodel --image star_1.png --rgb --labels labels.txt --top 1");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.text, testing::ContainsRegex("%  star\n"));
}

TEST_F(compiler, its_stream_has_no_races) {
  run("bmneto --model=shapes.onnx --outdir=out");
  const Outcome outcome = run("bmnet run --context_dir out --check");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_THAT(outcome.text, Not(HasSubstr("race:")));
}

TEST_F(compiler, profiles_every_layer) {
  run("bmneto --model=shapes.onnx --outdir=out");
  const auto json = nlohmann::json::parse(run("bmnet profile out/compilation.bmodel --json").text);
  const auto& stage = json.at("stages").at(0);
  uint64_t tiu = 0, gdma = 0;
  for (const auto& layer : stage.at("layers"))
    tiu += layer.at("tiu_cycles").get<uint64_t>(), gdma += layer.at("gdma_cycles").get<uint64_t>();
  EXPECT_EQ(tiu, stage.at("tiu_cycles"));
  EXPECT_EQ(gdma, stage.at("gdma_cycles"));
  EXPECT_GE(stage.at("total_cycles").get<uint64_t>(), std::max(tiu, gdma));
}

TEST_F(compiler, the_profile_equals_what_the_simulator_counts) {
  run("bmneto --model=shapes.onnx --outdir=out");
  const auto json = nlohmann::json::parse(run("bmnet profile out/compilation.bmodel --json").text);
  const std::string total = std::to_string(json.at("stages").at(0).at("total_cycles").get<uint64_t>());
  EXPECT_THAT(run("bmnet run --context_dir out").text, HasSubstr("cycles " + total + " "));
}

TEST_F(compiler, compares_every_layer) {
  const Outcome outcome = run("bmnet compare shapes.onnx");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
}

TEST_F(compiler, the_doctor_tells_what_runs_where) {
  const Outcome outcome = run("bmnet doctor shapes.onnx");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.text, HasSubstr("can be compiled"));
  EXPECT_THAT(outcome.text, HasSubstr("parameters "));
}

TEST_F(compiler, disassembles) {
  run("bmneto --model=shapes.onnx --outdir=out --cmp=false");
  EXPECT_THAT(run("bmnet disasm out/compilation.bmodel").text, HasSubstr("tiu.conv"));
}

TEST_F(compiler, lists_the_operators_of_a_front_end) {
  EXPECT_THAT(run("bmneto --list_ops").text, HasSubstr("ConvTranspose"));
}

TEST_F(compiler, help_has_an_example) {
  const Outcome outcome = run("bmneto --help");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.text, HasSubstr("bmneto --model=net.onnx"));
}

TEST_F(compiler, refuses_a_missing_file) {
  const Outcome outcome = run("bmneto --model=none.onnx");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("bmneto: error: none.onnx: no such file\n"));
}

TEST_F(compiler, a_wrong_flag_is_a_usage_error) {
  const Outcome outcome = run("bmneto --modle=shapes.onnx");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.text, "bmneto: error: unknown flag '--modle'; did you mean '--model'?\n");
}

TEST_F(compiler, a_tolerance_that_is_no_number_is_a_usage_error) {
  const Outcome outcome = run("bmnet compare shapes.onnx --atol=few");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.text,
            "bmnet compare: error: --atol=few: a number that is not negative is expected, such as 1e-4\n");
}

TEST_F(compiler, refuses_a_file_of_no_known_format) {
  const Outcome outcome = run("bmnet compile labels.txt");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("labels.txt: not recognised as a model; known formats: "));
}

TEST_F(compiler, says_what_is_missing_when_no_model_is_named) {
  EXPECT_THAT(run("bmnet compile").text, HasSubstr("error: no model given: name its file"));
  EXPECT_THAT(run("bmnet compile .").text, HasSubstr("error: .: the folder is not a model of several files"));
}

TEST_F(compiler, guesses_what_a_mistyped_command_meant) {
  const Outcome outcome = run("bmnet compil shapes.onnx");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.text, "bmnet: error: unknown command 'compil'; did you mean 'compile'?\n");
  EXPECT_THAT(run("bmnet zzz").text, HasSubstr("`bmnet --help` lists all"));
}

TEST_F(compiler, refuses_a_model_of_another_format_and_writes_nothing) {
  const Outcome outcome = run("bmneto --model=shapes.prototxt --outdir=out");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("error: shapes.prototxt"));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST_F(compiler, refuses_shapes_that_do_not_fit) {
  const Outcome outcome = run("bmneto --model=shapes.onnx --shapes=[1,4,64,64] --outdir=out");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("error: "));
}

TEST_F(compiler, refuses_dynamic_networks_with_the_way_out) {
  EXPECT_THAT(run("bmneto --model=shapes.onnx --dyn=true").text, HasSubstr("tpu_model --combine"));
}

// A full disk: what was there stays, and the message says what happened.
TEST_F(compiler, a_folder_that_cannot_be_written_is_an_error) {
  const Outcome outcome = run("touch out && bmneto --model=shapes.onnx --outdir=out/below");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("out/below: cannot make the output folder"));
}

// Every cut of a model file gives one message and no output.
TEST_F(compiler, refuses_cut_files_with_one_message) {
  const std::string whole = content(folder_ / "shapes.onnx");
  for (size_t part = 0; part < 16; ++part) {
    std::ofstream(folder_ / "cut.onnx", std::ios::binary) << whole.substr(0, whole.size() * part / 16);
    const Outcome outcome = run("bmneto --model=cut.onnx --outdir=cut 2>&1 | grep -v '^[a-z]*ing$'");
    EXPECT_THAT(outcome.text, MatchesRegex("bmneto: error: cut.onnx[^\n]*\n")) << part;
    EXPECT_FALSE(fs::exists(folder_ / "cut/compilation.bmodel"));
  }
}

}  // namespace
}  // namespace bmnet
