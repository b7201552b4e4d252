// `bmnet compare`: every layer of a model on the device against the reference.
#include <fmt/format.h>

#include "base/number.h"
#include "tool/command_line.h"
#include "tool/commands.h"
#include "tool/compile.h"
#include "tool/device_compare.h"
#include "tool/reference_data.h"

namespace bmnet::tool {
namespace {

struct CompareArguments {
  std::string input, device = "simulator";
  double absolute = 1e-4, relative = 1e-4;
  size_t rows = 20;
};

Result<double> tolerance_of(std::string_view flag, const std::string& text) {
  const auto number = parse_finite(text);
  if (number && *number >= 0) return *number;
  return user_error("{}{}: a number that is not negative is expected, such as 1e-4", flag, text);
}

// Takes the flags of this command out; what is left are compile flags.
Result<CompareArguments> take_own_flags(const Arguments& arguments, Arguments& rest) {
  CompareArguments own;
  for (const std::string& argument : normalize_arguments(arguments)) {
    const auto value = [&](std::string_view flag) {
      return argument.starts_with(flag) ? argument.substr(flag.size()) : std::string();
    };
    if (const auto file = value("--input="); !file.empty()) {
      own.input = file;
    } else if (const auto name = value("--device="); !name.empty()) {
      own.device = name;
    } else if (const auto absolute = value("--atol="); !absolute.empty()) {
      BMNET_ASSIGN(own.absolute, tolerance_of("--atol=", absolute));
    } else if (const auto relative = value("--rtol="); !relative.empty()) {
      BMNET_ASSIGN(own.relative, tolerance_of("--rtol=", relative));
    } else if (const auto rows = value("--rows="); !rows.empty()) {
      const auto count = parse_number<int64_t>(rows);
      if (!count || *count < 0) return user_error("--rows={}: a number of lines is expected", rows);
      own.rows = static_cast<size_t>(*count);
    } else {
      rest.push_back(argument);
    }
  }
  return own;
}

constexpr const char* kHelp =
    "Example:\n  bmnet compare net.onnx --rows=50\n\nOf this command (value behind '='):\n"
    "  --input=FILE.npz   network inputs by name; else random ones (--seed, --descs)\n"
    "  --device=NAME      simulator, or cmodel=PATH\n"
    "  --atol=X --rtol=X  allowed: atol + rtol * max|reference|, 1e-4 each\n"
    "  --rows=N           lines of the report (20)";

Result<int> compare_model(const CompareArguments& own, const CompileFlags& flags) {
  BMNET_ASSIGN(const FrontEnd* front_end, recognize(flags.model));
  Progress progress(Progress::style_for(stderr));
  BMNET_ASSIGN(const ImportedGraphs graphs, import_graphs(*front_end, flags, progress));
  std::vector<NamedTensor> inputs;
  if (own.input.empty()) {
    BMNET_ASSIGN(const auto descriptions, parse_descs(flags.descs));
    BMNET_ASSIGN(const auto random, random_inputs(graphs.graph, descriptions, flags.seed));
    for (size_t i = 0; i < random.size(); ++i)
      inputs.push_back({graphs.graph.values[graphs.graph.inputs[i]].name, random[i]});
  } else {
    BMNET_ASSIGN(inputs, read_npz(own.input));
  }
  progress.begin_stage("comparing layers");
  const runtime::SessionOptions options{.device = own.device};
  BMNET_ASSIGN(const op::CompareReport report,
               compare_layers(graphs.graph, inputs, {own.absolute, own.relative}, options));
  progress.end_stage();
  fmt::print("{}", report.to_text(own.rows));
  return report.agrees() ? kExitOk : kExitCompareFailed;
}

}  // namespace

int compare_main(const Arguments& arguments) {
  Arguments rest;
  const auto own = take_own_flags(arguments, rest);
  if (!own) return report_error("compare", own.error()), kExitUsage;
  const auto flags =
      parse_compile_flags({"bmnet compare", "every layer of a model on the device against the reference", kHelp}, rest);
  if (!flags) return report_error("compare", flags.error()), kExitUsage;
  if (flags->help) return fmt::print("{}", flags->help_text), kExitOk;
  const auto code = compare_model(*own, *flags);
  return code ? *code : report_error("compare", code.error());
}

}  // namespace bmnet::tool
