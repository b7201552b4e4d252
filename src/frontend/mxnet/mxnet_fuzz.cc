// libFuzzer target of the MXNet front end: mxnet_fuzz src/frontend/mxnet/corpus
#include <cstdlib>

#include "frontend/mxnet/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = bmnet::frontend::mxnet::import_fuzz_input({data, size});
  if (!model && model.error().kind == bmnet::ErrorKind::kBug) std::abort();
  return 0;
}
