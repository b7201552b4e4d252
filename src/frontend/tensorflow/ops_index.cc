// Access by index.
#include <limits>

#include "frontend/sequence.h"
#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

Result<Values> gather(Call& call) {
  int64_t axis = 0;
  if (call.input_count() > 2) {
    BMNET_ASSIGN(axis, call.integer_of(2, "the axis"));
  }
  BMNET_ASSIGN(axis, Call::normal_axis(axis, call.rank(0)));
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  BMNET_ASSIGN(const ValueId indices, call.plain(1));
  const int64_t batch_dims = call.integer("batch_dims", 0);
  if (batch_dims == 0) return call.finish("gather", {{"axis", axis}}, {x, indices});
  // The last axis of both, behind common ones: index vectors of one element.
  if (batch_dims != axis)
    return unsupported("batch_dims {} with axis {}; equal numbers are supported", batch_dims, axis);
  Shape vectors = call.shape(1);
  vectors.push_back(1);
  BMNET_ASSIGN(const ValueId index_vectors, call.reshape(indices, vectors));
  return call.finish("gather_nd", {{"batch_dims", batch_dims}}, {x, index_vectors});
}

Result<Values> gather_nd(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  BMNET_ASSIGN(const ValueId indices, call.plain(1));
  return call.finish("gather_nd", {}, {x, indices});
}

Result<Values> scatter_nd(Call& call) {
  BMNET_ASSIGN(const Shape shape, call.integers_of(2, "the shape"));
  BMNET_TRY(checked_count(shape));
  BMNET_ASSIGN(const ValueId indices, call.plain(0));
  BMNET_ASSIGN(const ValueId updates, call.plain(1));
  BMNET_ASSIGN(const ValueId zero, call.scalar(call.dtype(1), 0));
  BMNET_ASSIGN(const ValueId zeros, call.make("broadcast_to", {{"shape", shape}}, {zero}));
  return call.finish("scatter_nd", {{"reduction", std::string("add")}}, {zeros, indices, updates});
}

Result<Values> scatter_update(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.plain(0));
  BMNET_ASSIGN(const ValueId indices, call.plain(1));
  BMNET_ASSIGN(ValueId updates, call.plain(2));
  if (call.kind() == "sub") {
    BMNET_ASSIGN(updates, call.unary("neg", updates));
    return call.finish("scatter_nd", {{"reduction", std::string("add")}}, {x, indices, updates});
  }
  return call.finish("scatter_nd", {{"reduction", std::string(call.kind())}}, {x, indices, updates});
}

Result<Values> one_hot(Call& call) {
  BMNET_ASSIGN(const int64_t depth, call.integer_of(1, "the depth"));
  BMNET_ASSIGN(const float on, call.number_of(2, "the value at the index"));
  BMNET_ASSIGN(const float off, call.number_of(3, "the value elsewhere"));
  BMNET_ASSIGN(const ValueId indices, call.plain(0));
  const int64_t given = call.integer("axis", -1);
  BMNET_ASSIGN(const int64_t axis, Call::normal_axis(given, call.rank(0) + 1));
  Shape result = call.shape(0);
  result.push_back(depth);
  BMNET_TRY(checked_count(result));
  return call.finish("one_hot",
                     {{"depth", depth},
                      {"axis", axis},
                      {"on_value", on},
                      {"off_value", off},
                      {"to", std::string(dtype_name(call.dtype(2)))}},
                     {indices});
}

// Boxes [N,4], scores [N]; the network's form has a batch and classes, and a fixed number of rows.
Result<Values> non_max_suppression(Call& call) {
  if (call.rank(0) != 2 || call.rank(1) != 1)
    return user_error("boxes {} and scores {}", to_string(call.shape(0)), to_string(call.shape(1)));
  BMNET_ASSIGN(const int64_t most, call.integer_of(2, "the largest number of boxes"));
  float overlap = call.number("iou_threshold", 0.5f), score = -std::numeric_limits<float>::infinity();
  if (call.input_count() > 3) {
    BMNET_ASSIGN(overlap, call.number_of(3, "the overlap"));
  }
  if (call.input_count() > 4) {
    BMNET_ASSIGN(score, call.number_of(4, "the lowest score"));
  }
  const int64_t boxes = call.shape(0)[0], rows = std::min(most, boxes);
  if (rows < 1) return user_error("{} boxes of {}", most, boxes);
  BMNET_ASSIGN(const ValueId box_batch, call.reshape(call.value(0).id, {1, boxes, 4}));
  BMNET_ASSIGN(const ValueId score_batch, call.reshape(call.value(1).id, {1, 1, boxes}));
  BMNET_ASSIGN(const ValueId kept, call.make("non_max_suppression",
                                             {{"max_per_class", rows},
                                              {"iou_threshold", overlap},
                                              {"score_threshold", score},
                                              {"center_point_box", false},
                                              {"max_rows", rows}},
                                             {box_batch, score_batch}));
  BMNET_ASSIGN(
      const ValueId column,
      call.make("slice", {{"starts", Shape{0, 2}}, {"sizes", Shape{rows, 1}}, {"steps", Shape{1, 1}}}, {kept}));
  BMNET_ASSIGN(const ValueId list, call.reshape(column, {rows}));
  return call.finish("cast", {{"to", std::string("i32")}}, {list});
}

