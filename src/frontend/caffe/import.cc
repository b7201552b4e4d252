#include "frontend/caffe/import.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "base/file.h"
#include "frontend/blockers.h"
#include "frontend/caffe/mapping.h"
#include "frontend/caffe/net.h"
#include "frontend/caffe/prototxt.h"
#include "frontend/caffe/weights.h"
#include "frontend/inputs.h"

namespace bmnet::caffe {
namespace {

using frontend::ImportOptions;

class Importer {
 public:
  Importer(const Net& net, Weights weights, const std::string& graph_name, const ImportOptions& options)
      : net_(net),
        options_(options),
        weights_(std::move(weights), options.random_weights),
        graph_(graph_name),
        blockers_(options),
        values_(net.blobs.size(), kNoValue) {}

  Result<nn::Model> run() {
    BMNET_TRY(add_inputs());
    for (const Layer& layer : net_.layers) {
      if (auto status = add_layer(layer); !status) BMNET_TRY(refuse_layer(layer, std::move(status).error()));
    }
    for (const Output& output : net_.outputs) BMNET_TRY(add_output(output.name, values_[output.blob]));
    return blockers_.finish(graph_);
  }

 private:
  // ---- Inputs ----

  Result<Shape> shape_of(const Input& input, size_t position) const {
    const std::string& name = net_.blobs[input.blob].name;
    std::optional<frontend::StatedShape> stated;
    if (input.shape) stated = frontend::StatedShape{.dims = *input.shape, .written = ""};
    BMNET_ASSIGN(Shape shape, frontend::input_shape(options_, name, position, stated));
    if (!is_sane_shape(shape))
      return user_error("input '{}' has shape {}; dimensions from 1 on and fewer than 2^31 elements are possible", name,
                        to_string(shape));
    return shape;
  }

  Status add_inputs() {
    std::vector<std::string> names;
    for (const Input& input : net_.inputs) names.push_back(net_.blobs[input.blob].name);
    BMNET_TRY(frontend::check_given_shapes(options_, names));
    size_t position = 0;
    for (const Input& input : net_.inputs) {
      const Blob& blob = net_.blobs[input.blob];
      if (const auto fixed = options_.fixed_inputs.find(blob.name); fixed != options_.fixed_inputs.end()) {
        values_[input.blob] = graph_.constant(blob.name, fixed->second);
        continue;
      }
      BMNET_ASSIGN(Shape shape, shape_of(input, position++));
      values_[input.blob] = graph_.input(blob.name, {DType::kF32, std::move(shape)});
    }
    return {};
  }

  // ---- Layers ----

  Result<Values> bottoms_of(const Layer& layer) const {
    Values values;
    for (BlobId bottom : layer.bottoms) {
      if (values_[bottom] == frontend::Blockers::kRefused) return frontend::behind_blocker();
      if (values_[bottom] == kNoValue)
        return unsupported("its bottom '{}' is a result that has no form here (the mask of a pooling)",
                           net_.blobs[bottom].name);
      values.push_back(values_[bottom]);
    }
    return values;
  }

  Status add_layer(const Layer& layer) {
    const LayerRule* rule = find_rule(layer.param.type());
    if (!rule) return unsupported("layers of this type are not known; end the network before it with --output_names");
    if (rule->role == Role::kRefused) return unsupported("{}", rule->remark);
    BMNET_ASSIGN(Values inputs, bottoms_of(layer));
    Values tops;
    if (rule->role == Role::kIdentity && !scales_in_inference(layer.param)) {
      if (inputs.size() != 1) return user_error("{} bottoms; 1 is needed", inputs.size());
      tops.assign(layer.tops.size(), inputs[0]);
    } else {
      BMNET_ASSIGN(tops, map_layer(layer, *rule, std::move(inputs)));
    }
    return set_tops(layer, tops);
  }

  // Goes on behind a layer that cannot be compiled; other errors end the import.
  Status refuse_layer(const Layer& layer, Error error) {
    if (!frontend::is_behind_blocker(error)) {
      error = explained(layer, std::move(error));
      if (error.kind != ErrorKind::kUnsupported) return tl::unexpected(std::move(error));
      const std::string reason = error.message.substr(describe(layer.param, layer.line).size() + 2);
      BMNET_TRY(blockers_.add({layer.param.name(), layer.param.type(), reason}, error.message));
    }
    for (BlobId bottom : layer.bottoms) blockers_.cut_behind({&values_[bottom], 1});
    for (BlobId top : layer.tops)
      if (values_[top] == kNoValue) values_[top] = frontend::Blockers::kRefused;
    return {};
  }

