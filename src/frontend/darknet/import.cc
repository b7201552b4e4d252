#include "frontend/darknet/import.h"

#include <algorithm>
#include <span>

#include "base/file.h"
#include "frontend/blockers.h"
#include "frontend/darknet/network.h"
#include "frontend/limits.h"

namespace bmnet::frontend {
namespace {

using darknet::Network;
using darknet::Section;
using darknet::Weights;

const darknet::LayerRow* find_layer(const std::string& type) {
  for (const darknet::LayerRow& row : darknet::layer_table())
    if (row.type == type) return &row;
  return nullptr;
}

std::string layer_name(const darknet::LayerRow& row, size_t section) {
  return fmt::format("{}_{}", row.short_name, section - 1);
}

// How many sections have to be read for these outputs: what lies behind the last of them needs no weights.
size_t sections_needed(const std::vector<Section>& sections, const std::vector<std::string>& outputs) {
  size_t needed = 0;
  for (const std::string& wanted : outputs) {
    size_t i = 1;
    for (; i < sections.size(); ++i)
      if (const auto* row = find_layer(sections[i].type); row && layer_name(*row, i) == wanted) break;
    needed = std::max(needed, std::min(i + 1, sections.size()));
  }
  return outputs.empty() ? sections.size() : needed;
}

// Since the weights of a layer stand behind those of the layer before, nothing can be read behind a layer that is not
// known: all of those are named first.
Status check_layers(std::span<const Section> sections, const std::string& file, const ImportOptions& options) {
  Blockers blockers(options);
  for (size_t i = 1; i < sections.size(); ++i) {
    const Section& section = sections[i];
    const darknet::LayerRow* row = find_layer(section.type);
    const std::string node = row ? layer_name(*row, i) : fmt::format("{}_{}", section.type, i - 1);
    std::string reason;
    if (!row)
      reason = fmt::format("layer type [{}] is not supported; --list_ops shows those that are", section.type);
    else if (const std::string activation = section.text("activation", "linear"); !darknet::is_activation(activation))
      reason =
          fmt::format("activation '{}' is not supported; supported are {}", activation, darknet::activation_names());
    if (reason.empty()) continue;
    const std::string sentence = fmt::format("{}: line {}: {}{}", file, section.line, row ? node + ": " : "", reason);
    BMNET_TRY(blockers.add({node, section.type, reason}, sentence));
  }
  if (blockers.empty()) return {};
  return tl::unexpected(blockers.error());
}

// [net] and the options give the input's shape.
Result<Shape> input_shape(const Section& net, const ImportOptions& options) {
  if (options.shapes.size() > 1)
    return user_error("--shapes gives {} shapes, a Darknet network has one input", options.shapes.size());
  if (options.shapes.size() == 1) {
    const Shape& shape = options.shapes[0].shape;
    if (shape.size() == 4 || shape.size() == 2) return shape;
    return user_error("--shapes={}: the input is [batch,channels,height,width] or [batch,values]", to_string(shape));
  }
  const int64_t batch = options.batch.value_or(1);
  BMNET_ASSIGN(const int64_t height, net.integer("height", 0));
  BMNET_ASSIGN(const int64_t width, net.integer("width", 0));
  BMNET_ASSIGN(const int64_t channels, net.integer("channels", 0));
  BMNET_ASSIGN(const int64_t inputs, net.integer("inputs", 0));
  if (height > 0 && width > 0 && channels > 0) return Shape{batch, channels, height, width};
  if (inputs > 0) return Shape{batch, inputs};
  return user_error("[net] does not state the size of the input; give --shapes");
}

Status add_layers(Network& network, std::span<const Section> sections, const std::string& file) {
  for (size_t i = 1; i < sections.size(); ++i) {
    const Section& section = sections[i];
    const darknet::LayerRow* row = find_layer(section.type);
    const std::string name = layer_name(*row, i);
    auto result = row->map(network, section, name);
    if (!result) return with_context(file, std::move(result).error());
    network.layers.push_back(*result);
    network.names.push_back(name);
    network.last = *result;
  }
  return {};
}

Status declare_outputs(Network& network, const ImportOptions& options, const std::string& file) {
  if (options.output_names.empty()) {
    if (network.outputs.empty())
      network.outputs.push_back({network.names.empty() ? "data" : network.names.back(), network.last});
    for (const Network::Output& output : network.outputs) BMNET_TRY(network.builder.output(output.name, output.value));
    return {};
  }
  for (const std::string& wanted : options.output_names) {
    // The decoded rows of a layer count before its raw input.
    const auto decoded = std::ranges::find(network.outputs, wanted, &Network::Output::name);
    if (decoded != network.outputs.end()) {
      BMNET_TRY(network.builder.output(wanted, decoded->value));
      continue;
    }
    const auto found = std::find(network.names.begin(), network.names.end(), wanted);
    if (found == network.names.end())
      return user_error("{}: no layer is called '{}'; layers are named type_number, for example '{}'", file, wanted,
                        network.names.empty() ? "conv_0" : network.names.back());
    BMNET_TRY(network.builder.output(wanted, network.layers[static_cast<size_t>(found - network.names.begin())]));
  }
  return {};
}

Result<nn::Model> import_sections(const std::vector<Section>& sections, Weights weights, const std::string& file,
                                  const ImportOptions& options, const DarknetOptions& darknet) {
  if (!options.input_names.empty() && options.input_names != std::vector<std::string>{"data"})
    return user_error("{}: a Darknet network has one input, 'data'; --input_names cannot cut it", file);
  const auto shape = input_shape(sections[0], options);
  if (!shape) return with_context(file, shape.error());
  nn::GraphBuilder builder(options.net_name.empty() ? std::filesystem::path(file).stem().string() : options.net_name);
  Network network{.builder = builder, .weights = weights, .options = darknet, .layers = {}, .names = {}, .outputs = {}};
  if (const auto sane = checked_elements(*shape); !sane) return with_context(file + ": the input", sane.error());
  network.last = builder.input("data", {DType::kF32, *shape});
  if (shape->size() == 4) network.height = (*shape)[2], network.width = (*shape)[3];
  const auto needed = std::span(sections).first(sections_needed(sections, options.output_names));
  BMNET_TRY(check_layers(needed, file, options));
  BMNET_TRY(add_layers(network, needed, file));
  BMNET_TRY(declare_outputs(network, options, file));
  if (options.output_names.empty() && weights.left() != 0)
    return user_error("{}: the weights file has {} numbers more than the cfg uses: made for another cfg", file,
                      weights.left());
  return builder.finish();
}

}  // namespace

Result<nn::Model> import_darknet(std::string_view cfg, Bytes weights, const std::string& name,
                                 const ImportOptions& options, const DarknetOptions& darknet) {
  BMNET_ASSIGN(const std::vector<Section> sections, darknet::parse_cfg(cfg, name));
  if (options.random_weights)
    return import_sections(sections, Weights::random(*options.random_weights), name, options, darknet);
  BMNET_ASSIGN(Weights opened, Weights::open(weights, nullptr, name + " (weights)"));
  return import_sections(sections, std::move(opened), name, options, darknet);
}

Result<nn::Model> import_darknet(const std::filesystem::path& cfg, const std::filesystem::path& weights,
                                 const ImportOptions& options, const DarknetOptions& darknet) {
  BMNET_ASSIGN(const MappedFile text, MappedFile::open(cfg));
  BMNET_ASSIGN(const std::vector<Section> sections, darknet::parse_cfg(text.text(), cfg.string()));
  if (options.random_weights)
    return import_sections(sections, Weights::random(*options.random_weights), cfg.string(), options, darknet);
  if (weights.empty())
    return user_error("{}: a Darknet cfg needs its weights: --weight FILE, or --weight random", cfg.string());
  BMNET_ASSIGN(const MappedFile file, MappedFile::open(weights));
  BMNET_ASSIGN(Weights opened, Weights::open(file.bytes(), file.owner(), weights.string()));
  return import_sections(sections, std::move(opened), cfg.string(), options, darknet);
}

std::vector<SupportedOp> list_darknet_ops() {
  std::vector<SupportedOp> ops;
  for (const darknet::LayerRow& row : darknet::layer_table())
    ops.push_back({std::string(row.type), "", std::string(row.keys), std::string(row.becomes), ""});
  return ops;
}

}  // namespace bmnet::frontend
