// Arithmetic on 32-bit words, fp32 or bit patterns. Opd1 may broadcast over n, h and w; both operands may be constants.
#include <optional>

#include "target/bm1684/exec/arith.h"
#include "target/bm1684/exec/chip_float.h"
#include "target/bm1684/exec/cost.h"
#include "target/bm1684/exec/word_rows.h"

namespace bmnet::bm1684 {
namespace {

// What a kernel needs besides its operands.
struct Parameters {
  uint32_t selected;      // the value that a select yields
  bool arithmetic_shift;  // right shifts keep the sign
};

template <typename Operation>
struct Loop {
  BMNET_INLINE static void run(const uint32_t* const* inputs, uint32_t* result, size_t count, const void* context) {
    const uint32_t *a = inputs[0], *b = inputs[1];
    const Parameters parameters = *static_cast<const Parameters*>(context);
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i) result[i] = Operation::apply(a[i], b[i], parameters);
  }
};

// The third input is the old result. Two roundings.
struct MacLoop {
  BMNET_INLINE static void run(const uint32_t* const* inputs, uint32_t* result, size_t count, const void*) {
    const uint32_t *a = inputs[0], *b = inputs[1], *old = inputs[2];
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i) result[i] = chip_add(old[i], chip_mul(a[i], b[i]));
  }
};

#define BMNET_OPERATION(name, expression)                                                                    \
  struct name {                                                                                              \
    BMNET_INLINE static uint32_t apply(uint32_t a, uint32_t b, Parameters parameters) { return expression; } \
  };
BMNET_OPERATION(Mul, chip_mul(a, b))
BMNET_OPERATION(Add, chip_add(a, b))
BMNET_OPERATION(Sub, chip_sub(a, b))
BMNET_OPERATION(Max, choose(as_float(a) > as_float(b), a, b))
BMNET_OPERATION(Min, choose(as_float(a) <= as_float(b), a, b))
BMNET_OPERATION(And, a& b)
BMNET_OPERATION(Or, a | b)
BMNET_OPERATION(Xor, a ^ b)
BMNET_OPERATION(SelectGreater, choose(as_float(a) > as_float(b), parameters.selected, 0))
BMNET_OPERATION(SelectEqual, choose(a == b, parameters.selected, 0))
BMNET_OPERATION(Divide, chip_divide(a, b))
BMNET_OPERATION(Copy, a)
#undef BMNET_OPERATION

// By the low 6 bits of b as a signed number: positive to the left, else to the right by its negative modulo 32.
struct Shift {
  BMNET_INLINE static uint32_t apply(uint32_t a, uint32_t b, Parameters parameters) {
    const int32_t amount = static_cast<int32_t>(b << 26) >> 26;
    const uint32_t right = static_cast<uint32_t>(-amount) & 31;
    const uint32_t left = a << (static_cast<uint32_t>(amount) & 31);
    const uint32_t logical = a >> right, arithmetic = static_cast<uint32_t>(static_cast<int32_t>(a) >> right);
    return choose(amount > 0, left, parameters.arithmetic_shift ? arithmetic : logical);
  }
};

WordKernel* kernel_of(EuType operation) {
  switch (operation) {
    case EuType::kMul:
      return simd_version<Loop<Mul>, WordKernel>();
    case EuType::kMac:
      return simd_version<MacLoop, WordKernel>();
    case EuType::kAdd:
      return simd_version<Loop<Add>, WordKernel>();
    case EuType::kSub:
      return simd_version<Loop<Sub>, WordKernel>();
    case EuType::kMax:
      return simd_version<Loop<Max>, WordKernel>();
    case EuType::kMin:
      return simd_version<Loop<Min>, WordKernel>();
    case EuType::kShift:
      return simd_version<Loop<Shift>, WordKernel>();
    case EuType::kAnd:
      return simd_version<Loop<And>, WordKernel>();
    case EuType::kOr:
      return simd_version<Loop<Or>, WordKernel>();
    case EuType::kXor:
      return simd_version<Loop<Xor>, WordKernel>();
    case EuType::kSelectGreater:
      return simd_version<Loop<SelectGreater>, WordKernel>();
    case EuType::kSelectEqual:
      return simd_version<Loop<SelectEqual>, WordKernel>();
    case EuType::kDivide:
      return simd_version<Loop<Divide>, WordKernel>();
    case EuType::kCopy:
      return simd_version<Loop<Copy>, WordKernel>();
    default:
      return nullptr;
  }
}

