#include "frontend/tensorflow/keras/model.h"

#include <algorithm>
#include <charconv>
#include <queue>

#include "frontend/inputs.h"

namespace bmnet::frontend::tensorflow::keras {
namespace {

constexpr int kMaxDepth = 16;                    // of models and wrappers inside of each other
constexpr int64_t kMaxDrawn = int64_t{1} << 28;  // elements of random weights
constexpr int64_t kMaxCalls = 1 << 16;           // of layers

struct NamedType {
  std::string_view name;
  DType dtype;
};
constexpr NamedType kTypes[] = {
    {"float32", DType::kF32}, {"float64", DType::kF32}, {"float16", DType::kF32}, {"bfloat16", DType::kF32},
    {"int32", DType::kI32},   {"int64", DType::kI64},   {"int16", DType::kI16},   {"int8", DType::kI8},
    {"uint8", DType::kU8},    {"bool", DType::kBool},
};

// "layer" or "layer:1".
Reference parse_output(const std::string& text) {
  const size_t colon = text.rfind(':');
  Reference reference{text.substr(0, colon), 0, 0};
  if (colon == std::string::npos) return reference;
  const char *begin = text.data() + colon + 1, *end = text.data() + text.size();
  if (std::from_chars(begin, end, reference.tensor).ptr != end || begin == end) reference = {text, 0, 0};
  return reference;
}

std::string output_name(const Reference& reference) {
  std::string name = reference.layer;
  if (reference.call > 0) name += fmt::format("/{}", reference.call);
  if (reference.tensor > 0) name += fmt::format(":{}", reference.tensor);
  return name;
}

Status check_h5(const hdf5::File& file) {
  if (file.has_group("model_weights")) return {};
  return user_error("an HDF5 file that is no Keras model: it has no group model_weights");
}

}  // namespace

ModelImporter::ModelImporter(ModelSource source, const ImportOptions& options, const std::string& network_name)
    : source_(std::move(source)), options_(options), importer_(Source{.graph = &no_graph_}, options, network_name) {}

Result<TensorInfo> ModelImporter::input_info(const LayerEntry& entry, size_t position) const {
  TensorInfo info;
  std::optional<StatedShape> stated;
  if (entry.class_name == "InputLayer") {
    const Config config(*entry.config);
    const Json* shape = nullptr;
    for (const char* key : {"batch_input_shape", "batch_shape", "build_input_shape"})
      if (const Json* found = config.entry(key); found && !shape) shape = found;
    if (shape && shape->is_array()) {
      stated.emplace();
      for (const Json& dim : *shape) stated->dims.push_back(dim.is_number_integer() ? integer_of(dim) : -1);
      // Keras' batch is open as a rule: one sample then.
      if (!stated->dims.empty() && stated->dims[0] < 1 && !options_.batch) stated->dims[0] = 1;
    }
    if (const Json* dtype = config.entry("dtype"); dtype && dtype->is_string()) {
      const auto found = std::ranges::find(kTypes, dtype->get<std::string>(), &NamedType::name);
      if (found == std::end(kTypes))
        return unsupported("input '{}' is of type {}", entry.name, dtype->get<std::string>());
      info.dtype = found->dtype;
    }
    if (config.flag("sparse", false) || config.flag("ragged", false))
      return unsupported("input '{}' is sparse or ragged; feed dense tensors", entry.name);
    BMNET_TRY(config.problem());
  }
  BMNET_ASSIGN(info.shape, input_shape(options_, entry.name, position, stated));
  return info;
}

Status ModelImporter::declare_inputs(Evaluation& evaluation) {
  const Network& network = evaluation.network;
  const auto place_of = [&](const std::string& name) -> Result<size_t> {
    const auto found = network.by_name.find(name);
    if (found == network.by_name.end()) return user_error("the model has no layer '{}'", name);
    return found->second;
  };
  for (const auto& [name, tensor] : options_.fixed_inputs) {
    BMNET_ASSIGN(const size_t place, place_of(name));
    evaluation.values[{place, 0}] = {{importer_.builder().constant(name, tensor), false}};
    evaluation.given.insert({place, 0});
  }
  std::vector<std::string> names;
  for (const std::string& name : options_.input_names.empty() ? network.inputs : options_.input_names)
    if (!options_.fixed_inputs.contains(name)) names.push_back(name);
  BMNET_TRY(check_given_shapes(options_, names));
  for (size_t i = 0; i < names.size(); ++i) {
    BMNET_ASSIGN(const size_t place, place_of(names[i]));
    if (!evaluation.given.insert({place, 0}).second) return user_error("input '{}' is named twice", names[i]);
    BMNET_ASSIGN(TensorInfo info, input_info(network.layers[place], i));
    evaluation.values[{place, 0}] = {{importer_.builder().input(names[i], std::move(info)), false}};
  }
  return {};
}

Result<std::vector<Reference>> ModelImporter::chosen_outputs(const Network& network) const {
  if (options_.output_names.empty()) return network.outputs;
  std::vector<Reference> outputs;
  for (const std::string& name : options_.output_names) {
    outputs.push_back(parse_output(name));
    if (!network.by_name.contains(outputs.back().layer)) return user_error("the model has no layer '{}'", name);
  }
  return outputs;
}

Result<nn::Model> ModelImporter::run() {
  const Json *class_name = find(*source_.model, "class_name"), *config = find(*source_.model, "config");
  if (!class_name || !class_name->is_string() || !config)
    return user_error("the model's configuration has no class_name or config");
  BMNET_ASSIGN(const Network network, parse_network(class_name->get<std::string>(), *config));
  Evaluation evaluation{.network = network, .weights = source_.weights};
  BMNET_ASSIGN(const std::vector<Reference> outputs, chosen_outputs(network));
  BMNET_TRY(declare_inputs(evaluation));
  BMNET_TRY(evaluate(evaluation, outputs));
  for (const Reference& reference : outputs) {
    BMNET_ASSIGN(const Value value, lookup(evaluation, reference));
    BMNET_ASSIGN(const ValueId id, importer_.in_layout(value, false));
    BMNET_TRY(importer_.builder().output(output_name(reference), id));
  }
  return importer_.builder().finish();
}

Result<Value> ModelImporter::lookup(const Evaluation& evaluation, const Reference& reference) const {
  const auto layer = evaluation.network.by_name.find(reference.layer);
  if (layer == evaluation.network.by_name.end()) return user_error("there is no layer '{}'", reference.layer);
  const auto values = evaluation.values.find({layer->second, reference.call});
  if (values == evaluation.values.end())
    return user_error("layer '{}' is not called a {}. time", reference.layer, reference.call + 1);
  if (reference.tensor < 0 || reference.tensor >= static_cast<int64_t>(values->second.size()))
    return user_error("layer '{}' has no result {}", reference.layer, reference.tensor);
  return values->second[static_cast<size_t>(reference.tensor)];
}

Result<Operands> ModelImporter::resolve(const Evaluation& evaluation, const LayerCall& call) const {
  const auto operand_of = [&](const Argument& argument) -> Result<Operand> {
    Operand operand{{}, argument.constant};
    for (const Reference& reference : argument.tensors) {
      BMNET_ASSIGN(const Value value, lookup(evaluation, reference));
      operand.tensors.push_back(value);
    }
    return operand;
  };
  Operands operands;
  for (const Argument& argument : call.arguments) {
    BMNET_ASSIGN(Operand operand, operand_of(argument));
    operands.positional.push_back(std::move(operand));
  }
  for (const auto& [name, argument] : call.keywords) {
    BMNET_ASSIGN(operands.keywords[name], operand_of(argument));
  }
  return operands;
}

// The calls that the outputs depend on, in the order of the file as far as that respects who needs whom.
Result<std::vector<ModelImporter::Place>> ModelImporter::needed_in_order(const Evaluation& evaluation,
                                                                         const std::vector<Reference>& outputs) const {
  const Network& network = evaluation.network;
  std::map<Place, std::vector<Place>> users;
  std::map<Place, int> waiting;
  std::vector<Place> todo;
  const auto need = [&](const Reference& reference) -> std::optional<Place> {
    const auto layer = network.by_name.find(reference.layer);
    if (layer == network.by_name.end()) return std::nullopt;  // lookup says so
    const Place place{layer->second, reference.call};
    const int64_t calls = static_cast<int64_t>(network.layers[place.first].calls.size());
    if (evaluation.given.contains(place) || place.second < 0 || place.second >= calls) return std::nullopt;
    if (waiting.emplace(place, 0).second) todo.push_back(place);
    return place;
  };
  for (const Reference& output : outputs) need(output);
  while (!todo.empty()) {
    const Place place = todo.back();
    todo.pop_back();
    const LayerCall& call = network.layers[place.first].calls[static_cast<size_t>(place.second)];
    const auto visit = [&](const Argument& argument) {
      for (const Reference& reference : argument.tensors)
        if (const auto producer = need(reference)) {
          users[*producer].push_back(place);
          ++waiting[place];
        }
    };
    std::ranges::for_each(call.arguments, visit);
    for (const auto& [name, argument] : call.keywords) visit(argument);
  }
  std::priority_queue<Place, std::vector<Place>, std::greater<>> ready;
  for (const auto& [place, count] : waiting)
    if (count == 0) ready.push(place);
  std::vector<Place> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const Place& user : users[order.back()])
      if (--waiting[user] == 0) ready.push(user);
  }
  if (order.size() == waiting.size()) return order;
  for (const auto& [place, count] : waiting)
    if (count > 0)
      return user_error("layer {}: the model runs in a circle through it", network.layers[place.first].name);
  return bug("layers are lost");
}

