// Any bytes as an array and as an archive of arrays: read, or refused with a message.
#include <cstdlib>

#include "base/npz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const bmnet::Bytes content(data, size);
  const auto array = bmnet::parse_npy(content, "fuzz.npy");
  if (!array && array.error().message.empty()) std::abort();
  const auto archive = bmnet::parse_npz(content, "fuzz.npz");
  if (!archive && archive.error().message.empty()) std::abort();
  if (!archive) return 0;
  for (const bmnet::NamedTensor& named : *archive)
    if (bmnet::find_tensor(*archive, named.name) != &named.tensor) std::abort();  // names are unique
  return 0;
}
