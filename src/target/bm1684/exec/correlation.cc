// Every image with every kernel. The images are spread over the lanes like channels.
#include <algorithm>
#include <cstring>

#include "base/parallel.h"
#include "target/bm1684/exec/adder_tree.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/operand.h"
#include "target/bm1684/exec/timing.h"
#include "target/bm1684/exec/window_axis.h"
#include "target/bm1684/exec/words.h"

namespace bmnet::bm1684 {
namespace {

struct CorrelationCommand {
  WindowAxis y, x;
  Operand images, kernels, result;
};

Result<CorrelationCommand> decode(const Command& command) {
  BMNET_TRY(
      require_nonzero(command, {&tiu::res0_n, &tiu::res0_c, &tiu::res0_h, &tiu::res0_w, &tiu::opd0_h, &tiu::opd0_w,
                                &tiu::opd1_h, &tiu::opd1_w, &tiu::res_op_x_str, &tiu::res_op_y_str}));
  CorrelationCommand correlation;
  const WindowAxes axes = window_axes(command);
  correlation.y = axes.y, correlation.x = axes.x;
  for (WindowAxis* axis : {&correlation.y, &correlation.x}) axis->insert = 0, axis->dilation = 1;  // it knows neither
  const Shape shape = {get(command, tiu::res0_n), get(command, tiu::res0_c), get(command, tiu::res0_h),
                       get(command, tiu::res0_w)};
  if (shape.h > correlation.y.outputs() || shape.w > correlation.x.outputs())
    return user_error("res0_h x res0_w is {}x{}, but the window yields {}x{} outputs", shape.h, shape.w,
                      correlation.y.outputs(), correlation.x.outputs());
  BMNET_ASSIGN(correlation.images, place("opd0", get(command, tiu::opd0_addr), Base::kImplied, kF32,
                                         {1, shape.n, correlation.y.size, correlation.x.size}, Spacing::kAligned));
  BMNET_ASSIGN(correlation.kernels, place("opd1", get(command, tiu::opd1_addr), Base::kImplied, kF32,
                                          {1, shape.c, correlation.y.kernel, correlation.x.kernel}, Spacing::kAligned));
  BMNET_ASSIGN(correlation.result,
               place("res0", get(command, tiu::res0_addr), Base::kRequired, kF32, shape, Spacing::kCompact));
  BMNET_TRY(check_work({shape.n, shape.c, shape.h, shape.w, correlation.y.kernel, correlation.x.kernel}));
  return correlation;
}

// One output row: the products of every tap are a term of the adder tree. Padding takes part as 0.0.
void run_row(const CorrelationCommand& correlation, const float* image, const float* kernel, uint64_t oy,
             AdderTree& tree, float* out) {
  const WindowAxis &y = correlation.y, &x = correlation.x;
  const uint64_t width = correlation.result.shape.w;
  for (uint64_t ky = 0; ky < y.kernel; ++ky) {
    const int64_t iy = y.element(oy * y.stride + ky);
    for (uint64_t kx = 0; kx < x.kernel; ++kx) {
      const float weight = kernel[ky * x.kernel + kx];
      float* term = tree.next_term();
      std::fill_n(term, width, 0.0f * weight);
      if (iy >= 0) {
        const TapRun run = tap_run(x, kx, 0, width);
        const float* from = image + static_cast<uint64_t>(iy) * x.size + run.first_input;
        for (uint64_t i = 0; i < run.count; ++i)
          term[run.first_output + i * run.output_step] = from[i * run.input_step] * weight;
      }
      tree.add();
    }
  }
  std::memcpy(out, tree.finish(), width * sizeof(float));
}

}  // namespace

Status execute_correlation(const Command& command, Memory& memory) {
  BMNET_ASSIGN(const CorrelationCommand correlation, decode(command));
  const LaneView images(memory, correlation.images, correlation.result);
  const LaneView kernels(memory, correlation.kernels, correlation.result);
  const Shape& shape = correlation.result.shape;
  parallel_for(shape.n * shape.c, 1, [&](size_t begin, size_t end) {
    const ChipFloatMode mode;
    AdderTree tree(shape.w);
    for (size_t i = begin; i < end; ++i) {
      const uint64_t n = i / shape.c, c = i % shape.c;
      const auto* image = reinterpret_cast<const float*>(images.at(correlation.images, 0, n));
      const auto* kernel = reinterpret_cast<const float*>(kernels.at(correlation.kernels, 0, c));
      for (uint64_t oy = 0; oy < shape.h; ++oy)
        run_row(correlation, image, kernel, oy, tree,
                reinterpret_cast<float*>(result_at(memory, correlation.result, n, c, oy)));
    }
  });
  return {};
}

Result<uint64_t> cycles_correlation(const Command& command) {
  BMNET_TRY(require_nonzero(command, {&tiu::opd1_h, &tiu::opd1_w}));
  constexpr uint64_t kFixed = 5;  // an estimate: isa/estimated_costs.def
  const uint64_t rows = get(command, tiu::opd1_h), taps = rows * get(command, tiu::opd1_w);
  const uint64_t blocks =
      get(command, tiu::res0_n) * lane_passes(command, get(command, tiu::res0_c)) * positions_by(command, 16);
  return blocks * (taps * (get(command, tiu::res_op_x_str) + 1) - rows + kFixed);
}

Result<std::vector<Access>> accesses_correlation(const Command& command) {
  BMNET_ASSIGN(const CorrelationCommand correlation, decode(command));
  std::vector<Access> accesses;
  append_accesses(correlation.images, false, accesses);
  append_accesses(correlation.kernels, false, accesses);
  append_accesses(correlation.result, true, accesses);
  return accesses;
}

}  // namespace bmnet::bm1684
