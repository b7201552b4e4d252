// `bmnet isa-check FILE…`: holds the instructions against golden vector files (exec/vector_file.h).
//
// What a file is shows in its first case: memory before and after commands (value), commands without memory (emit: the
// encoder must reproduce their bits), cycle counts (timing), or two-engine streams with their total (stream). Where a
// value case tells its command's fields, the encoder is checked as well.
#pragma once

#include <cstdio>
#include <span>
#include <string>

namespace bmnet {

// Prints one line for every failing case, with the first byte or count that differs, and at last "N passed, M failed".
// A file that cannot be read counts as one failure. Returns the exit code: 0 if nothing failed, else 1.
int isa_check(std::span<const std::string> files, std::FILE* out);

}  // namespace bmnet
