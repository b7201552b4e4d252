// Regions of interest, box suppression, sampling at given points.
#include <algorithm>

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
  if (rows == 0) return Values{call.constant_of<int64_t>({0, 3}, {})};
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

// clang-format off
constexpr Row kRows[] = {
    {"MaxRoiPool", 1, 2, 2, 1, "pooled_shape:is spatial_scale:f", max_roi_pool, "", "roi_pool", ""},
    {"NonMaxSuppression", 10, 2, 5, 1, "center_point_box:i", non_max_suppression, "", "non_max_suppression", "fixed number of rows, missing ones are -1; constant limits"},
    {"RoiAlign", 10, 3, 3, 1, "coordinate_transformation_mode:s mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f", roi_align, "", "roi_align", ""},
};
// clang-format on

}  // namespace

std::span<const Row> detection_rows() { return kRows; }

}  // namespace bmnet::frontend::onnx
