// Cost formulas as timing files name them: by a family and its parameters instead of a command.
#pragma once

#include "target/bm1684/exec/vector_file.h"

namespace bmnet::bm1684 {

// The cycles that our formula for `timing.op` gives with `timing.fields`. A family of the TIU is asked through a
// command with those parameters. Refuses unknown families, missing parameters and values that no command can hold.
Result<uint64_t> formula_cycles(const TimingCase& timing);

}  // namespace bmnet::bm1684
