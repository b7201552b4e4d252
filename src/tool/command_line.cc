#include "tool/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

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

int report_usage_error(std::string_view name, const Error& error) { return report_error(name, error), kExitUsage; }

void end_when_out_of_memory(const char* program) {
  static const char* name;
  name = program;
  std::set_new_handler([] {  // which must not ask for memory
    for (const char* part :
         {name, ": error: not enough memory: the model is too large for this machine or its limits\n"})
      (void)!::write(STDERR_FILENO, part, std::strlen(part));
    std::_Exit(kExitError);
  });
}

}  // namespace bmnet::tool
