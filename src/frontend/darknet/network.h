// The network while it is imported: what a layer's mapping function reads and writes.
#pragma once

#include <string>
#include <vector>

#include "frontend/darknet/cfg.h"
#include "frontend/darknet/import.h"
#include "frontend/darknet/weights.h"
#include "nn/graph_builder.h"

namespace bmnet::frontend::darknet {

using ValueId = nn::GraphBuilder::ValueId;

struct Network {
  nn::GraphBuilder& builder;
  Weights& weights;
  DarknetOptions options;
  int64_t width = 0, height = 0;   // of the network's input
  std::vector<ValueId> layers;     // result of every layer so far
  std::vector<std::string> names;  // of the layers, "conv_0" …
  ValueId last = 0;                // result of the layer in front
  struct Output {
    std::string name;
    ValueId value;
  };
  std::vector<Output> outputs;  // raw and decoded detections

  const Shape& shape(ValueId value) const { return builder.info(value).shape; }
};

// Appends one layer to the network and returns its result.
using MapLayer = Result<ValueId> (*)(Network& network, const Section& section, const std::string& name);

struct LayerRow {
  std::string_view type;        // "[convolutional]" without brackets
  std::string_view short_name;  // in layer names
  MapLayer map;
  std::string_view keys;     // that are read
  std::string_view becomes;  // nn operators
};

const std::vector<LayerRow>& layer_table();

// x through the activation `kind` of a cfg.
Result<ValueId> activate(Network& network, const Section& section, const std::string& name, ValueId x);

bool is_activation(std::string_view name);
std::string activation_names();  // "linear, relu …"

// The decoded rows of a [yolo] or [region] layer (import.h).
Result<ValueId> decode_detections(Network& network, const Section& section, const std::string& name, ValueId raw);

}  // namespace bmnet::frontend::darknet
