#include "target/bm1684/exec/word_rows.h"

namespace bmnet::bm1684::detail {

void gather_words(const StridedOperand& operand, const uint8_t* at, int64_t stride, size_t i, size_t count,
                  uint32_t* words) {
  if (operand.packing.element_bytes == 1) {
    for (size_t k = 0; k < count; ++k) words[k] = at[static_cast<int64_t>(i + k) * stride];
    return;
  }
  if (!operand.w_offsets.empty()) {
    for (size_t k = 0; k < count; ++k) std::memcpy(&words[k], at + operand.w_offsets[i + k], 4);
    return;
  }
  if (stride == 0) {
    uint32_t word;
    std::memcpy(&word, at, 4);
    std::fill_n(words, count, word);
    return;
  }
  at += static_cast<int64_t>(i) * stride;
  for (size_t k = 0; k < count; ++k, at += stride) std::memcpy(&words[k], at, 4);
}

void scatter_words(const StridedOperand& operand, uint8_t* at, int64_t stride, size_t i, size_t count,
                   const uint32_t* words) {
  if (!operand.w_offsets.empty()) {
    for (size_t k = 0; k < count; ++k) std::memcpy(at + operand.w_offsets[i + k], &words[k], 4);
    return;
  }
  at += static_cast<int64_t>(i) * stride;
  for (size_t k = 0; k < count; ++k, at += stride) std::memcpy(at, &words[k], 4);
}

}  // namespace bmnet::bm1684::detail
