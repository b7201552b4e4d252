// Texts that the programs print.
#pragma once

#include <filesystem>
#include <string>

#include "tool/compile.h"

namespace bmnet::tool {

// The last lines of a successful compilation; with `tensors` a line for every input and output.
std::string compile_banner(const Compilation& compilation, const std::filesystem::path& bmodel, bool tensors);

std::string show_arguments(const CompileFlags& flags);

// The mapping table of a front end, or of all (null).
std::string operator_table(const FrontEnd* front_end);

// One page: inputs, outputs, operators by support with the reasons of those on the CPU, parameters, MACs, cycles.
std::string doctor_report(const FrontEnd& front_end, const CompileFlags& flags, const Compilation& compilation);

}  // namespace bmnet::tool
