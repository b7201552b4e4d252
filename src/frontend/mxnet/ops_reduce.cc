// Softmax, reductions, products of matrices, choice of elements.
#include <algorithm>
#include <numeric>

#include "frontend/mxnet/call.h"

namespace bmnet::frontend::mxnet {
namespace {

using Integers = std::vector<int64_t>;

// Along `axis` of x in the shape `view`, given back in x's own.
Result<Values> softmax_of(Call& call, ValueId x, const Shape& view, int64_t axis) {
  const Shape shape = call.shape_of(x);
  if (view == shape) return one(call.finish("softmax", {{"axis", axis}}, {x}));
  BMNET_ASSIGN(x, call.reshape(x, view));
  BMNET_ASSIGN(x, call.make("softmax", {{"axis", axis}}, {x}));
  return one(call.finish("reshape", {{"shape", shape}}, {x}));
}

// All values of a sample together.
Result<Values> softmax_of_samples(Call& call, ValueId x) {
  const Shape shape = call.shape_of(x);
  if (shape.size() < 2) return softmax_of(call, x, shape, 0);
  return softmax_of(call, x, {shape[0], element_count(shape) / shape[0]}, 1);
}

Result<Values> softmax_output(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const bool multi_output, call.node.boolean("multi_output", false));
  BMNET_ASSIGN(const bool preserve_shape, call.node.boolean("preserve_shape", false));
  const Shape shape = call.shape_of(x);
  if (shape.empty()) return user_error("its input is a scalar");
  if (preserve_shape) return softmax_of(call, x, shape, call.rank_of(x) - 1);
  if (multi_output && shape.size() > 1) return softmax_of(call, x, shape, 1);
  return softmax_of_samples(call, x);
}

Result<Values> softmax_activation(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  if (call.rank_of(x) < 2) return user_error("its input {} has no channels", to_string(call.shape_of(x)));
  const std::string mode = call.node.text("mode", "instance");
  if (mode == "channel") return softmax_of(call, x, call.shape_of(x), 1);
  if (mode == "instance") return softmax_of_samples(call, x);
  return user_error("mode={} is unknown", mode);
}

Result<Values> softmax(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", -1));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(x)));
  BMNET_ASSIGN(const float temperature, call.node.number("temperature", 1));
  BMNET_ASSIGN(const bool use_length, call.node.boolean("use_length", false));
  if (use_length) return unsupported("use_length=True");
  if (temperature == 0) return user_error("temperature=0");
  const float sign = call.kind() == "min" ? -1.0f : 1.0f;
  BMNET_ASSIGN(x, call.linear(x, sign / temperature, 0));
  return one(call.finish("softmax", {{"axis", axis}, {"log", call.kind() == "log"}}, {x}));
}

// Attribute axis: an integer, a list or none (all); exclude: all but these.
Result<Integers> reduced_axes(const Call& call, ValueId x) {
  BMNET_ASSIGN(Integers axes, call.node.integers("axis"));
  BMNET_ASSIGN(const bool exclude, call.node.boolean("exclude", false));
  BMNET_ASSIGN(axes, Emitter::normal_axes(std::move(axes), call.rank_of(x)));
  if (!axes.empty() && !exclude) return axes;
  Integers others;
  for (int64_t axis = 0; axis < call.rank_of(x); ++axis)
    if (!std::ranges::binary_search(axes, axis)) others.push_back(axis);
  return others;
}

// A result without axes has the shape [1] here.
Result<Values> finish_reduced(Call& call, ValueId y) {
  if (call.rank_of(y) > 0 || call.is_numpy()) return Values{y};
  return one(call.finish("reshape", {{"shape", Integers{1}}}, {y}));
}

Result<Values> reduce(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const Integers axes, reduced_axes(call, x));
  BMNET_ASSIGN(const bool keep, call.node.boolean("keepdims", false));
  std::string kind(call.kind());
  if (kind == "norm") {
    BMNET_ASSIGN(const int64_t order, call.node.integer("ord", 2));
    if (order != 1 && order != 2) return unsupported("ord={}; 1 and 2 can be compiled", order);
    kind = order == 1 ? "l1" : "l2";
  }
  if (axes.empty()) return Values{x};
  BMNET_ASSIGN(const ValueId y, call.finish("reduce", {{"kind", kind}, {"axes", axes}, {"keep_dims", keep}}, {x}));
  return finish_reduced(call, y);
}

