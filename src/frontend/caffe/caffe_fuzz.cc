// libFuzzer target of the Caffe front end; the form of its inputs stands in fuzz.h.
#include "frontend/caffe/fuzz.h"

#include "frontend/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bmnet::frontend::import_or_abort({"fuzz.prototxt", "caffemodel"},
                                          [&] { return bmnet::caffe::import_fuzz_input({data, size}); });
}
