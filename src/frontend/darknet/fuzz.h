// What the fuzzer does with an input, shared with the test that replays the corpus: text up to the first NUL is the
// cfg, the rest the weights file; without a rest, weights are drawn at random. Detections are decoded.
#pragma once

#include <algorithm>
#include <string>

#include "frontend/darknet/import.h"

namespace bmnet::frontend::darknet {

inline Result<nn::Model> import_fuzz_input(Bytes input) {
  const std::string_view whole = as_text(input);
  const size_t end = std::min(whole.find('\0'), whole.size());
  ImportOptions options;
  if (end == whole.size()) options.random_weights = 1;
  return import_darknet(whole.substr(0, end), input.subspan(std::min(end + 1, input.size())), "fuzz.cfg", options,
                        {.decode = true});
}

}  // namespace bmnet::frontend::darknet
