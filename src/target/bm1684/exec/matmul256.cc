// int8 matrix product of the fixed size 256, right side transposed.
#include <algorithm>

#include "target/bm1684/exec/operand.h"
#include "target/bm1684/exec/timing.h"
#include "target/bm1684/exec/words.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kSize = 256;

struct Matmul256Command {
  Operand left, right, result;  // a row is a channel of 256, or two channels of 128
};

Result<Matmul256Command> decode(const Command& command) {
  Matmul256Command product;
  BMNET_ASSIGN(product.left, place("opd0", get(command, tiu::opd0_addr), Base::kRequired, kI8, {1, kSize, 1, kSize},
                                   Spacing::kAligned));
  BMNET_ASSIGN(product.right, place("opd1", get(command, tiu::opd1_addr), Base::kRequired, kI8,
                                    {1, 2 * kSize, 1, kSize / 2}, Spacing::kAligned));
  BMNET_ASSIGN(product.result, place("res0", get(command, tiu::res0_addr), Base::kRequired, kI8, {1, kSize, 1, kSize},
                                     Spacing::kAligned));
  return product;
}

// All bytes of a 256 x 256 operand, row by row, as 16-bit numbers.
std::vector<int16_t> load(const Memory& memory, const Operand& operand, bool is_signed) {
  const LaneView view(memory);
  const uint64_t width = operand.shape.w;
  std::vector<int16_t> values(kSize * kSize);
  for (uint64_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<int16_t>(extend8(*view.at(operand, 0, i / width, 0, i % width), is_signed));
  return values;
}

}  // namespace

Status execute_matmul256(const Command& command, Memory& memory) {
  BMNET_ASSIGN(const Matmul256Command product, decode(command));
  const auto left = load(memory, product.left, get(command, tiu::opt_opd0_sign));
  const auto right = load(memory, product.right, get(command, tiu::opt_opd1_sign));
  for (uint64_t i = 0; i < kSize; ++i) {
    uint8_t* row = result_at(memory, product.result, 0, i);
    for (uint64_t j = 0; j < kSize; ++j) {
      int32_t sum = 0;
      for (uint64_t k = 0; k < kSize; ++k) sum += left[i * kSize + k] * right[j * kSize + k];
      row[j] = static_cast<uint8_t>(sum + (sum >> 8));
    }
  }
  return {};
}

Result<uint64_t> cycles_matmul256(const Command& command) {
  constexpr uint64_t kSections = 2, kFixed = 5;  // an estimate: isa/estimated_costs.def
  return kSize * lane_passes(command, kSections) * kSections * (kSize + kFixed);
}

Result<std::vector<Access>> accesses_matmul256(const Command& command) {
  BMNET_ASSIGN(const Matmul256Command product, decode(command));
  std::vector<Access> accesses;
  append_accesses(product.left, false, accesses);
  append_accesses(product.right, false, accesses);
  append_accesses(product.result, true, accesses);
  return accesses;
}

}  // namespace bmnet::bm1684
