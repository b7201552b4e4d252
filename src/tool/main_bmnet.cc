// bmnet: everything in one program. The work is done by the libraries; here are the commands.
#include <fmt/format.h>

#include <functional>

#include "tool/command_line.h"
#include "tool/commands.h"
#include "tool/compile.h"
#include "tool/flags.h"

namespace {

using bmnet::tool::Arguments;

struct Command {
  std::string_view name, help;
  int (*run)(const Arguments& arguments);
};

constexpr Command kCommands[] = {
    {"compile", "model file -> BModel; the format is recognised", bmnet::tool::compile_command_main},
    {"run", "run a BModel on the simulator or another device", bmnet::tool::run_main},
    {"debug", "run a BModel on the simulator, stopping where you want to look", bmnet::tool::debug_main},
    {"compare", "compile a model and compare every layer with the reference", bmnet::tool::compare_main},
    {"compare-devices", "run a BModel on the simulator and a C model in lockstep", bmnet::tool::compare_devices_main},
    {"info", "what a BModel or a model file holds", bmnet::tool::info_main},
    {"disasm", "the commands of a BModel as text", bmnet::tool::disasm_main},
    {"profile", "cycles of a BModel per engine and layer", bmnet::tool::profile_main},
    {"doctor", "one page about a model: can it be compiled, what runs where, what will it cost",
     bmnet::tool::doctor_main},
    {"list-ops", "the operators that the compilers know", bmnet::tool::list_ops_main},
    {"check-models", "model folders with golden data, the whole way", bmnet::tool::check_models_main},
    {"check-suites", "suites of operators and topologies, the whole way", bmnet::tool::check_suites_main},
    {"isa-check", "golden vector files of instructions", bmnet::tool::isa_check_main},
    {"isa-coverage", "which instructions, fields and values BModels use", bmnet::tool::isa_coverage_main},
    {"isa-fuzz", "random commands: the simulator against a vendor C model", bmnet::tool::isa_fuzz_main},
};

void print_help() {
  fmt::print(
      "bmnet: open model compiler, simulator and runtime for the Sophon BM1684 TPU\n\nUsage: bmnet COMMAND "
      "[ARGUMENTS]\n\n");
  for (const Command& command : kCommands) fmt::print("  {:<15} {}\n", command.name, command.help);
  fmt::print(
      "\n`bmnet COMMAND --help` tells more.\nExample:\n  bmnet compile net.onnx --outdir=out && bmnet run "
      "--context_dir out\n");
}

int refuse(const std::string& name) {
  std::vector<std::string> known;
  for (const Command& command : kCommands) known.emplace_back(command.name);
  const std::string meant = bmnet::tool::nearest(name, known);
  fmt::print(stderr, "bmnet: error: unknown command '{}'; {}\n", name,
             meant.empty() ? "`bmnet --help` lists all" : fmt::format("did you mean '{}'?", meant));
  return bmnet::tool::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  bmnet::tool::end_when_out_of_memory("bmnet");
  const std::string_view name = argc > 1 ? argv[1] : "--help";
  if (name == "--help" || name == "-h" || name == "help") return print_help(), bmnet::tool::kExitOk;
  for (const Command& command : kCommands)
    if (command.name == name) return command.run({argv + 2, argv + argc});
  return refuse(std::string(name));
}
