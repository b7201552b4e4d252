// For tests of the Paddle front end: programs written operator by operator.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <variant>

#include "frontend/paddle/framework.pb.h"
#include "frontend/paddle/import.h"
#include "frontend/testing.h"

namespace bmnet::frontend::paddle {

using Ints = std::vector<int32_t>;
using Floats = std::vector<float>;
using Texts = std::vector<std::string>;

struct AttributeValue {
  std::string name;
  std::variant<int, float, bool, std::string, Ints, Floats, Texts> value;
};

// A program with the input "x", operators one by one and the last operator's result fetched.
class Program {
 public:
  static constexpr int kI32 = 2, kI64 = 3, kF32 = 5;  // types of variables
  explicit Program(std::vector<int64_t> shape) {
    block_ = program_.add_blocks();
    input("x", std::move(shape));
  }
  // A further input of the network.
  Program& input(const std::string& name, std::vector<int64_t> shape, int type = kF32) {
    variable(name, shape, false, type);
    return op("feed", {{"X", {"feed"}}}, {{"Out", {name}}}, {{"col", inputs_++}});
  }
  // Variable `name` with values that the program holds.
  Program& integers(const std::string& name, const Ints& shape, const Ints& values) {
    return op("assign_value", {}, {{"Out", {name}}}, {{"shape", shape}, {"dtype", 3}, {"int32_values", values}});
  }
  Program& numbers(const std::string& name, const Ints& shape, const Floats& values) {
    return op("assign_value", {}, {{"Out", {name}}}, {{"shape", shape}, {"dtype", 5}, {"fp32_values", values}});
  }
  // Operators from here on stand in a new block, up to the next end().
  int begin() {
    block_ = program_.add_blocks();
    return program_.blocks_size() - 1;
  }
  Program& end() {
    block_ = program_.mutable_blocks(0);
    return *this;
  }
  Program& parameter(const std::string& name, std::vector<int64_t> shape, std::vector<float> values) {
    variable(name, shape, true);
    paddle_file::TensorDesc desc;
    desc.set_data_type(5);
    for (const int64_t dim : shape) desc.add_dims(dim);
    const std::string description = desc.SerializeAsString();
    std::string& file = parameters_[name];
    const auto append = [&](auto value) { file.append(reinterpret_cast<const char*>(&value), sizeof(value)); };
    append(uint32_t{0}), append(uint64_t{0}), append(uint32_t{0});
    append(static_cast<int32_t>(description.size()));
    file += description;
    for (const float value : values) append(value);
    return *this;
  }
  using Variables = std::vector<std::pair<std::string, std::vector<std::string>>>;
  Program& op(const std::string& type, const Variables& inputs, const Variables& outputs,
              const std::vector<AttributeValue>& attributes = {}) {
    auto* op = block_->add_ops();
    op->set_type(type);
    for (const auto& [list, vars] :
         {std::pair{&inputs, op->mutable_inputs()}, std::pair{&outputs, op->mutable_outputs()}})
      for (const auto& [parameter, names] : *list) {
        auto* var = vars->Add();
        var->set_parameter(parameter);
        for (const std::string& name : names) var->add_arguments(name);
      }
    for (const AttributeValue& attribute : attributes) add(*op->add_attrs(), attribute);
    return *this;
  }
  std::string program(const std::string& output = "y") const {
    Program whole = *this;
    whole.block_ = whole.program_.mutable_blocks(0);
    whole.op("fetch", {{"X", {output}}}, {{"Out", {"fetch"}}}, {{"col", 0}});
    return whole.program_.SerializeAsString();
  }
  std::string parameters() const {  // in the order of their names
    std::string all;
    for (const auto& [name, file] : parameters_) all += file;
    return all;
  }
  const std::map<std::string, std::string>& files() const { return parameters_; }

 private:
  void variable(const std::string& name, const std::vector<int64_t>& shape, bool persistable, int type = kF32) {
    auto* var = block_->add_vars();
    var->set_name(name);
    var->set_persistable(persistable);
    var->mutable_type()->set_type(7);
    auto* tensor = var->mutable_type()->mutable_lod_tensor()->mutable_tensor();
    tensor->set_data_type(type);
    for (const int64_t dim : shape) tensor->add_dims(dim);
  }
  static void add(paddle_file::OpDesc::Attr& attr, const AttributeValue& attribute) {
    attr.set_name(attribute.name);
    if (const auto* i = std::get_if<int>(&attribute.value)) attr.set_i(*i);
    if (const auto* f = std::get_if<float>(&attribute.value)) attr.set_f(*f);
    if (const auto* b = std::get_if<bool>(&attribute.value)) attr.set_b(*b);
    if (const auto* s = std::get_if<std::string>(&attribute.value)) attr.set_s(*s);
    if (const auto* ints = std::get_if<Ints>(&attribute.value))
      for (const int32_t value : *ints) attr.add_ints(value);
    if (const auto* floats = std::get_if<Floats>(&attribute.value))
      for (const float value : *floats) attr.add_floats(value);
    if (const auto* texts = std::get_if<Texts>(&attribute.value))
      for (const std::string& value : *texts) attr.add_strings(value);
    if (attribute.name == "sub_block") attr.set_block_idx(std::get<int>(attribute.value));
  }

  paddle_file::ProgramDesc program_;
  paddle_file::BlockDesc* block_;
  int inputs_ = 0;
  std::map<std::string, std::string> parameters_;
};

inline Result<nn::Model> import(const Program& net, const ImportOptions& options = {}) {
  const std::string program = net.program(), parameters = net.parameters();
  return import_paddle(as_bytes(program), as_bytes(parameters), "net.pdmodel", options);
}
inline Result<op::Graph> import_graph(const Program& net, const ImportOptions& options = {}) {
  BMNET_ASSIGN(const nn::Model model, import(net, options));
  return model.to_graph();
}
inline std::string refusal(const Program& net) {
  const auto model = import(net);
  return model ? "imported" : model.error().message;
}
// What the network makes of f32 values for its only input.
inline std::vector<float> result(const Program& net, std::vector<float> input) {
  const auto model = import(net);
  EXPECT_TRUE(model) << model.error().message;
  return model ? test::run_on(*model, std::move(input)) : std::vector<float>();
}
inline std::vector<float> floats_of(const Tensor& tensor) {
  EXPECT_EQ(tensor.dtype(), DType::kF32);
  return {tensor.data<float>().begin(), tensor.data<float>().end()};
}
inline std::vector<int64_t> integers_of(const Tensor& tensor) {
  if (tensor.dtype() == DType::kI64) return {tensor.data<int64_t>().begin(), tensor.data<int64_t>().end()};
  EXPECT_EQ(tensor.dtype(), DType::kI32);
  return {tensor.data<int32_t>().begin(), tensor.data<int32_t>().end()};
}
// The variable `output` of the network for these inputs.
inline Tensor value_of(const Program& net, const std::string& output, const std::vector<Tensor>& inputs) {
  ImportOptions options;
  options.output_names = {output};
  return test::run(net, inputs, options).front();
}
// One operator from x to y.
inline std::vector<float> through(const std::string& op, std::vector<int64_t> shape, std::vector<float> input,
                                  const std::vector<AttributeValue>& attributes = {}, const std::string& in = "X",
                                  const std::string& out = "Out") {
  Program net(std::move(shape));
  net.op(op, {{in, {"x"}}}, {{out, {"y"}}}, attributes);
  return result(net, std::move(input));
}

}  // namespace bmnet::frontend::paddle
