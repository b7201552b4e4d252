// For tests: tiny TorchScript archives written in place, and their evaluation.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/npz.h"
#include "base/testing.h"
#include "frontend/pytorch/import.h"
#include "frontend/pytorch/zip_writer.h"
#include "op/interpreter.h"

namespace bmnet::frontend::pytorch::test {

inline const std::string kEmptyModule(
    "\x80\x02"
    "c__torch__\nM\n)\x81}b.");
inline const std::string kEmptyTuple("\x80\x02).", 4);

// A module without attributes whose forward has these parameters ("x: Tensor") and these lines.
inline std::string module(const std::string& parameters, const std::vector<std::string>& lines,
                          const std::string& more_code = "") {
  std::string code =
      "class M(Module):\n  __parameters__ = []\n  def forward(self: __torch__.M,\n    " + parameters + ") -> Tensor:\n";
  for (const std::string& line : lines) code += "    " + line + "\n";
  return zip(
      {{"m/data.pkl", kEmptyModule}, {"m/code/__torch__.py", code + more_code}, {"m/constants.pkl", kEmptyTuple}});
}

inline ImportOptions with_shapes(const std::vector<Shape>& shapes) {
  ImportOptions options;
  for (const Shape& shape : shapes) options.shapes.push_back({"", shape});
  return options;
}

inline Result<nn::Model> import_bytes(const std::string& archive, const std::vector<Shape>& shapes) {
  return import_pytorch(as_bytes(archive), nullptr, "net.pt", with_shapes(shapes));
}

inline std::string refusal(const std::string& archive, const std::vector<Shape>& shapes = {{2}}) {
  const auto model = import_bytes(archive, shapes);
  return model ? "it is not refused" : model.error().message;
}

// All outputs for these inputs, by position; a failed test when something is refused.
inline std::vector<Tensor> run(const std::string& archive, const std::vector<Tensor>& inputs) {
  std::vector<Shape> shapes;
  for (const Tensor& input : inputs) shapes.push_back(input.shape());
  auto result = [&]() -> Result<std::vector<Tensor>> {
    BMNET_ASSIGN(const nn::Model model, import_bytes(archive, shapes));
    BMNET_ASSIGN(const op::Graph graph, model.to_graph());
    std::vector<NamedTensor> named;
    for (size_t i = 0; i < graph.inputs.size(); ++i)
      named.push_back({graph.values[graph.inputs[i]].name, inputs.at(i)});
    return op::interpret(graph, named);
  }();
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return std::vector<Tensor>(8, Tensor({DType::kF32, {0}}));
  }
  return *std::move(result);
}

inline Tensor floats(Shape shape, std::vector<float> values) {
  return Tensor::of<float>(std::move(shape), std::span<const float>(values));
}
inline std::vector<float> values(const Tensor& tensor) {
  if (tensor.dtype() != DType::kF32) return {};
  return {tensor.data<float>().begin(), tensor.data<float>().end()};
}

}  // namespace bmnet::frontend::pytorch::test
