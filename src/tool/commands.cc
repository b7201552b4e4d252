// The commands of bmnet that look at models and BModels; the others stand in files of their own.
#include "tool/commands.h"

#include <fmt/format.h>

#include "base/file.h"
#include "bmodel/disasm.h"
#include "bmodel/layer_table.h"
#include "bmodel/print.h"
#include "bmodel/reader.h"
#include "tool/check_models.h"
#include "tool/check_suites.h"
#include "tool/command_line.h"
#include "tool/compile.h"
#include "tool/profile.h"
#include "tool/reports.h"

namespace bmnet::tool {
namespace {

// The layers of each stage that knows them, and its sub-nets.
std::string layer_summary(const bmodel::Model& model) {
  std::string text;
  for (const bmodel::Net& net : model.nets)
    for (size_t s = 0; s < net.stages.size(); ++s) {
      auto table = bmodel::decode_layer_table(net.stages[s].net_profile.bytes());
      if (!table || table->layers.empty()) continue;
      size_t cpu = 0;
      for (const auto& layer : table->layers) cpu += layer.place == "cpu";
      text += fmt::format("net '{}' stage {}: {} layers, {} on the CPU\n", net.name, s, table->layers.size(), cpu);
      for (const auto& layer : table->layers)
        if (layer.place == "cpu") text += fmt::format("  {} ({}): {}\n", layer.name, layer.op, layer.note);
    }
  return text;
}

}  // namespace

int compile_command_main(const Arguments& arguments) {
  return run_compiler(nullptr,
                      {"bmnet compile", "model of any known format -> BModel for BM1684",
                       "Example:\n  bmnet compile net.onnx --outdir=out"},
                      arguments);
}

int info_main(const Arguments& arguments) {
  CLI::App app("What a BModel holds.", "bmnet info");
  std::string file;
  app.add_option("bmodel", file, ".bmodel file")->required();
  if (auto code = parse_arguments(app, arguments)) return *code;
  const auto model = bmodel::read_file(file);
  if (!model) return report_error("info", model.error());
  fmt::print("{}{}", bmodel::info(*model), layer_summary(*model));
  return kExitOk;
}

int disasm_main(const Arguments& arguments) {
  CLI::App app("The commands of a BModel as text.", "bmnet disasm");
  std::string file;
  app.add_option("bmodel", file, ".bmodel file")->required();
  if (auto code = parse_arguments(app, arguments)) return *code;
  const auto model = bmodel::read_file(file);
  if (!model) return report_error("disasm", model.error());
  fmt::print("{}", bmodel::disassemble(*model));
  return kExitOk;
}

int profile_main(const Arguments& arguments) {
  CLI::App app("Cycles of a BModel: per engine, in total and per layer, by the chip's exact cost formulas.",
               "bmnet profile");
  std::string file, trace;
  bool json = false;
  app.add_option("bmodel", file, ".bmodel file")->required();
  app.add_flag("--json", json, "machine-readable output");
  app.add_option("--trace", trace, "write a Chrome/Perfetto trace to this file");
  app.footer("Example:\n  bmnet profile out/compilation.bmodel --trace trace.json");
  if (auto code = parse_arguments(app, arguments)) return *code;
  const auto model = bmodel::read_file(file);
  if (!model) return report_error("profile", model.error());
  const auto profiles = profile(*model);
  if (!profiles) return report_error("profile", profiles.error());
  if (!trace.empty())
    if (auto written = write_file_atomically(trace, to_trace(*profiles)); !written)
      return report_error("profile", written.error());
  if (json) {
    fmt::print("{}", to_json(*profiles));
  } else {
    for (const StageProfile& stage : *profiles) fmt::print("{}", to_text(stage));
  }
  return kExitOk;
}

int doctor_main(const Arguments& arguments) {
  Arguments checked = arguments;
  checked.push_back("--mode=check");
  return run_compiler(nullptr, {"bmnet doctor", "one page about a model", "Example:\n  bmnet doctor net.onnx"},
                      checked);
}

int check_models_main(const Arguments& arguments) {
  CLI::App app("Model folders with golden data (model files, golden.npz, meta.json), the whole way.",
               "bmnet check-models");
  std::vector<std::string> folders;
  app.add_option("folders", folders, "folders, searched for model folders")->required();
  if (auto code = parse_arguments(app, arguments)) return *code;
  return check_models(folders);
}

int check_suites_main(const Arguments& arguments) {
  CLI::App app("Suites of operators and topologies: every model file below the folders, the whole way.",
               "bmnet check-suites");
  std::vector<std::string> folders;
  SuiteOptions options;
  app.add_option("folders", folders, "folders, searched for model files (<case>.npz beside them: golden data)")
      ->required();
  app.add_flag("--list", options.list, "a line for every case");
  app.add_option("--opt", options.opt, "optimization level, as for the compilers");
  app.add_option("--shapes", options.shapes, "CASE=SHAPES for models that do not state them: 'net=[1,784]'")
      ->allow_extra_args(false);
  app.add_option("--only", options.only, "only files whose path contains this");
  app.add_option("--time_limit", options.time_limit, "seconds for one case");
  if (auto code = parse_arguments(app, arguments)) return *code;
  return check_suites(folders, options);
}

}  // namespace bmnet::tool
