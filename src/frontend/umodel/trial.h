// MLIR's bytecode reader trusts its input: a file made to harm can end the program, whatever its checksum says. So that
// a user gets a sentence instead, a UModel is first read by a child process.
#pragma once

#include <filesystem>

#include "base/status.h"

namespace bmnet::frontend {

// Reads the file in a child process. An error only when that crashes or takes longer than a minute of processor
// time; what the reader refuses in words is left to the caller's own reading. Call it
// while no other thread runs.
Status try_to_read_umodel(const std::filesystem::path& path);

}  // namespace bmnet::frontend
