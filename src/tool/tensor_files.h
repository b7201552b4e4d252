// Dumped tensors as files: one npz for every net and stage.
#pragma once

#include <filesystem>
#include <string>

#include "base/status.h"
#include "runtime/network.h"
#include "runtime/tensor_dump.h"

namespace bmnet::tool {

// DIR/NET.npz, or DIR/NET.stageN.npz when the net has several stages. Letters of the net's name that file names do not
// bear become '_'.
std::filesystem::path tensor_file(const std::filesystem::path& folder, const runtime::Network& network, size_t stage);

// Writes what the dump has taken; the folder is made when it does not exist. Returns a text for people: where, how
// many, and what was left out.
Result<std::string> write_tensors(const std::filesystem::path& folder, const runtime::Network& network, size_t stage,
                                  runtime::TensorDump& dump);

}  // namespace bmnet::tool
