// Real networks against the outputs of OpenCV's reader, and public topologies with random weights.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/npz.h"
#include "base/testing.h"
#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

namespace fs = std::filesystem;

fs::path only_file(const fs::path& folder, const std::string& extension) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == extension) return entry.path();
  }
  return {};
}

// max abs difference <= 1e-4 + 1e-4 * max|golden|
void expect_close(const Tensor& actual, const Tensor& golden, const std::string& what) {
  ASSERT_EQ(actual.count(), golden.count())
      << what << ": " << to_string(actual.shape()) << " vs " << to_string(golden.shape());
  float largest = 0, difference = 0;
  for (int64_t i = 0; i < golden.count(); ++i) {
    largest = std::max(largest, std::fabs(golden.data<float>()[i]));
    difference = std::max(difference, std::fabs(actual.data<float>()[i] - golden.data<float>()[i]));
  }
  EXPECT_LE(difference, 1e-4f + 1e-4f * largest) << what;
}

// Rows image, label, score, box: the same detections in whatever order. Empty rows have image -1 here and are all zero
// in the golden output; label 0 is the background and never detected.
void expect_same_detections(const Tensor& actual, const Tensor& golden, const std::string& what) {
  const auto rows = [](const Tensor& tensor) {
    std::vector<std::vector<float>> result;
    for (int64_t row = 0; row < tensor.count() / 7; ++row) {
      const auto begin = tensor.data<float>().begin() + row * 7;
      if (begin[0] >= 0 && begin[1] > 0) result.emplace_back(begin, begin + 7);
    }
    return result;
  };
  auto left = rows(actual);
  const auto expected = rows(golden);
  ASSERT_EQ(left.size(), expected.size()) << what;
  for (const auto& row : expected) {
    const auto close = [&](const std::vector<float>& other) {
      return std::equal(row.begin(), row.end(), other.begin(),
                        [](float a, float b) { return std::fabs(a - b) <= 1e-4f + 1e-4f * std::fabs(a); });
    };
    const auto match = std::find_if(left.begin(), left.end(), close);
    ASSERT_NE(match, left.end()) << what << ": no detection " << fmt::format("{}", fmt::join(row, ", "));
    left.erase(match);
  }
}

class CaffeModel : public testing::TestWithParam<const char*> {};

TEST_P(CaffeModel, gives_the_golden_outputs) {
  const fs::path folder = bmnet::test::shared_file(fmt::format("models/caffe/{}", GetParam()));
  BMNET_REQUIRE_SHARED(folder);
  const auto golden = read_npz(folder / "golden.npz");
  ASSERT_TRUE(golden) << golden.error().message;
  std::map<std::string, NamedTensors> inputs, outputs;  // by set
  for (const NamedTensor& named : *golden) {
    const size_t set_end = named.name.find('/');
    const size_t name_begin = named.name.find('/', set_end + 1) + 1;
    auto& group = named.name.compare(set_end + 1, 2, "in") == 0 ? inputs : outputs;
    group[named.name.substr(0, set_end)].emplace(named.name.substr(name_begin), named.tensor);
  }
  frontend::ImportOptions options;
  for (const auto& [name, tensor] : inputs.begin()->second) options.shapes.push_back({name, tensor.shape()});
  for (const auto& [name, tensor] : outputs.begin()->second) options.output_names.push_back(name);
  options.warn = [](const std::string& warning) { ADD_FAILURE() << warning; };
  const auto model = frontend::import_caffe(only_file(folder, ".prototxt"), only_file(folder, ".caffemodel"), options);
  ASSERT_TRUE(model) << model.error().message;

  for (const auto& [set, set_inputs] : inputs) {
    const NamedTensors actual = run(*model, set_inputs);
    for (const auto& [name, expected] : outputs.at(set)) {
      ASSERT_TRUE(actual.count(name)) << name;
      const bool is_detection = name == "detection_output";
      (is_detection ? expect_same_detections : expect_close)(actual.at(name), expected, set + "/" + name);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(caffe, CaffeModel,
                         testing::Values("facemask_ssd", "hyperlpr_charrec", "hyperlpr_finemapping", "lenet_mnist",
                                         "mtcnn_det1", "mtcnn_det2", "mtcnn_det3", "squeezenet_v1_1",
                                         "ultraface_rfb320", "wechat_qr_detect", "wechat_qr_sr"),
                         [](const auto& info) { return std::string(info.param); });

TEST(caffe_topologies, all_import_with_random_weights) {
  const fs::path folder = bmnet::test::shared_file("suites/caffe_topologies");
  BMNET_REQUIRE_SHARED(folder);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  EXPECT_EQ(files.size(), 10u);
  for (const fs::path& file : files) {
    frontend::ImportOptions options;
    options.batch = 1;
    options.random_weights = 7;
    if (file.stem() == "mnist__mnist_autoencoder") options.shapes = {{"data", {1, 1, 28, 28}}};
    options.warn = [&](const std::string& warning) { ADD_FAILURE() << file << ": " << warning; };
    const auto model = frontend::import_caffe(file, {}, options);
    EXPECT_TRUE(model) << model.error().message;
  }
}

}  // namespace
}  // namespace bmnet::caffe::test
