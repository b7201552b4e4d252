// Hands out device memory: ranges of an address interval, first fit, page aligned.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "base/status.h"

namespace bmnet::runtime {

// Safe to use from several threads.
class Allocator {
 public:
  static constexpr uint64_t kAlign = 4096;

  // Serves [begin, end); begin is a multiple of kAlign.
  Allocator(uint64_t begin, uint64_t end);

  // A range of at least `bytes` bytes (0 counts as 1). kSystem when no gap is large enough.
  Result<uint64_t> allocate(uint64_t bytes);
  // Gives back the range that starts at `address`; a user error when none was handed out there.
  Status free(uint64_t address);

  uint64_t begin() const { return begin_; }
  uint64_t total() const { return end_ - begin_; }
  uint64_t used() const;

 private:
  const uint64_t begin_, end_;
  mutable std::mutex mutex_;
  std::map<uint64_t, uint64_t> free_;  // bytes by start; neighbours are merged
  std::map<uint64_t, uint64_t> used_;
  uint64_t used_bytes_ = 0;
};

}  // namespace bmnet::runtime
