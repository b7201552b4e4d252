// For tests: tiny graphs written as protobuf messages, and their evaluation.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/testing.h"
#include "frontend/tensorflow/import.h"
#include "frontend/tensorflow/tensorflow.pb.h"
#include "frontend/testing.h"
#include "op/testing.h"

namespace bmnet::frontend::tensorflow::test {

using namespace tensorflow_file;

inline DataType data_type_of(DType dtype) {
  switch (dtype) {
    case DType::kU8:
      return DT_UINT8;
    case DType::kI8:
      return DT_INT8;
    case DType::kI32:
      return DT_INT32;
    case DType::kI64:
      return DT_INT64;
    case DType::kBool:
      return DT_BOOL;
    default:
      return DT_FLOAT;
  }
}

inline void to_proto(const Shape& shape, TensorShapeProto& proto) {
  for (const int64_t dim : shape) proto.add_dim()->set_size(dim);
}

inline void to_proto(const Tensor& tensor, TensorProto& proto) {
  proto.set_dtype(data_type_of(tensor.dtype()));
  to_proto(tensor.shape(), *proto.mutable_tensor_shape());
  proto.set_tensor_content(tensor.raw(), tensor.bytes());
}

struct Attr {
  std::string name;
  std::variant<int, float, bool, std::string, DataType, std::vector<int64_t>, Tensor, NameAttrList> value;
};

inline void to_proto(const Attr& attr, AttrValue& proto) {
  if (const auto* i = std::get_if<int>(&attr.value)) proto.set_i(*i);
  if (const auto* f = std::get_if<float>(&attr.value)) proto.set_f(*f);
  if (const auto* b = std::get_if<bool>(&attr.value)) proto.set_b(*b);
  if (const auto* s = std::get_if<std::string>(&attr.value)) proto.set_s(*s);
  if (const auto* t = std::get_if<DataType>(&attr.value)) proto.set_type(*t);
  if (const auto* t = std::get_if<Tensor>(&attr.value)) to_proto(*t, *proto.mutable_tensor());
  if (const auto* f = std::get_if<NameAttrList>(&attr.value)) *proto.mutable_func() = *f;
  if (const auto* list = std::get_if<std::vector<int64_t>>(&attr.value)) {
    proto.mutable_list();
    for (const int64_t i : *list) proto.mutable_list()->add_i(i);
  }
}

inline NameAttrList function(std::string name) {
  NameAttrList proto;
  proto.set_name(std::move(name));
  return proto;
}

inline NodeDef node_of(std::string op, std::string name, std::vector<std::string> inputs,
                       std::vector<Attr> attributes = {}) {
  NodeDef node;
  node.set_op(std::move(op));
  node.set_name(std::move(name));
  for (std::string& input : inputs) node.add_input(std::move(input));
  for (const Attr& attribute : attributes) to_proto(attribute, (*node.mutable_attr())[attribute.name]);
  return node;
}

// A graph under construction: net.input("x", {1, 3}); net.node("Relu", "y", {"x"}).
struct Net {
  Net& input(std::string name, Shape shape, DType dtype = DType::kF32) {
    NodeDef& node = *graph.add_node() = node_of("Placeholder", std::move(name), {}, {{"dtype", data_type_of(dtype)}});
    to_proto(shape, *(*node.mutable_attr())["shape"].mutable_shape());
    return *this;
  }
  Net& constant(std::string name, const Tensor& tensor) {
    return node("Const", std::move(name), {}, {{"value", tensor}, {"dtype", data_type_of(tensor.dtype())}});
  }
  Net& node(std::string op, std::string name, std::vector<std::string> inputs, std::vector<Attr> attributes = {}) {
    *graph.add_node() = node_of(std::move(op), std::move(name), std::move(inputs), std::move(attributes));
    return *this;
  }
  GraphDef graph;
};

inline Result<op::Graph> import_graph(const Net& net, const ImportOptions& options = {}) {
  const std::string file = net.graph.SerializeAsString();
  BMNET_ASSIGN(const nn::Model model, import_tensorflow(as_bytes(file), "net.pb", ".", options));
  return model.to_graph();
}

using frontend::test::evaluate;
using frontend::test::operators;
using frontend::test::refusal;
using frontend::test::run;

}  // namespace bmnet::frontend::tensorflow::test
