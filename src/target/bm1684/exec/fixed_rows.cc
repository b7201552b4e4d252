#include "target/bm1684/exec/fixed_rows.h"

#include <cstring>

#include "target/bm1684/exec/row_walk.h"

namespace bmnet::bm1684 {
namespace {

constexpr size_t kBlock = 1024;
constexpr size_t kMaxInputs = 3;

// ---- runs of narrow numbers at a fixed byte distance

template <typename T>
struct WidenContiguous {
  BMNET_INLINE static void run(const uint8_t* at, int32_t* wide, size_t count) {
    const T* narrow = reinterpret_cast<const T*>(at);
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i) wide[i] = narrow[i];
  }
};

template <typename T>
struct NarrowContiguous {
  BMNET_INLINE static void run(const int32_t* wide, uint8_t* at, size_t count) {
    T* narrow = reinterpret_cast<T*>(at);
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i) narrow[i] = static_cast<T>(wide[i]);
  }
};

// One number of every word: batch item by batch item of a packed tensor. `at` is the number in the first word.
template <typename T>
struct WidenWords {
  BMNET_INLINE static void run(const uint8_t* at, int32_t* wide, size_t count) {
    const size_t position = reinterpret_cast<uintptr_t>(at) % 4;
    const uint32_t* words = reinterpret_cast<const uint32_t*>(at - position);
    const uint32_t shift = static_cast<uint32_t>(8 * position);
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i) wide[i] = static_cast<T>(words[i] >> shift);
  }
};

template <typename T>
struct NarrowWords {
  BMNET_INLINE static void run(const int32_t* wide, uint8_t* at, size_t count) {
    const size_t position = reinterpret_cast<uintptr_t>(at) % 4;
    uint32_t* words = reinterpret_cast<uint32_t*>(at - position);
    const uint32_t shift = static_cast<uint32_t>(8 * position);
    const uint32_t mask = uint32_t{static_cast<T>(~T{0})} << shift;
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i)
      words[i] = (words[i] & ~mask) | ((static_cast<uint32_t>(wide[i]) << shift) & mask);
  }
};

using Widen = void(const uint8_t* at, int32_t* wide, size_t count);
using Narrow = void(const int32_t* wide, uint8_t* at, size_t count);

// 16-bit operands may stand at odd bytes.
template <typename T>
bool is_aligned(const uint8_t* at) {
  return reinterpret_cast<uintptr_t>(at) % sizeof(T) == 0;
}
// Do the numbers follow each other, or lie each inside its own aligned word?
template <typename T>
bool contiguous(const uint8_t* at, int64_t stride) {
  return stride == sizeof(T) && is_aligned<T>(at);
}
template <typename T>
bool in_words(const uint8_t* at, int64_t stride) {
  return stride == 4 && is_aligned<T>(at);
}

template <typename T>
void widen(const StridedOperand& operand, const uint8_t* at, int64_t stride, size_t i, size_t count, int32_t* wide) {
  if (!operand.w_offsets.empty()) {
    for (size_t k = 0; k < count; ++k) {
      T value;
      std::memcpy(&value, at + operand.w_offsets[i + k], sizeof(T));
      wide[k] = value;
    }
    return;
  }
  at += static_cast<int64_t>(i) * stride;
  if (contiguous<T>(at, stride)) return simd_version<WidenContiguous<T>, Widen>()(at, wide, count);
  if (in_words<T>(at, stride)) return simd_version<WidenWords<T>, Widen>()(at, wide, count);
  for (size_t k = 0; k < count; ++k, at += stride) {
    T value;
    std::memcpy(&value, at, sizeof(T));
    wide[k] = value;
  }
}

template <typename T>
void narrow(const StridedOperand& operand, uint8_t* at, int64_t stride, size_t i, size_t count, const int32_t* wide) {
  if (!operand.w_offsets.empty()) {
    for (size_t k = 0; k < count; ++k) {
      const T value = static_cast<T>(wide[k]);
      std::memcpy(at + operand.w_offsets[i + k], &value, sizeof(T));
    }
    return;
  }
  at += static_cast<int64_t>(i) * stride;
  if (contiguous<T>(at, stride)) return simd_version<NarrowContiguous<T>, Narrow>()(wide, at, count);
  if (in_words<T>(at, stride)) return simd_version<NarrowWords<T>, Narrow>()(wide, at, count);
  for (size_t k = 0; k < count; ++k, at += stride) {
    const T value = static_cast<T>(wide[k]);
    std::memcpy(at, &value, sizeof(T));
  }
}

