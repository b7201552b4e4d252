// The demo's classifier in all eight formats: the same network, right on every committed picture, on the host and on
// the simulated chip.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/testing.h"
#include "image/image.h"
#include "op/interpreter.h"
#include "tool/compile.h"
#include "tool/device_compare.h"

namespace bmnet {
namespace {

namespace fs = std::filesystem;

const fs::path kDemo = test::source_file("examples/demo");

std::vector<std::string> read_labels() {
  std::ifstream file(kDemo / "labels.txt");
  std::vector<std::string> labels;
  for (std::string line; std::getline(file, line);) labels.push_back(line);
  return labels;
}

std::vector<fs::path> pictures() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kDemo / "pictures")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// [1,3,h,w] to [1,h,w,3].
Tensor channels_last(const Tensor& image) {
  const int64_t channels = image.shape()[1], pixels = image.shape()[2] * image.shape()[3];
  Tensor result({DType::kF32, {1, image.shape()[2], image.shape()[3], channels}});
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t p = 0; p < pixels; ++p) result.data<float>()[p * channels + c] = image.data<float>()[c * pixels + p];
  return result;
}

struct Format {
  std::string program, model, weight, shapes;
  bool channels_last = false;
};

void PrintTo(const Format& format, std::ostream* out) { *out << format.program << " " << format.model; }

// Files in `folder` below, or of the demo's own.
const Format kFormats[] = {
    {"bmneto", "shapes.onnx", "", ""},
    {"bmnetc", "shapes.prototxt", "shapes.caffemodel", ""},
    {"bmnett", "shapes.pb", "", "", true},
    {"bmnett", "saved_model", "", "", true},
    {"bmnetm", "shapes-symbol.json", "shapes-0000.params", ""},
    {"bmnetp", "shapes.pt", "", "[1,3,64,64]"},
    {"bmnetd", "shapes.cfg", "shapes.weights", ""},
    {"bmpaddle", "paddle", "", ""},
    {"bmpaddle", "paddle_separate", "", ""},
    {"bmnetu", "shapes.fp32umodel", "", ""},
};

// A folder with the model in all formats, written by the demo's scripts.
const fs::path& folder() {
  static const fs::path made = [] {
    const fs::path path = fs::path(testing::TempDir()) / "bmnet_demo_test";
    fs::remove_all(path);
    fs::create_directories(path);
    for (const char* file : {"shapes.onnx", "shapes.prototxt", "shapes.caffemodel"})
      fs::copy_file(kDemo / file, path / file);
    const std::string write = "PYTHONDONTWRITEBYTECODE=1 " BMNET_PYTHON " " + (kDemo / "write_all.py").string();
    EXPECT_EQ(std::system((write + " " + path.string()).c_str()), 0);
    const std::vector<std::string> umodel = {"--model=" + (path / "shapes.onnx").string(), "--mode=GenUmodel",
                                             "--outdir=" + path.string()};
    EXPECT_EQ(tool::run_compiler(tool::front_end_of_program("bmneto"), {"bmneto", "", ""}, umodel), 0);
    fs::rename(path / "shapes_bmneto.fp32umodel", path / "shapes.fp32umodel");
    return path;
  }();
  return made;
}

tool::CompileFlags flags_of(const Format& format) {
  tool::CompileFlags flags;
  flags.model = folder() / format.model;
  if (!format.weight.empty()) flags.weight = folder() / format.weight;
  flags.shapes = format.shapes;
  return flags;
}

std::vector<NamedTensor> feeds_of(const Format& format, const op::Graph& graph, const fs::path& picture) {
  const auto image = read_image(picture);
  if (!image) {
    ADD_FAILURE() << image.error().message;
    return {};
  }
  const Tensor input = to_tensor(*image, 3).value();
  return {{graph.values[graph.inputs[0]].name, format.channels_last ? channels_last(input) : input}};
}

std::vector<float> values_of(const Tensor& tensor) {
  return {tensor.data<float>().begin(), tensor.data<float>().end()};
}

