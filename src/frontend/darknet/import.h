// Darknet networks (cfg + weights), read natively.
//
// The input is "data" [batch, channels, height, width]; the batch is 1 unless ImportOptions says otherwise, whatever
// batch and subdivisions the cfg has for training. Layers are numbered as Darknet does ([net] not counted) and named
// type_number with the short names conv, maxpool, route … A [yolo] or [region] layer's raw input is an output of the
// network, named conv_N after the layer in front; with `decode` the decoded rows yolo_N / region_N follow it. A network
// without such layers has its last layer's value as output.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "frontend/options.h"
#include "nn/model.h"

namespace bmnet::frontend {

struct DarknetOptions {
  // Adds the decoded boxes: one row an anchor box, [batch, rows, 5 + classes] = x, y, w, h relative to the image,
  // objectness, class scores times objectness; rows by cell, then by anchor.
  bool decode = false;
};

// An empty `weights` path needs ImportOptions::random_weights. Weights cut off behind a layer (`.conv.N`) are an error
// that names the first layer without weights; ImportOptions::output_names cuts the network there. Errors: kUser: a file
// is damaged, the weights do not fit the cfg; kUnsupported: a layer or activation that cannot be compiled. The text
// names file, line, layer, reason, cure.
Result<nn::Model> import_darknet(const std::filesystem::path& cfg, const std::filesystem::path& weights,
                                 const ImportOptions& options = {}, const DarknetOptions& darknet = {});
Result<nn::Model> import_darknet(std::string_view cfg, Bytes weights, const std::string& name,
                                 const ImportOptions& options = {}, const DarknetOptions& darknet = {});

// Every layer type of the mapping table, by name.
std::vector<SupportedOp> list_darknet_ops();

}  // namespace bmnet::frontend
