// PaddlePaddle inference programs (1.8 to 2.6, and the JSON programs of 3), read natively.
//
// A model is a program (__model__, *.pdmodel or inference.json) and its parameters: one file with all of them in the
// order of their names (__params__, *.pdiparams), or one file each beside the program. Inputs and outputs are those of
// the feed and fetch operators, by column; what no output needs is left out.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "frontend/options.h"
#include "nn/model.h"

namespace bmnet::frontend {

// `model`: the program or the folder that holds it. An empty `params` is looked for beside the program. Errors: kUser:
// a file is damaged or missing; kUnsupported: an operator or attribute that cannot be compiled. The text names file,
// operator, reason.
Result<nn::Model> import_paddle(const std::filesystem::path& model, const std::filesystem::path& params,
                                const ImportOptions& options = {});
// The same from memory with combined parameters, which are copied.
Result<nn::Model> import_paddle(Bytes program, Bytes params, const std::string& name,
                                const ImportOptions& options = {});

// The program's file when `path` is one, or a folder with exactly one, by name and content; else empty.
std::filesystem::path find_paddle_program(const std::filesystem::path& path);

// Every operator of the mapping table, by name.
std::vector<SupportedOp> list_paddle_ops();

}  // namespace bmnet::frontend
