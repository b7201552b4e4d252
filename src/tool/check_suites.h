// `bmnet check-suites DIR…`: operator and topology suites, each case the whole way through the chain.
#pragma once

#include <string>
#include <vector>

namespace bmnet::tool {

struct SuiteOptions {
  bool list = false;                // a line for every case
  int opt = 2;                      // as the compilers' --opt
  int time_limit = 180;             // seconds for one case
  std::vector<std::string> shapes;  // "<case>=[1,784]", for models that do not state their own
  std::string only;                 // only cases whose path contains this
};

// A case is a model file below the folders. With <case>.npz beside it (in/0 … out/0 …, in the order of the model's
// inputs and outputs) it is compiled, run on the simulator with race detection, and compared; without, it is compiled
// with random weights. Cases run in a process of their own, so that a crash or a hang is a failed case.
// Prints, folder by folder, how many passed, were refused (by reason) and failed; last, "N passed, M failed".
// Refusals of operators outside the scope are no failures. Returns the exit code.
int check_suites(const std::vector<std::string>& folders, const SuiteOptions& options = {});

}  // namespace bmnet::tool
