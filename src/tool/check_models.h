// `bmnet check-models DIR…`: real models against their golden data, the whole way.
#pragma once

#include <string>
#include <vector>

namespace bmnet::tool {

// Every folder at or below the given ones that holds golden.npz and meta.json: front end -> BModel -> runtime on the
// simulator -> comparison with each data set. Prints a table and, last, "N passed, M failed". Returns the exit code.
int check_models(const std::vector<std::string>& folders);

}  // namespace bmnet::tool
