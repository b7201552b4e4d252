// For tests: compiles small graphs, runs them on the simulator with race detection, compares with the reference
// kernels.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>

#include "device/sim/simulator.h"
#include "op/cpu_layer.h"
#include "op/op.h"
#include "op/testing.h"
#include "plan/compile.h"
#include "target/bm1684/isa/fields.h"

namespace bmnet::plan::test {

using op::Attributes;
using op::test::f32;
using op::test::noise;
using op::test::ramp;

// One node: operands that are in `constants` are constant, the others are inputs of the graph.
inline op::Graph graph_of(const std::string& op, Attributes attributes, const std::vector<Tensor>& operands,
                          const std::vector<size_t>& constants) {
  op::Graph graph;
  graph.name = "test";
  op::Node node{op, "node", std::move(attributes), {}, {}};
  std::vector<TensorInfo> infos;
  for (size_t i = 0; i < operands.size(); ++i) {
    const bool constant = std::ranges::find(constants, i) != constants.end();
    graph.values.push_back(
        {fmt::format("in{}", i), operands[i].info(), constant ? std::optional(operands[i]) : std::nullopt});
    node.inputs.push_back(static_cast<op::ValueId>(i));
    if (!constant) graph.inputs.push_back(static_cast<op::ValueId>(i));
    infos.push_back(operands[i].info());
  }
  auto outputs = op::find(op)->infer(node.attributes, infos);
  EXPECT_TRUE(outputs) << outputs.error().message;
  if (!outputs) return graph;
  for (const TensorInfo& info : *outputs) {
    graph.outputs.push_back(static_cast<op::ValueId>(graph.values.size()));
    node.outputs.push_back(graph.outputs.back());
    graph.values.push_back({fmt::format("out{}", node.outputs.size()), info, std::nullopt});
  }
  graph.nodes.push_back(std::move(node));
  return graph;
}

// Adds a node behind the others and returns its only result.
inline op::ValueId add_node(op::Graph& graph, const std::string& op, Attributes attributes,
                            std::vector<op::ValueId> inputs) {
  std::vector<TensorInfo> infos;
  for (op::ValueId value : inputs) infos.push_back(graph.values[value].info);
  auto outputs = op::find(op)->infer(attributes, infos);
  EXPECT_TRUE(outputs) << outputs.error().message;
  const auto result = static_cast<op::ValueId>(graph.values.size());
  graph.values.push_back({fmt::format("v{}", result), outputs->at(0), std::nullopt});
  graph.nodes.push_back(
      {op, fmt::format("{}_{}", op, graph.nodes.size()), std::move(attributes), std::move(inputs), {result}});
  return result;
}
inline op::ValueId add_input(op::Graph& graph, Shape shape) {
  graph.values.push_back({fmt::format("v{}", graph.values.size()), {DType::kF32, std::move(shape)}, std::nullopt});
  graph.inputs.push_back(static_cast<op::ValueId>(graph.values.size()) - 1);
  return graph.inputs.back();
}
inline op::ValueId add_constant(op::Graph& graph, const Tensor& tensor) {
  graph.values.push_back({fmt::format("v{}", graph.values.size()), tensor.info(), tensor});
  return static_cast<op::ValueId>(graph.values.size()) - 1;
}

// What a runtime does, on a simulator of its own: loads the model, runs its sub-nets, reads the outputs.
class Session {
 public:
  explicit Session(const bmodel::Model& model)
      : stage_(model.nets.at(0).stages.at(0)), device_(Simulator::create(uint64_t{1} << 30).value()) {}

  std::vector<Tensor> run(const std::vector<Tensor>& inputs) {
    // Stale memory must not help anybody.
    const std::byte poison[] = {std::byte{0xFF}};
    EXPECT_TRUE(device_->fill(stage_.ctx_addr, stage_.ctx_size, poison));
    if (stage_.coefficients) write(stage_.coefficients->address, stage_.coefficients->data.bytes());
    for (size_t i = 0; i < inputs.size(); ++i) store(stage_.inputs[i].device_addr, inputs[i]);
    for (const bmodel::SubNet& sub_net : stage_.sub_nets) {
      if (sub_net.mode == bmodel::SubNetMode::kTpu)
        launch(sub_net);
      else
        run_on_host(sub_net);
    }
    std::vector<Tensor> outputs;
    for (const bmodel::Tensor& tensor : stage_.outputs) {
      Shape shape(tensor.shapes[0].begin(), tensor.shapes[0].end());
      outputs.push_back(
          load(tensor.device_addr, {tensor.data_type == bmodel::DataType::kInt32 ? DType::kI32 : DType::kF32, shape}));
    }
    return outputs;
  }

