// Regions of images.
#include <algorithm>

#include "frontend/tensorflow/call.h"

namespace bmnet::frontend::tensorflow {
namespace {

// Sampling places of one axis of all boxes [B,count], where 0 and 1 are the centres of the outermost pixels:
// from + step/(count-1) * (to - from); the middle when there is one.
Result<ValueId> places_of(Call& call, ValueId boxes, int64_t from_column, int64_t count) {
  std::vector<float> shares;
  for (int64_t i = 0; i < count; ++i)
    shares.push_back(count > 1 ? static_cast<float>(i) / static_cast<float>(count - 1) : 0.5f);
  BMNET_ASSIGN(const ValueId from, call.slice(boxes, 1, from_column, 1));
  BMNET_ASSIGN(const ValueId to, call.slice(boxes, 1, from_column + 2, 1));
  BMNET_ASSIGN(const ValueId extent, call.binary("sub", to, from));
  BMNET_ASSIGN(const ValueId steps, call.binary("mul", extent, call.constant({1, count}, shares)));
  return call.binary("add", from, steps);
}

// 1 where a place lies inside the image, else 0. A box that ends at the last pixel may miss it by rounding.
Result<ValueId> inside(Call& call, ValueId places) {
  constexpr float kRounding = 1e-6f;
  BMNET_ASSIGN(const ValueId least, call.scalar(DType::kF32, -kRounding));
  BMNET_ASSIGN(const ValueId most, call.scalar(DType::kF32, 1 + kRounding));
  BMNET_ASSIGN(const ValueId above, call.make("compare", {{"kind", std::string("ge")}}, {places, least}));
  BMNET_ASSIGN(const ValueId below, call.make("compare", {{"kind", std::string("le")}}, {places, most}));
  return call.binary("and", above, below);
}

// image [N,H,W,C], boxes [B,4] (y1, x1, y2, x2 from 0 to 1), the image of each box [B], size of the result.
Result<Values> crop_and_resize(Call& call) {
  BMNET_ASSIGN(const Shape size, call.integers_of(3, "the size of the parts"));
  if (call.rank(0) != 4 || call.rank(1) != 2 || call.shape(1)[1] != 4 || call.shape(2) != Shape{call.shape(1)[0]} ||
      size.size() != 2 || size[0] < 1 || size[1] < 1)
    return user_error("image {}, boxes {}, their images {}, size [{}]", to_string(call.shape(0)),
                      to_string(call.shape(1)), to_string(call.shape(2)), fmt::join(size, ","));
  const std::string method = call.text("method", "bilinear");
  if (method != "bilinear" && method != "nearest") return user_error("method '{}' is not defined", method);
  const int64_t boxes = call.shape(1)[0], height = size[0], width = size[1];
  constexpr int64_t kMaxSize = 1 << 12, kMaxElements = int64_t{1} << 28;
  BMNET_ASSIGN(const int64_t count, checked_count(Shape{boxes, height, width, std::max<int64_t>(call.shape(0)[3], 2)}));
  if (height > kMaxSize || width > kMaxSize || count > kMaxElements)
    return unsupported("{} parts of {} x {}; up to {} x {} are supported", boxes, height, width, kMaxSize, kMaxSize);
  BMNET_ASSIGN(const ValueId image, call.image(0));
  BMNET_ASSIGN(const ValueId maps, call.make("gather", {{"axis", int64_t{0}}}, {image, call.value(2).id}));
  BMNET_ASSIGN(const ValueId ys, places_of(call, call.value(1).id, 0, height));
  BMNET_ASSIGN(const ValueId xs, places_of(call, call.value(1).id, 1, width));
  // Grid places run from -1 to 1.
  ValueId columns[2] = {xs, ys};
  for (size_t i = 0; i < 2; ++i) {
    BMNET_ASSIGN(columns[i], call.linear(columns[i], 2, -1));
    BMNET_ASSIGN(columns[i], call.reshape(columns[i], i == 0 ? Shape{boxes, 1, width, 1} : Shape{boxes, height, 1, 1}));
    BMNET_ASSIGN(columns[i], call.broadcast(columns[i], {boxes, height, width, 1}));
  }
  BMNET_ASSIGN(const ValueId grid, call.make("concat", {{"axis", int64_t{3}}}, {columns[0], columns[1]}));
  BMNET_ASSIGN(const ValueId parts, call.make("grid_sample",
                                              {{"mode", std::string(method == "nearest" ? "nearest" : "linear")},
                                               {"padding", std::string("border")},
                                               {"align_corners", true}},
                                              {maps, grid}));
  BMNET_ASSIGN(const ValueId rows, inside(call, ys));
  BMNET_ASSIGN(const ValueId row_mask, call.reshape(rows, {boxes, 1, height, 1}));
  BMNET_ASSIGN(const ValueId cells, inside(call, xs));
  BMNET_ASSIGN(const ValueId cell_mask, call.reshape(cells, {boxes, 1, 1, width}));
  BMNET_ASSIGN(const ValueId mask, call.binary("and", row_mask, cell_mask));
  BMNET_ASSIGN(const ValueId elsewhere, call.scalar(DType::kF32, call.number("extrapolation_value", 0)));
  return call.finish("select", {}, {mask, parts, elsewhere}, true);
}

// clang-format off
constexpr Row kRows[] = {
    {"CropAndResize", 4, 4, "method:s extrapolation_value:f", crop_and_resize, "", "gather grid_sample select", "size known at import"},
};
// clang-format on

}  // namespace

std::span<const Row> region_rows() { return kRows; }

}  // namespace bmnet::frontend::tensorflow
