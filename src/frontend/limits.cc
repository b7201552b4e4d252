#include "frontend/limits.h"

#include <algorithm>

namespace bmnet::frontend {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 40;
constexpr int64_t kMaxInteger = int64_t{1} << 40;

}  // namespace

Result<int64_t> checked_elements(std::span<const int64_t> dims, EmptyTensors empty) {
  int64_t count = 1;
  bool is_empty = false;
  for (const int64_t dim : dims) {
    if (dim < 0 && empty == EmptyTensors::kAllowed)
      return user_error("shape {} has a negative dimension", to_string(dims));
    if (dim < 1 && empty == EmptyTensors::kRefused)
      return user_error("shape {} has a dimension below 1", to_string(dims));
    if (dim == 0) {
      is_empty = true;
      continue;
    }
    if (dim > kMaxElements / count) return unsupported("shape {} has more than 2^40 elements", to_string(dims));
    count *= dim;
  }
  return is_empty ? 0 : count;
}

int64_t tamed(int64_t value) { return std::clamp(value, -kMaxInteger, kMaxInteger); }

}  // namespace bmnet::frontend
