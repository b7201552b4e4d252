#include "frontend/caffe/net.h"

#include <algorithm>
#include <map>
#include <set>

#include "frontend/caffe/mapping.h"
#include "frontend/caffe/source.h"

namespace bmnet::caffe {
namespace {

using frontend::ImportOptions;
using proto::LayerParameter;

// Caffe's rule: a state meets a rule when nothing in the rule contradicts it.
bool meets(const proto::NetState& state, const proto::NetStateRule& rule) {
  const auto has_stage = [&](const std::string& stage) {
    return std::find(state.stage().begin(), state.stage().end(), stage) != state.stage().end();
  };
  if (rule.has_phase() && rule.phase() != state.phase()) return false;
  if (rule.has_min_level() && state.level() < rule.min_level()) return false;
  if (rule.has_max_level() && state.level() > rule.max_level()) return false;
  return std::all_of(rule.stage().begin(), rule.stage().end(), has_stage) &&
         std::none_of(rule.not_stage().begin(), rule.not_stage().end(), has_stage);
}

bool is_included(const proto::NetState& state, const LayerParameter& layer) {
  const auto met = [&](const proto::NetStateRule& rule) { return meets(state, rule); };
  if (layer.include_size() > 0) return std::any_of(layer.include().begin(), layer.include().end(), met);
  return std::none_of(layer.exclude().begin(), layer.exclude().end(), met);
}

// A layer that feeds data into the network; so does an unknown one without bottoms.
bool is_source(const LayerParameter& layer) {
  const LayerRule* rule = find_rule(layer.type());
  return rule ? rule->role == Role::kSource : layer.bottom_size() == 0 && layer.top_size() > 0;
}

bool is_identity(const LayerParameter& layer) {
  const LayerRule* rule = find_rule(layer.type());
  return rule && rule->role == Role::kIdentity && !scales_in_inference(layer);
}

// SoftmaxWithLoss gives its probabilities as second top, where it has one.
LayerParameter without_loss(const LayerParameter& layer) {
  if (layer.type() != "SoftmaxWithLoss" || layer.bottom_size() == 0) return layer;
  LayerParameter softmax = layer;
  softmax.set_type("Softmax");
  softmax.clear_bottom();
  softmax.add_bottom(layer.bottom(0));
  softmax.clear_top();
  softmax.add_top(layer.top_size() > 1 ? layer.top(1) : layer.top_size() == 1 ? layer.top(0) : layer.name());
  return softmax;
}

class NetMaker {
 public:
  NetMaker(const Description& description, const ImportOptions& options, Warnings& warnings)
      : description_(description), options_(options), warnings_(warnings) {
    state_ = description.param.state();
    state_.set_phase(proto::TEST);
  }

  Result<Net> make() {
    for (int i = 0; i < description_.param.layer_size(); ++i) {
      if (!is_included(state_, description_.param.layer(i))) remember_excluded(description_.param.layer(i));
    }
    for (int i = 0; i < description_.param.layer_size(); ++i) {
      const LayerParameter& layer = description_.param.layer(i);
      if (is_included(state_, layer)) BMNET_TRY(add_layer(without_loss(layer), description_.lines[i]));
    }
    BMNET_TRY(choose_outputs());
    BMNET_TRY(cut_at_inputs());
    BMNET_TRY(keep_what_outputs_need());
    name_values();
    return std::move(net_);
  }

 private:
  // A data layer of another phase or stage still tells that its top is an input.
  void remember_excluded(const LayerParameter& layer) {
    for (int top = 0; top < layer.top_size(); ++top) {
      if (is_source(layer)) excluded_sources_.emplace(layer.top(top), Source{&layer, top});
    }
  }

  BlobId add_blob(const std::string& name) {
    net_.blobs.push_back({name, {}});
    consumed_.push_back(false);
    producer_.push_back(-1);
    return current_[name] = static_cast<BlobId>(net_.blobs.size() - 1);
  }

  BlobId add_input(const std::string& name, std::optional<Shape> shape) {
    const BlobId blob = add_blob(name);
    net_.inputs.push_back({blob, std::move(shape)});
    return blob;
  }

  Status add_layer(LayerParameter param, int line) {
    const LayerRule* rule = find_rule(param.type());
    if (is_source(param)) {
      if (!rule)
        warnings_.push_back(
            fmt::format("{}: unknown type without bottoms, taken for a data layer", describe(param, line)));
      for (int top = 0; top < param.top_size(); ++top) {
        if (current_.count(param.top(top))) return produced_twice(param, line, param.top(top));
        add_input(param.top(top), stated_shape(param, top));
      }
      return {};
    }
    Layer layer{std::move(param), line, {}, {}};
    for (const std::string& bottom : layer.param.bottom()) {
      auto blob = find_bottom(bottom);
      if (!blob) return with_context(describe(layer.param, line), blob.error());
      layer.bottoms.push_back(*blob);
    }
    if (rule && rule->role == Role::kSink) return add_sink(layer, *rule);
    for (BlobId bottom : layer.bottoms) consumed_[bottom] = true;
    return add_tops(std::move(layer));
  }

