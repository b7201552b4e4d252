// Blocks of memory that wait for reuse: fresh pages cost more than the arithmetic of a small layer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>

namespace bmnet::op::host::onednn {

class MemoryPool : public std::enable_shared_from_this<MemoryPool> {
 public:
  ~MemoryPool() {
    for (const auto& [size, block] : free_) std::free(block);
  }
  std::shared_ptr<void> take(size_t bytes) {
    const size_t size = (std::max<size_t>(bytes, 1) + kPage - 1) / kPage * kPage;
    void* block = nullptr;
    {
      const std::lock_guard lock(mutex_);
      const auto it = free_.lower_bound(size);
      if (it != free_.end() && it->first <= 2 * size) {
        block = it->second;
        const size_t whole = it->first;
        free_.erase(it);
        return share(block, whole);
      }
    }
    block = std::aligned_alloc(kPage, size);
    if (!block) std::abort();  // as Tensor does: sizes are bounded where shapes enter the program
    return share(block, size);
  }

 private:
  static constexpr size_t kPage = 4096;
  std::shared_ptr<void> share(void* block, size_t size) {
    return {block, [pool = shared_from_this(), size](void* data) {
              const std::lock_guard lock(pool->mutex_);
              pool->free_.emplace(size, data);
            }};
  }
  std::mutex mutex_;
  std::multimap<size_t, void*> free_;
};

}  // namespace bmnet::op::host::onednn
