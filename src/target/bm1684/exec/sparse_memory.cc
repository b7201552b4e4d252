#include "target/bm1684/exec/sparse_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kPresentOrSwapped = uint64_t{3} << 62;  // of an entry of /proc/self/pagemap

}  // namespace

Result<SparseMemory> SparseMemory::create(uint64_t bytes) {
  SparseMemory memory;
  memory.size_ = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  void* data = mmap(nullptr, memory.size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) return system_error("no address space for {} bytes", memory.size_);
  memory.data_ = static_cast<uint8_t*>(data);
  return memory;
}

SparseMemory::SparseMemory(SparseMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SparseMemory& SparseMemory::operator=(SparseMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

SparseMemory::~SparseMemory() {
  if (data_) munmap(data_, size_);
}

std::vector<uint64_t> SparseMemory::touched_pages(uint64_t end) const {
  const uint64_t pages = (std::min(end, size_) + kPageBytes - 1) / kPageBytes;
  std::vector<uint64_t> entries(pages);
  const auto first = static_cast<off_t>(reinterpret_cast<uintptr_t>(data_) / kPageBytes * sizeof(uint64_t));
  const auto wanted = static_cast<ssize_t>(pages * sizeof(uint64_t));
  const int map = sysconf(_SC_PAGESIZE) == kPageBytes ? open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC) : -1;
  const bool known = map >= 0 && pread(map, entries.data(), static_cast<size_t>(wanted), first) == wanted;
  if (map >= 0) close(map);
  std::vector<uint64_t> touched;
  for (uint64_t page = 0; page < pages; ++page)
    if (!known || (entries[page] & kPresentOrSwapped) != 0) touched.push_back(page);
  return touched;
}

void SparseMemory::clear() {
  if (madvise(data_, size_, MADV_DONTNEED) != 0) std::memset(data_, 0, size_);
}

}  // namespace bmnet::bm1684
