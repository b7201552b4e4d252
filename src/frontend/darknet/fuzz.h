// What the fuzzer does with an input, shared with the test that replays the corpus: text up to the first NUL is the
// cfg, the rest the weights file; without a rest, weights are drawn at random. Detections are decoded.
#pragma once

#include "frontend/darknet/import.h"
#include "frontend/fuzz.h"

namespace bmnet::frontend::darknet {

inline Result<nn::Model> import_fuzz_input(Bytes input) {
  const TextAndWeights model(input);
  ImportOptions options;
  if (!model.weights_are_given) options.random_weights = 1;
  return import_darknet(model.text, model.weights, "fuzz.cfg", options, {.decode = true});
}

}  // namespace bmnet::frontend::darknet
