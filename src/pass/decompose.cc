// Decompose: compound operators in terms of those that the chip has a form for (Passes.td lists them).
// Before: any verified graph. After: none of the listed operators on f32 is left, except einsum forms with an ellipsis,
// repeated labels or more than two operands (they run in a CPU sub-net).
#include <algorithm>
#include <limits>
#include <numeric>

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "pass/passes.h"

namespace bmnet::pass {

#define GEN_PASS_DEF_DECOMPOSE
#include "pass/Passes.h.inc"

namespace {

using mlir::Value;
using Axes = llvm::SmallVector<int64_t>;

// (x - mean) / sqrt(variance + epsilon) over `axes`.
Value standardize(NnBuilder& build, Value x, llvm::ArrayRef<int64_t> axes, float epsilon) {
  const Value centred = build.binary("sub", x, build.reduce("mean", x, axes, true));
  const Value variance = build.reduce("mean", build.unary("square", centred), axes, true);
  return build.binary("mul", centred, build.unary("rsqrt", build.binary("add", variance, build.scalar(epsilon))));
}

Value layer_norm(nn::LayerNormOp op, NnBuilder& build) {
  Axes axes(shape_of(op.getInput()).size() - op.getAxis());
  std::iota(axes.begin(), axes.end(), op.getAxis());
  Value y = standardize(build, op.getInput(), axes, op.getEpsilon().convertToFloat());
  if (op.getScaleAndBias().size() > 0) y = build.binary("mul", y, op.getScaleAndBias()[0]);
  if (op.getScaleAndBias().size() > 1) y = build.binary("add", y, op.getScaleAndBias()[1]);
  return y;
}

Value group_norm(nn::GroupNormOp op, NnBuilder& build) {
  const auto shape = shape_of(op.getInput());
  const int64_t groups = op.getGroups();
  const Axes grouped = {shape[0], groups, element_count(shape) / (shape[0] * groups)};
  Value y = build.reshape(op.getInput(), grouped);
  y = build.reshape(standardize(build, y, {2}, op.getEpsilon().convertToFloat()), shape);
  Axes channel(shape.size() - 1, 1);
  channel[0] = shape[1];
  if (op.getScaleAndBias().size() > 0) y = build.binary("mul", y, build.reshape(op.getScaleAndBias()[0], channel));
  if (op.getScaleAndBias().size() > 1) y = build.binary("add", y, build.reshape(op.getScaleAndBias()[1], channel));
  return y;
}

Value lp_normalize(nn::LpNormalizeOp op, NnBuilder& build) {
  const Value x = op.getInput();
  const bool euclidean = op.getP() == 2;
  Value norm = build.reduce("sum", build.unary(euclidean ? "square" : "abs", x), op.getAxes(), true);
  if (const float epsilon = op.getEpsilon().convertToFloat(); euclidean && epsilon != 0)
    norm = build.binary("add", norm, build.scalar(epsilon));
  if (euclidean) norm = build.unary("sqrt", norm);
  // A vector of zeros stays zero: 0 / smallest. (Squares below the smallest normal number are zero on the chip.)
  const float smallest = euclidean ? 1e-19f : std::numeric_limits<float>::min();
  norm = build.binary("max", norm, build.scalar(std::max(op.getFloor().convertToFloat(), smallest)));
  return build.binary("div", x, norm);
}

// log(sum(exp(x))) over `axes` with the maximum taken out, kept dimensions.
Value log_sum_exp(NnBuilder& build, Value x, llvm::ArrayRef<int64_t> axes, Value& shifted, Value& maximum) {
  maximum = build.reduce("max", x, axes, true);
  shifted = build.binary("sub", x, maximum);
  return build.unary("log", build.reduce("sum", build.unary("exp", shifted), axes, true));
}

Value log_softmax(nn::SoftmaxOp op, NnBuilder& build) {
  if (!op.getLog()) return {};
  Value shifted, maximum;
  const Value log_sum = log_sum_exp(build, op.getInput(), {static_cast<int64_t>(op.getAxis())}, shifted, maximum);
  return build.binary("sub", shifted, log_sum);
}

Value compound_reduce(nn::ReduceOp op, NnBuilder& build) {
  const llvm::StringRef kind = op.getKind();
  const auto axes = op.getAxes();
  const Value x = op.getInput();
  if (!is_f32(x)) return {};
  const auto sum = [&](Value terms) { return build.reduce("sum", terms, axes, op.getKeepDims()); };
  if (kind == "l1") return sum(build.unary("abs", x));
  if (kind == "l2") return build.unary("sqrt", sum(build.unary("square", x)));
  if (kind == "sum_square") return sum(build.unary("square", x));
  if (kind == "log_sum") return build.unary("log", sum(x));
  if (kind != "log_sum_exp") return {};
  Value shifted, maximum;
  const Value log_sum = log_sum_exp(build, x, axes, shifted, maximum);
  return build.reshape(build.binary("add", log_sum, maximum), shape_of(op));
}

Value squared_difference(nn::BinaryOp op, NnBuilder& build) {
  if (op.getKind() != "squared_difference" || !is_f32(op)) return {};
  return build.unary("square", build.binary("sub", op.getA(), op.getB()));
}

Value depth_to_space(nn::DepthToSpaceOp op, NnBuilder& build) {
  const auto s = shape_of(op.getInput());
  const int64_t b = op.getBlock(), depth = s[1] / (b * b);
  const bool depth_first = op.getMode() == "DCR";
  const Axes split = depth_first ? Axes{s[0], b, b, depth, s[2], s[3]} : Axes{s[0], depth, b, b, s[2], s[3]};
  const Axes order = depth_first ? Axes{0, 3, 4, 1, 5, 2} : Axes{0, 1, 4, 2, 5, 3};
  return build.reshape(build.transpose(build.reshape(op.getInput(), split), order), shape_of(op));
}

Value space_to_depth(nn::SpaceToDepthOp op, NnBuilder& build) {
  const auto s = shape_of(op.getInput());
  const int64_t b = op.getBlock();
  const Axes split = {s[0], s[1], s[2] / b, b, s[3] / b, b};
  return build.reshape(build.transpose(build.reshape(op.getInput(), split), {0, 3, 5, 1, 2, 4}), shape_of(op));
}

Value reverse(nn::ReverseOp op, NnBuilder& build) {
  const auto shape = shape_of(op.getInput());
  Axes starts(shape.size(), 0), steps(shape.size(), 1);
  for (int64_t axis : op.getAxes()) starts[axis] = shape[axis] - 1, steps[axis] = -1;
  return build.create<nn::SliceOp>(op.getInput(), starts, shape, steps);
}

// [a, b] -> [1, a | 0, b]: an attribute of a 1-D operator as one of the 2-D operator of height 1.
Axes lift(llvm::ArrayRef<int64_t> values, int64_t neutral) {
  Axes lifted;
  for (int64_t value : values) lifted.append({neutral, value});
  return lifted;
}
Axes lift_shape(llvm::ArrayRef<int64_t> s) { return {s[0], s[1], 1, s[2]}; }

Value conv_1d(nn::ConvOp op, NnBuilder& build) {
  if (shape_of(op.getInput()).size() != 3) return {};
  const Value x = build.reshape(op.getInput(), lift_shape(shape_of(op.getInput())));
  const Value weight = build.reshape(op.getWeight(), lift_shape(shape_of(op.getWeight())));
  const Value y = build.create<nn::ConvOp>(x, weight, op.getBias(), lift(op.getStrides(), 1), lift(op.getPads(), 0),
                                           lift(op.getDilations(), 1), op.getGroup());
  return build.reshape(y, shape_of(op));
}

Value conv_transpose_1d(nn::ConvTransposeOp op, NnBuilder& build) {
  if (shape_of(op.getInput()).size() != 3) return {};
  const Value x = build.reshape(op.getInput(), lift_shape(shape_of(op.getInput())));
  const Value weight = build.reshape(op.getWeight(), lift_shape(shape_of(op.getWeight())));
  const Value y =
      build.create<nn::ConvTransposeOp>(x, weight, op.getBias(), lift(op.getStrides(), 1), lift(op.getPads(), 0),
                                        lift(op.getDilations(), 1), lift(op.getOutputPadding(), 0), op.getGroup());
  return build.reshape(y, shape_of(op));
}

Value pool_1d(nn::PoolOp op, NnBuilder& build) {
  if (shape_of(op.getInput()).size() != 3) return {};
  const Value x = build.reshape(op.getInput(), lift_shape(shape_of(op.getInput())));
  const Value y = build.create<nn::PoolOp>(x, op.getKind(), lift(op.getKernel(), 1), lift(op.getStrides(), 1),
                                           lift(op.getPads(), 0), lift(op.getDilations(), 1), op.getRounding(),
                                           op.getCountIncludePad());
  return build.reshape(y, shape_of(op));
}

// The labels of a two-operand einsum, sorted by where they occur.
struct EinsumPlan {
  std::string batch, contracted, free_a, free_b, a, b, out;
};

std::optional<EinsumPlan> plan_einsum(std::string equation) {
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  const size_t comma = equation.find(','), arrow = equation.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || equation.find(',', comma + 1) != std::string::npos)
    return {};
  EinsumPlan plan;
  plan.a = equation.substr(0, comma);
  plan.b = equation.substr(comma + 1, arrow - comma - 1);
  plan.out = equation.substr(arrow + 2);
  for (const std::string& term : {plan.a, plan.b, plan.out})
    for (size_t i = 0; i < term.size(); ++i)
      if (!isalpha(static_cast<unsigned char>(term[i])) || term.find(term[i], i + 1) != std::string::npos) return {};
  const auto in = [](const std::string& term, char label) { return term.find(label) != std::string::npos; };
  for (char label : plan.a) {
    if (in(plan.b, label))
      (in(plan.out, label) ? plan.batch : plan.contracted) += label;
    else if (in(plan.out, label))
      plan.free_a += label;
    else
      return {};  // summed in one operand only
  }
  for (char label : plan.b)
    if (!in(plan.a, label)) {
      if (!in(plan.out, label)) return {};
      plan.free_b += label;
    }
  return plan;
}

Axes permutation(const std::string& from, const std::string& to) {
  Axes order;
  for (char label : to) order.push_back(static_cast<int64_t>(from.find(label)));
  return order;
}

Value einsum(nn::EinsumOp op, NnBuilder& build) {
  const auto plan = plan_einsum(op.getEquation().str());
  if (!plan || op.getInputs().size() != 2 || !is_f32(op)) return {};
  const Value a = op.getInputs()[0], b = op.getInputs()[1];
  const auto size = [&](const std::string& labels) {
    int64_t count = 1;
    for (char label : labels)
      count *= plan->a.find(label) != std::string::npos ? shape_of(a)[plan->a.find(label)]
                                                        : shape_of(b)[plan->b.find(label)];
    return count;
  };
  const auto matrix = [&](Value x, const std::string& labels, const std::string& rows, const std::string& columns) {
    x = build.transpose(x, permutation(labels, plan->batch + rows + columns));
    return build.reshape(x, {size(plan->batch), size(rows), size(columns)});
  };
  const Value product =
      build.create<nn::MatmulOp>(matrix(a, plan->a, plan->free_a, plan->contracted),
                                 matrix(b, plan->b, plan->contracted, plan->free_b), Value(), false, false);
  const std::string labels = plan->batch + plan->free_a + plan->free_b;
  Axes shape;
  for (char label : labels) shape.push_back(size(std::string(1, label)));
  return build.transpose(build.reshape(product, shape), permutation(labels, plan->out));
}

class DecomposePass : public impl::DecomposeBase<DecomposePass> {
  void runOnOperation() override {
    mlir::MLIRContext* context = &getContext();
    mlir::RewritePatternSet patterns(context);
    patterns.add<ReplacePattern<nn::LayerNormOp>>(context, layer_norm);
    patterns.add<ReplacePattern<nn::GroupNormOp>>(context, group_norm);
    patterns.add<ReplacePattern<nn::LpNormalizeOp>>(context, lp_normalize);
    patterns.add<ReplacePattern<nn::SoftmaxOp>>(context, log_softmax);
    patterns.add<ReplacePattern<nn::ReduceOp>>(context, compound_reduce);
    patterns.add<ReplacePattern<nn::BinaryOp>>(context, squared_difference);
    patterns.add<ReplacePattern<nn::DepthToSpaceOp>>(context, depth_to_space);
    patterns.add<ReplacePattern<nn::SpaceToDepthOp>>(context, space_to_depth);
    patterns.add<ReplacePattern<nn::ReverseOp>>(context, reverse);
    patterns.add<ReplacePattern<nn::ConvOp>>(context, conv_1d);
    patterns.add<ReplacePattern<nn::ConvTransposeOp>>(context, conv_transpose_1d);
    patterns.add<ReplacePattern<nn::PoolOp>>(context, pool_1d);
    patterns.add<ReplacePattern<nn::EinsumOp>>(context, einsum);
    if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), std::move(patterns)))) signalPassFailure();
  }
};

}  // namespace

std::unique_ptr<mlir::Pass> create_decompose() { return std::make_unique<DecomposePass>(); }

}  // namespace bmnet::pass