// Indices are floats in MXNet.
Result<Values> arg_reduce(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in(0));
  BMNET_ASSIGN(const bool keep, call.node.boolean("keepdims", false));
  int64_t axis = 0;
  if (call.kind() == "channel") {
    axis = 1;
  } else if (call.node.has("axis")) {
    BMNET_ASSIGN(axis, call.node.integer("axis", 0));
  } else {
    BMNET_ASSIGN(x, call.reshape(x, {element_count(call.shape_of(x))}));
  }
  BMNET_ASSIGN(axis, Emitter::normal_axis(axis, call.rank_of(x)));
  const std::string kind = call.kind() == "min" ? "min" : "max";
  BMNET_ASSIGN(ValueId y, call.make("arg_reduce", {{"kind", kind}, {"axis", axis}, {"keep_dims", keep}}, {x}));
  if (call.is_numpy()) return Values{y};
  if (call.rank_of(y) == 0) {
    BMNET_ASSIGN(y, call.reshape(y, {1}));
  }
  return one(call.finish("cast", {{"to", std::string("f32")}}, {y}));
}

Result<Values> top_k(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", -1));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(x)));
  const int64_t size = call.shape_of(x)[axis];
  BMNET_ASSIGN(int64_t k, call.node.integer("k", 1));
  if (call.kind() != "topk" || k < 1) k = size;  // a sort
  BMNET_ASSIGN(const bool ascending, call.node.boolean("is_ascend", call.kind() != "topk"));
  std::string wanted = call.node.text("ret_typ", "indices");
  if (call.kind() == "sort") wanted = "value";
  if (call.kind() == "argsort") wanted = "indices";
  if (wanted != "indices" && wanted != "value" && wanted != "both") return unsupported("ret_typ={}", wanted);
  const Values operands{x};
  BMNET_ASSIGN(Values results,
               call.make_all("top_k", {{"k", k}, {"axis", axis}, {"largest", !ascending}}, operands, 2));
  BMNET_ASSIGN(results[1], call.cast(results[1], DType::kF32));
  if (wanted == "both") return results;
  return Values{results[wanted == "value" ? 0 : 1]};
}

// Last axis of a with the first of b, under transposition the first with the last.
Result<Values> dot(Call& call) {
  BMNET_ASSIGN(Values inputs, call.all_inputs());
  BMNET_ASSIGN(const bool transpose_a, call.node.boolean("transpose_a", false));
  BMNET_ASSIGN(const bool transpose_b, call.node.boolean("transpose_b", false));
  const Shape a = call.shape_of(inputs[0]), b = call.shape_of(inputs[1]);
  if (a.empty() || b.empty()) return user_error("an operand is a scalar");
  const int64_t depth_a = transpose_a ? a.front() : a.back(), depth_b = transpose_b ? b.back() : b.front();
  if (depth_a != depth_b) return user_error("operands {} and {} do not fit", to_string(a), to_string(b));
  Shape result(transpose_a ? a.begin() + 1 : a.begin(), transpose_a ? a.end() : a.end() - 1);
  result.insert(result.end(), transpose_b ? b.begin() : b.begin() + 1, transpose_b ? b.end() - 1 : b.end());
  if (result.empty()) result = {1};
  const int64_t rows = element_count(a) / depth_a, columns = element_count(b) / depth_b;
  BMNET_ASSIGN(inputs[0], call.reshape(inputs[0], transpose_a ? Shape{depth_a, rows} : Shape{rows, depth_a}));
  BMNET_ASSIGN(inputs[1], call.reshape(inputs[1], transpose_b ? Shape{columns, depth_b} : Shape{depth_b, columns}));
  const op::Attributes attributes = {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}};
  if (result == Shape{rows, columns}) return one(call.finish("matmul", attributes, inputs));
  BMNET_ASSIGN(const ValueId product, call.make("matmul", attributes, inputs));
  return one(call.finish("reshape", {{"shape", result}}, {product}));
}

