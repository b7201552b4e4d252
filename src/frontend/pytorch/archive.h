// Zip archives as PyTorch writes them: entries stored (then borrowed from the mapped file) or deflated.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"

namespace bmnet::frontend::pytorch {

struct Content {
  Bytes bytes;
  std::shared_ptr<const void> owner;  // keeps `bytes` alive
};

class Archive {
 public:
  // `owner` keeps `file` alive. Reads the central directory; zip64 too. Errors: no zip, encrypted, damaged.
  static Result<Archive> open(Bytes file, std::shared_ptr<const void> owner);

  // Names begin behind the archive's one top folder: "data.pkl", "code/__torch__/m.py".
  bool has(std::string_view name) const { return entries_.find(name) != entries_.end(); }
  // Errors: absent, damaged (checksum), packed with another method than deflate, expands beyond what deflate can or
  // beyond 2 GiB in all.
  Result<Content> read(std::string_view name) const;

 private:
  struct Entry {
    uint16_t method = 0;
    uint32_t crc = 0;
    uint64_t packed = 0, size = 0;  // bytes
    uint64_t header = 0;            // offset of the local header
  };
  Status read_entry(Bytes directory, size_t& at, std::string& top);
  Result<Content> unpack(std::string_view name, const Entry& entry, Bytes packed) const;

  Bytes file_;
  std::shared_ptr<const void> owner_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::shared_ptr<uint64_t> unpacked_ = std::make_shared<uint64_t>(0);  // bytes in all so far
};

// Whether the zip's directory names a TorchScript archive of either layout.
bool looks_like_torchscript(Bytes file);

}  // namespace bmnet::frontend::pytorch
