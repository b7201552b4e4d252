#include "nn/umodel.h"

#include <algorithm>
#include <cstring>

#include "base/sha256.h"

namespace bmnet::nn {
namespace {

constexpr std::string_view kMagic = "BMUMODEL";

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t header_bytes;
  uint64_t length;
  Sha256 checksum;
  uint8_t reserved[8];
};
static_assert(sizeof(Header) == kUModelHeaderBytes);

}  // namespace

std::array<uint8_t, kUModelHeaderBytes> umodel_header(Bytes bytecode) {
  Header header{};
  std::ranges::copy(kMagic, header.magic);
  header.version = kUModelVersion;
  header.header_bytes = kUModelHeaderBytes;
  header.length = bytecode.size();
  header.checksum = sha256(bytecode);
  std::array<uint8_t, kUModelHeaderBytes> bytes;
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

bool looks_like_umodel(Bytes head) { return as_text(head).starts_with(kMagic); }

Result<Bytes> umodel_bytecode(Bytes file) {
  if (!looks_like_umodel(file))
    return user_error("not a UModel: it does not begin with {}; --mode GenUmodel of a compiler makes one", kMagic);
  if (file.size() < kUModelHeaderBytes)
    return user_error("cut off: {} bytes, the header alone has {}", file.size(), kUModelHeaderBytes);
  Header header;
  std::memcpy(&header, file.data(), sizeof(header));
  if (header.version != kUModelVersion || header.header_bytes != kUModelHeaderBytes)
    return user_error("UModel version {} (header of {} bytes) is not known, only version {}; make it again",
                      header.version, header.header_bytes, kUModelVersion);
  const Bytes bytecode = file.subspan(kUModelHeaderBytes);
  if (header.length != bytecode.size())
    return user_error("{}: {} bytes behind the header, {} are stated",
                      header.length > bytecode.size() ? "cut off" : "damaged", bytecode.size(), header.length);
  if (std::ranges::any_of(header.reserved, [](uint8_t byte) { return byte != 0; }))
    return user_error("damaged: the end of the header is not zero");
  if (sha256(bytecode) != header.checksum)
    return user_error("damaged: the SHA-256 of its content is not the stated one; make it again");
  return bytecode;
}

}  // namespace bmnet::nn
