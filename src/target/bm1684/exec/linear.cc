// Per-channel scale and offset, and squared distance.
#include <algorithm>
#include <bit>
#include <cstring>

#include "base/parallel.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/kernel.h"
#include "target/bm1684/exec/operand.h"
#include "target/bm1684/exec/timing.h"

namespace bmnet::bm1684 {
namespace {

enum Operation : uint64_t { kScale = 1, kSquareSum = 20, kSquareDifference = 21 };  // tsk_eu_typ
constexpr uint64_t kElementsPerTask = 1 << 16;

struct LinearCommand {
  uint64_t operation = kScale;
  bool accumulate = false, constant_offset = false, constant_scale = false;
  Operand input, offset, scale, result;
};

Result<LinearCommand> decode(const Command& command) {
  LinearCommand linear;
  linear.operation = get(command, tiu::tsk_eu_typ);
  if (linear.operation != kScale && linear.operation != kSquareSum && linear.operation != kSquareDifference)
    return user_error("tsk_eu_typ is {}: a per-channel operation is 1, 20 or 21", linear.operation);
  BMNET_TRY(require_nonzero(command, {&tiu::res0_n, &tiu::res0_c, &tiu::res0_h, &tiu::res0_w}));
  const Shape shape = {get(command, tiu::res0_n), get(command, tiu::res0_c), get(command, tiu::res0_h),
                       get(command, tiu::res0_w)};
  const Shape per_channel = {1, shape.c, 1, 1};
  linear.accumulate = linear.operation == kScale && get(command, tiu::opt_res_add);
  linear.constant_offset = get(command, tiu::opt_opd1_const);
  linear.constant_scale = get(command, tiu::opt_opd2_const) || linear.operation != kScale;
  BMNET_ASSIGN(linear.input,
               place("opd0", get(command, tiu::opd0_addr), Base::kImplied, kF32, shape, Spacing::kAligned));
  if (!linear.constant_offset) {
    BMNET_ASSIGN(linear.offset,
                 place("opd1", get(command, tiu::opd1_addr), Base::kImplied, kF32, per_channel, Spacing::kCompact));
  }
  if (!linear.constant_scale) {
    BMNET_ASSIGN(linear.scale,
                 place("opd2", get(command, tiu::opd2_addr), Base::kImplied, kF32, per_channel, Spacing::kCompact));
  }
  BMNET_ASSIGN(linear.result,
               place("res0", get(command, tiu::res0_addr), Base::kRequired, kF32, shape, Spacing::kAligned));
  return linear;
}

// The operand's value for every channel, or the constant in its address field.
std::vector<float> per_channel(const Command& command, const Memory& memory, bool constant, const Field& address,
                               const Operand& operand, uint64_t channels) {
  std::vector<float> values(channels, std::bit_cast<float>(static_cast<uint32_t>(get(command, address))));
  if (constant) return values;
  const LaneView view(memory);
  for (uint64_t c = 0; c < channels; ++c) std::memcpy(&values[c], view.at(operand, 0, c), sizeof(float));
  return values;
}

bool same_place(const Operand& a, const Operand& b) { return a.start == b.start && a.base == b.base; }

}  // namespace

Status execute_linear(const Command& command, Memory& memory) {
  BMNET_ASSIGN(const LinearCommand linear, decode(command));
  const Shape& shape = linear.result.shape;
  const auto offsets = per_channel(command, memory, linear.constant_offset, tiu::opd1_addr, linear.offset, shape.c);
  const auto scales = per_channel(command, memory, linear.constant_scale, tiu::opd2_addr, linear.scale, shape.c);
  // In place every element is read before it is written; only a shifted overlap needs a copy.
  const LaneView input =
      same_place(linear.input, linear.result) ? LaneView(memory) : LaneView(memory, linear.input, linear.result);
  const uint64_t plane = shape.h * shape.w;
  parallel_for(shape.n * shape.c, std::max<uint64_t>(1, kElementsPerTask / plane), [&](size_t begin, size_t end) {
    const ChipFloatMode mode;
    for (size_t i = begin; i < end; ++i) {
      const uint64_t n = i / shape.c, c = i % shape.c;
      const auto* x = reinterpret_cast<const float*>(input.at(linear.input, n, c));
      auto* out = reinterpret_cast<float*>(result_at(memory, linear.result, n, c));
      if (linear.operation == kScale)
        kernels().linear_f32(x, scales[c], offsets[c], linear.accumulate, plane, out);
      else
        kernels().square_f32(x, offsets[c], linear.operation == kSquareDifference, plane, out);
    }
  });
  return {};
}

Result<uint64_t> cycles_linear(const Command& command) {
  return get(command, tiu::res0_n) * lane_passes(command, get(command, tiu::res0_c)) * positions_by(command, 16) * 4;
}

Result<std::vector<Access>> accesses_linear(const Command& command) {
  BMNET_ASSIGN(const LinearCommand linear, decode(command));
  std::vector<Access> accesses;
  append_accesses(linear.input, false, accesses);
  if (!linear.constant_offset) append_accesses(linear.offset, false, accesses);
  if (!linear.constant_scale) append_accesses(linear.scale, false, accesses);
  if (linear.accumulate) append_accesses(linear.result, false, accesses);
  append_accesses(linear.result, true, accesses);
  return accesses;
}

}  // namespace bmnet::bm1684
