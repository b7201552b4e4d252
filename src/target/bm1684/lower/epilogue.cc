#include "target/bm1684/lower/epilogue.h"

#include <algorithm>

namespace bmnet::bm1684 {
namespace {

class EpilogueKernel : public Kernel {
 public:
  EpilogueKernel(std::shared_ptr<const Kernel> kernel, UnaryFunction function)
      : kernel_(std::move(kernel)), function_(std::move(function)) {}

  std::string_view name() const override { return kernel_->name(); }
  std::array<Axis, kAxes> axes() const override { return kernel_->axes(); }

  std::vector<Need> needs(const Slice& slice) const override {
    std::vector<Need> needs = kernel_->needs(slice);
    const Dims shape = needs[0].shape;
    for (int i = 0; i < extra(); ++i) needs.push_back(Need::work(shape));
    return needs;
  }

  void emit(const Slice& slice, std::span<const Local> locals, tile::Builder& build) const override {
    const std::span<const Local> work = locals.last(static_cast<size_t>(extra()));
    kernel_->emit(slice, locals.first(locals.size() - work.size()), build);
    if (!slice.last_depth) return;
    ElementwiseLocals tensors{
        .result = locals[0], .operands = {locals[0]}, .work = {work.begin(), work.begin() + function_.work}};
    if (!function_.in_place) {
      build.copy(work.back(), locals[0]);
      tensors.operands[0] = work.back();
    }
    function_.emit(build, tensors);
  }

 private:
  int extra() const { return function_.work + (function_.in_place ? 0 : 1); }

  std::shared_ptr<const Kernel> kernel_;
  UnaryFunction function_;
};

// Whether the kernel writes the result of the node, as against scratch space.
bool writes_result(const Kernel& kernel) {
  Slice smallest;
  const auto axes = kernel.axes();
  for (int i = 0; i < 4; ++i)
    smallest.box[i] = {0, axes[i].grain == 0 ? axes[i].size : std::min(axes[i].grain, axes[i].size)};
  const Axis& depth = axes[Kernel::kDepth];
  smallest.depth = {0, depth.grain == 0 ? depth.size : std::min(depth.grain, depth.size)};
  return kernel.needs(smallest)[0].view.ref.kind == Ref::Kind::kOutput;
}

}  // namespace

bool add_epilogue(Recipe& recipe, const UnaryFunction& function) {
  const bool moved = std::ranges::any_of(recipe.steps, [](const Step& step) {
    const auto* move = std::get_if<Move>(&step);
    return move && move->to.ref.kind == Ref::Kind::kOutput;
  });
  if (moved) return false;
  for (Step& step : recipe.steps)
    if (auto* kernel = std::get_if<std::shared_ptr<const Kernel>>(&step); kernel && writes_result(**kernel))
      *kernel = std::make_shared<EpilogueKernel>(*kernel, function);
  return true;
}

}  // namespace bmnet::bm1684
