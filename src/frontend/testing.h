// For tests of front ends: tiny networks written in the test, damaged files, and real networks of the shared data
// folder against their golden outputs.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <random>
#include <string>

#include "base/npz.h"
#include "base/testing.h"
#include "frontend/options.h"
#include "nn/model.h"
#include "op/interpreter.h"

namespace bmnet::frontend::test {

// Entries <set>/in/<name> and <set>/out/<name> of a golden.npz.
struct GoldenSet {
  std::vector<NamedTensor> inputs, outputs;
};

inline std::map<std::string, GoldenSet> golden_sets(const std::filesystem::path& folder) {
  std::map<std::string, GoldenSet> sets;
  const auto tensors = read_npz(folder / "golden.npz");
  EXPECT_TRUE(tensors) << tensors.error().message;
  if (!tensors) return sets;
  for (const NamedTensor& named : *tensors) {
    const size_t set_end = named.name.find('/'), name = named.name.find('/', set_end + 1) + 1;
    GoldenSet& set = sets[named.name.substr(0, set_end)];
    const bool input = named.name.compare(set_end + 1, 2, "in") == 0;
    (input ? set.inputs : set.outputs).push_back({named.name.substr(name), named.tensor});
  }
  return sets;
}

inline std::vector<InputShape> shapes_of(const GoldenSet& set) {
  std::vector<InputShape> shapes;
  for (const NamedTensor& input : set.inputs) shapes.push_back({input.name, input.tensor.shape()});
  return shapes;
}

// Every golden output within 1e-4 + 1e-4 * max|golden| of what the interpreter gives.
inline void expect_golden(const nn::Model& model, const std::map<std::string, GoldenSet>& sets) {
  const auto graph = model.to_graph();
  ASSERT_TRUE(graph) << graph.error().message;
  ASSERT_FALSE(sets.empty());
  for (const auto& [set_name, set] : sets) {
    const auto outputs = op::interpret(*graph, set.inputs);
    ASSERT_TRUE(outputs) << outputs.error().message;
    for (const auto& [name, golden] : set.outputs) {
      const auto found = std::ranges::find(graph->output_names, name);
      ASSERT_NE(found, graph->output_names.end()) << name << " is no output";
      const Tensor& actual = (*outputs)[found - graph->output_names.begin()];
      ASSERT_EQ(actual.info(), golden.info()) << name << ": " << to_string(actual.shape());
      float largest = 0, worst = 0;
      for (int64_t i = 0; i < golden.count(); ++i) {
        const float difference = std::fabs(actual.data<float>()[i] - golden.data<float>()[i]);
        largest = std::max(largest, std::fabs(golden.data<float>()[i]));
        worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
      }
      EXPECT_LE(worst, 1e-4f + 1e-4f * largest) << set_name << "/" << name;
    }
  }
}

// The first output for one f32 input.
inline std::vector<float> run_on(const nn::Model& model, std::vector<float> input) {
  const auto graph = model.to_graph();
  EXPECT_TRUE(graph) << graph.error().message;
  const op::Value& value = graph->values[graph->inputs[0]];
  const std::vector<NamedTensor> inputs{{value.name, Tensor::of<float>(value.info.shape, input)}};
  const auto outputs = op::interpret(*graph, inputs);
  EXPECT_TRUE(outputs) << outputs.error().message;
  if (!outputs) return {};
  const auto data = outputs->front().data<float>();
  return {data.begin(), data.end()};
}

// Inputs in the order of the graph.
inline Result<std::vector<Tensor>> evaluate(const op::Graph& graph, const std::vector<Tensor>& inputs) {
  std::vector<NamedTensor> named;
  for (size_t i = 0; i < graph.inputs.size(); ++i) named.push_back({graph.values[graph.inputs[i]].name, inputs.at(i)});
  return op::interpret(graph, named);
}

// ---- A front end's `Net` is a network under construction; beside it stands import_graph(net, options), which gives a
// Result<op::Graph>.

// The outputs of a network for these inputs; a failed test when it is refused.
template <typename Net>
std::vector<Tensor> run(const Net& net, const std::vector<Tensor>& inputs, const ImportOptions& options = {}) {
  auto graph = import_graph(net, options);
  auto outputs = graph ? evaluate(*graph, inputs) : tl::unexpected(graph.error());
  if (!outputs) {
    ADD_FAILURE() << outputs.error().message;
    return std::vector<Tensor>(8, Tensor({DType::kF32, {0}}));
  }
  return *outputs;
}

// The message with which a network is refused.
template <typename Net>
std::string refusal(const Net& net, const ImportOptions& options = {}) {
  const auto graph = import_graph(net, options);
  return graph ? "it is not refused" : graph.error().message;
}

// Mnemonics of the operators that are left at run time, "conv unary".
template <typename Net>
std::string operators(const Net& net, const ImportOptions& options = {}) {
  const auto graph = import_graph(net, options);
  if (!graph) return graph.error().message;
  std::vector<std::string> names;
  for (const op::Node& node : graph->nodes) names.push_back(node.op);
  return fmt::format("{}", fmt::join(names, " "));
}

// `file` with one to three bytes changed or cut out.
inline std::string mutated(std::string file, std::mt19937& random) {
  for (uint32_t changes = 1 + random() % 3; changes > 0 && !file.empty(); --changes) {
    const size_t place = random() % file.size();
    if (random() % 4)
      file[place] = static_cast<char>(random());
    else
      file.erase(place, 1 + random() % 4);
  }
  return file;
}

}  // namespace bmnet::frontend::test
