// libFuzzer target of the Caffe front end: caffe_fuzz src/frontend/caffe/corpus
#include <cstdlib>

#include "frontend/caffe/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = bmnet::caffe::import_fuzz_input({data, size});
  if (!model && model.error().kind == bmnet::ErrorKind::kBug) std::abort();
  return 0;
}
