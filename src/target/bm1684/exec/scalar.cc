// Aligned fp32 arithmetic of two tensors or constants, with optional accumulation and a lane mask.
#include <optional>

#include "target/bm1684/exec/arith.h"
#include "target/bm1684/exec/chip_float.h"
#include "target/bm1684/exec/cost.h"
#include "target/bm1684/exec/word_rows.h"

namespace bmnet::bm1684 {
namespace {

template <typename Operation, bool kAccumulate>
struct Loop {
  BMNET_INLINE static void run(const uint32_t* const* inputs, uint32_t* result, size_t count, const void*) {
    const uint32_t *a = inputs[0], *b = inputs[1], *old = inputs[2];
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i) {
      const uint32_t value = Operation::apply(a[i], b[i]);
      result[i] = kAccumulate ? chip_add(value, old[i]) : value;
    }
  }
};

struct Mul {
  BMNET_INLINE static uint32_t apply(uint32_t a, uint32_t b) { return chip_mul(a, b); }
};
struct Add {
  BMNET_INLINE static uint32_t apply(uint32_t a, uint32_t b) { return chip_add(a, b); }
};
struct Sub {
  BMNET_INLINE static uint32_t apply(uint32_t a, uint32_t b) { return chip_sub(a, b); }
};
struct Divide {
  BMNET_INLINE static uint32_t apply(uint32_t a, uint32_t b) { return chip_divide(a, b); }
};

template <typename Operation>
WordKernel* version(bool accumulate) {
  return accumulate ? simd_version<Loop<Operation, true>, WordKernel>()
                    : simd_version<Loop<Operation, false>, WordKernel>();
}

WordKernel* kernel_of(EuType operation, bool accumulate) {
  switch (operation) {
    case EuType::kMul:
      return version<Mul>(accumulate);
    case EuType::kAdd:
      return version<Add>(accumulate);
    case EuType::kSub:
      return version<Sub>(accumulate);
    case EuType::kDivide:
      return version<Divide>(accumulate);
    default:
      return nullptr;
  }
}

Status check_operation(const Command& command) {
  if (kernel_of(eu_type(command), false)) return {};
  return user_error("scalar knows no tsk_eu_typ {}", get(command, tiu::tsk_eu_typ));
}

struct Operands {
  Shape4 shape;
  std::optional<StridedOperand> a, b;  // absent: a constant
  StridedOperand result;
};

Result<Operands> operands_of(const Command& command) {
  BMNET_TRY(check_operation(command));
  Operands operands;
  BMNET_ASSIGN(operands.shape, result_shape(command, kWords));
  if (!get(command, tiu::opt_opd0_const)) {
    BMNET_ASSIGN(operands.a, aligned_operand(command, tiu::opd0_addr, operands.shape));
  }
  if (!get(command, tiu::opt_opd1_const)) {
    BMNET_ASSIGN(operands.b, aligned_operand(command, tiu::opd1_addr, operands.shape));
  }
  BMNET_ASSIGN(operands.result, aligned_operand(command, tiu::res0_addr, operands.shape));
  return operands;
}

}  // namespace

Status execute_scalar(const Command& command, Memory& memory) {
  BMNET_ASSIGN(Operands operands, operands_of(command));
  const uint32_t constants[2] = {static_cast<uint32_t>(get(command, tiu::opd0_addr)),
                                 static_cast<uint32_t>(get(command, tiu::opd1_addr))};
  operands.result.memory = memory.local;
  std::vector<uint8_t> storage[2];
  const StridedOperand a = input_or_constant(operands.a, &constants[0], operands.result, storage[0]);
  const StridedOperand b = input_or_constant(operands.b, &constants[1], operands.result, storage[1]);
  const bool accumulate = get(command, tiu::opt_res_add) != 0;
  apply_words<3>(operands.shape, {&a, &b, &operands.result}, operands.result, kernel_of(eu_type(command), accumulate),
                 nullptr, get(command, tiu::tsk_lane_num));
  return {};
}

Result<uint64_t> cycles_scalar(const Command& command) {
  BMNET_TRY(check_operation(command));
  return element_steps(command) * (eu_type(command) == EuType::kDivide ? 30 : 1);
}

Result<std::vector<Access>> accesses_scalar(const Command& command) {
  BMNET_ASSIGN(const Operands operands, operands_of(command));
  std::vector<Access> list;
  if (operands.a) append_accesses(*operands.a, false, list);
  if (operands.b) append_accesses(*operands.b, false, list);
  const uint64_t mask = get(command, tiu::tsk_lane_num);
  if (get(command, tiu::opt_res_add)) append_accesses(operands.result, false, list, mask);
  append_accesses(operands.result, true, list, mask);
  return list;
}

}  // namespace bmnet::bm1684
