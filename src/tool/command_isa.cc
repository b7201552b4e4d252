// The commands of bmnet about instructions: golden vectors, random commands, what BModels use.
#include <fmt/format.h>

#include "bmodel/coverage.h"
#include "bmodel/reader.h"
#include "device/isa_check/isa_check.h"
#include "device/isa_fuzz/differential.h"
#include "tool/command_line.h"
#include "tool/commands.h"
#include "tool/compile.h"

namespace bmnet::tool {

int isa_check_main(const Arguments& arguments) {
  CLI::App app("Golden vector files: values, costs, encodings and schedules of instructions.", "bmnet isa-check");
  app.footer("Example:\n  bmnet isa-check ../shared/isa/vectors/*.json.gz");
  std::vector<std::string> files;
  app.add_option("files", files, "vector files (.json.gz)")->required();
  if (auto code = parse_arguments(app, arguments)) return *code;
  return isa_check(files, stdout);
}

int isa_coverage_main(const Arguments& arguments) {
  CLI::App app("Which instructions, fields and values the commands of BModels use.", "bmnet isa-coverage");
  std::vector<std::string> files;
  app.add_option("bmodels", files, ".bmodel files")->required();
  app.footer(
      "Per instruction and field: in how many commands it occurs, which values; what never occurs is listed too.\n"
      "Example:\n  bmnet isa-coverage out/compilation.bmodel");
  if (auto code = parse_arguments(app, arguments)) return *code;
  bmodel::Coverage coverage;
  for (const std::string& file : files) {
    const auto model = bmodel::read_file(file);
    if (!model) return report_error("isa-coverage", model.error());
    coverage.add(*model);
  }
  fmt::print("{}", coverage.to_text());
  return kExitOk;
}

int isa_fuzz_main(const Arguments& arguments) {
  CLI::App app("Random legal commands of every instruction family on the simulator and on a vendor C model.",
               "bmnet isa-fuzz");
  isa_fuzz::Options options;
  std::string device;
  app.add_option("--device", device, "cmodel=PATH of a vendor C model")->required();
  app.add_option("--count", options.count, "commands of each family")->capture_default_str();
  app.add_option("--seed", options.seed, "another seed gives other commands")->capture_default_str();
  app.add_option("--first", options.first, "index of the first command, to repeat a difference")->capture_default_str();
  app.add_option("--family", options.family, "only this family");
  app.footer(
      "Both devices start with equal memories; all bytes that a command may have touched are compared.\n"
      "Example:\n  bmnet isa-fuzz --device cmodel=libcmodel.so --count 1000 --family conv");
  if (auto code = parse_arguments(app, arguments)) return *code;
  constexpr std::string_view kCModel = "cmodel=";
  if (!device.starts_with(kCModel)) {
    fmt::print(stderr, "bmnet isa-fuzz: error: --device {}: give cmodel=PATH\n", device);
    return kExitUsage;
  }
  options.library = device.substr(kCModel.size());
  const auto totals = isa_fuzz::run(options, stdout);
  if (!totals) return report_error("isa-fuzz", totals.error());
  return totals->failed ? kExitCompareFailed : kExitOk;
}

}  // namespace bmnet::tool
