// The real models of the shared data folder: import, run through the interpreter, compare with the reference outputs.
#include <algorithm>
#include <cmath>

#include "frontend/onnx/testing.h"

namespace bmnet::frontend::onnx::test {
namespace {

namespace fs = std::filesystem;

fs::path model_in(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".onnx") return entry.path();
  return {};
}

// Largest absolute difference, and the largest magnitude of the reference.
std::pair<float, float> compare(const Tensor& actual, const Tensor& golden) {
  float worst = 0, largest = 0;
  for (int64_t i = 0; i < golden.count(); ++i) {
    const float difference = std::abs(actual.data<float>()[i] - golden.data<float>()[i]);
    worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
    largest = std::max(largest, std::abs(golden.data<float>()[i]));
  }
  return {worst, largest};
}

class onnx_model : public testing::TestWithParam<const char*> {};

TEST_P(onnx_model, agrees_with_its_reference_outputs) {
  const fs::path folder = bmnet::test::shared_file(std::string("models/onnx/") + GetParam());
  BMNET_REQUIRE_SHARED(folder);
  const auto golden = read_npz(folder / "golden.npz");
  ASSERT_TRUE(golden) << golden.error().message;
  // Every file has the set "rand"; the first set of the file where it does not.
  std::string set = golden->front().name.substr(0, golden->front().name.find('/'));
  for (const NamedTensor& tensor : *golden)
    if (tensor.name.starts_with("rand/")) set = "rand";

  ImportOptions options;
  for (const NamedTensor& tensor : *golden)
    if (const std::string prefix = set + "/in/"; tensor.name.starts_with(prefix))
      options.shapes.push_back({tensor.name.substr(prefix.size()), tensor.tensor.shape()});
  const auto model = import_onnx(model_in(folder), options);
  ASSERT_TRUE(model) << model.error().message;
  const auto graph = model->to_graph();
  ASSERT_TRUE(graph) << graph.error().message;

  std::vector<Tensor> inputs;
  for (const op::ValueId id : graph->inputs) {
    const Tensor* input = find_tensor(*golden, set + "/in/" + graph->values[id].name);
    ASSERT_TRUE(input) << graph->values[id].name;
    inputs.push_back(*input);
  }
  const auto outputs = evaluate(*graph, inputs);
  ASSERT_TRUE(outputs) << outputs.error().message;
  for (size_t i = 0; i < outputs->size(); ++i) {
    const std::string name = graph->output_names[i];
    const Tensor* expected = find_tensor(*golden, set + "/out/" + name);
    ASSERT_TRUE(expected) << name;
    ASSERT_EQ((*outputs)[i].info(), expected->info()) << name;
    const auto [worst, largest] = compare((*outputs)[i], *expected);
    EXPECT_LE(worst, 1e-4f + 1e-4f * largest) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(shared, onnx_model,
                         testing::Values("blazeface", "hyperlpr_y5fu_320", "mlperf_tiny_mobilenet_v1_025",
                                         "mlperf_tiny_resnet8", "mnist_8", "mnist_cntk", "ppocr_det_v3",
                                         "squeezenet_v1_1", "super_resolution", "ultraface_rfb320", "vittrack",
                                         "yolox_nano_relu"));

class onnx_light : public testing::TestWithParam<const char*> {};

// All weights are equal constants made by ConstantOfShape, so that the classes come out alike.
TEST_P(onnx_light, is_imported_and_shape_checked) {
  const fs::path path = bmnet::test::shared_file(std::string("suites/onnx_light/") + GetParam());
  BMNET_REQUIRE_SHARED(path);
  const auto model = import_onnx(path);
  ASSERT_TRUE(model) << model.error().message;
  const auto graph = model->to_graph();
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(element_count(graph->values[graph->outputs[0]].info.shape), 1000);
}

INSTANTIATE_TEST_SUITE_P(shared, onnx_light,
                         testing::Values("light_bvlc_alexnet.onnx", "light_inception_v1.onnx", "light_resnet50.onnx",
                                         "light_shufflenet.onnx", "light_squeezenet.onnx"));

}  // namespace
}  // namespace bmnet::frontend::onnx::test
