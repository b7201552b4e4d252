// Any text as the commands of a BModel: assembled, or refused with a message.
#include <cstdlib>

#include "bmodel/disasm.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto groups = bmnet::bmodel::assemble({reinterpret_cast<const char*>(data), size});
  if (!groups && groups.error().message.empty()) std::abort();
  return 0;
}
