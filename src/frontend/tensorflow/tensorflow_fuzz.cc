// Any bytes as a frozen graph, a SavedModel or a checkpoint's index: imported, or refused with one message that names
// the file.
#include <cstdlib>

#include "frontend/tensorflow/checkpoint.h"
#include "frontend/tensorflow/import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const bmnet::Bytes bytes(data, size);
  const auto model = bmnet::frontend::import_tensorflow(bytes, "fuzz.pb", "/nonexistent");
  if (model ? !model->to_graph().has_value() : !model.error().message.starts_with("fuzz.pb: ")) std::abort();
  (void)bmnet::frontend::tensorflow::read_table(bytes);
  return 0;
}
