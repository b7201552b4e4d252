// The larger of two aligned fp32 tensors, a selection by that comparison, or both at once.
#include <optional>

#include "target/bm1684/exec/arith.h"
#include "target/bm1684/exec/chip_float.h"
#include "target/bm1684/exec/cost.h"
#include "target/bm1684/exec/word_rows.h"

namespace bmnet::bm1684 {
namespace {

// Unordered counts as not greater.
struct LargerLoop {
  BMNET_INLINE static void run(const uint32_t* const* inputs, uint32_t* result, size_t count, const void*) {
    const uint32_t *a = inputs[0], *b = inputs[1];
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i) result[i] = choose(as_float(a[i]) > as_float(b[i]), a[i], b[i]);
  }
};

struct SelectLoop {
  BMNET_INLINE static void run(const uint32_t* const* inputs, uint32_t* result, size_t count, const void*) {
    const uint32_t *a = inputs[0], *b = inputs[1], *yes = inputs[2], *no = inputs[3];
    BMNET_INDEPENDENT
    for (size_t i = 0; i < count; ++i) result[i] = choose(as_float(a[i]) > as_float(b[i]), yes[i], no[i]);
  }
};

struct InputFields {
  const Field &constant, &address;
};
constexpr InputFields kInputs[4] = {{tiu::opt_opd0_const, tiu::opd0_addr},
                                    {tiu::opt_opd1_const, tiu::opd1_addr},
                                    {tiu::opt_opd2_const, tiu::opd2_addr},
                                    {tiu::opt_opd3_const, tiu::opd3_addr}};

bool yields_larger(const Command& command) { return eu_type(command) != EuType::kSelect; }
bool yields_selection(const Command& command) { return eu_type(command) != EuType::kCompare; }

Status check_operation(const Command& command) {
  const uint64_t type = get(command, tiu::tsk_eu_typ);
  if (type >= 22 && type <= 24) return {};
  return user_error("compare knows no tsk_eu_typ {}", type);
}

struct Operands {
  Shape4 shape;
  std::optional<StridedOperand> inputs[4];  // absent: a constant, or not read
  std::optional<StridedOperand> larger, selection;
};

Result<Operands> operands_of(const Command& command) {
  BMNET_TRY(check_operation(command));
  Operands operands;
  BMNET_ASSIGN(operands.shape, result_shape(command, kWords));
  const int inputs = yields_selection(command) ? 4 : 2;
  for (int k = 0; k < inputs; ++k) {
    if (get(command, kInputs[k].constant)) continue;
    BMNET_ASSIGN(operands.inputs[k], aligned_operand(command, kInputs[k].address, operands.shape));
  }
  if (yields_larger(command)) {
    BMNET_ASSIGN(operands.larger, aligned_operand(command, tiu::res0_addr, operands.shape));
  }
  if (yields_selection(command)) {
    BMNET_ASSIGN(operands.selection, aligned_operand(command, tiu::res1_addr, operands.shape));
  }
  return operands;
}

}  // namespace

Status execute_compare(const Command& command, Memory& memory) {
  BMNET_ASSIGN(Operands operands, operands_of(command));
  uint32_t constants[4];
  StridedOperand inputs[4];
  std::vector<uint8_t> storage[4];
  for (std::optional<StridedOperand>* result : {&operands.larger, &operands.selection})
    if (*result) (*result)->memory = memory.local;
  for (int k = 0; k < 4; ++k) {
    constants[k] = static_cast<uint32_t>(get(command, kInputs[k].address));
    if (!operands.inputs[k]) {
      inputs[k] = constant_operand(&constants[k]);
      continue;
    }
    inputs[k] = *operands.inputs[k];
    inputs[k].memory = memory.local;
    // The larger values are written first: what the selection reads after that must survive even in place.
    if (operands.larger && operands.selection && may_overlap(*operands.larger, inputs[k]))
      copy_aside(inputs[k], storage[k]);
    for (const std::optional<StridedOperand>* result : {&operands.larger, &operands.selection})
      if (*result) protect_from(**result, inputs[k], storage[k]);
  }
  if (operands.larger)
    apply_words<2>(operands.shape, {&inputs[0], &inputs[1]}, *operands.larger, simd_version<LargerLoop, WordKernel>(),
                   nullptr);
  if (operands.selection)
    apply_words<4>(operands.shape, {&inputs[0], &inputs[1], &inputs[2], &inputs[3]}, *operands.selection,
                   simd_version<SelectLoop, WordKernel>(), nullptr);
  return {};
}

Result<uint64_t> cycles_compare(const Command& command) {
  BMNET_TRY(check_operation(command));
  return element_steps(command) * (eu_type(command) == EuType::kCompareSelect ? 2 : 1);
}

Result<std::vector<Access>> accesses_compare(const Command& command) {
  BMNET_ASSIGN(const Operands operands, operands_of(command));
  std::vector<Access> list;
  for (const std::optional<StridedOperand>& input : operands.inputs)
    if (input) append_accesses(*input, false, list);
  for (const std::optional<StridedOperand>* result : {&operands.larger, &operands.selection})
    if (*result) append_accesses(**result, true, list);
  return list;
}

}  // namespace bmnet::bm1684
