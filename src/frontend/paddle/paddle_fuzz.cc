// libFuzzer target of the Paddle front end; the form of its inputs stands in fuzz.h.
#include "frontend/paddle/fuzz.h"

#include "frontend/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bmnet::frontend::import_or_abort({"fuzz.pdmodel", "params"},
                                          [&] { return bmnet::frontend::paddle::import_fuzz_input({data, size}); });
}
