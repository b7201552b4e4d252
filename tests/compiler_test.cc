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

// The optimiser runs behind the UModel, so nothing is lost on the way.
TEST_F(compiler, a_umodel_compiles_to_the_same_bmodel) {
  run("bmneto --model=shapes.onnx --mode=GenUmodel --outdir=.");
  run("bmneto --model=shapes.onnx --outdir=direct");
  const Outcome outcome = run("bmnetu -model shapes_bmneto.fp32umodel -prec FP32 -max_n 1 -outdir out");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text;
  EXPECT_EQ(content(folder_ / "out/compilation.bmodel"), content(folder_ / "direct/compilation.bmodel"));
  EXPECT_EQ(run("bmnetu --weight=shapes_bmneto.fp32umodel --outdir=out --cmp=false").exit_code, 0);
  EXPECT_EQ(run("bmnet compile shapes_bmneto.fp32umodel --outdir=out --cmp=false").exit_code, 0);
}

TEST_F(compiler, refuses_damaged_umodels_in_words) {
  run("bmneto --model=shapes.onnx --mode=GenUmodel --outdir=. && mv shapes_bmneto.fp32umodel whole");
  const std::string whole = content(folder_ / "whole");
  for (size_t i = 1; i < 8; ++i) {
    std::string damaged = whole.substr(0, whole.size() * i / 8);
    std::ofstream(folder_ / "damaged.fp32umodel", std::ios::binary) << damaged;
    EXPECT_THAT(run("bmnetu --model=damaged.fp32umodel 2>&1 | tail -1").text,
                MatchesRegex("bmnetu: error: damaged.fp32umodel: cut off[^\n]*\n"));
    damaged = whole;
    damaged[whole.size() * i / 8] ^= 16;
    std::ofstream(folder_ / "damaged.fp32umodel", std::ios::binary) << damaged;
    EXPECT_THAT(run("bmnetu --model=damaged.fp32umodel 2>&1 | tail -1").text,
                MatchesRegex("bmnetu: error: damaged.fp32umodel: damaged[^\n]*\n"));
  }
  EXPECT_THAT(run("bmnetu --model=shapes.onnx").text, HasSubstr("shapes.onnx: not a UModel"));
  EXPECT_THAT(run("bmnetu --model=shapes.prototxt --weight=whole").text, HasSubstr("a UModel is one file"));
  EXPECT_EQ(run("bmnetu --model=whole --prec=INT8").exit_code, 2);
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
  EXPECT_THAT(outcome.text, HasSubstr("transposes      0"));
  EXPECT_THAT(outcome.text, HasSubstr("device memory "));
}

TEST_F(compiler, the_doctor_speaks_json) {
  const auto json = nlohmann::json::parse(run("bmnet doctor shapes.onnx --json 2>/dev/null").text);
  EXPECT_EQ(json.at("compiles"), true);
  EXPECT_EQ(json.at("framework"), "ONNX");
  EXPECT_EQ(json.at("network").at("inputs").at(0).at("name"), "data");
  EXPECT_GT(json.at("network").at("macs"), 1000000);
  EXPECT_GT(json.at("network").at("cycles"), 10000);
}

// Two layer types that no table has, and a known one behind them.
constexpr const char* kBlocked = R"(name: "blocked"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "first" type: "Pooling" bottom: "data" top: "first" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "odd" type: "Frobnicate" bottom: "first" top: "odd" }
layer { name: "then" type: "ReLU" bottom: "odd" top: "then" }
layer { name: "odder" type: "Frobnicate" bottom: "then" top: "odder" }
layer { name: "oddest" type: "Defrost" bottom: "odder" top: "oddest" }
)";

TEST_F(compiler, the_doctor_names_every_blocker_and_looks_at_the_rest) {
  std::ofstream(folder_ / "blocked.prototxt") << kBlocked;
  const Outcome outcome = run("bmnet doctor blocked.prototxt");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("cannot be compiled"));
  EXPECT_THAT(outcome.text, HasSubstr("2 nodes: odd, odder\n"));
  EXPECT_THAT(outcome.text, HasSubstr("1 node: oddest\n"));
  EXPECT_THAT(outcome.text, HasSubstr("outputs (cut there with --output_names to compile it)\n  first  [1,3,4,4] f32"));
  EXPECT_THAT(outcome.text, testing::ContainsRegex("Frobnicate +0 +0 +2\n"));
  EXPECT_THAT(outcome.text, testing::ContainsRegex("pool +1 +0 +0\n"));
  EXPECT_EQ(run("bmnetc --model=blocked.prototxt --output_names=first --outdir=out").exit_code, 0);
  const auto json = nlohmann::json::parse(run("bmnet doctor blocked.prototxt --json 2>/dev/null").text);
  EXPECT_EQ(json.at("compiles"), false);
  ASSERT_EQ(json.at("blockers").size(), 3u);
  EXPECT_EQ(json.at("blockers").at(2).at("node"), "oddest");
}

