// For tests only: tiny networks, their weights, and running them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frontend/caffe/caffemodel.pb.h"
#include "frontend/caffe/import.h"
#include "op/interpreter.h"

namespace bmnet::caffe::test {

using NamedTensors = std::map<std::string, Tensor>;

inline Tensor tensor(Shape shape, std::vector<float> values) { return Tensor::of<float>(std::move(shape), values); }

// Writes caffemodels: ModelWriter().blob("conv1", {1,1,3,3}, {…}).blob("conv1", {1}, {0.5}).bytes()
class ModelWriter {
 public:
  ModelWriter& blob(const std::string& layer, const Shape& shape, const std::vector<float>& values) {
    proto::ModelBlob& blob = add_blob(layer);
    for (int64_t dim : shape) blob.mutable_shape()->add_dim(dim);
    for (float value : values) blob.add_data(value);
    return *this;
  }
  proto::ModelBlob& add_blob(const std::string& layer) {
    if (file_.layer_size() == 0 || file_.layer().rbegin()->name() != layer) file_.add_layer()->set_name(layer);
    return *file_.mutable_layer()->rbegin()->add_blobs();
  }
  proto::ModelFile& file() { return file_; }
  std::string bytes() const { return file_.SerializeAsString(); }

 private:
  proto::ModelFile file_;
};

// Every output of a model by name, computed with the reference kernels.
inline NamedTensors run(const nn::Model& model, const NamedTensors& inputs) {
  const op::Graph graph = model.to_graph().value();
  std::vector<NamedTensor> named;
  for (const auto& [name, tensor] : inputs) named.push_back({name, tensor});
  const auto results = op::interpret(graph, named);
  if (!results) {
    ADD_FAILURE() << results.error().message;
    return {};
  }
  NamedTensors outputs;
  for (size_t i = 0; i < results->size(); ++i) outputs.emplace(graph.output_names[i], (*results)[i]);
  return outputs;
}

// Imports a network whose data input is called "data".
inline Result<nn::Model> import(std::string_view prototxt, const ModelWriter& weights = {},
                                frontend::ImportOptions options = {}) {
  const std::string bytes = weights.bytes();
  return frontend::import_caffe(prototxt, as_bytes(bytes), "net.prototxt", options);
}

// The message of a refused import.
inline std::string refusal(std::string_view prototxt, const ModelWriter& weights = {},
                           frontend::ImportOptions options = {}) {
  const auto model = import(prototxt, weights, std::move(options));
  return model ? "imported" : model.error().message;
}

// Header of a network with one input "data" of the given shape.
inline std::string input(std::initializer_list<int64_t> shape) {
  std::string text = "input: \"data\" input_shape {";
  for (int64_t dim : shape) text += fmt::format(" dim: {}", dim);
  return text + " }\n";
}

// One layer from "data" to "out".
inline std::string layer(std::string_view type, std::string_view parameters) {
  return fmt::format("layer {{ name: \"layer\" type: \"{}\" bottom: \"data\" top: \"out\" {} }}\n", type, parameters);
}

// Stands for the result of a network that failed.
inline const Tensor kNothing({DType::kF32, {0}});

// The single output of input -> one layer.
inline Tensor run_layer(std::string_view type, std::string_view parameters, const Tensor& data,
                        const ModelWriter& weights = {}) {
  std::string text = "input: \"data\" input_shape {";
  for (int64_t dim : data.shape()) text += fmt::format(" dim: {}", dim);
  const auto model = import(text + " }\n" + layer(type, parameters), weights);
  if (!model) {
    ADD_FAILURE() << model.error().message;
    return kNothing;
  }
  NamedTensors outputs = run(*model, {{"data", data}});
  return outputs.empty() ? kNothing : outputs.begin()->second;
}

// data, twice data, data -> one layer
inline Tensor run_pair(std::string_view type, std::string_view parameters, const Tensor& data) {
  std::string text = "input: \"data\" input_shape {";
  for (int64_t dim : data.shape()) text += fmt::format(" dim: {}", dim);
  text += R"( } layer { name: "double" type: "Power" bottom: "data" top: "double" power_param { scale: 2 } } )";
  text += fmt::format(
      "layer {{ name: \"layer\" type: \"{}\" bottom: \"data\" bottom: \"double\" bottom: \"data\" top: \"out\" {} }}",
      type, parameters);
  const auto model = import(text);
  if (!model) ADD_FAILURE() << model.error().message;
  return model ? run(*model, {{"data", data}})["out"] : kNothing;
}

inline std::vector<float> values(const Tensor& tensor) {
  const auto span = tensor.data<float>();
  return {span.begin(), span.end()};
}

MATCHER(Near, "") {
  return std::fabs(std::get<0>(arg) - std::get<1>(arg)) <= 1e-5f * (1.0f + std::fabs(std::get<1>(arg)));
}

inline void expect(const Tensor& actual, const Shape& shape, const std::vector<float>& expected) {
  EXPECT_EQ(to_string(actual.shape()), to_string(shape));
  EXPECT_THAT(values(actual), testing::Pointwise(Near(), expected));
}

}  // namespace bmnet::caffe::test
