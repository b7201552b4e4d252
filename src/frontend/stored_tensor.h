// Tensors as parameter files hold them: numbers one after the other, some in types that networks compute in f32.
#pragma once

#include <cstring>
#include <memory>
#include <type_traits>

#include "base/bytes.h"
#include "base/status.h"
#include "base/tensor.h"

namespace bmnet::frontend {

// Reads little-endian numbers from the front; every error names the byte.
class ByteReader {
 public:
  explicit ByteReader(Bytes file) : file_(file) {}

  uint64_t position() const { return position_; }
  uint64_t left() const { return file_.size() - position_; }

  template <typename T>
  Result<T> number() {
    static_assert(std::is_arithmetic_v<T>);
    BMNET_ASSIGN(const Bytes bytes, take(sizeof(T)));
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  Result<Bytes> take(uint64_t size);
  // A u64 that counts things of at least `each` bytes that follow.
  Result<uint64_t> count(uint64_t each);

 private:
  Bytes file_;
  uint64_t position_ = 0;
};

// How elements are stored, and what they are here.
enum class Stored : uint8_t { kAsIs, kHalf, kBFloat, kDouble, kBool };
struct StoredType {
  Stored stored;
  size_t bytes;  // of an element
  DType dtype;   // of the tensor
};

// The tensor of `shape` that `data` holds (element count times type.bytes). Shares the memory, which `owner` keeps,
// where elements are stored as they are and aligned.
Tensor stored_tensor(const StoredType& type, Shape shape, Bytes data, const std::shared_ptr<const void>& owner);

}  // namespace bmnet::frontend
