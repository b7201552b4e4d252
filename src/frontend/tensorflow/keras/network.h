// The architecture of a Keras model: its layers, and what each is called on.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "frontend/tensorflow/keras/config.h"

namespace bmnet::frontend::tensorflow::keras {

// Result `tensor` of call number `call` of a layer.
struct Reference {
  std::string layer;
  int64_t call = 0, tensor = 0;
};

// One argument of a call: tensors (one, or a list of them), or a constant.
struct Argument {
  std::vector<Reference> tensors;
  const Json* constant = nullptr;
};

struct LayerCall {
  std::vector<Argument> arguments;
  std::map<std::string, Argument> keywords;
};

struct LayerEntry {
  std::string class_name, name;
  const Json* config = nullptr;
  std::vector<LayerCall> calls;
};

struct Network {
  std::string name;
  std::vector<LayerEntry> layers;
  std::vector<std::string> inputs;  // names of layers
  std::vector<Reference> outputs;
  std::map<std::string, size_t, std::less<>> by_name;  // place of a layer
};

// Whether a layer is itself a model.
bool is_model(std::string_view class_name);

// `class_name`: Sequential, Functional or Model; `config` as Keras 2 and 3 write it, which the network refers to. A
// Sequential model without an input layer gets one, by its first layer's batch_input_shape. Errors: another class (a
// subclassed model), a form that is none of theirs.
Result<Network> parse_network(const std::string& class_name, const Json& config);

}  // namespace bmnet::frontend::tensorflow::keras
