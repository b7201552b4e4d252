// The chip's sum of many fp32 values: up to 32 at once in one fixed point node, the running sum joining the next 32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/scratch.h"

namespace bmnet::bm1684 {

// Adds values for several columns (independent sums) side by side.
class AdderTree {
 public:
  static constexpr uint32_t kTermsPerNode = 32;

  explicit AdderTree(size_t columns)
      : columns_(columns),
        stride_(columns + kSlackBytes / sizeof(float)),
        terms_(scratch_.get((kTermsPerNode + 1) * stride_)) {}

  // Where the values of the coming term go; they count once add() is called.
  float* next_term() { return terms_ + count_ * stride_; }
  void add() {
    if (++count_ - (started_ ? 1 : 0) == kTermsPerNode) close_node();
  }
  // Ends a node early: as if the rest of its 32 terms were zero.
  void close_node() {
    if (count_ == (started_ ? 1u : 0u)) return;
    kernels().add_node_f32({terms_, stride_, count_, columns_, terms_});
    started_ = true;
    count_ = 1;
  }
  // The sums; the tree starts again.
  const float* finish() {
    close_node();
    started_ = false;
    count_ = 0;
    return terms_;
  }

 private:
  size_t columns_, stride_;
  Scratch<float> scratch_;
  float* terms_;
  uint32_t count_ = 0;
  bool started_ = false;  // term 0 is the running sum
};

}  // namespace bmnet::bm1684