  static tl::unexpected<Error> produced_twice(const LayerParameter& layer, int line, const std::string& top) {
    return user_error("{}: top '{}' is already produced by another layer", describe(layer, line), top);
  }

  Status add_sink(const Layer& layer, const LayerRule& rule) {
    for (size_t i = 0; i < layer.bottoms.size(); ++i)
      (i < rule.predictions ? predicted_ : silenced_).insert(layer.bottoms[i]);
    for (const std::string& top : layer.param.top()) sink_tops_.emplace(top, layer.param.name());
    return {};
  }

  Status add_tops(Layer layer) {
    const auto& names = layer.param.top();
    for (int i = 0; i < names.size(); ++i) {
      const bool in_place =
          std::find(layer.param.bottom().begin(), layer.param.bottom().end(), names[i]) != layer.param.bottom().end();
      if (!in_place && current_.count(names[i])) {
        return produced_twice(layer.param, layer.line, names[i]);
      }
      const BlobId blob = add_blob(names[i]);
      producer_[blob] = static_cast<int>(net_.layers.size());
      layer.tops.push_back(blob);
    }
    net_.layers.push_back(std::move(layer));
    return {};
  }

  bool is_named_by_options(const std::string& blob) const {
    const auto& names = options_.input_names;
    return std::find(names.begin(), names.end(), blob) != names.end() ||
           std::any_of(options_.shapes.begin(), options_.shapes.end(),
                       [&](const auto& shape) { return shape.name == blob; });
  }

  Result<BlobId> find_bottom(const std::string& name) {
    if (const auto it = current_.find(name); it != current_.end()) return it->second;
    if (const auto it = excluded_sources_.find(name); it != excluded_sources_.end()) {
      return add_input(name, stated_shape(*it->second.layer, it->second.top));
    }
    if (is_named_by_options(name)) return add_input(name, std::nullopt);
    if (const auto it = sink_tops_.find(name); it != sink_tops_.end()) {
      return user_error("bottom '{}' comes from layer '{}', which only exists in training", name, it->second);
    }
    for (const LayerParameter& layer : description_.param.layer()) {
      if (std::find(layer.top().begin(), layer.top().end(), name) == layer.top().end()) continue;
      if (!is_included(state_, layer))
        return user_error("bottom '{}' is produced by layer '{}' only, which is not part of phase TEST", name,
                          layer.name());
      return user_error(
          "bottom '{}' is produced only later, by layer '{}'; layers must stand in the order of execution, without "
          "cycles",
          name, layer.name());
    }
    return user_error("no layer produces bottom '{}'; give its shape by name to make it an input", name);
  }

  Result<BlobId> find_named(const std::string& name, std::string_view what) const {
    if (const auto it = current_.find(name); it != current_.end()) return it->second;
    std::vector<std::string> known;
    for (const Output& output : net_.outputs) known.push_back(output.name);
    return user_error("{} '{}' is no blob of the network (its last ones are: {})", what, name, fmt::join(known, ", "));
  }

  // A blob, or the only top of a layer: a layer that works in place has no blob of its own name.
  Result<BlobId> find_output(const std::string& name) const {
    for (const Layer& layer : net_.layers) {
      if (!current_.count(name) && layer.param.name() == name && layer.tops.size() == 1) return layer.tops[0];
    }
    return find_named(name, "output");
  }

  // In alphabetical order, as Caffe numbers them.
  Status choose_outputs() {
    std::map<std::string, BlobId> ends;
    for (BlobId blob = 0; blob < static_cast<BlobId>(net_.blobs.size()); ++blob) {
      const bool is_end = predicted_.count(blob) || (producer_[blob] >= 0 && !silenced_.count(blob));
      if (!consumed_[blob] && is_end && current_[net_.blobs[blob].name] == blob)
        ends.emplace(net_.blobs[blob].name, blob);
    }
    for (const auto& [name, blob] : ends) net_.outputs.push_back({name, blob});
    if (!options_.output_names.empty()) {
      std::vector<Output> chosen;
      for (const std::string& name : options_.output_names) {
        BMNET_ASSIGN(const BlobId blob, find_output(name));
        chosen.push_back({name, blob});
      }
      net_.outputs = std::move(chosen);
    }
    if (net_.outputs.empty()) return user_error("the network has no output: every blob is consumed by a layer");
    return {};
  }

