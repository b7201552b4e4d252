#include "runtime/allocator.h"

namespace bmnet::runtime {

Allocator::Allocator(uint64_t begin, uint64_t end) : begin_(begin), end_(end < begin ? begin : end) {
  if (begin_ != end_) free_[begin_] = end_ - begin_;
}

Result<uint64_t> Allocator::allocate(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes <= end_ - begin_) {
    const uint64_t rounded = ((bytes ? bytes : 1) + kAlign - 1) / kAlign * kAlign;
    for (auto gap = free_.begin(); gap != free_.end(); ++gap) {
      if (gap->second < rounded) continue;
      const auto [start, size] = *gap;
      free_.erase(gap);
      if (size > rounded) free_[start + rounded] = size - rounded;
      used_[start] = rounded;
      used_bytes_ += rounded;
      return start;
    }
  }
  return system_error("device memory: no room for {} bytes, {} of {} are in use; more: CMODEL_GLOBAL_MEM_SIZE", bytes,
                      used_bytes_, end_ - begin_);
}

Status Allocator::free(uint64_t address) {
  const std::lock_guard lock(mutex_);
  const auto used = used_.find(address);
  if (used == used_.end()) return user_error("device memory: nothing is allocated at {:#x}", address);
  uint64_t start = used->first, size = used->second;
  used_.erase(used);
  used_bytes_ -= size;
  const auto next = free_.lower_bound(start);
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == start) {
      start = before->first;
      size += before->second;
      free_.erase(before);
    }
  }
  if (next != free_.end() && start + size == next->first) {
    size += next->second;
    free_.erase(next);
  }
  free_[start] = size;
  return {};
}

uint64_t Allocator::used() const {
  const std::lock_guard lock(mutex_);
  return used_bytes_;
}

}  // namespace bmnet::runtime