std::vector<float> classify(const Format& format, const op::Graph& graph, const fs::path& picture) {
  const auto outputs = op::interpret(graph, feeds_of(format, graph, picture));
  if (!outputs) {
    ADD_FAILURE() << outputs.error().message;
    return {};
  }
  return values_of(outputs->front());
}

Result<tool::Compilation> compile(const Format& format) {
  Progress silent(Progress::Style::kQuiet);
  return tool::compile_model(*tool::front_end_of_program(format.program), flags_of(format), silent);
}

const tool::Compilation& onnx() {
  static const auto* const made = new Result<tool::Compilation>(compile(kFormats[0]));
  return made->value();
}

class demo : public testing::TestWithParam<Format> {};

TEST_P(demo, is_recognised_by_its_content) {
  const auto found = tool::recognize(folder() / GetParam().model);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ((*found)->program, GetParam().program);
}

TEST_P(demo, gives_the_same_outputs_on_the_host_and_on_the_chip) {
  const auto compiled = compile(GetParam());
  ASSERT_TRUE(compiled) << compiled.error().message;
  EXPECT_EQ(compiled->compiled.report.cpu_sub_nets, 0u);
  for (size_t i = 0; const auto& picture : pictures()) {
    const std::vector<float> expected = classify(kFormats[0], onnx().source, picture);
    EXPECT_THAT(classify(GetParam(), compiled->source, picture),
                testing::Pointwise(testing::FloatNear(1e-5f), expected));
    if (i++ % 5 != 0) continue;  // every fifth picture on the chip
    const auto device = tool::run_on_device(compiled->compiled.model, feeds_of(GetParam(), compiled->source, picture));
    ASSERT_TRUE(device) << device.error().message;
    EXPECT_THAT(values_of(device->outputs.front().tensor), testing::Pointwise(testing::FloatNear(1e-5f), expected));
  }
}

INSTANTIATE_TEST_SUITE_P(formats, demo, testing::ValuesIn(kFormats), [](const auto& info) {
  std::string name = info.param.program + "_" + info.param.model;
  std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

// Nothing in a file's name tells its format, where the format can be known without it.
TEST(demo_files, are_recognised_under_any_name) {
  for (const Format& format : kFormats) {
    if (format.program == "bmpaddle" || fs::is_directory(folder() / format.model)) continue;
    const fs::path renamed = folder() / "renamed.bin";
    fs::copy_file(folder() / format.model, renamed, fs::copy_options::overwrite_existing);
    const auto found = tool::recognize(renamed);
    ASSERT_TRUE(found) << format.model;
    EXPECT_EQ((*found)->program, format.program) << format.model;
  }
}

TEST(demo_network, names_every_picture) {
  const std::vector<std::string> labels = read_labels();
  ASSERT_EQ(labels.size(), 8u);
  ASSERT_EQ(pictures().size(), 16u);
  for (const auto& picture : pictures()) {
    const std::vector<float> scores = classify(kFormats[0], onnx().source, picture);
    ASSERT_EQ(scores.size(), labels.size());
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    EXPECT_EQ(labels[best], picture.stem().string().substr(0, labels[best].size())) << picture;
    EXPECT_GT(scores[best], 0.5f) << picture;
  }
}

TEST(demo_files, are_small) {
  EXPECT_LT(fs::file_size(kDemo / "shapes.onnx"), 500000u);
  EXPECT_LT(fs::file_size(kDemo / "shapes.caffemodel"), 500000u);
}

// The writers give the same bytes each time.
TEST(demo_files, are_written_the_same_each_time) {
  const fs::path again = folder() / "again";
  const std::string write = "PYTHONDONTWRITEBYTECODE=1 " BMNET_PYTHON " " + (kDemo / "write_all.py").string();
  ASSERT_EQ(std::system((write + " " + again.string()).c_str()), 0);
  const auto bytes = [](const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  for (const char* file : {"shapes.pb", "shapes-symbol.json", "shapes-0000.params", "shapes.pt", "shapes.cfg",
                           "shapes.weights", "paddle/shapes.pdmodel", "paddle/shapes.pdiparams"})
    EXPECT_EQ(bytes(again / file), bytes(folder() / file)) << file;
}

}  // namespace
}  // namespace bmnet
