// Reductions, indices of extremes, softmax, sorting, running sums.
#include <algorithm>
#include <numeric>

#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

// Axes of the model's layout in the layout of the stored tensor, sorted.
Shape stored_axes(const Value& value, Shape axes, int64_t rank) {
  if (value.channels_first) {
    const Shape places = channels_first_places(rank);
    for (int64_t& axis : axes) axis = places[axis];
    std::ranges::sort(axes);
  }
  return axes;
}

// Whether what remains of a channels-first tensor without `axes` stands in the model's order.
bool order_is_kept(const Shape& axes, int64_t rank) {
  Shape places = channels_first_places(rank), kept;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!std::ranges::binary_search(axes, axis)) kept.push_back(places[axis]);
  return std::ranges::is_sorted(kept);
}

Result<Values> reduce(Call& call) {
  BMNET_ASSIGN(const Shape given, call.integers_of(1, "the axes"));
  const int64_t rank = call.rank(0);
  BMNET_ASSIGN(const Shape axes, Call::normal_axes(given, rank));
  if (axes.empty()) return Values{call.value(0)};
  const bool keep = call.flag("keep_dims", false);
  Value x = call.value(0);
  if (x.channels_first && !keep && !order_is_kept(axes, rank)) {
    BMNET_ASSIGN(x.id, call.plain(0));
    x.channels_first = false;
  }
  return call.finish("reduce",
                     {{"kind", std::string(call.kind())}, {"axes", stored_axes(x, axes, rank)}, {"keep_dims", keep}},
                     {x.id}, x.channels_first && keep);
}

Result<Values> arg_reduce(Call& call) {
  BMNET_ASSIGN(const int64_t given, call.integer_of(1, "the axis"));
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(given, call.rank(0)));
  BMNET_ASSIGN(const DType type, call.type("output_type", DType::kI64));
  Value x = call.value(0);
  if (!order_is_kept({axis}, call.rank(0))) {
    BMNET_ASSIGN(x.id, call.plain(0));
    x.channels_first = false;
  }
  const op::Attributes attributes = {
      {"kind", std::string(call.kind())}, {"axis", stored_axes(x, {axis}, call.rank(0))[0]}, {"keep_dims", false}};
  if (type == DType::kI64) return call.finish("arg_reduce", attributes, {x.id});
  BMNET_ASSIGN(const ValueId index, call.make("arg_reduce", attributes, {x.id}));
  return call.finish("cast", {{"to", std::string(dtype_name(type))}}, {index});
}

Result<Values> softmax(Call& call) {
  const Value& x = call.value(0);
  if (call.rank(0) < 1) return user_error("softmax of a scalar");
  return call.finish("softmax",
                     {{"axis", stored_axes(x, {call.rank(0) - 1}, call.rank(0))[0]}, {"log", call.kind() == "log"}},
                     {x.id}, x.channels_first);
}

Result<Values> top_k(Call& call) {
  int64_t k = call.integer("k", 1);
  if (call.input_count() > 1) {
    BMNET_ASSIGN(k, call.integer_of(1, "k"));
  }
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  if (call.rank(0) < 1) return user_error("the largest elements of a scalar");
  BMNET_ASSIGN(Values results, call.finish("top_k", {{"k", k}, {"axis", call.rank(0) - 1}}, {x}, false, 2));
  BMNET_ASSIGN(const DType type, call.type("index_type", DType::kI32));
  BMNET_ASSIGN(results[1].id, call.cast(results[1].id, type));
  return results;
}

Result<Values> cumsum(Call& call) {
  BMNET_ASSIGN(const int64_t given, call.integer_of(1, "the axis"));
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(given, call.rank(0)));
  const Value& x = call.value(0);
  return call.finish("cumsum",
                     {{"axis", stored_axes(x, {axis}, call.rank(0))[0]},
                      {"exclusive", call.flag("exclusive", false)},
                      {"reverse", call.flag("reverse", false)}},
                     {x.id}, x.channels_first);
}

Result<Values> l2_loss(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  Shape axes(static_cast<size_t>(call.rank(0)));
  std::iota(axes.begin(), axes.end(), 0);
  if (axes.empty()) return unsupported("the loss of a scalar");
  BMNET_ASSIGN(const ValueId sum,
               call.make("reduce", {{"kind", std::string("sum_square")}, {"axes", axes}, {"keep_dims", false}}, {x}));
  return call.finish("unary", {{"kind", std::string("linear")}, {"alpha", 0.5f}}, {sum});
}

Result<Values> einsum(Call& call) {
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < call.input_count(); ++i) {
    BMNET_ASSIGN(const ValueId input, call.plain(i));
    inputs.push_back(input);
  }
  return call.finish("einsum", {{"equation", call.text("equation", "")}}, inputs);
}

// clang-format off
constexpr Row kRows[] = {
    {"Mean", 2, 2, "keep_dims:b", reduce, "mean", "reduce", "axes known at import"},
    {"Sum", 2, 2, "keep_dims:b", reduce, "sum", "reduce", "axes known at import"},
    {"Max", 2, 2, "keep_dims:b", reduce, "max", "reduce", "axes known at import"},
    {"Min", 2, 2, "keep_dims:b", reduce, "min", "reduce", "axes known at import"},
    {"Prod", 2, 2, "keep_dims:b", reduce, "prod", "reduce", "axes known at import"},
    {"All", 2, 2, "keep_dims:b", reduce, "all", "reduce", "axes known at import"},
    {"Any", 2, 2, "keep_dims:b", reduce, "any", "reduce", "axes known at import"},
    {"EuclideanNorm", 2, 2, "keep_dims:b", reduce, "l2", "reduce", "axes known at import"},
    {"L2Loss", 1, 1, "", l2_loss, "", "reduce unary", ""},
    {"ArgMax", 2, 2, "output_type:t", arg_reduce, "max", "arg_reduce", ""},
    {"ArgMin", 2, 2, "output_type:t", arg_reduce, "min", "arg_reduce", ""},
    {"Softmax", 1, 1, "", softmax, "", "softmax", ""},
    {"LogSoftmax", 1, 1, "", softmax, "log", "softmax", ""},
    {"TopK", 1, 1, "k:i sorted:b", top_k, "", "top_k", ""},
    {"TopKV2", 2, 2, "sorted:b index_type:t", top_k, "", "top_k", "k known at import"},
    {"Cumsum", 2, 2, "exclusive:b reverse:b", cumsum, "", "cumsum", "axis known at import"},
    {"Einsum", 1, kAny, "equation:s", einsum, "", "einsum", ""},
};
// clang-format on

}  // namespace

std::span<const Row> reduce_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
