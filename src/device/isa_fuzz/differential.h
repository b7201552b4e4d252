// The simulator against a vendor C model on random commands.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "base/status.h"

namespace bmnet::isa_fuzz {

struct Options {
  std::string library;    // path of the C model
  uint64_t count = 1000;  // commands of each family
  uint64_t first = 0;     // index of the first one
  uint64_t seed = 1;
  std::string family = {};  // empty: all
  uint64_t shown = 5;       // differences shown of each family
};

struct Totals {
  uint64_t passed = 0, failed = 0, refused = 0;
};

// Prints a line for every family and the first differences, each with what reproduces it. Refused are commands that the
// simulator does not accept (they are not run on the C model).
Result<Totals> run(const Options& options, std::FILE* out);

}  // namespace bmnet::isa_fuzz
