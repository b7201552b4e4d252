// Where the running code lies, to find what was installed beside it.
#pragma once

#include <filesystem>

namespace bmnet {

// The folder of the program or shared library that holds `symbol` (the address of a function in it), however the
// program was called. Empty when it cannot be told; callers then look nowhere, in particular not below the current
// folder.
std::filesystem::path folder_of_code(const void* symbol);

}  // namespace bmnet
