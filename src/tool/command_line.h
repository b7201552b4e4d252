// What the commands of bmnet share: parsing with CLI11, one form of error message.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace bmnet::tool {

// Parses `arguments` (without the program's name; one or two dashes). Returns the exit code when the program should end
// now: after --help, or after a usage error that was printed.
std::optional<int> parse_arguments(CLI::App& app, const std::vector<std::string>& arguments);

// "bmnet NAME: error: message" on stderr; the exit code of errors, or of usage errors.
int report_error(std::string_view name, const Error& error);
int report_usage_error(std::string_view name, const Error& error);

// From now on, when no memory is left, this program says so in one line and ends with the exit code of errors.
// `program` must outlive it.
void end_when_out_of_memory(const char* program);

}  // namespace bmnet::tool
