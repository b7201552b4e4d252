// The sum of every channel over batch, height and width.
#include <algorithm>
#include <cstring>

#include "base/parallel.h"
#include "target/bm1684/exec/adder_tree.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/operand.h"
#include "target/bm1684/exec/timing.h"
#include "target/bm1684/exec/words.h"

namespace bmnet::bm1684 {
namespace {

constexpr uint64_t kChannelsPerTask = 16;

struct SumCommand {
  bool accumulate = false;
  Operand input, result;
};

Result<SumCommand> decode(const Command& command) {
  BMNET_TRY(require_nonzero(command, {&tiu::opd0_n, &tiu::res0_c, &tiu::opd0_h, &tiu::opd0_w}));
  SumCommand sum;
  const Shape shape = {get(command, tiu::opd0_n), get(command, tiu::res0_c), get(command, tiu::opd0_h),
                       get(command, tiu::opd0_w)};
  sum.accumulate = get(command, tiu::opt_res_add);
  BMNET_ASSIGN(sum.input, place("opd0", get(command, tiu::opd0_addr), Base::kImplied, kF32, shape, Spacing::kAligned));
  BMNET_ASSIGN(sum.result, place("res0", get(command, tiu::res0_addr), Base::kRequired, kF32, {1, shape.c, 1, 1},
                                 Spacing::kCompact));
  return sum;
}

// Channels [first, first + count) as columns of one adder tree. A node never holds values of two batch items.
void sum_channels(const SumCommand& sum, const LaneView& view, uint64_t first, uint64_t count, Memory& memory) {
  const Shape& shape = sum.input.shape;
  AdderTree tree(count);
  for (uint64_t n = 0; n < shape.n; ++n) {
    for (uint64_t i = 0; i < shape.h * shape.w; ++i) {
      float* term = tree.next_term();
      for (uint64_t c = 0; c < count; ++c) term[c] = read<float>(view.at(sum.input, n, first + c, 0, i));
      tree.add();
    }
    tree.close_node();
  }
  const float* total = tree.finish();
  for (uint64_t c = 0; c < count; ++c) {
    uint8_t* out = result_at(memory, sum.result, 0, first + c);
    const float value = sum.accumulate ? total[c] + read<float>(out) : total[c];
    std::memcpy(out, &value, sizeof value);
  }
}

}  // namespace

Status execute_channel_sum(const Command& command, Memory& memory) {
  BMNET_ASSIGN(const SumCommand sum, decode(command));
  const LaneView view(memory, sum.input, sum.result);
  parallel_for(sum.input.shape.c, kChannelsPerTask, [&](size_t begin, size_t end) {
    const ChipFloatMode mode;
    for (size_t c = begin; c < end; c += kChannelsPerTask)
      sum_channels(sum, view, c, std::min<uint64_t>(kChannelsPerTask, end - c), memory);
  });
  return {};
}

Result<uint64_t> cycles_channel_sum(const Command& command) {
  const uint64_t plane = get(command, tiu::opd0_h) * get(command, tiu::opd0_w);
  return get(command, tiu::opd0_n) * lane_passes(command, get(command, tiu::res0_c)) * ceil_div(plane, 32);
}

Result<std::vector<Access>> accesses_channel_sum(const Command& command) {
  BMNET_ASSIGN(const SumCommand sum, decode(command));
  std::vector<Access> accesses;
  append_accesses(sum.input, false, accesses);
  if (sum.accumulate) append_accesses(sum.result, false, accesses);
  append_accesses(sum.result, true, accesses);
  return accesses;
}

}  // namespace bmnet::bm1684
