// FuseAffine: conv -> batch_norm / mul / add with per-channel constants becomes one conv (likewise conv_transpose,
// matmul). Before: canonical forms (sub and div by constants are gone). After: such chains are single operations; the
// fused operation carries the name of the last value of the chain. Values change by rounding only.
#include <cmath>

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "pass/passes.h"

namespace bmnet::pass {

#define GEN_PASS_DEF_FUSEAFFINE
#include "pass/Passes.h.inc"

namespace {

// y = scale[c] * x + offset[c] for every output channel c of the producer.
struct Affine {
  std::vector<double> scale, offset;
};

// The constant as one value per channel of `axis` of a result of shape `result`, if it is one.
std::optional<std::vector<double>> per_channel(mlir::Value value, llvm::ArrayRef<int64_t> result, int64_t axis) {
  if (!is_f32(value)) return std::nullopt;
  const auto constant = constant_of(value);
  if (!constant) return std::nullopt;
  const int64_t channels = result[axis], missing = static_cast<int64_t>(result.size() - constant->shape().size());
  if (missing < 0) return std::nullopt;
  for (size_t i = 0; i < constant->shape().size(); ++i)
    if (constant->shape()[i] != 1 && static_cast<int64_t>(i) + missing != axis) return std::nullopt;
  const auto data = constant->data<float>();
  if (data.size() != 1 && static_cast<int64_t>(data.size()) != channels) return std::nullopt;
  std::vector<double> values(channels);
  for (int64_t c = 0; c < channels; ++c) values[c] = data[data.size() == 1 ? 0 : c];
  return values;
}

std::optional<Affine> affine_of(nn::BatchNormOp norm) {
  const auto scale = constant_of(norm.getScale()), bias = constant_of(norm.getBias());
  const auto mean = constant_of(norm.getMean()), variance = constant_of(norm.getVariance());
  if (!scale || !bias || !mean || !variance || !is_f32(norm.getInput())) return std::nullopt;
  Affine affine;
  for (int64_t c = 0; c < scale->count(); ++c) {
    const double factor =
        scale->data<float>()[c] / std::sqrt(double{variance->data<float>()[c]} + norm.getEpsilon().convertToDouble());
    affine.scale.push_back(factor);
    affine.offset.push_back(bias->data<float>()[c] - mean->data<float>()[c] * factor);
  }
  return affine;
}

std::optional<Affine> affine_of(nn::BinaryOp binary, mlir::Value& input, int64_t axis) {
  const bool mul = binary.getKind() == "mul";
  if (!mul && binary.getKind() != "add") return std::nullopt;
  for (auto [x, other] : {std::pair(binary.getA(), binary.getB()), std::pair(binary.getB(), binary.getA())}) {
    if (x.getType() != binary.getType()) continue;
    auto values = per_channel(other, shape_of(binary), axis);
    if (!values) continue;
    input = x;
    const size_t channels = values->size();
    if (mul) return Affine{*std::move(values), std::vector<double>(channels, 0.0)};
    return Affine{std::vector<double>(channels, 1.0), *std::move(values)};
  }
  return std::nullopt;
}

// The axis of the weight that counts output channels, and for grouped transposed convolution the group's part of it.
struct WeightView {
  mlir::Value weight, bias;
  int64_t channels;
  // Output channel of weight element `index`.
  std::function<int64_t(int64_t)> channel;
};

std::optional<WeightView> weight_of(mlir::Operation* producer) {
  if (auto conv = llvm::dyn_cast<nn::ConvOp>(producer)) {
    const auto shape = shape_of(conv.getWeight());
    const int64_t inner = element_count(shape) / std::max<int64_t>(shape[0], 1);
    return WeightView{conv.getWeight(), conv.getBias(), shape[0], [=](int64_t i) { return i / inner; }};
  }
  if (auto conv = llvm::dyn_cast<nn::ConvTransposeOp>(producer)) {
    const auto shape = shape_of(conv.getWeight());
    const int64_t ic_per_group = shape[0] / conv.getGroup(), oc = shape[1];
    const int64_t kernel = element_count(shape.drop_front(2));
    return WeightView{conv.getWeight(), conv.getBias(), oc * static_cast<int64_t>(conv.getGroup()),
                      [=](int64_t i) { return i / (kernel * oc * ic_per_group) * oc + i / kernel % oc; }};
  }
  if (auto matmul = llvm::dyn_cast<nn::MatmulOp>(producer)) {
    const auto shape = shape_of(matmul.getB());
    if (shape.size() != 2) return std::nullopt;
    const int64_t columns = shape[1];
    if (matmul.getTransposeB())
      return WeightView{matmul.getB(), matmul.getBias(), shape[0], [=](int64_t i) { return i / columns; }};
    return WeightView{matmul.getB(), matmul.getBias(), columns, [=](int64_t i) { return i % columns; }};
  }
  return std::nullopt;
}

// `producer` again, with weight and bias multiplied and shifted by `affine`; null when they are not constants.
mlir::Operation* fused(mlir::PatternRewriter& rewriter, mlir::Operation* producer, mlir::Operation* last,
                       const Affine& affine) {
  const auto view = weight_of(producer);
  if (!view || view->channels != static_cast<int64_t>(affine.scale.size())) return nullptr;
  const auto weight = constant_of(view->weight);
  if (!weight || !is_f32(view->weight)) return nullptr;
  Tensor bias({DType::kF32, {view->channels}});
  if (view->bias) {
    const auto old = constant_of(view->bias);
    if (!old || old->count() != view->channels || shape_of(view->bias).size() != 1) return nullptr;
    std::copy_n(old->data<float>().begin(), view->channels, bias.data<float>().begin());
  }
  Tensor scaled(weight->info());
  for (int64_t i = 0; i < weight->count(); ++i)
    scaled.data<float>()[i] = static_cast<float>(weight->data<float>()[i] * affine.scale[view->channel(i)]);
  for (int64_t c = 0; c < view->channels; ++c)
    bias.data<float>()[c] = static_cast<float>(bias.data<float>()[c] * affine.scale[c] + affine.offset[c]);

  rewriter.setInsertionPoint(last);
  const mlir::Location location = last->getLoc();
  const std::string name = nn::value_name(last->getResult(0));
  mlir::OperationState state(location, producer->getName());
  state.addOperands({producer->getOperand(0), make_constant(rewriter, location, name + ".weight", scaled),
                     make_constant(rewriter, location, name + ".bias", bias)});
  state.addAttributes(producer->getAttrs());
  state.addTypes(producer->getResultTypes());
  return rewriter.create(state);
}

mlir::Operation* producer_of(mlir::Value value) {
  mlir::Operation* producer = value.getDefiningOp();
  return producer && value.hasOneUse() && llvm::isa<nn::ConvOp, nn::ConvTransposeOp, nn::MatmulOp>(producer) ? producer
                                                                                                             : nullptr;
}

// Axis of the result that carries the output channels.
int64_t channel_axis(mlir::Operation* producer) {
  const auto rank = static_cast<int64_t>(shape_of(producer->getResult(0)).size());
  return llvm::isa<nn::MatmulOp>(producer) ? rank - 1 : 1;
}

struct FuseBatchNorm : mlir::OpRewritePattern<nn::BatchNormOp> {
  using OpRewritePattern::OpRewritePattern;
  llvm::LogicalResult matchAndRewrite(nn::BatchNormOp norm, mlir::PatternRewriter& rewriter) const override {
    mlir::Operation* producer = producer_of(norm.getInput());
    if (!producer || channel_axis(producer) != 1) return mlir::failure();
    const auto affine = affine_of(norm);
    mlir::Operation* result = affine ? fused(rewriter, producer, norm, *affine) : nullptr;
    if (!result) return mlir::failure();
    rewriter.replaceOp(norm, result);
    return mlir::success();
  }
};

struct FuseBinary : mlir::OpRewritePattern<nn::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  llvm::LogicalResult matchAndRewrite(nn::BinaryOp binary, mlir::PatternRewriter& rewriter) const override {
    for (mlir::Value operand : binary->getOperands()) {
      mlir::Operation* producer = producer_of(operand);
      if (!producer) continue;
      mlir::Value input;
      const auto affine = affine_of(binary, input, channel_axis(producer));
      if (!affine || input != operand) continue;
      mlir::Operation* result = fused(rewriter, producer, binary, *affine);
      if (!result) continue;
      rewriter.replaceOp(binary, result);
      return mlir::success();
    }
    return mlir::failure();
  }
};

class FuseAffinePass : public impl::FuseAffineBase<FuseAffinePass> {
  void runOnOperation() override {
    mlir::RewritePatternSet patterns(&getContext());
    patterns.add<FuseBatchNorm, FuseBinary>(&getContext());
    if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

}  // namespace

std::unique_ptr<mlir::Pass> create_fuse_affine() { return std::make_unique<FuseAffinePass>(); }

}  // namespace bmnet::pass
