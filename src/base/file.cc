#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace bmnet {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::error_code(error, std::generic_category()).message(); }

tl::unexpected<Error> cannot(std::string_view verb, const fs::path& path, int error) {
  return system_error("{}: cannot {}: {}", path.string(), verb, reason(error));
}

// Closes the descriptor at the end of the scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  // Some file systems report a full disk only here.
  int close() {
    const int fd = std::exchange(fd_, -1);
    return ::close(fd) == 0 ? 0 : errno;
  }

 private:
  int fd_;
};

int write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return 0;
}

int write_all(int fd, std::span<const Bytes> chunks) {
  for (Bytes chunk : chunks)
    if (int error = write_all(fd, chunk)) return error;
  return 0;
}

// The permissions a plain open(2) would give, or those of the file that is replaced.
mode_t mode_for(const fs::path& path) {
  struct stat old;
  if (::stat(path.c_str(), &old) == 0) return old.st_mode & 07777;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

Status write_directly(const fs::path& path, std::span<const Bytes> chunks) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return cannot("write", path, errno);
  if (int error = write_all(file.get(), chunks)) return cannot("write", path, error);
  return {};
}

Status write_and_rename(const fs::path& path, std::span<const Bytes> chunks) {
  std::string temporary = path.string() + ".XXXXXX";
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return cannot("create", path, errno);
  int error = write_all(file.get(), chunks);
  if (!error && ::fchmod(file.get(), mode_for(path)) != 0) error = errno;
  if (int close_error = file.close(); !error) error = close_error;
  if (!error && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (!error) return {};
  ::unlink(temporary.c_str());
  return cannot("write", path, error);
}

}  // namespace

Result<MappedFile> MappedFile::open(const fs::path& path) {
  // Non-blocking, so that a pipe is refused below instead of waited for.
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return cannot("open", path, errno);
  struct stat info;
  if (::fstat(file.get(), &info) != 0) return cannot("open", path, errno);
  if (S_ISDIR(info.st_mode)) return user_error("{}: is a folder, not a file", path.string());
  if (!S_ISREG(info.st_mode)) return user_error("{}: is not a regular file", path.string());

  MappedFile mapped;
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return mapped;  // mmap refuses an empty range
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) return cannot("map", path, errno);
  mapped.owner_ = std::shared_ptr<const void>(data, [size](void* data) { ::munmap(data, size); });
  mapped.bytes_ = Bytes(static_cast<const uint8_t*>(data), size);
  return mapped;
}

void MappedFile::forget(Bytes part) const {
  const uintptr_t page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(part.data()) + page - 1) / page * page;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(part.data()) + part.size()) / page * page;
  // A hint about memory only: when it fails, nothing is lost.
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

void MappedFile::release(Bytes part) const {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(part.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<uintptr_t>(part.data() + part.size()) / page * page;
  // Only advice: a failure changes nothing but the memory in use.
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

Result<std::string> read_text(const fs::path& path) {
  BMNET_ASSIGN(MappedFile file, MappedFile::open(path));
  return std::string(file.text());
}

Status write_file_atomically(const fs::path& path, std::span<const Bytes> chunks) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status)) return user_error("{}: cannot write: is a folder", path.string());
  if (fs::exists(status) && !fs::is_regular_file(status)) return write_directly(path, chunks);
  const fs::path target = fs::is_symlink(path, ignored) ? fs::weakly_canonical(path, ignored) : path;
  return write_and_rename(target.empty() ? path : target, chunks);
}

Status write_file_atomically(const fs::path& path, Bytes content) {
  return write_file_atomically(path, std::span<const Bytes>(&content, 1));
}

Status write_file_atomically(const fs::path& path, std::string_view text) {
  return write_file_atomically(path, as_bytes(text));
}

}  // namespace bmnet
