// Special functions on aligned tensors: power series, truncation, exponent extraction, reciprocal root.
#include "target/bm1684/exec/chip_float.h"
#include "target/bm1684/exec/cost.h"
#include "target/bm1684/exec/l2_table.h"
#include "target/bm1684/exec/word_rows.h"

namespace bmnet::bm1684 {
namespace {

enum class Function : uint8_t { kTaylor = 13, kToInt = 14, kIntNormalize = 15, kFloatNormalize = 16, kRsqrt = 17 };

Function function_of(const Command& command) { return static_cast<Function>(get(command, tiu::tsk_eu_typ)); }

BMNET_INLINE uint32_t exponent(uint32_t x) { return x >> 23 & 0xFF; }

// 1 where a positive number lies above 4/3 of its power of two, which makes the next power the nearer one.
BMNET_INLINE uint32_t exponent_bump(uint32_t x) {
  return static_cast<uint32_t>(((x & 0x7FFFFF) > 0x2AAAAB) & (x >> 31 == 0));
}

struct ToInt {  // towards zero; saturates, NaN and infinities by their sign
  BMNET_INLINE static uint32_t apply(uint32_t x) {
    const uint32_t e = exponent(x);
    const uint32_t magnitude = (x & 0x7FFFFF) | 0x800000;
    const uint32_t left = magnitude << ((e - 150) & 31), right = magnitude >> ((150 - e) & 31);
    uint32_t value = choose(e >= 150, left, choose(e >= 127, right, 0));
    value = choose(x >> 31 != 0, 0u - value, value);
    return choose(e >= 158, 0x7FFFFFFFu + (x >> 31), value);
  }
};
struct IntNormalize {
  BMNET_INLINE static uint32_t apply(uint32_t x) { return exponent(x) + exponent_bump(x); }
};
struct FloatNormalize {
  BMNET_INLINE static uint32_t apply(uint32_t x) {
    return (x & 0x80000000) | ((exponent(x) + exponent_bump(x)) & 0xFF) << 23;
  }
};
struct Rsqrt {
  BMNET_INLINE static uint32_t apply(uint32_t x) { return chip_rsqrt(x); }
};

template <typename Operation>
struct Loop {
  BMNET_INLINE static void run(const uint32_t* const* inputs, uint32_t* result, size_t count, const void*) {
    const uint32_t* x = inputs[0];
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i) result[i] = Operation::apply(x[i]);
  }
};

struct Series {
  const uint32_t* coefficients;
  uint32_t terms;
};

// sum of t[i] * x^(i+1) by Horner, highest term first. Without terms the result is 0.
struct TaylorLoop {
  BMNET_INLINE static void run(const uint32_t* const* inputs, uint32_t* result, size_t count, const void* context) {
    constexpr size_t kBlock = 256;
    const Series series = *static_cast<const Series*>(context);
    uint32_t x[kBlock], sum[kBlock];
    for (size_t start = 0; start < count; start += kBlock) {
      const size_t block = count - start < kBlock ? count - start : kBlock;
      std::memcpy(x, inputs[0] + start, 4 * block);
      const uint32_t highest = series.terms > 0 ? series.coefficients[series.terms - 1] : 0;
      BMNET_INDEPENDENT
      for (size_t i = 0; i < block; ++i) sum[i] = series.terms > 0 ? chip_mul(highest, x[i]) : 0;
      for (uint32_t term = series.terms > 0 ? series.terms - 1 : 0; term-- > 0;) {
        const uint32_t coefficient = series.coefficients[term];
        BMNET_INDEPENDENT
        for (size_t i = 0; i < block; ++i) sum[i] = chip_mul(chip_add(sum[i], coefficient), x[i]);
      }
      std::memcpy(result + start, sum, 4 * block);
    }
  }
};

WordKernel* kernel_of(Function function) {
  switch (function) {
    case Function::kTaylor:
      return simd_version<TaylorLoop, WordKernel>();
    case Function::kToInt:
      return simd_version<Loop<ToInt>, WordKernel>();
    case Function::kIntNormalize:
      return simd_version<Loop<IntNormalize>, WordKernel>();
    case Function::kFloatNormalize:
      return simd_version<Loop<FloatNormalize>, WordKernel>();
    case Function::kRsqrt:
      return simd_version<Loop<Rsqrt>, WordKernel>();
  }
  return nullptr;
}

Status check_function(const Command& command) {
  if (kernel_of(function_of(command))) return {};
  return user_error("sfu knows no tsk_eu_typ {}", get(command, tiu::tsk_eu_typ));
}

struct Operands {
  Shape4 shape;
  StridedOperand x, result;
  uint32_t terms = 0;         // of a power series
  uint32_t coefficients = 0;  // offset in L2
};

Result<Operands> operands_of(const Command& command) {
  BMNET_TRY(check_function(command));
  Operands operands;
  BMNET_ASSIGN(operands.shape, result_shape(command, kWords));
  BMNET_ASSIGN(operands.x, aligned_operand(command, tiu::opd0_addr, operands.shape));
  BMNET_ASSIGN(operands.result, aligned_operand(command, tiu::res0_addr, operands.shape));
  if (function_of(command) == Function::kTaylor) {
    operands.terms = static_cast<uint32_t>(get(command, tiu::opd1_n));
    BMNET_ASSIGN(operands.coefficients, l2_offset(command, tiu::opd1_addr, 4, 4 * uint64_t{operands.terms}));
  }
  return operands;
}

}  // namespace

Status execute_sfu(const Command& command, Memory& memory) {
  BMNET_ASSIGN(Operands operands, operands_of(command));
  operands.x.memory = operands.result.memory = memory.local;
  std::vector<uint8_t> storage;
  protect_from(operands.result, operands.x, storage);
  const Series series{reinterpret_cast<const uint32_t*>(memory.l2 + operands.coefficients), operands.terms};
  apply_words<1>(operands.shape, {&operands.x}, operands.result, kernel_of(function_of(command)), &series);
  return {};
}

Result<uint64_t> cycles_sfu(const Command& command) {
  BMNET_TRY(check_function(command));
  const Function function = function_of(command);
  const uint64_t per_step = function == Function::kTaylor  ? 4 * get(command, tiu::opd1_n) + 2
                            : function == Function::kRsqrt ? 27
                                                           : 1;
  return element_steps(command) * per_step;
}

Result<std::vector<Access>> accesses_sfu(const Command& command) {
  BMNET_ASSIGN(const Operands operands, operands_of(command));
  std::vector<Access> list;
  append_accesses(operands.x, false, list);
  if (operands.terms > 0) list.push_back(l2_read(operands.coefficients, 4 * operands.terms));
  append_accesses(operands.result, true, list);
  return list;
}

}  // namespace bmnet::bm1684
