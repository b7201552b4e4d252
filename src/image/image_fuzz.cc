// libFuzzer target of the picture decoders.
#include "image/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)bmnet::decode_image({data, size}, "fuzz");
  return 0;
}
