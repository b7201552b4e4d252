#include "tool/reports.h"

#include <map>

#include "target/bm1684/machine.h"

namespace bmnet::tool {
namespace {

double milliseconds(uint64_t cycles) { return static_cast<double>(cycles) / bm1684::kClockHz * 1e3; }

}  // namespace

std::string compile_banner(const Compilation& compilation, const std::filesystem::path& bmodel, bool tensors) {
  const plan::Report& report = compilation.compiled.report;
  std::string text;
  if (tensors) {
    for (op::ValueId id : compilation.source.inputs)
      text += fmt::format("save_tensor input name [{}]\n", compilation.source.values[id].name);
    for (const std::string& name : compilation.source.output_names)
      text += fmt::format("save_tensor output name [{}]\n", name);
  }
  text +=
      fmt::format("{} TPU and {} CPU sub-nets, {} cycles ({:.3f} ms at 550 MHz), lower bound {}\n", report.tpu_sub_nets,
                  report.cpu_sub_nets, report.cycles, milliseconds(report.cycles), report.lower_bound);
  const std::string rule(60, '#');
  text += fmt::format("{}\n# Store bmodel of BMCompiler.\n# {}\n{}\n", rule, bmodel.string(), rule);
  return text;
}

std::string show_arguments(const CompileFlags& flags) {
  const std::map<std::string, std::string> rows = {{"model", flags.model},
                                                   {"weight", flags.random_weights ? "random" : flags.weight},
                                                   {"shapes", flags.shapes},
                                                   {"input_names", flags.input_names},
                                                   {"output_names", flags.output_names},
                                                   {"descs", flags.descs},
                                                   {"net_name", flags.net_name},
                                                   {"opt", std::to_string(flags.opt)},
                                                   {"outdir", flags.outdir},
                                                   {"target", flags.target},
                                                   {"prec", flags.prec},
                                                   {"max_n", std::to_string(flags.max_n)},
                                                   {"mode", flags.mode},
                                                   {"cmp", flags.cmp == CompareMode::kOn    ? "true"
                                                           : flags.cmp == CompareMode::kOff ? "false"
                                                                                            : "warn"},
                                                   {"seed", std::to_string(flags.seed)}};
  std::string text;
  for (const auto& [name, value] : rows) text += fmt::format("{:<14}{}\n", name, value);
  return text;
}

}  // namespace bmnet::tool
