// MXNet networks (symbol JSON + parameter file), read natively, old and new versions of both.
//
// Inputs are the variables that lead to the heads and have no parameter; labels of loss layers are none. Their shapes
// come from ImportOptions or from the variable's __shape__. A network output is named after its node, as in
// "softmax" (node_output1 for further results of a node). Losses become their prediction (SoftmaxOutput a softmax).
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "frontend/options.h"
#include "nn/model.h"

namespace bmnet::frontend {

// An empty `params` path needs ImportOptions::random_weights. Errors: kUser: a file is damaged, parameters are missing
// or do not fit; kUnsupported: an operator or attribute that cannot be compiled. The text names file, node, reason.
Result<nn::Model> import_mxnet(const std::filesystem::path& symbol, const std::filesystem::path& params,
                               const ImportOptions& options = {});
// `params` is copied.
Result<nn::Model> import_mxnet(std::string_view symbol, Bytes params, const std::string& name,
                               const ImportOptions& options = {});

// Every operator of the mapping table, by name.
std::vector<SupportedOp> list_mxnet_ops();

}  // namespace bmnet::frontend
