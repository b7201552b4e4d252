// Texts that the programs print.
#pragma once

#include <filesystem>
#include <string>

#include "tool/compile.h"

namespace bmnet::tool {

// The last lines of a successful compilation; with `tensors` a line for every input and output.
std::string compile_banner(const Compilation& compilation, const std::filesystem::path& bmodel, bool tensors);

std::string show_arguments(const CompileFlags& flags);

}  // namespace bmnet::tool
