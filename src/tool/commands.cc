// The commands of bmnet that look at models and BModels; the others stand in files of their own.
#include "tool/commands.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "base/file.h"
#include "base/text.h"
#include "bmodel/disasm.h"
#include "bmodel/layer_table.h"
#include "bmodel/print.h"
#include "bmodel/reader.h"
#include "tool/census.h"
#include "tool/check_models.h"
#include "tool/check_suites.h"
#include "tool/command_line.h"
#include "tool/compile.h"
#include "tool/doctor.h"
#include "tool/operator_list.h"
#include "tool/profile.h"

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

// Layers by operator, over all stages.
std::string operator_counts(const bmodel::Model& model) {
  std::map<std::string, std::array<int64_t, 2>> operators;  // on the TPU, on the CPU
  for (const bmodel::Net& net : model.nets)
    for (const bmodel::Stage& stage : net.stages)
      if (const auto table = bmodel::decode_layer_table(stage.net_profile.bytes()))
        for (const auto& layer : table->layers) ++operators[layer.op][layer.place == "cpu"];
  if (operators.empty()) return "";
  std::string text = "operators              on the TPU   on the CPU\n";
  for (const auto& [op, count] : operators) text += fmt::format("  {:<20} {:>10} {:>12}\n", op, count[0], count[1]);
  const auto transposes = operators["transpose"];
  return text + fmt::format("transposes remaining  {}\n", transposes[0] + transposes[1]);
}

Result<std::string> bmodel_info(const std::string& file) {
  BMNET_ASSIGN(const bmodel::Model model, bmodel::read_file(file));
  return bmodel::info(model) + layer_summary(model) + operator_counts(model);
}

Result<std::string> info_of_model(const CompileFlags& flags) {
  BMNET_ASSIGN(const FrontEnd* front_end, recognize(flags.model));
  Progress progress(Progress::style_for(stderr));
  BMNET_ASSIGN(const ImportedGraphs graphs, import_graphs(*front_end, flags, progress));
  progress.end_stage();
  return model_info(flags.model, front_end->framework, graphs.source, graphs.graph);
}

}  // namespace

int compile_command_main(const Arguments& arguments) {
  return run_compiler(nullptr,
                      {"bmnet compile", "model of any known format -> BModel for BM1684",
                       "Example:\n  bmnet compile net.onnx --outdir=out"},
                      arguments);
}

int info_main(const Arguments& arguments) {
  const CompilerProgram program{
      "bmnet info", "What a BModel or a model file holds.\n\nA model takes the flags of a compiler, a BModel none.",
      "Examples:\n  bmnet info out/compilation.bmodel\n  bmnet info net.pb --shapes=[1,224,224,3]"};
  const auto flags = parse_compile_flags(program, arguments);
  if (!flags) return report_usage_error("info", flags.error());
  if (flags->help) return fmt::print("{}", flags->help_text), kExitOk;
  const auto text = recognize(flags->model) ? info_of_model(*flags) : bmodel_info(flags->model);
  if (!text) return report_error("info", text.error());
  fmt::print("{}", printable(*text));
  return kExitOk;
}

int disasm_main(const Arguments& arguments) {
  CLI::App app("The commands of a BModel as text.", "bmnet disasm");
  app.footer("Example:\n  bmnet disasm out/compilation.bmodel");
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
  Arguments rest;
  for (const std::string& argument : arguments)
    if (argument != "--json" && argument != "-json") rest.push_back(argument);
  const bool json = rest.size() != arguments.size();
  const CompilerProgram program{
      "bmnet doctor",
      "One page about a model: what runs where, everything that stands in the way, what it will cost.\n\nTakes the "
      "flags of "
      "a compiler, and --json. Ends with 0 when the model can be compiled.",
      "Examples:\n  bmnet doctor net.onnx\n  bmnet doctor net.pb --shapes=[1,224,224,3] --json"};
  const auto flags = parse_compile_flags(program, rest);
  if (!flags) return report_usage_error("doctor", flags.error());
  if (flags->help) return fmt::print("{}", flags->help_text), kExitOk;
  const auto front_end = recognize(flags->model);
  if (!front_end) return report_error("doctor", front_end.error());
  Progress progress(Progress::style_for(stderr));
  const auto diagnosis = diagnose(**front_end, *flags, progress);
  progress.end_stage();
  if (!diagnosis) return report_error("doctor", diagnosis.error());
  fmt::print("{}", json ? to_json(*diagnosis) : printable(to_text(*diagnosis)));
  return diagnosis->compiles() ? kExitOk : kExitError;
}

int list_ops_main(const Arguments& arguments) {
  CLI::App app("The operators of the front ends, from their mapping tables.", "bmnet list-ops");
  std::string program;
  bool json = false;
  app.add_option("program", program, "one compiler: bmneto, bmnetc ...; without: all");
  app.add_flag("--json", json, "machine-readable output");
  app.footer("Example:\n  bmnet list-ops bmneto");
  if (auto code = parse_arguments(app, arguments)) return *code;
  const FrontEnd* front_end = program.empty() ? nullptr : front_end_of_program(program);
  if (!program.empty() && !front_end)
    return report_usage_error("list-ops", Error{ErrorKind::kUser, fmt::format("there is no compiler '{}'", program)});
  fmt::print("{}", json ? operator_json(front_end) : operator_table(front_end));
  return kExitOk;
}

int check_models_main(const Arguments& arguments) {
  CLI::App app("Model folders with golden data (model files, golden.npz, meta.json), the whole way.",
               "bmnet check-models");
  app.footer("Example:\n  bmnet check-models ../shared/models/onnx");
  std::vector<std::string> folders;
  app.add_option("folders", folders, "folders, searched for model folders")->required();
  if (auto code = parse_arguments(app, arguments)) return *code;
  return check_models(folders);
}

int check_suites_main(const Arguments& arguments) {
  CLI::App app("Suites of operators and topologies: every model file below the folders, the whole way.",
               "bmnet check-suites");
  app.footer("Example:\n  bmnet check-suites ../shared/suites/onnx_node --list");
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
