// Reductions, running sums, sorting.
#include <numeric>

#include "frontend/onnx/call.h"

namespace bmnet::frontend::onnx {
namespace {

Result<Values> reduce_over(Call& call, Shape axes, bool keep_dims) {
  const std::string kind(call.kind());
  ValueId x = call.in(0);
  if (call.rank(0) == 0) {  // a scalar is reduced as a list of one
    BMNET_ASSIGN(x, call.reshape(x, {1}));
    return call.finish("reduce", {{"kind", kind}, {"axes", Shape{0}}, {"keep_dims", false}}, {x});
  }
  if (axes.empty()) {
    axes.resize(call.rank(0));
    std::iota(axes.begin(), axes.end(), 0);
  }
  BMNET_ASSIGN(axes, Call::normal_axes(std::move(axes), call.rank(0)));
  return call.finish("reduce", {{"kind", kind}, {"axes", axes}, {"keep_dims", keep_dims}}, {x});
}

Result<Values> reduce(Call& call) { return reduce_over(call, call.integers("axes"), call.integer("keepdims", 1) != 0); }

// The axes as an optional input (ReduceSum from 13 on, the others from 18 on).
Result<Values> reduce_by_input(Call& call) {
  Shape axes;
  if (call.has(1)) {
    BMNET_ASSIGN(axes, call.integers_of(1, "axes"));
  }
  if (axes.empty() && call.integer("noop_with_empty_axes", 0)) return Values{call.in(0)};
  return reduce_over(call, std::move(axes), call.integer("keepdims", 1) != 0);
}

Result<Values> arg_reduce(Call& call) {
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", 0), call.rank(0)));
  return call.finish("arg_reduce",
                     {{"kind", std::string(call.kind())},
                      {"axis", axis},
                      {"keep_dims", call.integer("keepdims", 1) != 0},
                      {"select_last", call.integer("select_last_index", 0) != 0}},
                     {call.in(0)});
}

Result<Values> top_k_of(Call& call, int64_t k) {
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", -1), call.rank(0)));
  if (k < 0 || k > call.shape(0)[axis]) return user_error("k is {}, the axis has {} elements", k, call.shape(0)[axis]);
  return call.finish("top_k",
                     {{"k", k},
                      {"axis", axis},
                      {"largest", call.integer("largest", 1) != 0},
                      {"sorted", call.integer("sorted", 1) != 0}},
                     {call.in(0)}, 2);
}
Result<Values> old_top_k(Call& call) {
  BMNET_ASSIGN(const int64_t k, call.required_integer("k"));
  return top_k_of(call, k);
}
Result<Values> top_k(Call& call) {
  BMNET_ASSIGN(const int64_t k, call.integer_of(1, "k"));
  return top_k_of(call, k);
}

Result<Values> cumsum(Call& call) {
  BMNET_ASSIGN(const int64_t given, call.integer_of(1, "axis"));
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(given, call.rank(0)));
  return call.finish(
      "cumsum",
      {{"axis", axis}, {"exclusive", call.integer("exclusive", 0) != 0}, {"reverse", call.integer("reverse", 0) != 0}},
      {call.in(0)});
}

constexpr std::string_view kAxes = "axes:is keepdims:i";
constexpr std::string_view kNoAxes = "keepdims:i noop_with_empty_axes:i";
constexpr std::string_view kArg = "axis:i keepdims:i select_last_index:i";

// clang-format off
constexpr Row kRows[] = {
    {"ArgMax", 1, 1, 1, 1, kArg, arg_reduce, "max", "arg_reduce", ""},
    {"ArgMin", 1, 1, 1, 1, kArg, arg_reduce, "min", "arg_reduce", ""},
    {"CumSum", 11, 2, 2, 1, "exclusive:i reverse:i", cumsum, "", "cumsum", "constant axis"},
    {"ReduceL1", 1, 1, 1, 1, kAxes, reduce, "l1", "reduce", ""},
    {"ReduceL1", 18, 1, 2, 1, kNoAxes, reduce_by_input, "l1", "reduce", "constant axes"},
    {"ReduceL2", 1, 1, 1, 1, kAxes, reduce, "l2", "reduce", ""},
    {"ReduceL2", 18, 1, 2, 1, kNoAxes, reduce_by_input, "l2", "reduce", "constant axes"},
    {"ReduceLogSum", 1, 1, 1, 1, kAxes, reduce, "log_sum", "reduce", ""},
    {"ReduceLogSum", 18, 1, 2, 1, kNoAxes, reduce_by_input, "log_sum", "reduce", "constant axes"},
    {"ReduceLogSumExp", 1, 1, 1, 1, kAxes, reduce, "log_sum_exp", "reduce", ""},
    {"ReduceLogSumExp", 18, 1, 2, 1, kNoAxes, reduce_by_input, "log_sum_exp", "reduce", "constant axes"},
    {"ReduceMax", 1, 1, 1, 1, kAxes, reduce, "max", "reduce", ""},
    {"ReduceMax", 18, 1, 2, 1, kNoAxes, reduce_by_input, "max", "reduce", "constant axes"},
    {"ReduceMean", 1, 1, 1, 1, kAxes, reduce, "mean", "reduce", ""},
    {"ReduceMean", 18, 1, 2, 1, kNoAxes, reduce_by_input, "mean", "reduce", "constant axes"},
    {"ReduceMin", 1, 1, 1, 1, kAxes, reduce, "min", "reduce", ""},
    {"ReduceMin", 18, 1, 2, 1, kNoAxes, reduce_by_input, "min", "reduce", "constant axes"},
    {"ReduceProd", 1, 1, 1, 1, kAxes, reduce, "prod", "reduce", ""},
    {"ReduceProd", 18, 1, 2, 1, kNoAxes, reduce_by_input, "prod", "reduce", "constant axes"},
    {"ReduceSum", 1, 1, 1, 1, kAxes, reduce, "sum", "reduce", ""},
    {"ReduceSum", 13, 1, 2, 1, kNoAxes, reduce_by_input, "sum", "reduce", "constant axes"},
    {"ReduceSumSquare", 1, 1, 1, 1, kAxes, reduce, "sum_square", "reduce", ""},
    {"ReduceSumSquare", 18, 1, 2, 1, kNoAxes, reduce_by_input, "sum_square", "reduce", "constant axes"},
    {"TopK", 1, 1, 1, 2, "axis:i k:i", old_top_k, "", "top_k", ""},
    {"TopK", 10, 2, 2, 2, "axis:i largest:i sorted:i", top_k, "", "top_k", "constant k"},
};
// clang-format on

}  // namespace

std::span<const Row> reduce_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
