// `bmnet debug`: a BModel on the simulator, command by command.
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "base/text.h"
#include "debug/debugger.h"
#include "device/sim/simulator.h"
#include "runtime/session.h"
#include "tool/command_line.h"
#include "tool/commands.h"
#include "tool/compile.h"
#include "tool/run_inputs.h"

namespace bmnet::tool {
namespace {

struct DebugArguments {
  RunInputs inputs;
  std::string net, script;
  std::optional<size_t> stage;
};

void declare(CLI::App& app, DebugArguments& a) {
  declare_inputs(app, a.inputs);
  app.add_option("--net", a.net, "name of the net (else the first one)");
  app.add_option("--stage", a.stage, "number of the stage (else the one that fits the inputs)");
  app.add_option("--script", a.script, "commands from this file; the debugger leaves at its end");
  app.footer(
      "Commands come from the terminal, a pipe or --script; `help` lists them.\n"
      "Examples:\n"
      "  bmnet debug --context_dir out\n"
      "  bmnet debug net.bmodel --image cat.jpg --mean 104,117,123\n"
      "  printf 'run to conv2\\nprint\\nwatch conv2\\nrun\\n' | bmnet debug net.bmodel --seed 1");
}

Result<size_t> net_named(const runtime::Session& session, const std::string& name) {
  if (name.empty()) return size_t{0};
  std::string known;
  for (size_t i = 0; i < session.networks().size(); ++i) {
    if (session.networks()[i]->name == name) return i;
    known += (known.empty() ? "" : ", ") + session.networks()[i]->name;
  }
  return user_error("no net '{}'; there are: {}", name, known);
}

// The terminal when there is one, else what comes from the file or pipe.
struct Input {
  std::ifstream file;
  std::unique_ptr<debug::Console> console;
};

Status open_input(const std::string& script, debug::Completion complete, Input& input) {
  if (!script.empty()) {
    input.file.open(script);
    if (!input.file) return system_error("{}: cannot be read", script);
    input.console = std::make_unique<debug::ScriptConsole>(input.file, stdout);
  } else if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
    input.console = debug::terminal_console(std::move(complete));
  } else {
    input.console = std::make_unique<debug::ScriptConsole>(std::cin, stdout);
  }
  debug::catch_interrupts();
  return {};
}

Status debug_net(const DebugArguments& a) {
  BMNET_ASSIGN(const std::filesystem::path bmodel, bmodel_of(a.inputs));
  BMNET_ASSIGN(std::unique_ptr<Simulator> simulator, Simulator::create());
  const bm1684::Memory& memory = simulator->memory();
  BMNET_ASSIGN(const auto session, runtime::Session::open(std::move(simulator)));
  BMNET_TRY(session->load(bmodel));
  BMNET_ASSIGN(const size_t net, net_named(*session, a.net));
  BMNET_ASSIGN(const auto inputs, make_inputs(*session, a.inputs, net, a.stage.value_or(0)));
  size_t stage = a.stage.value_or(0);
  if (!a.stage) {
    BMNET_ASSIGN(stage, stage_for(*session, inputs, net));
  }

  const debug::Debugger* completer = nullptr;
  const auto complete = [&](std::string_view line) {
    return completer ? completer->complete(line) : std::vector<std::string>();
  };
  Input input;
  BMNET_TRY(open_input(a.script, complete, input));
  debug::Debugger debugger(memory, *input.console);
  completer = &debugger;
  session->context().observe(&debugger);
  input.console->write(fmt::format("net '{}' stage {} of {}; `help` lists the commands\n",
                                   printable(session->networks()[net]->name), stage, bmodel.string()));
  debugger.debug([&] { return session->run(inputs, net, stage); });
  session->context().observe(nullptr);
  return {};
}

}  // namespace

int debug_main(const Arguments& arguments) {
  CLI::App app("Runs a BModel on the simulator, stopping where you want to look.", "bmnet debug");
  DebugArguments a;
  declare(app, a);
  if (auto code = parse_arguments(app, arguments)) return *code;
  const Status done = debug_net(a);
  return done ? kExitOk : report_error("debug", done.error());
}

}  // namespace bmnet::tool
