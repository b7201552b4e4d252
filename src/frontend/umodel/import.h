// UModels: networks that a compiler has stored with --mode GenUmodel (nn/umodel.h).
//
// A UModel is a finished network: shapes, inputs and outputs are fixed. Options that ask for others are errors; those
// that ask for what the network is are fine, so that scripts that state them still work.
#pragma once

#include <filesystem>
#include <vector>

#include "frontend/options.h"
#include "nn/model.h"

namespace bmnet::frontend {

// Weights stay in the mapped file. Network name: ImportOptions::net_name, else the stored one. Errors: kUser: the file
// is damaged or of another kind, an option asks for another network than the stored one.
Result<nn::Model> import_umodel(const std::filesystem::path& path, const ImportOptions& options = {});

bool is_umodel(const std::filesystem::path& path);

// Every operator of the nn dialect, which UModels consist of.
std::vector<SupportedOp> list_umodel_ops();

}  // namespace bmnet::frontend
