// libFuzzer target of the Paddle front end: paddle_fuzz src/frontend/paddle/corpus
#include <cstdlib>

#include "frontend/paddle/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = bmnet::frontend::paddle::import_fuzz_input({data, size});
  if (!model && model.error().kind == bmnet::ErrorKind::kBug) std::abort();
  return 0;
}