Status ModelImporter::evaluate(Evaluation& evaluation, const std::vector<Reference>& outputs) {
  BMNET_ASSIGN(const std::vector<Place> order, needed_in_order(evaluation, outputs));
  for (const Place& place : order) {
    const LayerEntry& entry = evaluation.network.layers[place.first];
    auto called = call_layer(evaluation, place);
    if (called) continue;
    // Errors of layers inside of a model name their layer already.
    if (called.error().message.starts_with("layer ")) return called;
    return with_context(fmt::format("layer {}{} ({})", evaluation.prefix, entry.name, entry.class_name),
                        std::move(called).error());
  }
  return {};
}

Status ModelImporter::call_layer(Evaluation& evaluation, Place place) {
  const LayerEntry& entry = evaluation.network.layers[place.first];
  BMNET_ASSIGN(const Operands operands, resolve(evaluation, entry.calls[static_cast<size_t>(place.second)]));
  std::string name = evaluation.prefix + entry.name;
  if (place.second > 0) name += fmt::format("/{}", place.second);
  // Of a model inside the model the weights stand together; theirs are told apart by scopes.
  Weights weights =
      evaluation.nested ? evaluation.weights.of_scope(entry.name) : evaluation.weights.of_group(entry.name);
  if (evaluation.nested && weights.empty() && is_model(entry.class_name)) weights = evaluation.weights;
  BMNET_ASSIGN(evaluation.values[place], convert(entry, name, operands, weights));
  return {};
}