void widen(const StridedOperand& operand, bool is_signed, const uint8_t* at, int64_t stride, size_t i, size_t count,
           int32_t* wide) {
  if (operand.packing.element_bytes == 1)
    return is_signed ? widen<int8_t>(operand, at, stride, i, count, wide)
                     : widen<uint8_t>(operand, at, stride, i, count, wide);
  return is_signed ? widen<int16_t>(operand, at, stride, i, count, wide)
                   : widen<uint16_t>(operand, at, stride, i, count, wide);
}

// ---- the walk

struct Buffers {
  alignas(64) int32_t inputs[kMaxInputs][kBlock];
  alignas(64) int32_t result[kBlock];
};

// All operands as tensors of `shape`, whose elements need no unpacking: a batch item is a step of operand.n bytes.
template <size_t Inputs>
void apply_rows(const Shape4& shape, std::span<const FixedSource> sources,
                const std::array<StridedOperand, kMaxInputs>& operands, const StridedOperand& result,
                FixedKernel* kernel, const void* context, Buffers& buffers) {
  std::array<const StridedOperand*, Inputs + 1> walked;
  for (size_t k = 0; k < Inputs; ++k) walked[k] = &operands[k];
  walked[Inputs] = &result;
  const auto visit = [&](const Row<Inputs + 1>& row) {
    for (size_t i = 0; i < row.count; i += kBlock) {
      const size_t count = std::min<size_t>(kBlock, row.count - i);
      const int32_t* inputs[Inputs];
      for (size_t k = 0; k < Inputs; ++k) {
        inputs[k] = buffers.inputs[k];
        if (sources[k].operand)
          widen(operands[k], sources[k].is_signed, row.at[k], row.stride[k], i, count, buffers.inputs[k]);
      }
      kernel(inputs, buffers.result, count, context);
      if (result.packing.element_bytes == 1)
        narrow<uint8_t>(result, row.at[Inputs], row.stride[Inputs], i, count, buffers.result);
      else
        narrow<uint16_t>(result, row.at[Inputs], row.stride[Inputs], i, count, buffers.result);
    }
  };
  walk_rows<Inputs + 1>(shape, walked, visit);
}

// Words of batches lie one behind the other along w, so that the numbers of a full word are a run of their own.
bool is_dense(const StridedOperand& operand, const Shape4& shape) {
  return operand.w_offsets.empty() && operand.shape.n == shape.n && (shape.w == 1 || operand.w == 4);
}

// `operand` with whole words of batches as batch items: w counts the numbers of all words of a row.
StridedOperand by_words(const StridedOperand& operand) {
  StridedOperand words = operand;
  words.w = operand.packing.element_bytes;
  return words;
}

// `operand` from batch item n on, of which it is the only one.
StridedOperand batch_of(const StridedOperand& operand, uint32_t n) {
  StridedOperand one = operand;
  if (operand.shape.n > 1)
    one.offset += n / operand.packing.batches * operand.n + n % operand.packing.batches * operand.packing.element_bytes;
  one.n = 0;
  return one;
}

}  // namespace

void apply_fixed(const Shape4& shape, std::span<const FixedSource> sources, const StridedOperand& result,
                 FixedKernel* kernel, const void* context) {
  Buffers buffers;
  const Packing packing = result.packing;
  bool dense = is_dense(result, shape);
  for (size_t k = 0; k < sources.size(); ++k) {
    const StridedOperand* operand = sources[k].operand;
    if (operand)
      dense &= operand->packing.batches == packing.batches && is_dense(*operand, shape);
    else
      std::fill_n(buffers.inputs[k], kBlock, sources[k].constant);
  }
  const auto apply = [&](const Shape4& part, const std::array<StridedOperand, kMaxInputs>& operands,
                         const StridedOperand& target) {
    if (sources.size() == 2)
      apply_rows<2>(part, sources, operands, target, kernel, context, buffers);
    else
      apply_rows<3>(part, sources, operands, target, kernel, context, buffers);
  };
  // A constant walks nowhere.
  std::array<StridedOperand, kMaxInputs> operands;
  const uint32_t nothing = 0;
  operands.fill(constant_operand(&nothing));
  uint32_t n = 0;
  if (dense && shape.n >= packing.batches) {
    const uint32_t words = shape.n / packing.batches;
    for (size_t k = 0; k < sources.size(); ++k)
      if (sources[k].operand) operands[k] = by_words(*sources[k].operand);
    apply({words, shape.c, shape.h, shape.w * packing.batches}, operands, by_words(result));
    n = words * packing.batches;
  }
  for (; n < shape.n; ++n) {
    for (size_t k = 0; k < sources.size(); ++k)
      if (sources[k].operand) operands[k] = batch_of(*sources[k].operand, n);
    apply({1, shape.c, shape.h, shape.w}, operands, batch_of(result, n));
  }
}

}  // namespace bmnet::bm1684
