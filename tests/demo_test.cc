// The demo's classifier in both of its forms: the same network, right on every committed picture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/testing.h"
#include "frontend/caffe/import.h"
#include "frontend/onnx/import.h"
#include "image/image.h"
#include "op/interpreter.h"

namespace bmnet {
namespace {

const std::filesystem::path kDemo = test::source_file("examples/demo");

std::vector<std::string> read_labels() {
  std::ifstream file(kDemo / "labels.txt");
  std::vector<std::string> labels;
  for (std::string line; std::getline(file, line);) labels.push_back(line);
  return labels;
}

std::vector<std::filesystem::path> pictures() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kDemo / "pictures")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<float> classify(const op::Graph& graph, const std::filesystem::path& picture) {
  const auto image = read_image(picture);
  if (!image) {
    ADD_FAILURE() << image.error().message;
    return {};
  }
  const std::vector<NamedTensor> inputs = {{"data", to_tensor(*image, 3).value()}};
  const auto outputs = op::interpret(graph, inputs);
  if (!outputs) {
    ADD_FAILURE() << outputs.error().message;
    return {};
  }
  const auto scores = outputs->front().data<float>();
  return {scores.begin(), scores.end()};
}

TEST(demo, both_forms_agree_and_name_every_picture) {
  const auto onnx = frontend::import_onnx(kDemo / "shapes.onnx");
  const auto caffe = frontend::import_caffe(kDemo / "shapes.prototxt", kDemo / "shapes.caffemodel");
  ASSERT_TRUE(onnx) << onnx.error().message;
  ASSERT_TRUE(caffe) << caffe.error().message;
  const op::Graph onnx_graph = onnx->to_graph().value(), caffe_graph = caffe->to_graph().value();
  const std::vector<std::string> labels = read_labels();
  ASSERT_EQ(labels.size(), 8u);
  ASSERT_EQ(pictures().size(), 16u);
  for (const auto& picture : pictures()) {
    const std::vector<float> scores = classify(onnx_graph, picture);
    ASSERT_EQ(scores.size(), labels.size());
    EXPECT_THAT(classify(caffe_graph, picture), testing::Pointwise(testing::FloatNear(1e-5f), scores));
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    EXPECT_EQ(labels[best], picture.stem().string().substr(0, labels[best].size())) << picture;
    EXPECT_GT(scores[best], 0.5f) << picture;
  }
}

TEST(demo, is_small) {
  EXPECT_LT(std::filesystem::file_size(kDemo / "shapes.onnx"), 500000u);
  EXPECT_LT(std::filesystem::file_size(kDemo / "shapes.caffemodel"), 500000u);
}

}  // namespace
}  // namespace bmnet