Result<Values> ModelImporter::convert(const LayerEntry& entry, const std::string& name, const Operands& operands,
                                      const Weights& weights) {
  if (++calls_ > kMaxCalls) return unsupported("more than {} calls of layers", kMaxCalls);
  if (depth_ >= kMaxDepth) return unsupported("layers inside of layers deeper than {} levels", kMaxDepth);
  ++depth_;
  const auto results = [&]() -> Result<Values> {
    if (is_model(entry.class_name)) return call_model(entry, name, operands, weights);
    const Row* row = find_row(entry.class_name);
    if (!row)
      return unsupported("the layer class is not known; a model with custom layers can be saved as a SavedModel");
    Layer layer(*this, *row, entry, name, operands, weights);
    const int count = static_cast<int>(layer.inputs().size());
    if (count < row->min_inputs || count > row->max_inputs)
      return user_error("{} input tensors, {} {} expected", count, count < row->min_inputs ? "at least" : "at most",
                        count < row->min_inputs ? row->min_inputs : row->max_inputs);
    auto values = row->convert(layer);
    BMNET_TRY(layer.config.problem());  // says more than what follows from it
    return values;
  }();
  --depth_;
  return results;
}

Result<Values> ModelImporter::call_model(const LayerEntry& entry, const std::string& name, const Operands& operands,
                                         const Weights& weights) {
  BMNET_ASSIGN(const Network network, parse_network(entry.class_name, *entry.config));
  const Values inputs = operands.tensors();
  if (inputs.size() != network.inputs.size())
    return user_error("{} input tensors, the model inside has {}", inputs.size(), network.inputs.size());
  Evaluation evaluation{.network = network, .prefix = name + "/", .weights = weights, .nested = true};
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto layer = network.by_name.find(network.inputs[i]);
    if (layer == network.by_name.end()) return user_error("there is no layer '{}'", network.inputs[i]);
    evaluation.values[{layer->second, 0}] = {inputs[i]};
    evaluation.given.insert({layer->second, 0});
  }
  BMNET_TRY(evaluate(evaluation, network.outputs));
  Values outputs;
  for (const Reference& reference : network.outputs) {
    BMNET_ASSIGN(const Value value, lookup(evaluation, reference));
    outputs.push_back(value);
  }
  return outputs;
}

