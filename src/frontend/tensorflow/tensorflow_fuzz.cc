// libFuzzer target of the TensorFlow front end; the form of its inputs stands in fuzz.h.
#include "frontend/tensorflow/fuzz.h"

#include "frontend/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bmnet::frontend::import_or_abort({"fuzz.pb"},
                                          [&] { return bmnet::frontend::tensorflow::import_fuzz_input({data, size}); });
}