 private:
  void write(uint64_t address, Bytes bytes) {
    EXPECT_TRUE(device_->write(address, {reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}));
  }

  // i64 and bool lie in memory as i32.
  void store(uint64_t address, const Tensor& tensor) {
    if (tensor.dtype() == DType::kI64 || tensor.dtype() == DType::kBool) {
      Tensor words({DType::kI32, tensor.shape()});
      for (int64_t i = 0; i < tensor.count(); ++i)
        words.data<int32_t>()[i] =
            tensor.dtype() == DType::kI64 ? static_cast<int32_t>(tensor.data<int64_t>()[i]) : tensor.data<bool>()[i];
      return store(address, words);
    }
    write(address, {static_cast<const uint8_t*>(tensor.raw()), tensor.bytes()});
  }
  Tensor load(uint64_t address, const TensorInfo& info) {
    Tensor tensor({op::storage_type(info.dtype), info.shape});
    EXPECT_TRUE(device_->read(address, {static_cast<std::byte*>(tensor.raw()), tensor.bytes()}));
    if (tensor.dtype() == info.dtype) return tensor;
    Tensor wide(info);
    for (int64_t i = 0; i < wide.count(); ++i) {
      if (info.dtype == DType::kI64) wide.data<int64_t>()[i] = tensor.data<int32_t>()[i];
      if (info.dtype == DType::kBool) wide.data<bool>()[i] = tensor.data<int32_t>()[i] != 0;
    }
    return wide;
  }

  void launch(const bmodel::SubNet& sub_net) {
    std::vector<CommandGroup> groups;
    for (const bmodel::CmdGroup& group : sub_net.cmd_groups) {
      const auto commands = [](const bmodel::Blob& blob) {
        std::vector<bm1684::Command> result(blob.size() / bm1684::kCommandBytes);
        if (!result.empty()) std::memcpy(result.data(), blob.bytes().data(), blob.size());
        return result;
      };
      groups.push_back({commands(group.bdc), commands(group.gdma)});
      if (!groups.back().tiu.empty()) bm1684::set(groups.back().tiu.back(), bm1684::tiu::cmd_end, 1);
      if (!groups.back().gdma.empty()) bm1684::set(groups.back().gdma.back(), bm1684::gdma::chain_end, 1);
    }
    LaunchOptions options;
    options.detect_races = true;
    const auto report = device_->launch(groups, options);
    ASSERT_TRUE(report) << report.error().message;
    cycles += report->cycles;
    for (const Race& race : report->races) ADD_FAILURE() << "race: " << race.message;
  }

  void run_on_host(const bmodel::SubNet& sub_net) {
    const auto layer = op::decode_cpu_layer(sub_net.cpu_params.at(0).param.bytes());
    ASSERT_TRUE(layer) << layer.error().message;
    std::vector<Tensor> inputs;
    size_t next = 0;
    for (const auto& operand : layer->inputs)
      inputs.push_back(operand.constant ? *operand.constant
                                        : load(sub_net.inputs.at(next++).device_addr, operand.info));
    const auto outputs = op::evaluate(layer->op, layer->attributes, inputs);
    ASSERT_TRUE(outputs) << outputs.error().message;
    for (size_t i = 0; i < outputs->size(); ++i) store(sub_net.outputs.at(i).device_addr, (*outputs)[i]);
  }

  const bmodel::Stage& stage_;
  std::unique_ptr<Simulator> device_;