  Status cut_at_inputs() {
    if (options_.input_names.empty()) return {};
    std::vector<Input> chosen;
    for (const std::string& name : options_.input_names) {
      BMNET_ASSIGN(const BlobId blob, find_named(name, "input"));
      const auto stated =
          std::find_if(net_.inputs.begin(), net_.inputs.end(), [&](const Input& input) { return input.blob == blob; });
      chosen.push_back({blob, stated == net_.inputs.end() ? std::nullopt : stated->shape});
      producer_[blob] = -1;
    }
    for (const Input& input : net_.inputs) {
      if (options_.fixed_inputs.count(net_.blobs[input.blob].name)) chosen.push_back(input);
    }
    net_.inputs = std::move(chosen);
    return {};
  }

  Status keep_what_outputs_need() {
    std::vector<bool> needed(net_.blobs.size());
    std::vector<bool> kept(net_.layers.size());
    std::vector<BlobId> open;
    for (const Output& output : net_.outputs) open.push_back(output.blob);
    while (!open.empty()) {
      const BlobId blob = open.back();
      open.pop_back();
      if (needed[blob]) continue;
      needed[blob] = true;
      if (producer_[blob] < 0 || kept[producer_[blob]]) continue;
      kept[producer_[blob]] = true;
      const Layer& layer = net_.layers[producer_[blob]];
      open.insert(open.end(), layer.bottoms.begin(), layer.bottoms.end());
    }
    std::vector<Layer> layers;
    for (size_t i = 0; i < net_.layers.size(); ++i) {
      if (kept[i]) layers.push_back(std::move(net_.layers[i]));
    }
    net_.layers = std::move(layers);
    return keep_needed_inputs(needed);
  }

  Status keep_needed_inputs(const std::vector<bool>& needed) {
    for (BlobId blob = 0; blob < static_cast<BlobId>(needed.size()); ++blob) {
      const auto is_blob = [&](const Input& input) { return input.blob == blob; };
      if (needed[blob] && producer_[blob] < 0 && std::none_of(net_.inputs.begin(), net_.inputs.end(), is_blob)) {
        return user_error("input_names leave out '{}', which the outputs depend on", net_.blobs[blob].name);
      }
    }
    std::erase_if(net_.inputs, [&](const Input& input) { return !needed[input.blob]; });
    return {};
  }

  // The last value of a blob that a layer really computes has the blob's name; earlier ones add their layer's.
  void name_values() {
    std::set<std::string> taken;
    std::map<std::string, BlobId> last;
    for (const Input& input : net_.inputs) last[net_.blobs[input.blob].name] = input.blob;
    for (const Layer& layer : net_.layers) {
      if (is_identity(layer.param)) continue;
      for (BlobId top : layer.tops) last[net_.blobs[top].name] = top;
    }
    for (const auto& [name, blob] : last) {
      net_.blobs[blob].value_name = name;
      taken.insert(name);
    }
    for (const Layer& layer : net_.layers) {
      for (BlobId top : layer.tops) name_value(net_.blobs[top], "@" + layer.param.name(), taken);
    }
    for (const Input& input : net_.inputs) name_value(net_.blobs[input.blob], "@input", taken);
  }

  static void name_value(Blob& blob, const std::string& suffix, std::set<std::string>& taken) {
    if (!blob.value_name.empty()) return;
    blob.value_name = blob.name + suffix;
    while (!taken.insert(blob.value_name).second) blob.value_name += "_";
  }

  struct Source {
    const LayerParameter* layer;
    int top;
  };

  const Description& description_;
  const ImportOptions& options_;
  Warnings& warnings_;
  proto::NetState state_;
  Net net_;
  std::map<std::string, BlobId> current_;           // last value of each blob so far
  std::map<std::string, Source> excluded_sources_;  // tops of data layers of other phases
  std::map<std::string, std::string> sink_tops_;    // tops of left-out layers, and the layer
  std::set<BlobId> predicted_, silenced_;           // bottoms of left-out layers
  std::vector<bool> consumed_;                      // by blob
  std::vector<int> producer_;                       // by blob: layer, or -1 for an input
};

}  // namespace

std::string describe(const LayerParameter& layer, int line) {
  const std::string where = line > 0 ? fmt::format("line {}: ", line) : "";
  return fmt::format("{}layer '{}' ({})", where, layer.name(), layer.type());
}

Result<Net> make_net(const Description& description, const ImportOptions& options, Warnings& warnings) {
  return NetMaker(description, options, warnings).make();
}

}  // namespace bmnet::caffe
