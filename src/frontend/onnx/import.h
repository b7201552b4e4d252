// ONNX models, opset 1 to 21, read natively.
//
// Types: the network computes in f32. Tensors of half, bfloat16 and double are imported as f32, u64 as i64; all other
// types stay. Shapes are static: dynamic dimensions must be fixed by ImportOptions::shapes or ::batch.
#pragma once

#include <filesystem>
#include <vector>

#include "base/bytes.h"
#include "frontend/options.h"
#include "nn/model.h"

namespace bmnet::frontend {

// Reads a model file, with external data files from its folder. Big weights stay in the mapped file.
// Network name: ImportOptions::net_name, else the file's stem.
// Errors: kUser: the file is damaged or breaks the format's rules, an option does not fit the model;
// kUnsupported: the model is legal but uses an operator or a form that cannot be compiled. The text names file, node or
// byte, reason, cure.
Result<nn::Model> import_onnx(const std::filesystem::path& path, const ImportOptions& options = {});

// The same for a file that is already in memory; `name` stands for the file's name, external data is looked for in
// `folder`. The model may refer to `content` as long as it lives.
Result<nn::Model> import_onnx(Bytes content, const std::string& name, const std::filesystem::path& folder,
                              const ImportOptions& options = {});

// The names of a file's inputs in its own order, initializers among them where the file lists them so.
Result<std::vector<std::string>> onnx_input_names(const std::filesystem::path& path);

// Every operator of the mapping table, by name.
std::vector<SupportedOp> list_onnx_ops();

}  // namespace bmnet::frontend
