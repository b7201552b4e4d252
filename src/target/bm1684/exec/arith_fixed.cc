// Fixed point arithmetic: int8 tensors keep four batch items in a word (4N), int16 tensors two (2N). Values are widened
// to 32 bits for the work and narrowed when stored.
#include <optional>

#include "target/bm1684/exec/arith.h"
#include "target/bm1684/exec/cost.h"
#include "target/bm1684/exec/fixed_rows.h"

namespace bmnet::bm1684 {
namespace {

constexpr bool is_known(EuType operation) { return operation <= EuType::kXor || operation == EuType::kCopy; }

// One input as the command describes it.
struct Input {
  bool is_constant = false;
  bool is_16_bit = false;
  bool is_signed = false;
  uint32_t constant = 0;
  StridedOperand operand;  // unless it is a constant
};

struct Operands {
  Shape4 shape;
  Input a, b;
  bool has_b = false;
  StridedOperand result;
  std::optional<StridedOperand> accumulator;  // the old result of mac: always 16 bit, whatever the new one is
};

struct InputFields {
  const Field &precision, &constant, &sign, &one_batch;
  const OperandFields& operand;
};
constexpr InputFields kA{tiu::opt_opd0_prec, tiu::opt_opd0_const, tiu::opt_opd0_sign, tiu::opd0_neq1, kOpd0};
constexpr InputFields kB{tiu::opt_opd1_prec, tiu::opt_opd1_const, tiu::opt_opd1_sign, tiu::opd1_neq1, kOpd1};

// Broadcast: over n by its own flag; over h and w by a stride register of zero where the strides are explicit.
Shape4 input_shape(const Command& command, const InputFields& fields, Shape4 shape) {
  if (get(command, fields.one_batch)) shape.n = 1;
  if (get(command, fields.operand.short_stride) == 0) return shape;
  if (get(command, fields.operand.h_stride) == 0) shape.h = 1;
  if (get(command, fields.operand.w_stride) == 0) shape.w = 1;
  return shape;
}

Result<Input> read_input(const Command& command, const InputFields& fields, const Shape4& shape) {
  Input input;
  const uint64_t precision = get(command, fields.precision);
  if (precision != 0 && precision != 3)
    return user_error("{} {} in fixed point arithmetic: only 0 (int8) and 3 (int16) are possible",
                      fields.precision.name, precision);
  input.is_16_bit = precision == 3;
  input.is_signed = get(command, fields.sign) != 0;
  input.is_constant = get(command, fields.constant) != 0;
  if (input.is_constant) {
    input.constant = static_cast<uint32_t>(get(command, fields.operand.address));
    return input;
  }
  BMNET_ASSIGN(input.operand, strided_operand(command, fields.operand, input_shape(command, fields, shape),
                                              input.is_16_bit ? k2N : k4N));
  return input;
}

bool result_is_16_bit(const Command& command) { return get(command, tiu::opt_res0_prec) == 3; }

// What the operation demands of the precisions and signs of its operands.
Status check_forms(const Command& command, const Operands& operands) {
  const EuType operation = eu_type(command);
  const int number = static_cast<int>(operation);
  const bool wide = result_is_16_bit(command);
  const Input &a = operands.a, &b = operands.b;
  switch (operation) {
    case EuType::kMul:
    case EuType::kMac:
      if (a.is_16_bit || b.is_16_bit)
        return user_error("fixed point tsk_eu_typ {} with opt_opd0_prec {} and opt_opd1_prec {}: both must be 0 (int8)",
                          number, get(command, tiu::opt_opd0_prec), get(command, tiu::opt_opd1_prec));
      return {};
    case EuType::kShift:
      if (!wide || !a.is_16_bit || !b.is_16_bit || a.is_constant)
        return user_error(
            "a fixed point shift (tsk_eu_typ 6) works on int16 alone: opt_res0_prec, opt_opd0_prec and opt_opd1_prec "
            "3, "
            "opt_opd0_const 0");
      return {};
    case EuType::kAdd:
    case EuType::kSub:
      return {};
    default:
      break;
  }
  if (a.is_16_bit != wide || (operands.has_b && b.is_16_bit != wide))
    return user_error("fixed point tsk_eu_typ {}: opt_opd0_prec {} and opt_opd1_prec {} must equal opt_res0_prec {}",
                      number, get(command, tiu::opt_opd0_prec), get(command, tiu::opt_opd1_prec),
                      get(command, tiu::opt_res0_prec));
  const bool compares = operation == EuType::kMax || operation == EuType::kMin;
  if (compares && a.is_signed != b.is_signed)
    return user_error("fixed point tsk_eu_typ {}: opt_opd0_sign {} and opt_opd1_sign {} must be equal", number,
                      get(command, tiu::opt_opd0_sign), get(command, tiu::opt_opd1_sign));
  return {};
}

Status check_operation(const Command& command) {
  if (is_known(eu_type(command))) return {};
  return user_error("fixed point arith knows no tsk_eu_typ {}", get(command, tiu::tsk_eu_typ));
}

// Real streams give results of fixed point additions as bare in-lane offsets; the engine takes them as lane 0 on.
Command with_result_base(Command command) {
  if (const uint64_t address = get(command, tiu::res0_addr); address < kLocalBase)
    set(command, tiu::res0_addr, address + kLocalBase);
  return command;
}

Result<Operands> operands_of(const Command& given) {
  const Command command = with_result_base(given);
  BMNET_TRY(check_operation(command));
  Operands operands;
  const Packing packing = result_is_16_bit(command) ? k2N : k4N;
  BMNET_ASSIGN(operands.shape, result_shape(command, packing));
  BMNET_ASSIGN(operands.a, read_input(command, kA, operands.shape));
  operands.has_b = eu_type(command) != EuType::kCopy;
  if (operands.has_b) {
    BMNET_ASSIGN(operands.b, read_input(command, kB, operands.shape));
  }
  BMNET_TRY(check_forms(command, operands));
  BMNET_ASSIGN(operands.result, strided_operand(command, kRes0, operands.shape, packing));
  if (eu_type(command) == EuType::kMac) {
    BMNET_ASSIGN(operands.accumulator, strided_operand(command, kRes0, operands.shape, k2N));
  }
  return operands;
}

// ---- kernels on widened values

struct Parameters {
  int32_t right = 0, left = 0;                // rounding right shift of the result, left shift of the accumulator
  int32_t low = INT32_MIN, high = INT32_MAX;  // saturation
};

// All in 32 bits, modulo 2^32.
BMNET_INLINE int32_t round_shift(int32_t x, int32_t right) {
  return right == 0 ? x : static_cast<int32_t>(static_cast<uint32_t>(x >> ((right - 1) & 31)) + 1) >> 1;
}
BMNET_INLINE int32_t saturate(int32_t x, const Parameters& p) {
  x = x < p.low ? p.low : x;
  return x > p.high ? p.high : x;
}

template <typename Operation>
struct Loop {
  BMNET_INLINE static void run(const int32_t* const* inputs, int32_t* result, size_t count, const void* context) {
    const Parameters parameters = *static_cast<const Parameters*>(context);
    const int32_t *a = inputs[0], *b = inputs[1];
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i)
      result[i] = saturate(round_shift(Operation::apply(a[i], b[i]), parameters.right), parameters);
  }
};

// The third input is the accumulator. What its left shift pushes out of 32 bits is lost.
struct MacLoop {
  BMNET_INLINE static void run(const int32_t* const* inputs, int32_t* result, size_t count, const void* context) {
    const Parameters parameters = *static_cast<const Parameters*>(context);
    const int32_t *a = inputs[0], *b = inputs[1], *old = inputs[2];
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i) {
      const uint32_t sum = (static_cast<uint32_t>(old[i]) << parameters.left) + static_cast<uint32_t>(a[i] * b[i]);
      result[i] = saturate(round_shift(static_cast<int32_t>(sum), parameters.right), parameters);
    }
  }
};

