// Reading and writing at index tensors.

#include "frontend/onnx/call.h"
#include "frontend/sequence.h"

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

Result<Values> reverse_sequence(Call& call) {
  BMNET_ASSIGN(const int64_t time, Call::normal_axis(call.integer("time_axis", 0), call.rank(0)));
  BMNET_ASSIGN(const int64_t batch, Call::normal_axis(call.integer("batch_axis", 1), call.rank(0)));
  const Shape x = call.shape(0);
  if (time == batch || time > 1 || batch > 1) return user_error("time_axis and batch_axis must be 0 and 1");
  BMNET_ASSIGN(const ValueId indices, mirrored_steps(call, x, call.in(1), time, batch));
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