TEST_F(compiler, a_compiler_names_every_blocker) {
  std::ofstream(folder_ / "blocked.prototxt") << kBlocked;
  const Outcome outcome = run("bmnetc --model=blocked.prototxt");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.text, HasSubstr("3 nodes cannot be compiled\n"));
  EXPECT_THAT(outcome.text, HasSubstr("(and 1 more node of operator Frobnicate)"));
  EXPECT_THAT(outcome.text, HasSubstr("layer 'oddest' (Defrost)"));
}

TEST_F(compiler, info_counts_the_operators_of_models_and_bmodels) {
  const Outcome model = run("bmnet info shapes.onnx");
  EXPECT_EQ(model.exit_code, 0) << model.text;
  EXPECT_THAT(model.text, testing::ContainsRegex("conv +9 +9\n"));
  EXPECT_THAT(model.text, HasSubstr("transposes remaining  0\n"));
  run("bmneto --model=shapes.onnx --outdir=out --cmp=false");
  const Outcome bmodel = run("bmnet info out/compilation.bmodel");
  EXPECT_EQ(bmodel.exit_code, 0) << bmodel.text;
  EXPECT_THAT(bmodel.text, testing::ContainsRegex("conv +9 +0\n"));
  EXPECT_THAT(bmodel.text, HasSubstr("transposes remaining  0\n"));
  EXPECT_EQ(run("bmnet info labels.txt").exit_code, 1);
}

// Every compiler takes every flag of the table; a wrong one is a usage error in each.
TEST_F(compiler, all_eight_have_the_same_flags) {
  for (const char* program : {"bmnetc", "bmnetd", "bmnetm", "bmneto", "bmnetp", "bmnett", "bmnetu", "bmpaddle"}) {
    const std::string help = run(std::string(program) + " --help").text;
    for (const char* flag : {"model",
                             "weight",
                             "shapes",
                             "input_names",
                             "output_names",
                             "descs",
                             "net_name",
                             "opt",
                             "dyn",
                             "outdir",
                             "target",
                             "cmp",
                             "mode",
                             "enable_profile",
                             "list_ops",
                             "show_args",
                             "v",
                             "log_dir",
                             "dump_ref",
                             "prec",
                             "max_n",
                             "use_wino",
                             "input_as_fp32",
                             "output_as_fp32",
                             "seed"})
      EXPECT_THAT(help, HasSubstr(std::string("--") + flag + " ")) << program;
    EXPECT_THAT(help, HasSubstr("Example")) << program;
    const std::string arguments = run(std::string(program) + " --show_args --list_ops").text;
    for (const char* value : {"target        BM1684\n", "opt           2\n", "outdir        compilation\n",
                              "mode          compile\n", "cmp           true\n", "prec          FP32\n"})
      EXPECT_THAT(arguments, HasSubstr(value)) << program;
    EXPECT_EQ(run(std::string(program) + " --shape=[1]").exit_code, 2) << program;
    EXPECT_EQ(run(std::string(program) + " --target=BM1684X --model=x").exit_code, 2) << program;
  }
}

TEST_F(compiler, every_command_has_help_with_an_example) {
  std::istringstream lines(run("bmnet --help").text);
  size_t commands = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("  ") || line.starts_with("  bmnet")) continue;
    const std::string name = line.substr(2, line.find(' ', 2) - 2);
    const Outcome help = run("bmnet " + name + " --help");
    EXPECT_EQ(help.exit_code, 0) << name;
    EXPECT_THAT(help.text, HasSubstr("Example")) << name;
    ++commands;
  }
  EXPECT_GE(commands, 14u);
}

TEST_F(compiler, disassembles) {
  run("bmneto --model=shapes.onnx --outdir=out --cmp=false");
  EXPECT_THAT(run("bmnet disasm out/compilation.bmodel").text, HasSubstr("tiu.conv"));
}

TEST_F(compiler, lists_the_operators_of_a_front_end) {
  EXPECT_THAT(run("bmneto --list_ops").text, HasSubstr("ConvTranspose"));
  EXPECT_EQ(run("bmneto --list_ops").text, run("bmnet list-ops bmneto").text);
  EXPECT_THAT(run("bmneto --list_ops").text, testing::ContainsRegex("Unique +1- +not supported: the size"));
  EXPECT_EQ(nlohmann::json::parse(run("bmnet list-ops --json").text).at("front_ends").size(), 8u);
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
