// libFuzzer target of the MXNet front end; the form of its inputs stands in fuzz.h.
#include "frontend/mxnet/fuzz.h"

#include "frontend/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bmnet::frontend::import_or_abort({"fuzz-symbol.json", "params"},
                                          [&] { return bmnet::frontend::mxnet::import_fuzz_input({data, size}); });
}
