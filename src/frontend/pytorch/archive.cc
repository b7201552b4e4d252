#include "frontend/pytorch/archive.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace bmnet::frontend::pytorch {
namespace {

constexpr uint32_t kEndMagic = 0x06054b50, kEnd64Magic = 0x06064b50, kLocator64Magic = 0x07064b50;
constexpr uint32_t kEntryMagic = 0x02014b50, kLocalMagic = 0x04034b50;
constexpr size_t kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56, kEntryBytes = 46, kLocalBytes = 30;
constexpr uint64_t kMaxDeflateRatio = 1032;  // no deflate stream expands further
constexpr uint64_t kMaxUnpacked = uint64_t{1} << 31;

// A little-endian number; the caller has checked the range.
template <typename T>
T number(Bytes bytes, uint64_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

struct Directory {
  uint64_t offset = 0, size = 0, count = 0;
};

Result<Directory> find_directory(Bytes file) {
  if (file.size() < kEndBytes) return user_error("not a zip archive: too short");
  const size_t lowest = file.size() - std::min<size_t>(file.size(), kEndBytes + 0xFFFF);
  size_t end = file.size() - kEndBytes;
  while (number<uint32_t>(file, end) != kEndMagic) {
    if (end == lowest) return user_error("not a zip archive, or cut off: it has no end record");
    --end;
  }
  Directory directory{number<uint32_t>(file, end + 16), number<uint32_t>(file, end + 12),
                      number<uint16_t>(file, end + 10)};
  if (end >= kLocatorBytes && number<uint32_t>(file, end - kLocatorBytes) == kLocator64Magic) {
    const uint64_t at = number<uint64_t>(file, end - kLocatorBytes + 8);
    if (!contains(file, at, kEnd64Bytes) || number<uint32_t>(file, at) != kEnd64Magic)
      return user_error("the zip64 end record is damaged");
    directory = {number<uint64_t>(file, at + 48), number<uint64_t>(file, at + 40), number<uint64_t>(file, at + 32)};
  }
  if (!contains(file, directory.offset, directory.size)) return user_error("the zip directory lies outside the file");
  return directory;
}

}  // namespace

Status Archive::read_entry(Bytes directory, size_t& at, std::string& top) {
  if (!contains(directory, at, kEntryBytes) || number<uint32_t>(directory, at) != kEntryMagic)
    return user_error("the zip directory is damaged at byte {}", at);
  const auto flags = number<uint16_t>(directory, at + 8);
  const size_t name_size = number<uint16_t>(directory, at + 28), extra_size = number<uint16_t>(directory, at + 30),
               comment_size = number<uint16_t>(directory, at + 32);
  Entry entry{number<uint16_t>(directory, at + 10), number<uint32_t>(directory, at + 16),
              number<uint32_t>(directory, at + 20), number<uint32_t>(directory, at + 24),
              number<uint32_t>(directory, at + 42)};
  if (!contains(directory, at + kEntryBytes, name_size + extra_size + comment_size))
    return user_error("the zip directory is damaged at byte {}", at);
  std::string name(as_text(directory.subspan(at + kEntryBytes, name_size)));
  if (flags & 1) return unsupported("entry '{}' is encrypted", name);
  // Field 1 of the extra data holds the 64-bit values of those that are all ones.
  const Bytes extra = directory.subspan(at + kEntryBytes + name_size, extra_size);
  for (size_t field = 0; field + 4 <= extra.size(); field += 4 + number<uint16_t>(extra, field + 2)) {
    if (number<uint16_t>(extra, field) != 1) continue;
    size_t value = field + 4;
    for (uint64_t* wide : {&entry.size, &entry.packed, &entry.header}) {
      if (*wide != 0xFFFFFFFF) continue;
      if (value + 8 > extra.size()) return user_error("entry '{}': its zip64 sizes are damaged", name);
      *wide = number<uint64_t>(extra, value);
      value += 8;
    }
  }
  at += kEntryBytes + name_size + extra_size + comment_size;

  const size_t slash = name.find('/');
  if (slash == std::string::npos) return user_error("entry '{}' stands outside the archive's folder", name);
  const std::string folder = name.substr(0, slash);
  if (top.empty()) top = folder;
  if (folder != top) return {};  // not PyTorch's
  if (!entries_.emplace(name.substr(slash + 1), entry).second) return user_error("entry '{}' stands twice", name);
  return {};
}

Result<Archive> Archive::open(Bytes file, std::shared_ptr<const void> owner) {
  BMNET_ASSIGN(const Directory directory, find_directory(file));
  Archive archive;
  archive.file_ = file;
  archive.owner_ = std::move(owner);
  const Bytes bytes = file.subspan(directory.offset, directory.size);
  if (directory.count > bytes.size() / kEntryBytes)
    return user_error("the zip directory is too small for {} entries", directory.count);
  size_t at = 0;
  std::string top;
  for (uint64_t i = 0; i < directory.count; ++i) BMNET_TRY(archive.read_entry(bytes, at, top));
  uint64_t left = file.size();
  for (const auto& [name, entry] : archive.entries_) {
    if (entry.packed > left) return user_error("entry '{}' lies over another one or is cut off: a zip bomb", name);
    left -= entry.packed;
  }
  return archive;
}

Result<Content> Archive::read(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return user_error("the archive has no entry '{}'", name);
  const Entry& entry = found->second;
  if (!contains(file_, entry.header, kLocalBytes) || number<uint32_t>(file_, entry.header) != kLocalMagic)
    return user_error("entry '{}': its header is damaged", name);
  const uint64_t start = entry.header + kLocalBytes + number<uint16_t>(file_, entry.header + 26) +
                         number<uint16_t>(file_, entry.header + 28);
  if (!contains(file_, start, entry.packed)) return user_error("entry '{}' is cut off", name);
  BMNET_ASSIGN(Content content, unpack(name, entry, file_.subspan(start, entry.packed)));
  const uLong crc = crc32_z(0, content.bytes.data(), content.bytes.size());
  if (crc != entry.crc) return user_error("entry '{}' is damaged: its checksum does not fit", name);
  return content;
}

Result<Content> Archive::unpack(std::string_view name, const Entry& entry, Bytes packed) const {
  if (entry.method == 0) {
    if (entry.size != entry.packed) return user_error("entry '{}': its sizes differ", name);
    return Content{packed, owner_};
  }
  if (entry.method != 8) return unsupported("entry '{}' is packed with method {}; known: deflate", name, entry.method);
  if (entry.size / kMaxDeflateRatio > entry.packed || entry.size > kMaxUnpacked ||
      (*unpacked_ += entry.size) > kMaxUnpacked)
    return user_error("entry '{}' claims to expand from {} to {} bytes: a zip bomb", name, entry.packed, entry.size);
  auto buffer = std::make_shared<std::vector<uint8_t>>(entry.size);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return system_error("no memory to unpack entry '{}'", name);
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.next_out = buffer->data();
  uint64_t in_left = packed.size(), out_left = entry.size;
  int status = Z_OK;
  while (status == Z_OK) {
    if (stream.avail_in == 0) in_left -= stream.avail_in = static_cast<uInt>(std::min<uint64_t>(in_left, 1 << 30));
    if (stream.avail_out == 0) out_left -= stream.avail_out = static_cast<uInt>(std::min<uint64_t>(out_left, 1 << 30));
    status = inflate(&stream, Z_NO_FLUSH);
  }
  const bool whole = status == Z_STREAM_END && stream.total_out == entry.size;
  inflateEnd(&stream);
  if (!whole) return user_error("entry '{}' is damaged: it does not unpack to {} bytes", name, entry.size);
  return Content{*buffer, buffer};
}

bool looks_like_torchscript(Bytes file) {
  const auto archive = Archive::open(file, nullptr);
  return archive && (archive->has("model.json") || (archive->has("data.pkl") && archive->has("constants.pkl")));
}

}  // namespace bmnet::frontend::pytorch
