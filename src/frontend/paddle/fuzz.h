// What the fuzzer does with an input, shared with the test that replays the corpus: u32 size of the program, the
// program, then combined parameters.
#pragma once

#include <algorithm>
#include <cstring>

#include "frontend/paddle/import.h"

namespace bmnet::frontend::paddle {

inline Result<nn::Model> import_fuzz_input(Bytes input) {
  uint32_t size = 0;
  if (input.size() >= sizeof(size)) std::memcpy(&size, input.data(), sizeof(size));
  const Bytes rest = input.subspan(std::min(input.size(), sizeof(size)));
  const size_t program = std::min<size_t>(size, rest.size());
  return import_paddle(rest.first(program), rest.subspan(program), "fuzz.pdmodel");
}

}  // namespace bmnet::frontend::paddle
