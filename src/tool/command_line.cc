#include "tool/command_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "tool/compile.h"
#include "tool/flags.h"

namespace bmnet::tool {

std::optional<int> parse_arguments(CLI::App& app, const std::vector<std::string>& arguments) {
  std::vector<std::string> normalized = normalize_arguments(arguments);
  std::reverse(normalized.begin(), normalized.end());  // the order in which CLI11 takes a vector
  try {
    app.parse(normalized);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "{}: error: {}; --help tells more\n", app.get_name(), error.what());
    return kExitUsage;
  }
  return std::nullopt;
}

int report_error(std::string_view name, const Error& error) {
  fmt::print(stderr, "bmnet {}: error: {}\n", name, printable(error.message));
  return kExitError;
}

}  // namespace bmnet::tool
