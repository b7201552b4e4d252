// What the fuzzer does with an input, shared with the test that replays the corpus: text up to the first NUL is the
// prototxt, the rest the caffemodel; without a rest, weights are drawn at random.
#pragma once

#include "frontend/caffe/import.h"
#include "frontend/fuzz.h"

namespace bmnet::caffe {

inline Result<nn::Model> import_fuzz_input(Bytes input) {
  const frontend::TextAndWeights model(input);
  frontend::ImportOptions options;
  if (!model.weights_are_given) options.random_weights = 1;
  return frontend::import_caffe(model.text, model.weights, "fuzz.prototxt", options);
}

}  // namespace bmnet::caffe
