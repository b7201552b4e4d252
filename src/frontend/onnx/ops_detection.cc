// Regions of interest, box suppression, sampling at given points.
#include <algorithm>

#include "frontend/onnx/importer.h"

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

// ---- GridSample, AffineGrid

Result<Values> grid_sample(Call& call) {
  std::string mode = call.text("mode", "bilinear");
  if (mode == "bilinear") mode = "linear";  // the names before operator set 20
  if (mode == "bicubic") mode = "cubic";
  return call.finish("grid_sample",
                     {{"mode", mode},
                      {"padding", call.text("padding_mode", "zeros")},
                      {"align_corners", call.integer("align_corners", 0) != 0}},
                     {call.in(0), call.in(1)});
}

// Coordinates of the elements of an axis: from -1 to 1 at the centres of the outer ones, or at their outer edges.
float grid_coordinate(int64_t i, int64_t extent, bool align_corners) {
  const auto x = static_cast<float>(i), n = static_cast<float>(extent);
  return align_corners ? (extent == 1 ? -1 : 2 * x / (n - 1) - 1) : (2 * x + 1) / n - 1;
}

// Every place of the grid as (x, y(, z), 1), multiplied with theta [N,2,3] or [N,3,4].
Result<Values> affine_grid(Call& call) {
  BMNET_ASSIGN(const Shape size, call.integers_of(1, "the size"));
  const size_t axes = size.size() < 2 ? 0 : size.size() - 2;
  const auto n = static_cast<int64_t>(axes);
  if (axes < 2 || axes > 3 || call.shape(0) != Shape{size[0], n, n + 1})
    return user_error(
        "theta of shape {} does not fit the size [{}]; [N,2,3] and [N,C,H,W], or [N,3,4] and "
        "[N,C,D,H,W] are expected",
        to_string(call.shape(0)), fmt::join(size, ","));
  const bool align_corners = call.integer("align_corners", 0) != 0;
  const Shape spatial(size.begin() + 2, size.end());
  BMNET_ASSIGN(const int64_t places, checked_elements(spatial));
  BMNET_TRY(nn::reserve_constant(Shape{places, n + 1}, DType::kF32));
  std::vector<float> points;
  for (int64_t place = 0; place < places; ++place) {
    int64_t rest = place;
    for (size_t axis = axes; axis-- > 0; rest /= spatial[axis])
      points.push_back(grid_coordinate(rest % spatial[axis], spatial[axis], align_corners));
    points.push_back(1);
  }
  const ValueId grid = call.constant<float>({places, n + 1}, points);
  BMNET_ASSIGN(const ValueId moved, call.make("matmul", {{"transpose_b", true}}, {grid, call.in(0)}));
  Shape result = {size[0]};
  result.insert(result.end(), spatial.begin(), spatial.end());
  result.push_back(n);
  return one(call.reshape(moved, result));
}

// clang-format off
constexpr Row kRows[] = {
    {"AffineGrid", 20, 2, 2, 1, "align_corners:i", affine_grid, "", "matmul", "constant size"},
    {"GridSample", 16, 2, 2, 1, "align_corners:i mode:s padding_mode:s", grid_sample, "", "grid_sample", ""},
    {"MaxRoiPool", 1, 2, 2, 1, "pooled_shape:is spatial_scale:f", max_roi_pool, "", "roi_pool", ""},
    {"NonMaxSuppression", 10, 2, 5, 1, "center_point_box:i", non_max_suppression, "", "non_max_suppression", "fixed number of rows, missing ones are -1; constant limits"},
    {"RoiAlign", 10, 3, 3, 1, "coordinate_transformation_mode:s mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f", roi_align, "", "roi_align", ""},
};
// clang-format on

}  // namespace

std::span<const Row> detection_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
