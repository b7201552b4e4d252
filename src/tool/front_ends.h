// Every model format the compilers know: one row each.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/options.h"
#include "nn/model.h"
#include "tool/flags.h"

namespace bmnet::tool {

struct FrontEnd {
  std::string_view program;    // "bmneto"
  std::string_view framework;  // "ONNX"
  std::string_view examples;
  bool stem_names_net;  // the network is named after the file, unless the model has a name of its own
  // Whether the file (or folder) is of this format, by content where the format allows.
  bool (*recognizes)(const std::filesystem::path& model);
  Result<nn::Model> (*import)(const CompileFlags& flags, const frontend::ImportOptions& options);
  std::vector<frontend::SupportedOp> (*list_ops)();
};

std::span<const FrontEnd> front_ends();
const FrontEnd* front_end_of_program(std::string_view program);

// The format of flags.model by content; an error names the formats that are known.
Result<const FrontEnd*> recognize(const std::filesystem::path& model);

// Flags to options, then the front end's import.
// With a survey: ImportOptions::survey.
Result<nn::Model> import_model(const FrontEnd& front_end, const CompileFlags& flags,
                               frontend::Survey* survey = nullptr);

}  // namespace bmnet::tool
