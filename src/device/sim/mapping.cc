#include "device/sim/mapping.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace bmnet {

Mapping::~Mapping() {
  if (data_) munmap(data_, bytes_);
}

Result<Mapping> Mapping::create(uint64_t bytes) {
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) return system_error("cannot map {} bytes of device memory: {}", bytes, std::strerror(errno));
  Mapping mapping;
  mapping.data_ = static_cast<uint8_t*>(data);
  mapping.bytes_ = bytes;
  return mapping;
}

}  // namespace bmnet
