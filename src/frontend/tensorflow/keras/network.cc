#include "frontend/tensorflow/keras/network.h"

#include <algorithm>

namespace bmnet::frontend::tensorflow::keras {
namespace {

constexpr int kMaxNesting = 16;  // of lists of tensors
constexpr size_t kMaxLayers = 1 << 16;

// ["conv", 0, 0], perhaps with keyword arguments behind.
bool is_reference(const Json& json) {
  return json.is_array() && json.size() >= 3 && json.size() <= 4 && json[0].is_string() &&
         json[1].is_number_integer() && json[2].is_number_integer();
}

// {"class_name": "__keras_tensor__", "config": {"keras_history": ["conv", 0, 0]}} of Keras 3.
const Json* history_of(const Json& json) {
  const Json* class_name = find(json, "class_name");
  if (!class_name || *class_name != "__keras_tensor__") return nullptr;
  const Json* config = find(json, "config");
  const Json* history = config ? find(*config, "keras_history") : nullptr;
  return history && is_reference(*history) ? history : nullptr;
}

Reference reference_of(const Json& json) {
  return {json[0].get<std::string>(), integer_of(json[1]), integer_of(json[2])};
}

// Whether `json` is a tensor or a list of tensors; they are added to `tensors`.
bool collect(const Json& json, std::vector<Reference>& tensors, int depth = 0) {
  if (const Json* history = history_of(json)) {
    tensors.push_back(reference_of(*history));
    return true;
  }
  if (is_reference(json)) {
    tensors.push_back(reference_of(json));
    return true;
  }
  if (!json.is_array() || json.empty() || depth > kMaxNesting) return false;
  return std::ranges::all_of(json, [&](const Json& item) { return collect(item, tensors, depth + 1); });
}

Argument argument_of(const Json& json) {
  Argument argument;
  if (!collect(json, argument.tensors)) argument = {{}, &json};
  return argument;
}

void add_keywords(const Json& keywords, LayerCall& call) {
  for (const auto& [name, value] : keywords.items()) call.keywords[name] = argument_of(value);
}

// Keras 3: {"args": […], "kwargs": {…}}. Keras 2: [["conv", 0, 0, {keywords}], …], a constant as
// ["_CONSTANT_VALUE", -1, value, {keywords}].
Result<LayerCall> parse_call(const Json& json) {
  LayerCall call;
  if (const Json* arguments = find(json, "args"); arguments && arguments->is_array()) {
    for (const Json& item : *arguments) call.arguments.push_back(argument_of(item));
    if (const Json* keywords = find(json, "kwargs"); keywords && keywords->is_object()) add_keywords(*keywords, call);
    return call;
  }
  const auto add = [&](const Json& item) {
    if (item.is_array() && item.size() >= 3 && item[0] == "_CONSTANT_VALUE") {
      call.arguments.push_back({{}, &item[2]});
    } else if (is_reference(item)) {
      call.arguments.push_back({{reference_of(item)}, nullptr});
    } else {
      return false;
    }
    if (item.size() == 4 && item[3].is_object()) add_keywords(item[3], call);
    return true;
  };
  if (add(json)) return call;
  if (!json.is_array() || !std::ranges::all_of(json, add))
    return unsupported("what it is called on is no list of tensors");
  return call;
}

Result<LayerEntry> parse_layer(const Json& json, size_t place) {
  LayerEntry entry;
  const Json* class_name = find(json, "class_name");
  entry.config = find(json, "config");
  if (!class_name || !class_name->is_string() || !entry.config)
    return user_error("layer {} has no class_name or config", place);
  entry.class_name = class_name->get<std::string>();
  for (const Json* name : {find(json, "name"), find(*entry.config, "name")})
    if (name && name->is_string() && entry.name.empty()) entry.name = name->get<std::string>();
  if (entry.name.empty()) return user_error("layer {} ({}) has no name", place, entry.class_name);
  const Json* calls = find(json, "inbound_nodes");
  if (!calls || calls->is_null()) return entry;
  if (!calls->is_array()) return user_error("layer {}: inbound_nodes is no list", entry.name);
  for (const Json& item : *calls) {
    auto call = parse_call(item);
    if (!call) return with_context(fmt::format("layer {}", entry.name), std::move(call).error());
    entry.calls.push_back(*std::move(call));
  }
  return entry;
}

Status add_layer(LayerEntry entry, Network& network) {
  if (network.layers.size() >= kMaxLayers) return unsupported("more than {} layers", kMaxLayers);
  if (!network.by_name.emplace(entry.name, network.layers.size()).second)
    return user_error("two layers have the name '{}'", entry.name);
  network.layers.push_back(std::move(entry));
  return {};
}

// References count the calls of a model from 1 on when it had one of its own before, which is not in the file.
void renumber_calls(Network& network, const std::string& layer) {
  LayerEntry& entry = network.layers[network.by_name[layer]];
  const int64_t calls = static_cast<int64_t>(entry.calls.size());
  std::vector<Reference*> references;
  const auto take = [&](Reference& reference) {
    if (reference.layer == layer) references.push_back(&reference);
  };
  const auto take_argument = [&](Argument& argument) { std::ranges::for_each(argument.tensors, take); };
  for (LayerEntry& user : network.layers)
    for (LayerCall& call : user.calls) {
      std::ranges::for_each(call.arguments, take_argument);
      for (auto& [name, argument] : call.keywords) take_argument(argument);
    }
  std::ranges::for_each(network.outputs, take);
  const bool from_one = std::ranges::any_of(references, [&](const Reference* r) { return r->call >= calls; }) ||
                        std::ranges::none_of(references, [](const Reference* r) { return r->call == 0; });
  if (from_one)
    for (Reference* reference : references) --reference->call;
}

Status parse_functional(const Json& config, Network& network) {
  const Json* layers = find(config, "layers");
  const Json *inputs = find(config, "input_layers"), *outputs = find(config, "output_layers");
  if (!layers || !layers->is_array() || !inputs || !outputs)
    return user_error("the functional model has no layers, input_layers or output_layers");
  for (size_t i = 0; i < layers->size(); ++i) {
    BMNET_ASSIGN(LayerEntry entry, parse_layer((*layers)[i], i));
    BMNET_TRY(add_layer(std::move(entry), network));
  }
  const auto references = [](const Json& json) {
    std::vector<Reference> list;
    if (json.is_object() && !history_of(json)) {  // by name
      for (const Json& item : json)
        if (!collect(item, list)) return std::vector<Reference>();
    } else if (!collect(json, list)) {
      list.clear();
    }
    return list;
  };
  for (const Reference& reference : references(*inputs)) network.inputs.push_back(reference.layer);
  network.outputs = references(*outputs);
  if (network.inputs.empty() || network.outputs.empty())
    return user_error("the functional model's inputs or outputs are damaged");
  std::vector<std::string> models;
  for (const LayerEntry& entry : network.layers)
    if (is_model(entry.class_name)) models.push_back(entry.name);
  for (const std::string& name : models) renumber_calls(network, name);
  return {};
}

// A Sequential model is a chain.
Status parse_sequential(const Json& config, Network& network) {
  const Json* layers = config.is_array() ? &config : find(config, "layers");
  if (!layers || !layers->is_array() || layers->empty()) return user_error("the Sequential model has no layers");
  for (size_t i = 0; i < layers->size(); ++i) {
    BMNET_ASSIGN(LayerEntry entry, parse_layer((*layers)[i], i));
    if (i == 0 && entry.class_name != "InputLayer") {
      LayerEntry input{"InputLayer", entry.name + "_input", entry.config, {}};
      // What Keras learned when it was built stands in the model's own configuration.
      if (!find(*entry.config, "batch_input_shape") && !find(*entry.config, "batch_shape")) input.config = &config;
      BMNET_TRY(add_layer(std::move(input), network));
    }
    entry.calls.clear();
    if (!network.layers.empty()) entry.calls.push_back({{{{{network.layers.back().name, 0, 0}}, nullptr}}, {}});
    BMNET_TRY(add_layer(std::move(entry), network));
  }
  network.inputs = {network.layers.front().name};
  network.outputs = {{network.layers.back().name, 0, 0}};
  return {};
}

}  // namespace

bool is_model(std::string_view class_name) {
  return class_name == "Model" || class_name == "Functional" || class_name == "Sequential";
}

Result<Network> parse_network(const std::string& class_name, const Json& config) {
  if (!is_model(class_name))
    return unsupported("a model of class {}: its call is Python code; save it as a SavedModel or a functional model",
                       class_name);
  Network network;
  if (const Json* name = find(config, "name"); name && name->is_string()) network.name = name->get<std::string>();
  if (class_name == "Sequential") {
    BMNET_TRY(parse_sequential(config, network));
  } else {
    BMNET_TRY(parse_functional(config, network));
  }
  return network;
}

}  // namespace bmnet::frontend::tensorflow::keras
