// Working memory that a thread keeps between commands.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace bmnet::bm1684 {

// An uninitialised array on cache-line boundaries that only grows. Meant for thread_local variables.
template <typename T>
class Scratch {
 public:
  // At least `count` elements; the content is undefined.
  T* get(size_t count) {
    if (count > capacity_) {
      data_.reset();
      data_.reset(static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t{64})));
      capacity_ = count;
    }
    return data_.get();
  }

 private:
  struct Free {
    void operator()(T* data) const { ::operator delete(data, std::align_val_t{64}); }
  };
  std::unique_ptr<T, Free> data_;
  size_t capacity_ = 0;
};

}  // namespace bmnet::bm1684
