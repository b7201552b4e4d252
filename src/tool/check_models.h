// `bmnet check-models DIR…`: real models against their golden data, the whole way.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tool/front_ends.h"
#include "tool/golden.h"

namespace bmnet::tool {

// A real model as a user would compile it, and what it computes.
struct GoldenModel {
  const FrontEnd* front_end = nullptr;
  CompileFlags flags;  // model, weights, shapes of the golden inputs
  std::map<std::string, DataSet> sets;
};
// Errors: no file of a known format, no data.
Result<GoldenModel> read_golden_model(const std::filesystem::path& folder);

// Every folder at or below the given ones that holds golden.npz and meta.json: front end -> BModel -> runtime on the
// simulator -> comparison with each data set. Prints a table and, last, "N passed, M failed". Returns the exit code.
int check_models(const std::vector<std::string>& folders);

}  // namespace bmnet::tool
