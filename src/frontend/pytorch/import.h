// PyTorch networks (TorchScript archives, of torch.jit.trace or torch.jit.script), read natively.
//
// The program's forward is run once with the inputs as unknown tensors: calls are inlined, branches and loops whose
// conditions follow from shapes and constants are decided and unrolled; the tensor operators that are left make the
// network. An archive knows no shapes, so ImportOptions::shapes must give one for every input. Inputs have the names of
// forward's arguments and are f32 (integer inputs, such as token numbers, are given as f32 too); outputs are output_0,
// output_1 … in the order of the returned (nested) tuples, lists and dicts. Tensors of 16- and 64-bit floats become
// f32, quantized ones are dequantized; tensors saved on a GPU are read as plain data.
#pragma once

#include <filesystem>
#include <vector>

#include "base/bytes.h"
#include "frontend/options.h"
#include "nn/model.h"

namespace bmnet::frontend {

// Errors: kUser: no TorchScript archive, damaged, hostile, shapes missing; kUnsupported: an operator, or control flow
// that depends on data. The text names file, line of the archive's code and, where the archive tells it, of the user's.
Result<nn::Model> import_pytorch(const std::filesystem::path& path, const ImportOptions& options = {});
// `owner` keeps `archive` alive, which must outlive the model. `name` is used in messages.
Result<nn::Model> import_pytorch(Bytes archive, std::shared_ptr<const void> owner, const std::string& name,
                                 const ImportOptions& options = {});

// Whether the file is a zip archive of TorchScript, new or old layout.
bool is_torchscript(const std::filesystem::path& path);

// Every operator of the mapping table, by name.
std::vector<SupportedOp> list_pytorch_ops();

}  // namespace bmnet::frontend
