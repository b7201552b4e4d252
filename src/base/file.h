// Files: whole ones mapped for reading, whole ones written so that a failure loses nothing.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/status.h"

namespace bmnet {

// The content of a regular file, mapped read-only; pages are read when touched. Copies share the mapping, and whoever
// holds `owner()` keeps the bytes alive. Nobody may shorten the file meanwhile (write_file_atomically never does).
class MappedFile {
 public:
  // Errors: no such file, a folder, a device, no permission.
  static Result<MappedFile> open(const std::filesystem::path& path);

  Bytes bytes() const { return bytes_; }
  std::string_view text() const { return as_text(bytes_); }
  const std::shared_ptr<const void>& owner() const { return owner_; }
  // Lets the pages wholly inside `part` (of bytes()) leave memory; they are read again when touched.
  void release(Bytes part) const;
  // Takes the whole pages of `part` (inside bytes()) out of this program's memory; touching them reads them again.
  void forget(Bytes part) const;

 private:
  Bytes bytes_;
  std::shared_ptr<const void> owner_;
};

Result<std::string> read_text(const std::filesystem::path& path);

// Replaces or creates `path` with the concatenated chunks: written under a temporary name in the same folder, then
// renamed, so that `path` holds either the old or the whole new content, also when the disk runs full. A symbolic link
// is followed; what is not a regular file (/dev/stdout, a pipe) is written directly. Does not wait for the disk.
Status write_file_atomically(const std::filesystem::path& path, std::span<const Bytes> chunks);
Status write_file_atomically(const std::filesystem::path& path, Bytes content);
Status write_file_atomically(const std::filesystem::path& path, std::string_view text);

}  // namespace bmnet
