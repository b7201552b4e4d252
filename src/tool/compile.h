// The way of a model on one screen: import, optimise, plan, write, compare.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/progress.h"
#include "nn/model.h"
#include "op/compare.h"
#include "op/graph.h"
#include "plan/compile.h"
#include "tool/flags.h"
#include "tool/front_ends.h"

namespace bmnet::tool {

// What the steps of one compilation have made. `source` is the graph as the front end read it, `graph` the one that was
// compiled; both hold their weights.
struct Compilation {
  op::Graph source, graph;
  plan::Compiled compiled;
};

// Import and optimisation, without planning.
struct ImportedGraphs {
  nn::Model model;
  op::Graph source, graph;
};
Result<ImportedGraphs> import_graphs(const FrontEnd& front_end, const CompileFlags& flags, Progress& progress);

Result<Compilation> compile_model(const FrontEnd& front_end, const CompileFlags& flags, Progress& progress);

// Exit codes of all compilers.
inline constexpr int kExitOk = 0, kExitError = 1, kExitUsage = 2, kExitCompareFailed = 3;

// A whole compiler program: flags, messages, output folder. Arguments without the program's name.
int run_compiler(const FrontEnd* front_end, const CompilerProgram& program, const std::vector<std::string>& arguments);

// The main function of bmnetc, bmneto …
int compiler_main(std::string_view program, int argc, char** argv);

}  // namespace bmnet::tool
