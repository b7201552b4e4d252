// The outer form of a .bmodel file, on disk: a 64-byte header, a FlatBuffer, a binary section. Inner part of the
// reader, the writer and the printer.
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"

namespace bmnet::bmodel {

inline constexpr uint32_t kMagic = 0xFF55AAEE;
inline constexpr uint32_t kOldGenerationMagic = 0xFF55AAFF;

struct Header {
  uint32_t magic = kMagic;
  uint32_t header_size = 64;
  uint32_t flatbuffers_size = 0;
  uint32_t binary_size = 0;
  uint32_t reserved[12] = {};
};
static_assert(sizeof(Header) == 64);

// A file whose FlatBuffer is sound: the root table can be walked, every Binary lies inside the binary section, and
// neither the tables nor the blobs unfold to more than a fixed multiple of the file (sharing cannot blow them up).
struct Container {
  Bytes flatbuffer;  // 8-byte aligned
  Bytes binary;
  std::shared_ptr<const void> owner;  // of both
};

// `what` names the file in messages. Bytes after the binary section are tolerated.
Result<Container> open_container(Bytes file, std::string_view what, std::shared_ptr<const void> owner);

}  // namespace bmnet::bmodel