namespace {

Result<nn::Model> import_text(std::string_view text, ModelSource source, const ImportOptions& options,
                              const std::string& network_name, int64_t limit = kMaxDrawn) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return user_error("model_config is no JSON text: cut off or damaged");
  source.model = &json;
  if (options.random_weights) source.weights.draw_absent(*options.random_weights, limit);
  return ModelImporter(std::move(source), options, network_name).run();
}

Result<nn::Model> import_file(Bytes bytes, std::shared_ptr<const void> owner, const ImportOptions& options,
                              const std::string& network_name) {
  BMNET_ASSIGN(const hdf5::File file, hdf5::File::open(bytes, std::move(owner)));
  BMNET_ASSIGN(const std::optional<std::string> config, file.text_attribute("", "model_config"));
  if (!config) {
    BMNET_TRY(check_h5(file));
    return user_error("the file has weights only, no model_config: save the whole model (model.save), not its weights");
  }
  BMNET_ASSIGN(const std::optional<std::string> version, file.text_attribute("", "keras_version"));
  ModelSource source{.weights = Weights(file, "model_weights")};
  if (version) {  // "2.2.4", "2.2.4-tf", "2.15.0", "3.3.3"
    source.version = version->starts_with("3") ? 3 : version->starts_with("1") ? 1 : 2;
    source.tensorflow_2 = source.version > 2 || version->ends_with("-tf") ||
                          (!version->starts_with("2.0") && !version->starts_with("2.1.") &&
                           !version->starts_with("2.2.") && !version->starts_with("2.3."));
  }
  if (source.version == 1) return unsupported("a model of Keras {}; load and save it with Keras 2", *version);
  return import_text(*config, std::move(source), options, network_name);
}

}  // namespace

Result<nn::Model> import_h5(Bytes bytes, const std::string& name, std::shared_ptr<const void> owner,
                            const ImportOptions& options, const std::string& network_name) {
  auto model = import_file(bytes, std::move(owner), options, network_name);
  if (!model) return with_context(name, std::move(model).error());
  return model;
}

Result<nn::Model> import_config(std::string_view json, const ImportOptions& options, int64_t weight_limit) {
  return import_text(json, {}, options, "model", weight_limit);
}

}  // namespace bmnet::frontend::tensorflow::keras