struct Operands {
  Shape4 shape;
  std::optional<StridedOperand> a, b;  // absent: a constant, or not read
  StridedOperand result;
};

Result<Operands> operands_of(const Command& command) {
  const EuType operation = eu_type(command);
  if (!kernel_of(operation))
    return user_error("arith on 32-bit words knows no tsk_eu_typ {}", get(command, tiu::tsk_eu_typ));
  Operands operands;
  BMNET_ASSIGN(operands.shape, result_shape(command, kWords));
  const Shape4& shape = operands.shape;
  if (!get(command, tiu::opt_opd0_const)) {
    BMNET_ASSIGN(operands.a, strided_operand(command, kOpd0, shape, kWords));
  }
  if (operation != EuType::kCopy && !get(command, tiu::opt_opd1_const)) {
    // A stride register of zero marks a broadcast dimension, in aligned mode too.
    const Shape4 reduced{get(command, tiu::opd1_n_str) ? shape.n : 1, shape.c,
                         get(command, tiu::opd1_h_str) ? shape.h : 1, get(command, tiu::opd1_w_str) ? shape.w : 1};
    BMNET_ASSIGN(operands.b, strided_operand(command, kOpd1, reduced, kWords));
  }
  BMNET_ASSIGN(operands.result, strided_operand(command, kRes0, shape, kWords));
  return operands;
}

}  // namespace

Status execute_arith_f32(const Command& command, Memory& memory) {
  BMNET_ASSIGN(Operands operands, operands_of(command));
  const EuType operation = eu_type(command);
  const uint32_t constants[2] = {static_cast<uint32_t>(get(command, tiu::opd0_addr)),
                                 static_cast<uint32_t>(get(command, tiu::opd1_addr))};
  operands.result.memory = memory.local;
  std::vector<uint8_t> storage[3];
  const StridedOperand a = input_or_constant(operands.a, &constants[0], operands.result, storage[0]);
  const StridedOperand b = input_or_constant(operands.b, &constants[1], operands.result, storage[1]);
  const Parameters parameters{static_cast<uint32_t>(get(command, tiu::opd2_addr)),
                              get(command, tiu::opt_shift_typ) != 0};
  WordKernel* const kernel = kernel_of(operation);
  if (operation == EuType::kMac) {
    StridedOperand old = operands.result;
    protect_from(operands.result, old, storage[2]);
    apply_words<3>(operands.shape, {&a, &b, &old}, operands.result, kernel, nullptr);
  } else {
    apply_words<2>(operands.shape, {&a, &b}, operands.result, kernel, &parameters);
  }
  return {};
}

Result<uint64_t> cycles_arith_f32(const Command& command) {
  const EuType operation = eu_type(command);
  if (!kernel_of(operation))
    return user_error("arith on 32-bit words knows no tsk_eu_typ {}", get(command, tiu::tsk_eu_typ));
  const uint64_t per_step = operation == EuType::kMac      ? 5
                            : operation == EuType::kDivide ? 30
                            : operation == EuType::kCopy   ? 1
                                                           : 2;
  return element_steps(command) * per_step;
}

Result<std::vector<Access>> accesses_arith_f32(const Command& command) {
  BMNET_ASSIGN(const Operands operands, operands_of(command));
  std::vector<Access> list;
  if (operands.a) append_accesses(*operands.a, false, list);
  if (operands.b) append_accesses(*operands.b, false, list);
  if (eu_type(command) == EuType::kMac) append_accesses(operands.result, false, list);
  append_accesses(operands.result, true, list);
  return list;
}

}  // namespace bmnet::bm1684
