// What the fuzzer does with an input, shared with the test that replays the corpus: text up to the first NUL is the
// symbol, the rest the parameter file; without a rest, parameters are drawn at random. Inputs are [1,3,16,16].
#pragma once

#include "frontend/fuzz.h"
#include "frontend/mxnet/import.h"

namespace bmnet::frontend::mxnet {

inline Result<nn::Model> import_fuzz_input(Bytes input) {
  const TextAndWeights model(input);
  ImportOptions options;
  options.shapes = {{"", {1, 3, 16, 16}}};
  if (!model.weights_are_given) options.random_weights = 1;
  return import_mxnet(model.text, model.weights, "fuzz-symbol.json", options);
}

}  // namespace bmnet::frontend::mxnet
