// The real models of the shared data folder: import, run through the interpreter, compare with the reference outputs.
#include <algorithm>
#include <cmath>

#include "base/npz.h"
#include "frontend/tensorflow/testing.h"

namespace bmnet::frontend::tensorflow::test {
namespace {

namespace fs = std::filesystem;

fs::path model_in(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".pb") return entry.path();
  return {};
}

class tensorflow_model : public testing::TestWithParam<const char*> {};

TEST_P(tensorflow_model, agrees_with_its_reference_outputs) {
  const fs::path folder = bmnet::test::shared_file(std::string("models/tensorflow/") + GetParam());
  BMNET_REQUIRE_SHARED(folder);
  const auto golden = read_npz(folder / "golden.npz");
  ASSERT_TRUE(golden) << golden.error().message;
  ImportOptions options;
  std::vector<Tensor> inputs;
  for (const NamedTensor& tensor : *golden) {
    if (tensor.name.starts_with("rand/in/")) {
      options.shapes.push_back({tensor.name.substr(8), tensor.tensor.shape()});
      inputs.push_back(tensor.tensor);
    }
    if (tensor.name.starts_with("rand/out/")) options.output_names.push_back(tensor.name.substr(9));
  }
  const auto model = import_tensorflow(model_in(folder), options);
  ASSERT_TRUE(model) << model.error().message;
  const auto graph = model->to_graph();
  ASSERT_TRUE(graph) << graph.error().message;
  int transposes = 0;
  for (const op::Node& node : graph->nodes) transposes += node.op == "transpose";
  EXPECT_LE(transposes, 16);
  RecordProperty("transposes", transposes);
  const auto outputs = evaluate(*graph, inputs);
  ASSERT_TRUE(outputs) << outputs.error().message;
  for (size_t i = 0; i < outputs->size(); ++i) {
    const Tensor* expected = find_tensor(*golden, "rand/out/" + graph->output_names[i]);
    ASSERT_TRUE(expected) << graph->output_names[i];
    const Tensor& actual = (*outputs)[i];
    ASSERT_EQ(actual.shape(), expected->shape());
    if (actual.dtype() == DType::kI64) {
      ASSERT_EQ(expected->dtype(), DType::kI64);
      EXPECT_TRUE(std::ranges::equal(actual.data<int64_t>(), expected->data<int64_t>()));
      continue;
    }
    ASSERT_EQ(actual.dtype(), expected->dtype());
    float worst = 0, largest = 0;
    for (int64_t k = 0; k < expected->count(); ++k) {
      const float difference = std::abs(actual.data<float>()[k] - expected->data<float>()[k]);
      worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
      largest = std::max(largest, std::abs(expected->data<float>()[k]));
    }
    EXPECT_LE(worst, 1e-4f + 1e-4f * largest) << graph->output_names[i];
  }
}

INSTANTIATE_TEST_SUITE_P(shared, tensorflow_model,
                         testing::Values("espcn_x2", "facemask_ssd", "finger_tracker", "fsrcnn_x3", "opencv_face_uint8",
                                         "tf2onnx_fc_layers", "tf2onnx_lstm", "vqvae_nntc"));

}  // namespace
}  // namespace bmnet::frontend::tensorflow::test
