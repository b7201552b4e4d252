// A large memory of zeros of which little is touched: cheap to make, to compare and to clear again.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"

namespace bmnet::bm1684 {

class SparseMemory {
 public:
  static constexpr uint64_t kPageBytes = 4096;

  // `bytes` of zeros, rounded up to pages; takes no memory before it is touched.
  static Result<SparseMemory> create(uint64_t bytes);
  SparseMemory() = default;
  SparseMemory(SparseMemory&& other) noexcept;
  SparseMemory& operator=(SparseMemory&& other) noexcept;
  ~SparseMemory();

  uint8_t* data() const { return data_; }
  uint64_t size() const { return size_; }

  // The numbers of the pages below `end` that were read or written since the last clear(), ascending. All pages where
  // the system does not tell.
  std::vector<uint64_t> touched_pages(uint64_t end) const;
  void clear();

 private:
  uint8_t* data_ = nullptr;
  uint64_t size_ = 0;
};

}  // namespace bmnet::bm1684