  Result<Values> map_layer(const Layer& layer, const LayerRule& rule, Values inputs) {
    std::vector<std::string> names;
    for (BlobId top : layer.tops) names.push_back(net_.blobs[top].value_name);
    LayerCall call(layer, std::move(inputs), std::move(names), graph_, weights_);
    BMNET_ASSIGN(Values tops, rule.map(call));
    const size_t stored = call.weight_count(call.weights_used());
    if (call.weights_used() > 0 && stored > call.weights_used()) {
      return user_error("the caffemodel has {} blobs for it, the prototxt describes {}", stored, call.weights_used());
    }
    return tops;
  }

  Status set_tops(const Layer& layer, const Values& values) {
    if (values.size() != layer.tops.size()) return user_error("{} tops; it gives {}", layer.tops.size(), values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] != kNoValue && !is_sane_shape(graph_.info(values[i]).shape))
        return user_error("its result has shape {}", to_string(graph_.info(values[i]).shape));
      ValueId& value = values_[layer.tops[i]];
      if (value == kNoValue) value = values[i];  // else the network was cut here: the blob is an input
    }
    return {};
  }

  // "line 12: layer 'conv1' (Convolution): <reason>"
  static Error explained(const Layer& layer, Error error) {
    const std::string prefix = layer.param.name() + ": ";
    if (error.message.starts_with(prefix)) error.message.erase(0, prefix.size());
    error.message = fmt::format("{}: {}", describe(layer.param, layer.line), error.message);
    return error;
  }

  Status add_output(const std::string& name, ValueId value) {
    if (value == frontend::Blockers::kRefused) return {};
    if (value == kNoValue)
      return unsupported(
          "output '{}' is a result that has no form here (the mask of a pooling); choose others with --output_names",
          name);
    return graph_.output(name, value);
  }

  const Net& net_;
  const ImportOptions& options_;
  WeightStore weights_;
  GraphBuilder graph_;
  frontend::Blockers blockers_;
  Values values_;  // by blob
};

Result<nn::Model> import_net(std::string_view prototxt, const std::string& name, Weights weights,
                             const ImportOptions& options) {
  Warnings warnings;
  auto description = read_prototxt(prototxt, name, warnings);
  Result<Net> net = description ? make_net(*description, options, warnings) : tl::unexpected(description.error());
  if (options.warn) std::for_each(warnings.begin(), warnings.end(), options.warn);
  if (!description) return tl::unexpected(std::move(description).error());
  if (!net) return with_context(name, std::move(net).error());

  std::string graph_name = options.net_name.empty() ? description->param.name() : options.net_name;
  if (graph_name.empty()) graph_name = std::filesystem::path(name).stem().string();
  auto model = Importer(*net, std::move(weights), graph_name, options).run();
  if (!model) return with_context(name, std::move(model).error());
  return model;
}

}  // namespace
}  // namespace bmnet::caffe

namespace bmnet::frontend {

Result<nn::Model> import_caffe(const std::filesystem::path& prototxt, const std::filesystem::path& caffemodel,
                               const ImportOptions& options) {
  BMNET_ASSIGN(const MappedFile text, MappedFile::open(prototxt));
  caffe::Weights weights;
  if (!caffemodel.empty()) {
    BMNET_ASSIGN(weights, caffe::read_weights(caffemodel));
  }
  return caffe::import_net(text.text(), prototxt.filename().string(), std::move(weights), options);
}

Result<nn::Model> import_caffe(std::string_view prototxt, Bytes caffemodel, const std::string& name,
                               const ImportOptions& options) {
  caffe::Weights weights;
  if (!caffemodel.empty()) {
    const auto copy = std::make_shared<std::vector<uint8_t>>(caffemodel.begin(), caffemodel.end());
    BMNET_ASSIGN(weights, caffe::parse_weights(*copy, "caffemodel", copy));
  }
  return caffe::import_net(prototxt, name, std::move(weights), options);
}

std::vector<SupportedOp> list_caffe_ops() {
  std::vector<SupportedOp> ops;
  for (const caffe::LayerRule& rule : caffe::layer_rules()) {
    ops.push_back({std::string(rule.type), "", std::string(rule.parameters), std::string(rule.becomes),
                   std::string(rule.remark), rule.role == caffe::Role::kRefused});
  }
  return ops;
}

}  // namespace bmnet::frontend
