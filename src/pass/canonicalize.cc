// Canonicalize: one form for each meaning (Passes.td). Before and after: any verified graph of the same function.
#include <cmath>

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "pass/passes.h"

namespace bmnet::pass {

#define GEN_PASS_DEF_CANONICALIZE
#include "pass/Passes.h.inc"

namespace {

using mlir::Value;
using Axes = llvm::SmallVector<int64_t>;

bool all_equal(llvm::ArrayRef<int64_t> values, int64_t value) {
  return llvm::all_of(values, [=](int64_t v) { return v == value; });
}

bool is_identity(llvm::ArrayRef<int64_t> permutation) {
  for (size_t i = 0; i < permutation.size(); ++i)
    if (permutation[i] != static_cast<int64_t>(i)) return false;
  return true;
}

// Operators that give their operand back when they leave its type unchanged.
template <typename Op>
Value same_type(Op op, NnBuilder&) {
  return op.getInput().getType() == op.getType() ? op.getInput() : Value();
}

Value join_reshapes(nn::ReshapeOp op, NnBuilder& build) {
  if (op.getInput().getType() == op.getType()) return op.getInput();
  auto inner = op.getInput().getDefiningOp<nn::ReshapeOp>();
  return inner ? build.create<nn::ReshapeOp>(inner.getInput(), op.getShape()) : Value();
}

// A transpose is a reshape when the axes longer than one keep their order.
bool keeps_order(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> permutation) {
  int64_t last = -1;
  for (int64_t axis : permutation) {
    if (shape[axis] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

Value simplify_transpose(nn::TransposeOp op, NnBuilder& build) {
  if (is_identity(op.getPermutation())) return op.getInput();
  if (keeps_order(shape_of(op.getInput()), op.getPermutation()))
    return build.create<nn::ReshapeOp>(op.getInput(), shape_of(op));
  auto inner = op.getInput().getDefiningOp<nn::TransposeOp>();
  if (!inner) return {};
  Axes joined;
  for (int64_t axis : op.getPermutation()) joined.push_back(inner.getPermutation()[axis]);
  return build.create<nn::TransposeOp>(inner.getInput(), joined);
}

Value single_concat(nn::ConcatOp op, NnBuilder&) { return op.getInputs().size() == 1 ? op.getInputs()[0] : Value(); }

Value whole_slice(nn::SliceOp op, NnBuilder&) {
  return op.getInput().getType() == op.getType() && all_equal(op.getSteps(), 1) ? op.getInput() : Value();
}

Value empty_pad(nn::PadOp op, NnBuilder&) { return all_equal(op.getPads(), 0) ? op.getInput() : Value(); }

Value same_size_resize(nn::ResizeOp op, NnBuilder&) {
  const bool unit = llvm::all_of(op.getScales(), [](float scale) { return scale == 1.0f; });
  return op.getInput().getType() == op.getType() && unit ? op.getInput() : Value();
}

Value simplify_unary(nn::UnaryOp op, NnBuilder& build) {
  const float alpha = op.getAlpha().convertToFloat(), beta = op.getBeta().convertToFloat();
  const llvm::StringRef kind = op.getKind();
  if (kind == "linear" && alpha == 1 && beta == 0) return op.getInput();
  if (kind == "leaky_relu" && alpha == 0) return build.unary("relu", op.getInput());
  if (kind == "clip" && alpha == 0 && std::isinf(beta) && beta > 0) return build.unary("relu", op.getInput());
  if (kind == "power" && alpha == 1) return op.getInput();
  if (kind == "power" && alpha == 2) return build.unary("square", op.getInput());
  if (kind == "power" && alpha == 0.5f) return build.unary("sqrt", op.getInput());
  if (kind == "power" && alpha == -1) return build.unary("reciprocal", op.getInput());
  return {};
}

// The constant operand negated or inverted, for x - c and x / c.
Value mapped_constant(NnBuilder& build, Value constant, float (*map)(float)) {
  const auto tensor = constant_of(constant);
  if (!tensor || !is_f32(constant)) return {};
  Tensor mapped(tensor->info());
  for (int64_t i = 0; i < tensor->count(); ++i) {
    mapped.data<float>()[i] = map(tensor->data<float>()[i]);
    if (!std::isfinite(mapped.data<float>()[i])) return {};
  }
  return make_constant(build.rewriter(), constant.getLoc(), nn::value_name(constant), mapped);
}

Value simplify_binary(nn::BinaryOp op, NnBuilder& build) {
  const llvm::StringRef kind = op.getKind();
  if (!is_f32(op)) return {};
  const auto a = op.getA(), b = op.getB();
  const std::optional<float> scalar = uniform_constant(b);
  const bool keeps_type = a.getType() == op.getType();
  if (scalar && keeps_type && ((kind == "mul" && *scalar == 1) || (kind == "add" && *scalar == 0))) return a;
  if (kind == "sub")
    if (const Value negated = mapped_constant(build, b, [](float c) { return -c; }))
      return build.binary("add", a, negated);
  if (kind == "div")
    if (const Value inverse = mapped_constant(build, b, [](float c) { return 1.0f / c; }))
      return build.binary("mul", a, inverse);
  if (kind == "pow" && scalar && keeps_type) return build.unary("power", a, *scalar);
  if (kind == "mul" && a == b) return build.unary("square", a);
  // The constant stands second.
  if ((kind == "add" || kind == "mul" || kind == "max" || kind == "min") && a.getDefiningOp<nn::ConstantOp>() &&
      !b.getDefiningOp<nn::ConstantOp>())
    return build.binary(kind, b, a);
  return {};
}

// f(x) * g(x) and x * f(x) that have a name of their own.
Value name_gates(nn::BinaryOp op, NnBuilder& build) {
  if (op.getKind() != "mul" || !is_f32(op)) return {};
  for (auto [x, gate] : {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
    auto unary = gate.getDefiningOp<nn::UnaryOp>();
    if (unary && unary.getKind() == "sigmoid" && unary.getInput() == x && gate.hasOneUse())
      return build.unary("silu", x);
  }
  return {};
}

// Zero padding of the spatial axes moves into the convolution.
Value pad_into_conv(nn::ConvOp op, NnBuilder& build) {
  auto pad = op.getInput().getDefiningOp<nn::PadOp>();
  if (!pad || pad.getMode() != "constant" || !pad.getValue().isZero()) return {};
  const auto amounts = pad.getPads();
  const size_t rank = amounts.size() / 2;
  if (amounts[0] || amounts[1] || amounts[rank] || amounts[rank + 1]) return {};
  if (llvm::any_of(amounts, [](int64_t amount) { return amount < 0; })) return {};
  Axes pads(op.getPads());
  for (size_t i = 0; i + 2 < rank; ++i) pads[i] += amounts[i + 2], pads[i + rank - 2] += amounts[i + rank + 2];
  return build.create<nn::ConvOp>(pad.getInput(), op.getWeight(), op.getBias(), op.getStrides(), pads,
                                  op.getDilations(), op.getGroup());
}

// The constant as [C] when it has one value per channel of axis 1 of `like`.
std::optional<Tensor> channel_vector(Value constant, Value like) {
  const auto tensor = constant_of(constant);
  const auto shape = shape_of(like);
  if (!tensor || shape.size() < 2 || tensor->shape().size() > shape.size()) return std::nullopt;
  const int64_t missing = static_cast<int64_t>(shape.size() - tensor->shape().size());
  for (size_t i = 0; i < tensor->shape().size(); ++i)
    if (tensor->shape()[i] != 1 && static_cast<int64_t>(i) + missing != 1) return std::nullopt;
  if (tensor->count() != shape[1]) return std::nullopt;
  return tensor->reshaped({shape[1]});
}

// x * s[c] + o[c] is one batch_norm of mean 0 and variance 1: one command on the chip.
Value scale_and_offset(nn::BinaryOp op, NnBuilder& build) {
  if (op.getKind() != "add" || !is_f32(op)) return {};
  auto mul = op.getA().getDefiningOp<nn::BinaryOp>();
  if (!mul || mul.getKind() != "mul" || !mul->hasOneUse() || mul.getA().getType() != op.getType() ||
      mul.getType() != op.getType())
    return {};
  const auto scale = channel_vector(mul.getB(), op), offset = channel_vector(op.getB(), op);
  if (!scale || !offset) return {};
  Tensor zero({DType::kF32, scale->shape()}), one({DType::kF32, scale->shape()});
  std::fill(one.data<float>().begin(), one.data<float>().end(), 1.0f);
  const std::string name = nn::value_name(op);
  const auto constant = [&](const char* suffix, const Tensor& tensor) {
    return make_constant(build.rewriter(), op.getLoc(), name + suffix, tensor);
  };
  return build.create<nn::BatchNormOp>(mul.getA(), constant(".scale", *scale), constant(".bias", *offset),
                                       constant(".mean", zero), constant(".variance", one), llvm::APFloat(0.0f));
}

class CanonicalizePass : public impl::CanonicalizeBase<CanonicalizePass> {
  void runOnOperation() override {
    mlir::MLIRContext* context = &getContext();
    mlir::RewritePatternSet patterns(context);
    patterns.add<ReplacePattern<nn::ReshapeOp>>(context, join_reshapes);
    patterns.add<ReplacePattern<nn::CastOp>>(context, same_type<nn::CastOp>);
    patterns.add<ReplacePattern<nn::BroadcastToOp>>(context, same_type<nn::BroadcastToOp>);
    patterns.add<ReplacePattern<nn::TileOp>>(context, same_type<nn::TileOp>);
    patterns.add<ReplacePattern<nn::TransposeOp>>(context, simplify_transpose);
    patterns.add<ReplacePattern<nn::ConcatOp>>(context, single_concat);
    patterns.add<ReplacePattern<nn::SliceOp>>(context, whole_slice);
    patterns.add<ReplacePattern<nn::PadOp>>(context, empty_pad);
    patterns.add<ReplacePattern<nn::ResizeOp>>(context, same_size_resize);
    patterns.add<ReplacePattern<nn::UnaryOp>>(context, simplify_unary);
    patterns.add<ReplacePattern<nn::BinaryOp>>(context, simplify_binary);
    patterns.add<ReplacePattern<nn::BinaryOp>>(context, name_gates);
    patterns.add<ReplacePattern<nn::BinaryOp>>(context, scale_and_offset);
    patterns.add<ReplacePattern<nn::ConvOp>>(context, pad_into_conv);
    if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

}  // namespace

std::unique_ptr<mlir::Pass> create_canonicalize() { return std::make_unique<CanonicalizePass>(); }

}  // namespace bmnet::pass