Result<Values> batch_dot(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const bool transpose_a, call.node.boolean("transpose_a", false));
  BMNET_ASSIGN(const bool transpose_b, call.node.boolean("transpose_b", false));
  if (call.rank_of(inputs[0]) < 3 || call.rank_of(inputs[0]) != call.rank_of(inputs[1]))
    return user_error("operands {} and {} are no batches of matrices", to_string(call.shape_of(inputs[0])),
                      to_string(call.shape_of(inputs[1])));
  return one(call.finish("matmul", {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}}, inputs));
}

Result<Values> take(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", 0));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(inputs[0])));
  BMNET_ASSIGN(const ValueId indices, call.cast(inputs[1], DType::kI64));
  return one(call.finish("gather", {{"axis", axis}}, {inputs[0], indices}));
}

Result<Values> pick(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const int64_t given_axis, call.node.integer("axis", -1));
  BMNET_ASSIGN(const int64_t axis, Emitter::normal_axis(given_axis, call.rank_of(inputs[0])));
  BMNET_ASSIGN(const bool keep, call.node.boolean("keepdims", false));
  Shape kept = call.shape_of(inputs[0]), dropped = kept;
  kept[axis] = 1;
  dropped.erase(dropped.begin() + axis);
  if (dropped.empty()) dropped = {1};
  if (element_count(kept) != element_count(call.shape_of(inputs[1])))
    return user_error("indices of shape {} do not fit {}", to_string(call.shape_of(inputs[1])), to_string(kept));
  BMNET_ASSIGN(ValueId indices, call.cast(inputs[1], DType::kI64));
  BMNET_ASSIGN(indices, call.reshape(indices, kept));
  if (keep) return one(call.finish("gather_elements", {{"axis", axis}}, {inputs[0], indices}));
  BMNET_ASSIGN(const ValueId y, call.make("gather_elements", {{"axis", axis}}, {inputs[0], indices}));
  return one(call.finish("reshape", {{"shape", dropped}}, {y}));
}

// MXNet has the index vectors on the first axis, nn on the last.
Result<ValueId> index_vectors(Call& call, ValueId indices) {
  if (call.rank_of(indices) < 1) return user_error("the indices are a scalar");
  Integers permutation(call.rank_of(indices));
  std::iota(permutation.begin(), permutation.end(), 1);
  permutation.back() = 0;
  BMNET_ASSIGN(indices, call.cast(indices, DType::kI64));
  return call.transpose(indices, permutation);
}

Result<Values> gather_nd(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const ValueId indices, index_vectors(call, inputs[1]));
  return one(call.finish("gather_nd", {}, {inputs[0], indices}));
}

// Zeros of `shape` with data added at (or put to) index vectors, which stand on the first axis.
Result<Values> scatter_nd(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const Shape shape, call.node.integers("shape"));
  BMNET_ASSIGN(const ValueId indices, index_vectors(call, inputs[1]));
  BMNET_ASSIGN(const ValueId zeros, call.filled(call.dtype_of(inputs[0]), shape, 0));
  return one(call.finish("scatter_nd", {{"reduction", std::string("none")}}, {zeros, indices, inputs[0]}));
}

// Rows of the first input, by index, replaced by those of the third.
Result<Values> index_copy(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(ValueId index, call.cast(inputs[1], DType::kI64));
  BMNET_ASSIGN(index, call.reshape(index, {element_count(call.shape_of(index)), 1}));
  return one(call.finish("scatter_nd", {{"reduction", std::string("none")}}, {inputs[0], index, inputs[2]}));
}

Result<Values> cumsum(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in(0));
  BMNET_ASSIGN(int64_t axis, call.node.integer("axis", 0));
  if (!call.node.has("axis")) {
    BMNET_ASSIGN(x, call.reshape(x, {element_count(call.shape_of(x))}));
  }
  BMNET_ASSIGN(axis, Emitter::normal_axis(axis, call.rank_of(x)));
  return one(call.finish("cumsum", {{"axis", axis}}, {x}));
}

