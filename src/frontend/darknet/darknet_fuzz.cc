// libFuzzer target of the Darknet front end; the form of its inputs stands in fuzz.h.
#include "frontend/darknet/fuzz.h"

#include "frontend/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return bmnet::frontend::import_or_abort({"fuzz.cfg", "fuzz.cfg (weights)"},
                                          [&] { return bmnet::frontend::darknet::import_fuzz_input({data, size}); });
}
