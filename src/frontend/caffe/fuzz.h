// What the fuzzer does with an input, shared with the test that replays the corpus: text up to the first NUL is the
// prototxt, the rest the caffemodel; without a rest, weights are drawn at random.
#pragma once

#include <algorithm>
#include <string>

#include "frontend/caffe/import.h"

namespace bmnet::caffe {

inline Result<nn::Model> import_fuzz_input(Bytes input) {
  const std::string_view whole = as_text(input);
  const size_t end = std::min(whole.find('\0'), whole.size());
  frontend::ImportOptions options;
  if (end == whole.size()) options.random_weights = 1;
  return frontend::import_caffe(whole.substr(0, end), input.subspan(std::min(end + 1, input.size())), "fuzz.prototxt",
                                options);
}

}  // namespace bmnet::caffe