 public:
  uint64_t cycles = 0;
};

// Every value of the graph by the reference kernels.
inline std::vector<Tensor> evaluate(const op::Graph& graph, const std::vector<Tensor>& inputs) {
  std::map<op::ValueId, Tensor> values;
  for (size_t i = 0; i < graph.values.size(); ++i)
    if (graph.values[i].constant) values[static_cast<op::ValueId>(i)] = *graph.values[i].constant;
  for (size_t i = 0; i < inputs.size(); ++i) values[graph.inputs[i]] = inputs[i];
  for (const op::Node& node : graph.nodes) {
    std::vector<Tensor> operands;
    for (op::ValueId value : node.inputs) operands.push_back(values[value]);
    auto results = op::evaluate(node.op, node.attributes, operands);
    EXPECT_TRUE(results) << results.error().message;
    if (!results) return {};
    for (size_t i = 0; i < results->size(); ++i) values[node.outputs[i]] = (*results)[i];
  }
  std::vector<Tensor> outputs;
  for (op::ValueId value : graph.outputs) outputs.push_back(values[value]);
  return outputs;
}

inline double as_double(const Tensor& tensor, int64_t i) {
  if (tensor.dtype() == DType::kF32) return tensor.data<float>()[i];
  if (tensor.dtype() == DType::kI64) return static_cast<double>(tensor.data<int64_t>()[i]);
  if (tensor.dtype() == DType::kBool) return tensor.data<bool>()[i];
  return tensor.data<int32_t>()[i];
}

// |actual - expected| <= tolerance * (1 + max |expected|), element by element.
inline void expect_close(const Tensor& actual, const Tensor& expected, double tolerance) {
  ASSERT_EQ(actual.count(), expected.count());
  double largest = 0;
  for (int64_t i = 0; i < expected.count(); ++i)
    if (std::isfinite(as_double(expected, i))) largest = std::max(largest, std::abs(as_double(expected, i)));
  for (int64_t i = 0; i < expected.count(); ++i) {
    const double a = as_double(actual, i), e = as_double(expected, i);
    if (a == e || (std::isnan(a) && std::isnan(e))) continue;
    ASSERT_LE(std::abs(a - e), tolerance * (1 + largest)) << "element " << i << ": " << a << " instead of " << e;
  }
}

struct Outcome {
  std::vector<Tensor> outputs;
  Report report;
};

// Compiles, runs and compares a graph.
inline Outcome check_graph(const op::Graph& graph, const std::vector<Tensor>& inputs, double tolerance = 2e-5) {
  auto compiled = compile(graph, {.threads = 1});
  EXPECT_TRUE(compiled) << compiled.error().message;
  if (!compiled) return {};
  Session session(compiled->model);
  const std::vector<Tensor> actual = session.run(inputs), expected = evaluate(graph, inputs);
  EXPECT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) expect_close(actual[i], expected[i], tolerance);
  EXPECT_EQ(session.cycles, compiled->report.cycles);
  return {actual, compiled->report};
}

// Compiles and checks one node; fails when it does not run on the TPU alone.
inline Outcome check_op(const std::string& op, const Attributes& attributes, const std::vector<Tensor>& operands,
                        const std::vector<size_t>& constants = {}, double tolerance = 2e-5) {
  const op::Graph graph = graph_of(op, attributes, operands, constants);
  if (graph.outputs.empty()) return {};
  std::vector<Tensor> inputs;
  for (op::ValueId value : graph.inputs) inputs.push_back(operands[value]);
  Outcome outcome = check_graph(graph, inputs, tolerance);
  for (const LayerReport& layer : outcome.report.layers) EXPECT_TRUE(layer.on_tpu) << layer.note;
  return outcome;
}

// Why one node runs on the CPU; a failed test when it does not.
inline std::string why_on_cpu(const std::string& op, const Attributes& attributes, const std::vector<Tensor>& operands,
                              const std::vector<size_t>& constants = {}) {
  const op::Graph graph = graph_of(op, attributes, operands, constants);
  const auto compiled = compile(graph, {.threads = 1});
  EXPECT_TRUE(compiled) << compiled.error().message;
  if (!compiled) return "";
  EXPECT_FALSE(compiled->report.layers.at(0).on_tpu) << op << " runs on the TPU";
  return compiled->report.layers.at(0).note;
}

}  // namespace bmnet::plan::test