// V4 and V5: missing rows are 0, and the number of boxes comes as an output of its own; V5 gives the scores too.
Result<Values> counted_suppression(Call& call) {
  if (call.input_count() > 5) {
    BMNET_ASSIGN(const float sigma, call.number_of(5, "the sigma"));
    if (sigma != 0) return unsupported("soft suppression (sigma {}); sigma 0 is supported", sigma);
  }
  BMNET_ASSIGN(const Values rows, non_max_suppression(call));
  const ValueId kept = rows[0].id;
  BMNET_ASSIGN(const ValueId zero, call.scalar(DType::kI32, 0));
  BMNET_ASSIGN(const ValueId there, call.make("compare", {{"kind", std::string("ge")}}, {kept, zero}));
  BMNET_ASSIGN(const ValueId share, call.cast(there, DType::kF32));
  BMNET_ASSIGN(const ValueId sum,
               call.make("reduce", {{"kind", std::string("sum")}, {"axes", Shape{0}}, {"keep_dims", false}}, {share}));
  BMNET_ASSIGN(const ValueId count, call.cast(sum, DType::kI32));
  BMNET_ASSIGN(const ValueId indices, call.binary("max", kept, zero));
  if (call.kind() == "4") return Values{{indices, false}, {count, false}};
  BMNET_ASSIGN(const ValueId all, call.make("gather", {{"axis", int64_t{0}}}, {call.value(1).id, indices}));
  BMNET_ASSIGN(const ValueId scores, call.binary("mul", all, share));
  return Values{{indices, false}, {scores, false}, {count, false}};
}

Result<Values> reverse_sequence(Call& call) {
  const Shape x = call.shape(0);
  BMNET_ASSIGN(const int64_t time, Call::normal_axis(call.integer("seq_dim", 0), call.rank(0)));
  BMNET_ASSIGN(const int64_t batch, Call::normal_axis(call.integer("batch_dim", 0), call.rank(0)));
  BMNET_ASSIGN(const ValueId indices, mirrored_steps(call, x, call.value(1).id, time, batch));
  BMNET_ASSIGN(const ValueId plain, call.plain(0));
  return call.finish("gather_elements", {{"axis", time}}, {plain, indices});
}

// clang-format off
constexpr Row kRows[] = {
    {"Gather", 2, 2, "", gather, "", "gather", ""},
    {"GatherV2", 3, 3, "batch_dims:i", gather, "", "gather", "axis known at import"},
    {"ResourceGather", 2, 2, "", gather, "", "gather", ""},
    {"GatherNd", 2, 2, "", gather_nd, "", "gather_nd", ""},
    {"ScatterNd", 3, 3, "", scatter_nd, "", "scatter_nd", "shape known at import"},
    {"TensorScatterUpdate", 3, 3, "", scatter_update, "none", "scatter_nd", ""},
    {"TensorScatterAdd", 3, 3, "", scatter_update, "add", "scatter_nd", ""},
    {"TensorScatterSub", 3, 3, "", scatter_update, "sub", "scatter_nd", ""},
    {"TensorScatterMax", 3, 3, "", scatter_update, "max", "scatter_nd", ""},
    {"TensorScatterMin", 3, 3, "", scatter_update, "min", "scatter_nd", ""},
    {"OneHot", 4, 4, "axis:i", one_hot, "", "one_hot", "depth and values known at import"},
    {"NonMaxSuppression", 3, 3, "iou_threshold:f", non_max_suppression, "", "non_max_suppression", "a fixed number of rows, missing ones are -1"},
    {"NonMaxSuppressionV2", 4, 4, "", non_max_suppression, "", "non_max_suppression", "a fixed number of rows, missing ones are -1"},
    {"NonMaxSuppressionV4", 5, 5, "pad_to_max_output_size:b", counted_suppression, "4", "non_max_suppression", "a fixed number of rows"},
    {"NonMaxSuppressionV5", 6, 6, "pad_to_max_output_size:b", counted_suppression, "5", "non_max_suppression", "a fixed number of rows, sigma 0"},
    {"ReverseSequence", 2, 2, "seq_dim:i batch_dim:i", reverse_sequence, "", "gather_elements", ""},
    {"NonMaxSuppressionV3", 5, 5, "", non_max_suppression, "", "non_max_suppression", "a fixed number of rows, missing ones are -1"},
};
// clang-format on

}  // namespace

std::span<const Row> index_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
