// Reductions, scans, sorting.
#include <algorithm>
#include <cmath>

#include "frontend/pytorch/ops.h"
#include "frontend/pytorch/refusal.h"

namespace bmnet::frontend::pytorch {
namespace {

ValueId reduce(Call& c, std::string_view kind, ValueId x, const std::vector<int64_t>& axes, bool keep) {
  if (axes.empty()) return x;  // of a scalar
  return c.t.emit("reduce", {{"kind", std::string(kind)}, {"axes", axes}, {"keep_dims", keep}}, {x});
}
std::vector<int64_t> axes_of(Call& c, size_t index) { return c.axes(index, c.t.shape(c.tensor(0)).size()); }

// Sums of integers and bools are 64-bit.
ValueId summable(Call& c) {
  if (const auto type = dtype_of_code(c.named("dtype"))) return c.t.cast(c.tensor(0), *type);
  const ValueId x = c.tensor(0);
  return c.t.dtype(x) == DType::kF32 ? x : c.t.cast(x, DType::kI64);
}
Value sum(Call& c) { return c.result(reduce(c, "sum", summable(c), axes_of(c, 1), c.boolean(2, false))); }
Value mean(Call& c) { return c.result(reduce(c, "mean", c.f32(0), axes_of(c, 1), c.boolean(2, false))); }
Value prod(Call& c) { return c.result(reduce(c, "prod", summable(c), axes_of(c, 1), c.boolean(2, false))); }
Value amax(Call& c) { return c.result(reduce(c, "max", c.tensor(0), axes_of(c, 1), c.boolean(2, false))); }
Value amin(Call& c) { return c.result(reduce(c, "min", c.tensor(0), axes_of(c, 1), c.boolean(2, false))); }
Value logsumexp(Call& c) {
  // exp(x - max) cannot overflow.
  const std::vector<int64_t> axes = axes_of(c, 1);
  return c.result(reduce(c, "log_sum_exp", c.f32(0), axes, c.boolean(2, false)));
}
Value truth(Call& c, const char* kind) {
  ValueId x = c.tensor(0);
  if (c.t.dtype(x) != DType::kBool)
    x = c.t.emit("compare", {{"kind", std::string("ne")}}, {x, c.t.cast(c.t.scalar(DType::kF32, 0), c.t.dtype(x))});
  return c.result(reduce(c, kind, x, axes_of(c, 1), c.boolean(2, false)));
}
Value all(Call& c) { return truth(c, "all"); }
Value any(Call& c) { return truth(c, "any"); }

ValueId arg(Call& c, const char* kind, ValueId x, size_t axis, bool keep) {
  return c.t.emit("arg_reduce",
                  {{"kind", std::string(kind)}, {"axis", static_cast<int64_t>(axis)}, {"keep_dims", keep}}, {x});
}
Value arg_extreme(Call& c, const char* kind) {
  ValueId x = c.f32(0);
  if (c.given(1)) return c.result(arg(c, kind, x, c.axis(c.integer(1), c.t.shape(x).size()), c.boolean(2, false)));
  x = c.t.reshape(x, {element_count(c.t.shape(x))});
  return c.result(arg(c, kind, x, 0, false));
}
Value argmax(Call& c) { return arg_extreme(c, "max"); }
Value argmin(Call& c) { return arg_extreme(c, "min"); }

// max(x), max(x, other), max(x, dim, keepdim) -> (values, indices)
Value extreme(Call& c, const char* kind) {
  const ValueId x = c.tensor(0);
  if (c.is_tensor(1)) {
    const auto [a, b] = c.promoted(0, 1);
    return c.result(c.t.binary(kind, a, b));
  }
  if (!c.given(1)) return c.result(reduce(c, kind, x, axes_of(c, 1), false));
  const size_t axis = c.axis(c.integer(1), c.t.shape(x).size());
  const bool keep = c.boolean(2, false);
  return c.tuple({reduce(c, kind, x, {static_cast<int64_t>(axis)}, keep), arg(c, kind, c.f32(0), axis, keep)});
}
Value max(Call& c) { return extreme(c, "max"); }
Value min(Call& c) { return extreme(c, "min"); }

// var(x, unbiased), var(x, dim, unbiased, keepdim), var(x, dim, correction, keepdim)
struct Moments {
  ValueId variance, mean;
};
Moments moments(Call& c) {
  const ValueId x = c.f32(0);
  const bool flag_first = c.at(1).as<bool>() != nullptr;
  std::vector<int64_t> axes;
  for (size_t i = 0; i < c.t.shape(x).size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (!flag_first) axes = axes_of(c, 1);
  const double correction = flag_first ? c.number(1) : c.number(2, c.number(4, 1));
  const bool keep = c.boolean(3, false);
  const ValueId mean = reduce(c, "mean", x, axes, true);
  const ValueId squares = reduce(c, "sum", c.t.unary("square", c.t.binary("sub", x, mean)), axes, keep);
  double count = 1;
  for (const int64_t axis : axes) count *= static_cast<double>(c.t.shape(x)[static_cast<size_t>(axis)]);
  if (count <= correction) refuse("torch.{} of {} elements", c.op(), count);
  return {c.t.unary("linear", squares, 1 / (count - correction), 0), keep ? mean : reduce(c, "mean", x, axes, false)};
}
Value var(Call& c) { return c.result(moments(c).variance); }
Value standard_deviation(Call& c) { return c.result(c.t.unary("sqrt", moments(c).variance)); }
Value var_mean(Call& c) {
  const Moments m = moments(c);
  return c.tuple({m.variance, m.mean});
}
Value std_mean(Call& c) {
  const Moments m = moments(c);
  return c.tuple({c.t.unary("sqrt", m.variance), m.mean});
}

Value p_norm(Call& c, double p, size_t dims, bool keep) {
  const ValueId x = c.f32(0);
  const std::vector<int64_t> axes = axes_of(c, dims);
  if (p == 1) return c.result(reduce(c, "l1", x, axes, keep));
  if (p == 2) return c.result(reduce(c, "l2", x, axes, keep));
  if (std::isinf(p)) return c.result(reduce(c, p > 0 ? "max" : "min", c.t.unary("abs", x), axes, keep));
  if (p == 0) {
    const ValueId counted = c.t.compare("ne", x, c.t.scalar(DType::kF32, 0));
    return c.result(reduce(c, "sum", c.t.cast(counted, DType::kF32), axes, keep));
  }
  return c.result(c.t.unary("power", reduce(c, "sum", c.t.unary("power", c.t.unary("abs", x), p), axes, keep), 1 / p));
}
Value norm(Call& c) { return p_norm(c, c.number(1, 2), 2, c.boolean(3, false)); }
Value frobenius_norm(Call& c) { return p_norm(c, 2, 1, c.boolean(2, false)); }
Value linalg_norm(Call& c) {
  if (c.at(1).as<std::string>() && c.text(1, "") != "fro") refuse("torch.linalg_norm of kind '{}'", c.text(1, ""));
  return p_norm(c, c.at(1).as<std::string>() ? 2 : c.number(1, 2), 2, c.boolean(3, false));
}

Value cumsum(Call& c) {
  const ValueId x = summable(c);
  return c.result(c.t.emit("cumsum", {{"axis", static_cast<int64_t>(c.axis(c.integer(1), c.t.shape(x).size()))}}, {x}));
}
// Products of ever longer prefixes, doubled from step to step.
Value cumprod(Call& c) {
  ValueId x = summable(c);
  const Shape shape = c.t.shape(x);
  const size_t axis = c.axis(c.integer(1), shape.size());
  if (shape.empty()) return c.result(x);
  for (int64_t width = 1; width < shape[axis]; width *= 2) {
    const ValueId behind = c.t.slice(x, axis, width, shape[axis] - width);
    const ValueId before = c.t.slice(x, axis, 0, shape[axis] - width);
    x = c.t.concat({c.t.slice(x, axis, 0, width), c.t.binary("mul", behind, before)}, static_cast<int64_t>(axis));
  }
  return c.result(x);
}

std::vector<ValueId> ordered(Call& c, int64_t count, int64_t axis, bool largest) {
  return c.t.emit_many("top_k", {{"k", count}, {"axis", axis}, {"largest", largest}, {"sorted", true}}, {c.tensor(0)},
                       2);
}
Value topk(Call& c) {
  const size_t axis = c.axis(c.integer(2, -1), c.t.shape(c.tensor(0)).size());
  return c.tuple(ordered(c, c.integer(1), static_cast<int64_t>(axis), c.boolean(3, true)));
}
std::vector<ValueId> sorted(Call& c) {
  const Shape& shape = c.t.shape(c.tensor(0));
  if (shape.empty()) reject("torch.{} of a scalar", c.op());
  const size_t axis = c.axis(c.integer(1, -1), shape.size());
  return ordered(c, shape[axis], static_cast<int64_t>(axis), c.boolean(2, false));
}
Value sort(Call& c) { return c.tuple(sorted(c)); }
Value argsort(Call& c) { return c.result(sorted(c)[1]); }

constexpr OpRow kRows[] = {
    {"sum", "self dim keepdim", sum, "reduce"},
    {"mean", "self dim keepdim", mean, "reduce"},
    {"prod", "self dim keepdim", prod, "reduce"},
    {"amax", "self dim keepdim", amax, "reduce"},
    {"amin", "self dim keepdim", amin, "reduce"},
    {"logsumexp", "self dim keepdim", logsumexp, "reduce"},
    {"all", "self dim keepdim", all, "reduce"},
    {"any", "self dim keepdim", any, "reduce"},
    {"argmax", "self dim keepdim", argmax, "arg_reduce"},
    {"argmin", "self dim keepdim", argmin, "arg_reduce"},
    {"max", "self dim keepdim", max, "reduce arg_reduce binary"},
    {"min", "self dim keepdim", min, "reduce arg_reduce binary"},
    {"var", "self dim unbiased keepdim correction", var, "reduce unary"},
    {"std", "self dim unbiased keepdim correction", standard_deviation, "reduce unary"},
    {"var_mean", "self dim unbiased keepdim correction", var_mean, "reduce unary"},
    {"std_mean", "self dim unbiased keepdim correction", std_mean, "reduce unary"},
    {"norm", "self p dim keepdim", norm, "reduce"},
    {"frobenius_norm", "self dim keepdim", frobenius_norm, "reduce"},
    {"linalg_norm", "self ord dim keepdim", linalg_norm, "reduce"},
    {"linalg_vector_norm", "self ord dim keepdim", norm, "reduce"},
    {"cumsum", "self dim", cumsum, "cumsum"},
    {"cumprod", "self dim", cumprod, "binary concat"},
    {"topk", "self k dim largest sorted", topk, "top_k"},
    {"sort", "self dim descending", sort, "top_k"},
    {"argsort", "self dim descending", argsort, "top_k"},
};

}  // namespace

std::span<const OpRow> reduce_ops() { return kRows; }

}  // namespace bmnet::frontend::pytorch
