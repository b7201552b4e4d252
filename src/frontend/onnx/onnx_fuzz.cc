// Any bytes as an .onnx file: imported, or refused with one message that names the file.
#include "frontend/fuzz.h"
#include "frontend/onnx/import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bmnet::frontend::import_or_abort(
      {"fuzz.onnx"}, [&] { return bmnet::frontend::import_onnx({data, size}, "fuzz.onnx", "/nonexistent"); });
}
