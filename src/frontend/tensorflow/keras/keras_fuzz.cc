// Any text as the architecture of a Keras model with random weights: imported, or refused. The file around it has a
// target of its own (frontend/hdf5). keras_fuzz src/frontend/tensorflow/keras/corpus
#include <cstdlib>

#include "frontend/tensorflow/keras/model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int64_t kMaxWeights = 1 << 16;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  bmnet::frontend::ImportOptions options;
  options.random_weights = 1;
  const auto model = bmnet::frontend::tensorflow::keras::import_config(text, options, kMaxWeights);
  if (!model && model.error().kind == bmnet::ErrorKind::kBug) std::abort();
  return 0;
}
