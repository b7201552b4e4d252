// Any bytes as an .onnx file: imported, or refused with one message that names the file.
#include <cstdlib>

#include "frontend/onnx/import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = bmnet::frontend::import_onnx(bmnet::Bytes(data, size), "fuzz.onnx", "/nonexistent");
  if (model ? !model->to_graph().has_value() : !model.error().message.starts_with("fuzz.onnx: ")) std::abort();
  return 0;
}
