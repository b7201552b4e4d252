// Moves between strided windows of any rank in DDR, cut into what the memory engine can do.
#pragma once

#include "target/bm1684/lower/lowering.h"

namespace bmnet::bm1684 {

// A strided window of any rank; offset and strides in words.
struct StridedWindow {
  Ref ref;
  int64_t offset = 0;
  std::vector<int64_t> strides;
};

// to[i…] = from[i…] over `sizes`. Commands are chosen by their cost.
void add_copy(Recipe& recipe, std::span<const int64_t> sizes, const StridedWindow& to, const StridedWindow& from);
void add_copy(Recipe& recipe, const View& to, const View& from);
void add_fill(Recipe& recipe, std::span<const int64_t> sizes, const StridedWindow& to, uint32_t bits);
void add_fill(Recipe& recipe, const View& to, uint32_t bits);

// Row-major strides of a shape of any rank.
std::vector<int64_t> dense_strides(std::span<const int64_t> shape);

}  // namespace bmnet::bm1684