#define BMNET_OPERATION(name, expression)                                          \
  struct name {                                                                    \
    BMNET_INLINE static int32_t apply(int32_t a, int32_t b) { return expression; } \
  };
BMNET_OPERATION(Mul, a* b)
BMNET_OPERATION(Add, a + b)
BMNET_OPERATION(Sub, a - b)
BMNET_OPERATION(Max, a > b ? a : b)
BMNET_OPERATION(Min, a < b ? a : b)
BMNET_OPERATION(And, a& b)
BMNET_OPERATION(Or, a | b)
BMNET_OPERATION(Xor, a ^ b)
BMNET_OPERATION(Copy, a)
#undef BMNET_OPERATION

// By the low byte of b as a signed number, clamped to -16..16; positive to the left. The kind of right shift is in how
// a was widened.
struct Shift {
  BMNET_INLINE static int32_t apply(int32_t a, int32_t b) {
    int32_t amount = static_cast<int8_t>(b);
    amount = amount < -16 ? -16 : amount > 16 ? 16 : amount;
    const int32_t left = amount > 0 ? amount : 0, right = amount < 0 ? -amount : 0;
    return static_cast<int32_t>(static_cast<uint32_t>(a) << left) >> right;
  }
};

FixedKernel* kernel_of(EuType operation) {
  switch (operation) {
    case EuType::kMul:
      return simd_version<Loop<Mul>, FixedKernel>();
    case EuType::kMac:
      return simd_version<MacLoop, FixedKernel>();
    case EuType::kAdd:
      return simd_version<Loop<Add>, FixedKernel>();
    case EuType::kSub:
      return simd_version<Loop<Sub>, FixedKernel>();
    case EuType::kMax:
      return simd_version<Loop<Max>, FixedKernel>();
    case EuType::kMin:
      return simd_version<Loop<Min>, FixedKernel>();
    case EuType::kShift:
      return simd_version<Loop<Shift>, FixedKernel>();
    case EuType::kAnd:
      return simd_version<Loop<And>, FixedKernel>();
    case EuType::kOr:
      return simd_version<Loop<Or>, FixedKernel>();
    case EuType::kXor:
      return simd_version<Loop<Xor>, FixedKernel>();
    default:
      return simd_version<Loop<Copy>, FixedKernel>();
  }
}

