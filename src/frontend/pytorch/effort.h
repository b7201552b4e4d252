// A bound of what the evaluation of one archive may cost.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bmnet::frontend::pytorch {

// A few lines of code can copy long lists and texts, or walk through lists that share their parts, for hours. While an
// Effort lives, what its thread spends is counted.
class Effort {
 public:
  Effort();
  ~Effort();
  Effort(const Effort&) = delete;
  Effort& operator=(const Effort&) = delete;
  // `units`: items visited or copied, bytes of text copied. A Refusal when it gets too much.
  static void spend(size_t units);

 private:
  Effort* outer_;
  int64_t left_;
};

// Statements that a program may run: the bound of unrolling.
int64_t max_steps();

}  // namespace bmnet::frontend::pytorch
