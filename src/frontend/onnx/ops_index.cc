// Reading and writing at index tensors.
#include <numeric>

#include "frontend/onnx/call.h"

namespace bmnet::frontend::onnx {
namespace {

Result<Values> gather(Call& call) {
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", 0), call.rank(0)));
  return call.finish(call.kind(), {{"axis", axis}}, {call.in(0), call.in(1)});
}

Result<Values> gather_nd(Call& call) {
  return call.finish("gather_nd", {{"batch_dims", call.integer("batch_dims", 0)}}, {call.in(0), call.in(1)});
}

Result<Values> scatter_elements(Call& call) {
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(call.integer("axis", 0), call.rank(0)));
  return call.finish("scatter_elements", {{"axis", axis}, {"reduction", call.text("reduction", "none")}},
                     {call.in(0), call.in(1), call.in(2)});
}

Result<Values> scatter_nd(Call& call) {
  return call.finish("scatter_nd", {{"reduction", call.text("reduction", "none")}},
                     {call.in(0), call.in(1), call.in(2)});
}

// The first lengths[b] elements along the time axis in opposite order: element t comes from lengths[b]-1-t when t <
// lengths[b], else from t.
Result<Values> reverse_sequence(Call& call) {
  BMNET_ASSIGN(const int64_t time, Call::normal_axis(call.integer("time_axis", 0), call.rank(0)));
  BMNET_ASSIGN(const int64_t batch, Call::normal_axis(call.integer("batch_axis", 1), call.rank(0)));
  const Shape x = call.shape(0);
  if (time == batch || time > 1 || batch > 1) return user_error("time_axis and batch_axis must be 0 and 1");
  if (call.shape(1) != Shape{x[batch]})
    return user_error("lengths of shape {} for {} sequences", to_string(call.shape(1)), x[batch]);
  std::vector<int64_t> steps(x[time]);
  std::iota(steps.begin(), steps.end(), 0);
  Shape time_shape(x.size(), 1), batch_shape(x.size(), 1);
  time_shape[time] = x[time];
  batch_shape[batch] = x[batch];
  const ValueId t = call.constant<int64_t>(time_shape, steps);
  BMNET_ASSIGN(ValueId lengths, call.cast(call.in(1), DType::kI64));
  BMNET_ASSIGN(lengths, call.reshape(lengths, batch_shape));
  BMNET_ASSIGN(const ValueId one, call.scalar(DType::kI64, 1));
  BMNET_ASSIGN(const ValueId last, call.binary("sub", lengths, one));
  BMNET_ASSIGN(const ValueId mirrored, call.binary("sub", last, t));
  BMNET_ASSIGN(const ValueId inside, call.make("compare", {{"kind", std::string("lt")}}, {t, lengths}));
  BMNET_ASSIGN(const ValueId source, call.make("select", {}, {inside, mirrored, t}));
  BMNET_ASSIGN(const ValueId indices, call.broadcast(source, x));
  return call.finish("gather_elements", {{"axis", time}}, {call.in(0), indices});
}

// clang-format off
constexpr Row kRows[] = {
    {"Gather", 1, 2, 2, 1, "axis:i", gather, "gather", "gather", ""},
    {"GatherElements", 11, 2, 2, 1, "axis:i", gather, "gather_elements", "gather_elements", ""},
    {"GatherND", 11, 2, 2, 1, "batch_dims:i", gather_nd, "", "gather_nd", ""},
    {"ReverseSequence", 10, 2, 2, 1, "batch_axis:i time_axis:i", reverse_sequence, "", "gather_elements", ""},
    {"Scatter", 9, 3, 3, 1, "axis:i", scatter_elements, "", "scatter_elements", ""},
    {"ScatterElements", 11, 3, 3, 1, "axis:i reduction:s", scatter_elements, "", "scatter_elements", ""},
    {"ScatterND", 11, 3, 3, 1, "reduction:s", scatter_nd, "", "scatter_nd", ""},
};
// clang-format on

}  // namespace

std::span<const Row> index_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