Parameters parameters_of(const Command& command) {
  Parameters parameters;
  const EuType operation = eu_type(command);
  if (operation > EuType::kSub) return parameters;
  const bool wide = result_is_16_bit(command);
  const int bits = wide ? 16 : 8;
  parameters.right = static_cast<int32_t>(get(command, tiu::opt_right_shift));
  if (operation == EuType::kMac) parameters.left = static_cast<int32_t>(get(command, tiu::opt_left_shift));
  if (operation == EuType::kMul && wide) return parameters;  // the product fits; the engine does not saturate
  const bool is_signed = get(command, tiu::opt_opd0_sign) || get(command, tiu::opt_opd1_sign);
  if (is_signed || operation == EuType::kSub) {
    parameters.low = -(1 << (bits - 1));
    parameters.high = (1 << (bits - 1)) - 1;
  } else {
    parameters.low = 0;
    parameters.high = (1 << bits) - 1;
  }
  return parameters;
}

// The value of a constant after widening.
int32_t widened_constant(const Input& input) {
  if (input.is_16_bit)
    return input.is_signed ? int32_t{static_cast<int16_t>(input.constant)} : static_cast<uint16_t>(input.constant);
  return input.is_signed ? int32_t{static_cast<int8_t>(input.constant)} : static_cast<uint8_t>(input.constant);
}

}  // namespace

Status execute_arith_fixed(const Command& command, Memory& memory) {
  BMNET_ASSIGN(Operands operands, operands_of(command));
  const EuType operation = eu_type(command);
  const Parameters parameters = parameters_of(command);
  operands.result.memory = memory.local;
  // A shift reads a as its kind says, whatever the operand's sign.
  if (operation == EuType::kShift) operands.a.is_signed = get(command, tiu::opt_shift_typ) != 0;

  std::vector<uint8_t> storage[3];
  std::vector<FixedSource> sources;
  const auto add_operand = [&](StridedOperand& operand, bool is_signed) {
    operand.memory = memory.local;
    protect_from(operands.result, operand, storage[sources.size()]);
    sources.push_back({&operand, is_signed, 0});
  };
  for (Input* input : {&operands.a, &operands.b}) {
    if (input->is_constant || (input == &operands.b && !operands.has_b))
      sources.push_back({nullptr, false, widened_constant(*input)});
    else
      add_operand(input->operand, input->is_signed);
  }
  if (operands.accumulator)
    add_operand(*operands.accumulator, get(command, tiu::opt_opd0_sign) || get(command, tiu::opt_opd1_sign));
  apply_fixed(operands.shape, sources, operands.result, kernel_of(operation), &parameters);
  return {};
}

Result<uint64_t> cycles_arith_fixed(const Command& command) {
  BMNET_TRY(check_operation(command));
  const bool narrow_result = get(command, tiu::opt_res0_prec) == 0, narrow_a = get(command, tiu::opt_opd0_prec) == 0;
  const uint64_t per_step = [&]() -> uint64_t {
    switch (eu_type(command)) {
      case EuType::kMul:
        return narrow_result ? 3 : 2;
      case EuType::kMac:
        return 4;
      case EuType::kAdd:
        return narrow_a ? 2 : narrow_result ? 4 : 3;
      case EuType::kSub:
        return narrow_a ? 2 : 3;
      case EuType::kShift:
        return 3;
      case EuType::kCopy:
        return 1;
      case EuType::kMax:
        return narrow_a || narrow_result ? 1 : 3;
      default:
        return narrow_a || narrow_result ? 1 : 2;
    }
  }();
  return element_steps(command, 4) * per_step;
}

Result<std::vector<Access>> accesses_arith_fixed(const Command& command) {
  BMNET_ASSIGN(const Operands operands, operands_of(command));
  std::vector<Access> list;
  if (!operands.a.is_constant) append_accesses(operands.a.operand, false, list);
  if (operands.has_b && !operands.b.is_constant) append_accesses(operands.b.operand, false, list);
  if (operands.accumulator) append_accesses(*operands.accumulator, false, list);
  append_accesses(operands.result, true, list);
  return list;
}

}  // namespace bmnet::bm1684
