// For tests: tiny ONNX models written as protobuf messages, and their evaluation.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/npz.h"
#include "base/testing.h"
#include "frontend/onnx/import.h"
#include "frontend/onnx/onnx.pb.h"
#include "frontend/testing.h"
#include "op/testing.h"

namespace bmnet::frontend::onnx::test {

using onnx_file::AttributeProto;
using onnx_file::TensorProto;

inline int data_type_of(DType dtype) {
  switch (dtype) {
    case DType::kU8:
      return TensorProto::UINT8;
    case DType::kI8:
      return TensorProto::INT8;
    case DType::kI32:
      return TensorProto::INT32;
    case DType::kI64:
      return TensorProto::INT64;
    case DType::kBool:
      return TensorProto::BOOL;
    default:
      return TensorProto::FLOAT;
  }
}

inline void to_proto(const Tensor& tensor, TensorProto& proto) {
  proto.set_data_type(data_type_of(tensor.dtype()));
  for (const int64_t dim : tensor.shape()) proto.add_dims(dim);
  proto.set_raw_data(tensor.raw(), tensor.bytes());
}

struct Attr {
  std::string name;
  std::variant<int, float, std::string, std::vector<int64_t>, std::vector<float>, Tensor, onnx_file::GraphProto,
               std::vector<std::string>>
      value;
};

inline void to_proto(const Attr& attr, AttributeProto& proto) {
  proto.set_name(attr.name);
  if (const auto* i = std::get_if<int>(&attr.value)) proto.set_i(*i), proto.set_type(AttributeProto::INT);
  if (const auto* f = std::get_if<float>(&attr.value)) proto.set_f(*f), proto.set_type(AttributeProto::FLOAT);
  if (const auto* s = std::get_if<std::string>(&attr.value)) proto.set_s(*s), proto.set_type(AttributeProto::STRING);
  if (const auto* t = std::get_if<Tensor>(&attr.value))
    to_proto(*t, *proto.mutable_t()), proto.set_type(AttributeProto::TENSOR);
  if (const auto* g = std::get_if<onnx_file::GraphProto>(&attr.value))
    *proto.mutable_g() = *g, proto.set_type(AttributeProto::GRAPH);
  if (const auto* list = std::get_if<std::vector<int64_t>>(&attr.value)) {
    for (const int64_t i : *list) proto.add_ints(i);
    proto.set_type(AttributeProto::INTS);
  }
  if (const auto* list = std::get_if<std::vector<float>>(&attr.value)) {
    for (const float f : *list) proto.add_floats(f);
    proto.set_type(AttributeProto::FLOATS);
  }
  if (const auto* list = std::get_if<std::vector<std::string>>(&attr.value)) {
    for (const std::string& s : *list) proto.add_strings(s);
    proto.set_type(AttributeProto::STRINGS);
  }
}

inline void add_node(onnx_file::GraphProto& graph, std::string op, std::vector<std::string> inputs,
                     std::vector<std::string> outputs, std::vector<Attr> attributes = {}, std::string domain = "") {
  onnx_file::NodeProto& node = *graph.add_node();
  node.set_op_type(std::move(op));
  node.set_domain(std::move(domain));
  for (std::string& input : inputs) node.add_input(std::move(input));
  for (std::string& output : outputs) node.add_output(std::move(output));
  for (const Attr& attribute : attributes) to_proto(attribute, *node.add_attribute());
}

// A model under construction: net.input("x", {1, 3}); net.node("Relu", {"x"}, {"y"}); net.output("y").
struct Net {
  explicit Net(int64_t opset = 13) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
  }
  // Dimensions below 1 are dynamic.
  Net& input(std::string name, Shape shape, DType dtype = DType::kF32) {
    auto& info = *model.mutable_graph()->add_input();
    info.set_name(std::move(name));
    auto& type = *info.mutable_type()->mutable_tensor_type();
    type.set_elem_type(data_type_of(dtype));
    type.mutable_shape();
    for (const int64_t dim : shape) {
      auto& proto = *type.mutable_shape()->add_dim();
      dim > 0 ? proto.set_dim_value(dim) : proto.set_dim_param("batch");
    }
    return *this;
  }
  Net& constant(std::string name, const Tensor& tensor) {
    auto& proto = *model.mutable_graph()->add_initializer();
    proto.set_name(std::move(name));
    to_proto(tensor, proto);
    return *this;
  }
  Net& node(std::string op, std::vector<std::string> inputs, std::vector<std::string> outputs,
            std::vector<Attr> attributes = {}, std::string domain = "") {
    add_node(*model.mutable_graph(), std::move(op), std::move(inputs), std::move(outputs), std::move(attributes),
             std::move(domain));
    return *this;
  }
  Net& output(std::string name) {
    model.mutable_graph()->add_output()->set_name(std::move(name));
    return *this;
  }
  onnx_file::ModelProto model;
};

// One node with all its inputs as network inputs.
inline Net single(int64_t opset, const std::string& op, const std::vector<Shape>& shapes,
                  std::vector<Attr> attributes = {}) {
  Net net(opset);
  std::vector<std::string> names;
  for (size_t i = 0; i < shapes.size(); ++i) net.input(names.emplace_back("x" + std::to_string(i)), shapes[i]);
  return net.node(op, names, {"y"}, std::move(attributes)).output("y");
}

inline std::vector<float> floats(const Tensor& tensor) {
  return {tensor.data<float>().begin(), tensor.data<float>().end()};
}
inline std::vector<int64_t> ints(const Tensor& tensor) {
  return {tensor.data<int64_t>().begin(), tensor.data<int64_t>().end()};
}

inline Result<op::Graph> import_graph(const Net& net, const ImportOptions& options = {}) {
  const std::string file = net.model.SerializeAsString();
  BMNET_ASSIGN(const nn::Model model, import_onnx(as_bytes(file), "net.onnx", ".", options));
  return model.to_graph();
}

using frontend::test::evaluate;
using frontend::test::operators;
using frontend::test::refusal;
using frontend::test::run;

}  // namespace bmnet::frontend::onnx::test
