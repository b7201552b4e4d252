// Counting multiply-accumulates (OpSpec::macs) without overflow.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace bmnet::op {

// More than any machine computes; sums of a few thousand still fit.
inline constexpr int64_t kMostMacs = int64_t{1} << 50;

// The product of numbers >= 0, at most kMostMacs.
inline int64_t bounded_product(std::span<const int64_t> factors) {
  int64_t product = 1;
  if (std::ranges::find(factors, 0) != factors.end()) return 0;
  for (const int64_t factor : factors) {
    if (factor > kMostMacs / product) return kMostMacs;
    product *= factor;
  }
  return product;
}
inline int64_t bounded_product(std::initializer_list<int64_t> factors) {
  return bounded_product(std::span(factors.begin(), factors.size()));
}

}  // namespace bmnet::op
