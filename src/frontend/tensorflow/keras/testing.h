// For tests: Keras models written as HDF5 files, and their evaluation.
#pragma once

#include "frontend/hdf5/testing.h"
#include "frontend/tensorflow/testing.h"

namespace bmnet::frontend::tensorflow::keras::test {

using tensorflow::test::evaluate;

// A model under construction: model.layer("Dense", "d", R"("units": 2)").weight("d/kernel", tensor). A chain of layers
// unless `config` states the whole model.
class TestModel {
 public:
  explicit TestModel(Shape input) : shape_(std::move(input)) {}

  // `options`: entries of the configuration.
  TestModel& layer(const std::string& class_name, const std::string& name, const std::string& options = "") {
    layers_ += fmt::format(R"(, {{"class_name": "{}", "config": {{"name": "{}"{}{}}}}})", class_name, name,
                           options.empty() ? "" : ", ", options);
    return *this;
  }
  // `path`: of a layer's weight, "dense/kernel"; the file's scopes repeat the layer's name.
  TestModel& weight(const std::string& path, const Tensor& tensor) {
    const size_t slash = path.find('/');
    writer_.data("model_weights/" + path.substr(0, slash) + "/" + path + ":0", tensor);
    return *this;
  }
  // The whole architecture, in place of the chain.
  TestModel& architecture(std::string json) {
    architecture_ = std::move(json);
    return *this;
  }
  TestModel& version(std::string version) {
    version_ = std::move(version);
    return *this;
  }
  TestModel& input_type(std::string type) {
    type_ = std::move(type);
    return *this;
  }

  std::string config() const {
    if (!architecture_.empty()) return architecture_;
    std::string shape = "null";
    for (size_t i = 1; i < shape_.size(); ++i) shape += fmt::format(", {}", shape_[i]);
    return fmt::format(
        R"({{"class_name": "Sequential", "config": {{"name": "net", "layers": [{{"class_name": "InputLayer", "config": )"
        R"({{"batch_input_shape": [{}], "dtype": "{}", "name": "x"}}}}{}]}}}})",
        shape, type_, layers_);
  }
  std::string bytes() {
    if (!finished_)
      writer_.group("model_weights/x").text("", "keras_version", version_).text("", "model_config", config());
    finished_ = true;
    return writer_.bytes();
  }

 private:
  hdf5::test::Writer writer_;
  Shape shape_;
  std::string layers_, architecture_, version_ = "2.15.0", type_ = "float32";
  bool finished_ = false;
};

inline Result<op::Graph> import_model(TestModel& model, const ImportOptions& options = {}) {
  const std::string bytes = model.bytes();
  BMNET_ASSIGN(const nn::Model imported, import_tensorflow(as_bytes(bytes), "net.h5", ".", options));
  return imported.to_graph();
}

inline std::vector<Tensor> run_all(TestModel& model, const std::vector<Tensor>& inputs,
                                   const ImportOptions& options = {}) {
  auto graph = import_model(model, options);
  auto outputs = graph ? evaluate(*graph, inputs) : tl::unexpected(graph.error());
  if (!outputs) {
    ADD_FAILURE() << outputs.error().message;
    return std::vector<Tensor>(4, Tensor({DType::kF32, {0}}));
  }
  return *outputs;
}
// The only output of a model with one input.
inline Tensor run(TestModel& model, const Tensor& input) { return run_all(model, {input})[0]; }

inline std::string refusal(TestModel& model, const ImportOptions& options = {}) {
  const auto graph = import_model(model, options);
  return graph ? "it is not refused" : graph.error().message;
}

// Mnemonics of the operators that are left at run time.
inline std::string operators(TestModel& model) {
  const auto graph = import_model(model);
  if (!graph) return graph.error().message;
  std::vector<std::string> names;
  for (const op::Node& node : graph->nodes) names.push_back(node.op);
  return fmt::format("{}", fmt::join(names, " "));
}

}  // namespace bmnet::frontend::tensorflow::keras::test
