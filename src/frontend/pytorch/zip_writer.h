// For tests and the fuzzer: zip archives written in place, honest ones and lying ones.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

namespace bmnet::frontend::pytorch::test {

struct ZipEntry {
  std::string name, content;
  bool deflate = false;
  uint32_t claimed_size = 0;  // 0: the true one
};

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

inline std::string deflated(const std::string& text) {
  std::string packed(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

inline std::string zip(const std::vector<ZipEntry>& entries) {
  std::string file, directory;
  for (const ZipEntry& entry : entries) {
    const std::string packed = entry.deflate ? deflated(entry.content) : entry.content;
    const auto offset = static_cast<uint32_t>(file.size());
    std::string common;  // from the needed version to the length of the extra data
    put<uint16_t>(common, 20), put<uint16_t>(common, 0), put<uint16_t>(common, entry.deflate ? 8 : 0);
    put<uint32_t>(common, 0);
    put(common, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(entry.content.data()),
                                            static_cast<uInt>(entry.content.size()))));
    put(common, static_cast<uint32_t>(packed.size()));
    put(common, entry.claimed_size ? entry.claimed_size : static_cast<uint32_t>(entry.content.size()));
    put(common, static_cast<uint16_t>(entry.name.size())), put<uint16_t>(common, 0);
    put<uint32_t>(file, 0x04034b50), file += common + entry.name + packed;
    put<uint32_t>(directory, 0x02014b50), put<uint16_t>(directory, 20), directory += common;
    put<uint16_t>(directory, 0), put<uint16_t>(directory, 0), put<uint16_t>(directory, 0), put<uint32_t>(directory, 0);
    put(directory, offset), directory += entry.name;
  }
  const auto start = static_cast<uint32_t>(file.size());
  file += directory;
  put<uint32_t>(file, 0x06054b50), put<uint32_t>(file, 0);
  put(file, static_cast<uint16_t>(entries.size())), put(file, static_cast<uint16_t>(entries.size()));
  put(file, static_cast<uint32_t>(directory.size())), put(file, start), put<uint16_t>(file, 0);
  return file;
}

}  // namespace bmnet::frontend::pytorch::test
