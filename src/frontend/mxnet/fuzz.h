// What the fuzzer does with an input, shared with the test that replays the corpus: text up to the first NUL is the
// symbol, the rest the parameter file; without a rest, parameters are drawn at random. Inputs are [1,3,16,16].
#pragma once

#include <algorithm>
#include <string>

#include "frontend/mxnet/import.h"

namespace bmnet::frontend::mxnet {

inline Result<nn::Model> import_fuzz_input(Bytes input) {
  const std::string_view whole = as_text(input);
  const size_t end = std::min(whole.find('\0'), whole.size());
  ImportOptions options;
  options.shapes = {{"", {1, 3, 16, 16}}};
  if (end == whole.size()) options.random_weights = 1;
  return import_mxnet(whole.substr(0, end), input.subspan(std::min(end + 1, input.size())), "fuzz-symbol.json",
                      options);
}

}  // namespace bmnet::frontend::mxnet
