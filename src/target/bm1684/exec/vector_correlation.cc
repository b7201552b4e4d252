// Outer operation of two vectors: Z[i][j] = left[i] op right[j].
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/parallel.h"
#include "target/bm1684/exec/chip_float.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/operand.h"
#include "target/bm1684/exec/timing.h"
#include "target/bm1684/exec/words.h"

namespace bmnet::bm1684 {
namespace {

enum Operation : uint64_t { kMul = 0, kAdd = 2, kSub = 3, kMax = 4, kMin = 5, kAnd = 7, kOr = 8, kXor = 9, kDiv = 12 };
constexpr uint64_t kInt32 = 4;  // opt_res0_prec
constexpr uint64_t kElementsPerTask = 1 << 15;

struct OuterCommand {
  uint64_t operation = kMul;
  Matrix left, right, result;
};

Status check_operation(const Command& command, uint64_t operation) {
  const bool integer = get(command, tiu::opt_res0_prec) == kInt32;
  const bool known = integer ? operation == kAnd || operation == kOr || operation == kXor
                             : operation == kMul || operation == kAdd || operation == kSub || operation == kMax ||
                                   operation == kMin || operation == kDiv;
  if (known) return {};
  return user_error("tsk_eu_typ is {}: a vector correlation of {} is one of {}", operation, integer ? "int32" : "fp32",
                    integer ? "7, 8, 9" : "0, 2, 3, 4, 5, 12");
}

Result<OuterCommand> decode(const Command& command) {
  OuterCommand outer;
  outer.operation = get(command, tiu::tsk_eu_typ);
  BMNET_TRY(check_operation(command, outer.operation));
  BMNET_TRY(require_nonzero(command, {&tiu::opd0_c, &tiu::opd0_w, &tiu::opd1_w, &tiu::res0_c, &tiu::res0_w}));
  const uint64_t width = get(command, tiu::opd0_w), last = get(command, tiu::opd1_w);
  if (last > width)
    return user_error("opd1_w is {}: the last section of the left vector cannot be wider than opd0_w {}", last, width);
  const uint64_t rows = (get(command, tiu::opd0_c) - 1) * width + last;
  const uint64_t columns = get(command, tiu::res0_c) * get(command, tiu::res0_w);
  BMNET_ASSIGN(outer.left, place_matrix("opd0", get(command, tiu::opd0_addr), Base::kImplied, kF32, 1, rows, width));
  BMNET_ASSIGN(outer.right, place_matrix("opd1", get(command, tiu::opd1_addr), Base::kImplied, kF32, 1, columns,
                                         get(command, tiu::res0_w)));
  BMNET_ASSIGN(outer.result, place_matrix("res0", get(command, tiu::res0_addr), Base::kRequired, kF32, rows, columns,
                                          get(command, tiu::res0_w)));
  return outer;
}

std::vector<uint32_t> load(const Memory& memory, const Matrix& vector) {
  const LaneView view(memory);
  std::vector<uint32_t> values(vector.columns);
  for (uint64_t i = 0; i < values.size(); ++i)
    values[i] = read<uint32_t>(view.at(vector.sections, 0, i / vector.width(), 0, i % vector.width()));
  return values;
}

uint32_t apply(uint64_t operation, uint32_t left, uint32_t right) {
  const auto a = std::bit_cast<float>(left), b = std::bit_cast<float>(right);
  switch (operation) {
    case kMul:
      return std::bit_cast<uint32_t>(a * b);
    case kAdd:
      return std::bit_cast<uint32_t>(a + b);
    case kSub:
      return std::bit_cast<uint32_t>(a - b);
    case kMax:
      return choose(a > b, left, right);
    case kMin:
      return choose(b >= a, left, right);
    case kDiv:
      return chip_divide(left, right);
    case kAnd:
      return left & right;
    case kOr:
      return left | right;
    default:
      return left ^ right;
  }
}

template <uint64_t kOperation>
void apply_row(uint32_t left, const uint32_t* right, uint64_t count, uint32_t* out) {
  for (uint64_t j = 0; j < count; ++j) out[j] = apply(kOperation, left, right[j]);
}

auto row_function(uint64_t operation) {
  switch (operation) {
    case kMul:
      return apply_row<kMul>;
    case kAdd:
      return apply_row<kAdd>;
    case kSub:
      return apply_row<kSub>;
    case kMax:
      return apply_row<kMax>;
    case kMin:
      return apply_row<kMin>;
    case kDiv:
      return apply_row<kDiv>;
    case kAnd:
      return apply_row<kAnd>;
    case kOr:
      return apply_row<kOr>;
    default:
      return apply_row<kXor>;
  }
}

}  // namespace

Status execute_vector_correlation(const Command& command, Memory& memory) {
  BMNET_ASSIGN(const OuterCommand outer, decode(command));
  const auto left = load(memory, outer.left), right = load(memory, outer.right);
  const auto row = row_function(outer.operation);
  const uint64_t width = outer.result.width(), sections = outer.result.sections.shape.c;
  parallel_for(left.size(), std::max<uint64_t>(1, kElementsPerTask / right.size()), [&](size_t begin, size_t end) {
    const ChipFloatMode mode;
    for (size_t i = begin; i < end; ++i)
      for (uint64_t section = 0; section < sections; ++section)
        row(left[i], right.data() + section * width, width,
            reinterpret_cast<uint32_t*>(result_at(memory, outer.result.sections, i, section)));
  });
  return {};
}

Result<uint64_t> cycles_vector_correlation(const Command& command) {
  BMNET_TRY(require_nonzero(command, {&tiu::opd0_c}));
  const uint64_t rows = (get(command, tiu::opd0_c) - 1) * get(command, tiu::opd0_w) + get(command, tiu::opd1_w);
  const uint64_t row = lane_passes(command, get(command, tiu::res0_c)) * positions_by(command, 16);
  return rows * row * (get(command, tiu::tsk_eu_typ) == kDiv ? 30 : 1);
}

Result<std::vector<Access>> accesses_vector_correlation(const Command& command) {
  BMNET_ASSIGN(const OuterCommand outer, decode(command));
  std::vector<Access> accesses;
  append_accesses(outer.left, false, accesses);
  append_accesses(outer.right, false, accesses);
  append_accesses(outer.result, true, accesses);
  return accesses;
}

}  // namespace bmnet::bm1684
