// Regions of interest, box suppression, sampling at given points.
#include <algorithm>
#include <optional>

#include "frontend/onnx/call.h"

namespace bmnet::frontend::onnx {
namespace {

Result<Values> non_max_suppression(Call& call) {
  int64_t per_class = 0;
  float iou = 0, score = -3.4e38f;
  if (call.has(2)) {
    BMNET_ASSIGN(per_class, call.integer_of(2, "max_output_boxes_per_class"));
  }
  if (call.has(3)) {
    BMNET_ASSIGN(iou, call.number_of(3, "iou_threshold"));
  }
  if (call.has(4)) {
    BMNET_ASSIGN(score, call.number_of(4, "score_threshold"));
  }
  if (call.rank(0) != 3 || call.rank(1) != 3)
    return user_error("boxes [N,boxes,4] and scores [N,classes,boxes] are expected, not {} and {}",
                      to_string(call.shape(0)), to_string(call.shape(1)));
  per_class = std::clamp<int64_t>(per_class, 0, call.shape(0)[1]);
  const int64_t rows = call.shape(1)[0] * call.shape(1)[1] * per_class;
  if (rows == 0) return Values{call.constant<int64_t>({0, 3}, {})};
  return call.finish("non_max_suppression",
                     {{"max_per_class", per_class},
                      {"iou_threshold", iou},
                      {"score_threshold", score},
                      {"center_point_box", call.integer("center_point_box", 0) != 0},
                      {"max_rows", rows}},
                     {call.in(0), call.in(1)});
}

Result<Values> roi_align(Call& call) {
  // Before operator set 16 there was no half-pixel shift.
  const std::string coordinates =
      call.text("coordinate_transformation_mode", call.opset() < 16 ? "output_half_pixel" : "half_pixel");
  return call.finish("roi_align",
                     {{"pooled_h", call.integer("output_height", 1)},
                      {"pooled_w", call.integer("output_width", 1)},
                      {"spatial_scale", call.number("spatial_scale", 1)},
                      {"sampling_ratio", call.integer("sampling_ratio", 0)},
                      {"mode", call.text("mode", "avg")},
                      {"aligned", coordinates == "half_pixel"}},
                     {call.in(0), call.in(1), call.in(2)});
}

Result<Values> max_roi_pool(Call& call) {
  BMNET_ASSIGN(const Shape pooled, call.required_integers("pooled_shape"));
  if (pooled.size() != 2) return user_error("pooled_shape has {} elements, 2 are expected", pooled.size());
  return call.finish(
      "roi_pool",
      {{"pooled_h", pooled[0]}, {"pooled_w", pooled[1]}, {"spatial_scale", call.number("spatial_scale", 1)}},
      {call.in(0), call.in(1)});
}

// ---- GridSample

struct Sampling {
  bool align_corners;
  std::string mode, padding;
};

// Coordinates of one axis, -1 to 1 in the grid, in elements of an axis with `length` of them; moved inside by the
// padding.
Result<ValueId> source_position(Call& call, const Sampling& s, ValueId grid, int64_t axis, int64_t length) {
  const Shape shape = call.shape_of(grid);
  const Shape points = {shape[0], 1, shape[1] * shape[2]};
  Shape size = shape;
  size.back() = 1;
  BMNET_ASSIGN(
      const ValueId part,
      call.make("slice", {{"starts", Shape{0, 0, 0, axis}}, {"sizes", size}, {"steps", Shape{1, 1, 1, 1}}}, {grid}));
  BMNET_ASSIGN(ValueId x, call.reshape(part, points));
  const float extent = static_cast<float>(length), last = extent - 1;
  const float factor = (s.align_corners ? last : extent) / 2;
  BMNET_ASSIGN(x, call.unary("linear", x, factor, last / 2));
  if (s.padding == "zeros") return x;
  if (s.padding == "reflection") {
    // Between the centres of the outer elements (align_corners), else between their outer edges.
    const float low = s.align_corners ? 0.0f : -0.5f, range = s.align_corners ? last : extent;
    if (range > 0) {
      BMNET_ASSIGN(const ValueId distance, call.unary("linear", x, 1, -low));
      BMNET_ASSIGN(const ValueId magnitude, call.unary("abs", distance));
      BMNET_ASSIGN(const ValueId period, call.scalar(DType::kF32, 2 * range));
      BMNET_ASSIGN(const ValueId phase, call.binary("fmod", magnitude, period));
      BMNET_ASSIGN(const ValueId from_turn, call.unary("linear", phase, 1, -range));
      BMNET_ASSIGN(const ValueId folded, call.unary("abs", from_turn));
      BMNET_ASSIGN(x, call.unary("linear", folded, -1, low + range));
    }
  }
  return call.unary("clip", x, 0, last);
}

// 1 where the position lies on the axis, else 0.
Result<ValueId> inside(Call& call, ValueId position, int64_t length) {
  BMNET_ASSIGN(const ValueId nearest, call.unary("clip", position, 0, static_cast<float>(length - 1)));
  BMNET_ASSIGN(const ValueId equal, call.make("compare", {{"kind", std::string("eq")}}, {position, nearest}));
  return call.cast(equal, DType::kF32);
}

// Elements of image [N,C,H*W] at whole positions y, x [N,1,P]: [N,C,P].
Result<ValueId> pick(Call& call, ValueId image, ValueId y, ValueId x, int64_t height, int64_t width) {
  BMNET_ASSIGN(const ValueId row, call.unary("clip", y, 0, static_cast<float>(height - 1)));
  BMNET_ASSIGN(const ValueId column, call.unary("clip", x, 0, static_cast<float>(width - 1)));
  BMNET_ASSIGN(const ValueId start, call.unary("linear", row, static_cast<float>(width)));
  BMNET_ASSIGN(const ValueId place, call.binary("add", start, column));
  BMNET_ASSIGN(const ValueId index, call.cast(place, DType::kI64));
  BMNET_ASSIGN(const ValueId indices,
               call.broadcast(index, {call.shape_of(image)[0], call.shape_of(image)[1], call.shape_of(index)[2]}));
  return call.make("gather_elements", {{"axis", int64_t{2}}}, {image, indices});
}

struct Tap {
  ValueId position;
  std::optional<ValueId> weight;  // [N,1,P]
};

// The elements of one axis that take part, with their weights.
Result<std::vector<Tap>> taps(Call& call, const Sampling& s, ValueId position, int64_t length) {
  std::vector<Tap> result;
  if (s.mode == "nearest") {
    BMNET_ASSIGN(const ValueId rounded, call.unary("round", position));
    result.push_back({rounded, std::nullopt});
  } else {
    BMNET_ASSIGN(const ValueId low, call.unary("floor", position));
    BMNET_ASSIGN(const ValueId high, call.unary("linear", low, 1, 1));
    BMNET_ASSIGN(const ValueId high_weight, call.binary("sub", position, low));
    BMNET_ASSIGN(const ValueId low_weight, call.unary("linear", high_weight, -1, 1));
    result = {{low, low_weight}, {high, high_weight}};
  }
  if (s.padding != "zeros") return result;
  for (Tap& tap : result) {
    BMNET_ASSIGN(const ValueId there, inside(call, tap.position, length));
    if (!tap.weight) {
      tap.weight = there;
      continue;
    }
    BMNET_ASSIGN(tap.weight, call.binary("mul", *tap.weight, there));
  }
  return result;
}

Result<Values> grid_sample(Call& call) {
  Sampling s{call.integer("align_corners", 0) != 0, call.text("mode", call.opset() < 20 ? "bilinear" : "linear"),
             call.text("padding_mode", "zeros")};
  if (s.mode == "linear") s.mode = "bilinear";
  if (s.mode != "bilinear" && s.mode != "nearest")
    return unsupported("mode '{}'; bilinear and nearest are supported", s.mode);
  if (s.padding != "zeros" && s.padding != "border" && s.padding != "reflection")
    return user_error("padding_mode '{}' is not defined", s.padding);
  if (call.rank(0) != 4 || call.rank(1) != 4 || call.shape(1)[3] != 2)
    return unsupported("input {} with a grid {}; images with a grid [N,H,W,2] are supported", to_string(call.shape(0)),
                       to_string(call.shape(1)));
  const Shape x = call.shape(0), grid = call.shape(1);
  if (x[0] != grid[0]) return user_error("{} images, but {} grids", x[0], grid[0]);
  if (x[2] * x[3] >= 1 << 24 || x[2] * x[3] == 0)
    return unsupported("images of {} x {} elements; up to 2^24 are supported", x[2], x[3]);
  BMNET_ASSIGN(const ValueId image, call.reshape(call.in(0), {x[0], x[1], x[2] * x[3]}));
  BMNET_ASSIGN(const ValueId column, source_position(call, s, call.in(1), 0, x[3]));
  BMNET_ASSIGN(const ValueId row, source_position(call, s, call.in(1), 1, x[2]));
  BMNET_ASSIGN(const std::vector<Tap> rows, taps(call, s, row, x[2]));
  BMNET_ASSIGN(const std::vector<Tap> columns, taps(call, s, column, x[3]));
  std::optional<ValueId> sum;
  for (const Tap& r : rows)
    for (const Tap& c : columns) {
      BMNET_ASSIGN(ValueId value, pick(call, image, r.position, c.position, x[2], x[3]));
      for (const std::optional<ValueId>& weight : {r.weight, c.weight})
        if (weight) {
          BMNET_ASSIGN(value, call.binary("mul", value, *weight));
        }
      if (sum) {
        BMNET_ASSIGN(value, call.binary("add", *sum, value));
      }
      sum = value;
    }
  return call.finish("reshape", {{"shape", Shape{x[0], x[1], grid[1], grid[2]}}}, {*sum});
}

// clang-format off
constexpr Row kRows[] = {
    {"GridSample", 16, 2, 2, 1, "align_corners:i mode:s padding_mode:s", grid_sample, "", "gather_elements, unary, binary", "images; bilinear or nearest"},
    {"MaxRoiPool", 1, 2, 2, 1, "pooled_shape:is spatial_scale:f", max_roi_pool, "", "roi_pool", ""},
    {"NonMaxSuppression", 10, 2, 5, 1, "center_point_box:i", non_max_suppression, "", "non_max_suppression", "fixed number of rows, missing ones are -1; constant limits"},
    {"RoiAlign", 10, 3, 3, 1, "coordinate_transformation_mode:s mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f", roi_align, "", "roi_align", ""},
};
// clang-format on

}  // namespace

std::span<const Row> detection_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