Result<Values> one_hot(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  BMNET_ASSIGN(const int64_t depth, call.node.integer("depth", 0));
  BMNET_ASSIGN(const float on, call.node.number("on_value", 1));
  BMNET_ASSIGN(const float off, call.node.number("off_value", 0));
  if (depth < 1 || depth > 1 << 28) return user_error("depth={}", depth);
  BMNET_ASSIGN(const ValueId indices, call.cast(x, DType::kI64));
  return one(call.finish("one_hot", {{"depth", depth}, {"axis", call.rank_of(x)}, {"on_value", on}, {"off_value", off}},
                         {indices}));
}

// clang-format off
constexpr std::string_view kReduced = "axis keepdims exclude";
constexpr Row reduction(std::string_view name, std::string_view kind) {
  return {name, 1, 1, kNoParameters, reduce, kind, kReduced, "reduce", ""};
}
constexpr Row kRows[] = {
    {"SoftmaxOutput", 1, 1, kNoParameters, softmax_output, "", "multi_output preserve_shape", "softmax", "labels are left out"},
    {"Softmax", 1, 1, kNoParameters, softmax_output, "", "multi_output preserve_shape", "softmax", "labels are left out"},
    {"SoftmaxActivation", 1, 1, kNoParameters, softmax_activation, "", "mode", "softmax", ""},
    {"softmax", 1, 1, kNoParameters, softmax, "", "axis temperature", "softmax", ""},
    {"softmin", 1, 1, kNoParameters, softmax, "min", "axis temperature", "softmax", ""},
    {"log_softmax", 1, 1, kNoParameters, softmax, "log", "axis temperature", "softmax", ""},
    reduction("mean", "mean"), reduction("sum", "sum"), reduction("sum_axis", "sum"), reduction("max", "max"),
    reduction("max_axis", "max"), reduction("min", "min"), reduction("min_axis", "min"), reduction("prod", "prod"),
    {"norm", 1, 1, kNoParameters, reduce, "norm", "axis keepdims ord", "reduce", "ord 1 and 2"},
    {"argmax", 1, 1, kNoParameters, arg_reduce, "max", "axis keepdims", "arg_reduce cast", ""},
    {"argmin", 1, 1, kNoParameters, arg_reduce, "min", "axis keepdims", "arg_reduce cast", ""},
    {"argmax_channel", 1, 1, kNoParameters, arg_reduce, "channel", "", "arg_reduce cast", ""},
    {"topk", 1, 1, kNoParameters, top_k, "topk", "k axis ret_typ is_ascend", "top_k", ""},
    {"sort", 1, 1, kNoParameters, top_k, "sort", "axis is_ascend", "top_k", ""},
    {"argsort", 1, 1, kNoParameters, top_k, "argsort", "axis is_ascend", "top_k", ""},
    {"dot", 2, 2, kNoParameters, dot, "", "transpose_a transpose_b", "matmul", ""},
    {"batch_dot", 2, 2, kNoParameters, batch_dot, "", "transpose_a transpose_b", "matmul", ""},
    {"take", 2, 2, kNoParameters, take, "", "axis", "gather", "indices inside the axis"},
    {"pick", 2, 2, kNoParameters, pick, "", "axis keepdims", "gather_elements", ""},
    {"gather_nd", 2, 2, kNoParameters, gather_nd, "", "", "gather_nd", ""},
    {"scatter_nd", 2, 2, kNoParameters, scatter_nd, "", "shape", "scatter_nd", ""},
    {"_contrib_index_copy", 3, 3, kNoParameters, index_copy, "", "", "scatter_nd", ""},
    {"cumsum", 1, 1, kNoParameters, cumsum, "", "axis", "cumsum", ""},
    {"batch_take", 2, 2, kNoParameters, pick, "", "", "gather_elements", ""},
    {"one_hot", 1, 1, kNoParameters, one_hot, "", "depth on_value off_value", "one_hot", ""},
};
// clang-format on

}  // namespace

std::span<const Row> reduce_rows() { return kRows; }

}  // namespace bmnet::frontend::mxnet
