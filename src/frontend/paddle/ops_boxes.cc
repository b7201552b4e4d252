// Anchors and the decoding of boxes.
#include <algorithm>
#include <cmath>

#include "frontend/paddle/call.h"

namespace bmnet::frontend::paddle {
namespace {

using Floats = std::vector<float>;

// 1 and every further ratio with its inverse, as the operator completes them.
std::vector<float> completed_ratios(const std::vector<float>& given, bool flip) {
  std::vector<float> ratios{1};
  for (const float ratio : given) {
    if (std::ranges::any_of(ratios, [&](float known) { return std::fabs(known - ratio) < 1e-6f; })) continue;
    ratios.push_back(ratio);
    if (flip) ratios.push_back(1 / ratio);
  }
  ratios.erase(ratios.begin());
  return ratios;
}

Result<Values> prior_box(Call& call) {
  BMNET_ASSIGN(const ValueId feature, call.in("Input"));
  BMNET_ASSIGN(const ValueId image, call.in("Image"));
  const std::vector<float> max_sizes = call.numbers("max_sizes"), min_sizes = call.numbers("min_sizes");
  const std::vector<float> ratios = completed_ratios(call.numbers("aspect_ratios"), call.boolean("flip", true));
  if (!max_sizes.empty() && !ratios.empty() && !call.boolean("min_max_aspect_ratios_order", false))
    return unsupported("max_sizes without min_max_aspect_ratios_order");
  BMNET_ASSIGN(const ValueId both, call.make("prior_box",
                                             {{"min_sizes", min_sizes},
                                              {"max_sizes", max_sizes},
                                              {"aspect_ratios", ratios},
                                              {"clip", call.boolean("clip", true)},
                                              {"variance", call.numbers("variances")},
                                              {"step_h", call.number("step_h", 0)},
                                              {"step_w", call.number("step_w", 0)},
                                              {"offset", call.number("offset", 0.5f)}},
                                             {feature, image}));
  const Shape map = call.shape_of(feature);
  const int64_t priors = call.shape_of(both)[2] / (4 * map[2] * map[3]);
  Values results;
  for (int64_t i = 0; i < 2; ++i) {
    BMNET_ASSIGN(const ValueId part, call.slice(both, 1, i, 1));
    BMNET_ASSIGN(const ValueId boxes, call.reshape(part, {map[2], map[3], priors, 4}));
    results.push_back(boxes);
  }
  call.set("Variances", 0, results[1]);
  return Values{results[0]};
}

// Height and width of a feature map and of the picture it was made from.
struct Map {
  int64_t height, width;
  float image_h = 0, image_w = 0;
};
Result<Map> map_of(const Call& call) {
  BMNET_ASSIGN(const ValueId feature, call.in("Input"));
  const Shape shape = call.shape_of(feature);
  if (shape.size() != 4) return user_error("its input {} is no image", to_string(shape));
  Map map{shape[2], shape[3]};
  if (!call.has("Image")) return map;
  BMNET_ASSIGN(const ValueId image, call.in("Image"));
  const Shape size = call.shape_of(image);
  if (size.size() != 4) return user_error("its image {} is no image", to_string(size));
  map.image_h = static_cast<float>(size[2]), map.image_w = static_cast<float>(size[3]);
  return map;
}

// Boxes [H,W,count,4] as a constant, and beside them the variances of each.
Result<Values> finish_anchors(Call& call, const Map& map, const Floats& boxes, int64_t count) {
  const Floats variance = call.numbers("variances");
  if (variance.size() != 4) return user_error("variances has {} values, 4 are expected", variance.size());
  const Shape shape = call.boolean("flatten_to_2d", false) ? Shape{map.height * map.width * count, 4}
                                                           : Shape{map.height, map.width, count, 4};
  Floats variances;
  for (size_t i = 0; i < boxes.size(); ++i) variances.push_back(variance[i % 4]);
  call.set("Variances", 0, call.constant(Tensor::of<float>(shape, variances)));
  return Values{call.constant(Tensor::of<float>(shape, boxes))};
}

Status check_anchor_count(const Map& map, int64_t count) {
  if (count < 1) return user_error("it states no boxes");
  return checked_elements(Shape{map.height, map.width, count, 4}).and_then([](int64_t elements) -> Status {
    if (elements > 1 << 26) return unsupported("{} anchor values are too many", elements);
    return {};
  });
}

// Each fixed size of density d gives d x d boxes spread over the cell, for every ratio.
Result<Values> density_prior_box(Call& call) {
  BMNET_ASSIGN(const Map map, map_of(call));
  const Floats sizes = call.numbers("fixed_sizes"), ratios = call.numbers("fixed_ratios");
  const std::vector<int64_t> densities = call.integers("densities");
  if (sizes.size() != densities.size())
    return user_error("{} fixed_sizes stand beside {} densities", sizes.size(), densities.size());
  int64_t count = 0;
  for (const int64_t density : densities) {
    if (density < 1 || density > 1 << 10) return user_error("density {}", density);
    count += density * density * std::ssize(ratios);
  }
  BMNET_TRY(check_anchor_count(map, count));
  float step_w = call.number("step_w", 0), step_h = call.number("step_h", 0);
  if (step_w == 0 || step_h == 0) {
    step_w = map.image_w / static_cast<float>(map.width);
    step_h = map.image_h / static_cast<float>(map.height);
  }
  const float offset = call.number("offset", 0.5f);
  const float mean_step = (step_w + step_h) * 0.5f;
  if (!(mean_step >= 0 && mean_step <= 1e6f)) return user_error("steps of {} x {}", step_w, step_h);
  const auto step = static_cast<int64_t>(mean_step);
  const auto unit = [](float at) { return std::clamp(at, 0.0f, 1.0f); };
  Floats boxes;
  for (int64_t y = 0; y < map.height; ++y)
    for (int64_t x = 0; x < map.width; ++x)
      for (size_t s = 0; s < sizes.size(); ++s)
        for (const float ratio : ratios) {
          const int64_t shift = step / densities[s];
          const auto first = [&](int64_t cell, float size) {
            return (static_cast<float>(cell) + offset) * size - static_cast<float>(step) / 2 +
                   static_cast<float>(shift) / 2;
          };
          const float half_w = sizes[s] * std::sqrt(ratio) / 2, half_h = sizes[s] / std::sqrt(ratio) / 2;
          for (int64_t i = 0; i < densities[s]; ++i)
            for (int64_t j = 0; j < densities[s]; ++j) {
              const float cx = first(x, step_w) + static_cast<float>(j * shift);
              const float cy = first(y, step_h) + static_cast<float>(i * shift);
              boxes.insert(boxes.end(), {unit((cx - half_w) / map.image_w), unit((cy - half_h) / map.image_h),
                                         unit((cx + half_w) / map.image_w), unit((cy + half_h) / map.image_h)});
            }
        }
  return finish_anchors(call, map, boxes, count);
}

// Boxes of rounded sides around every cell, in pixels.
Result<Values> anchor_generator(Call& call) {
  BMNET_ASSIGN(const Map map, map_of(call));
  const Floats sizes = call.numbers("anchor_sizes"), ratios = call.numbers("aspect_ratios"),
               stride = call.numbers("stride");
  if (stride.size() != 2 || !(stride[0] > 0 && stride[1] > 0)) return user_error("stride does not state two lengths");
  const int64_t count = std::ssize(sizes) * std::ssize(ratios);
  BMNET_TRY(check_anchor_count(map, count));
  const float offset = call.number("offset", 0.5f);
  Floats boxes;
  for (int64_t y = 0; y < map.height; ++y)
    for (int64_t x = 0; x < map.width; ++x) {
      const float cx = static_cast<float>(x) * stride[0] + offset * (stride[0] - 1);
      const float cy = static_cast<float>(y) * stride[1] + offset * (stride[1] - 1);
      for (const float ratio : ratios)
        for (const float size : sizes) {
          const float base_w = std::round(std::sqrt(stride[0] * stride[1] / ratio)),
                      base_h = std::round(base_w * ratio);
          const float half_w = (size / stride[0] * base_w - 1) / 2, half_h = (size / stride[1] * base_h - 1) / 2;
          boxes.insert(boxes.end(), {cx - half_w, cy - half_h, cx + half_w, cy + half_h});
        }
    }
  return finish_anchors(call, map, boxes, count);
}

// x1, y1, x2, y2 (the last axis) as centres and sides; `pixel` is added to the sides.
struct Sides {
  ValueId center, size;  // [...,2]
};
Result<Sides> sides_of(Call& call, ValueId boxes, float pixel, bool true_center) {
  const int64_t axis = call.rank_of(boxes) - 1;
  BMNET_ASSIGN(const ValueId first, call.slice(boxes, axis, 0, 2));
  BMNET_ASSIGN(const ValueId last, call.slice(boxes, axis, 2, 2));
  BMNET_ASSIGN(const ValueId length, call.binary("sub", last, first));
  BMNET_ASSIGN(const ValueId size, call.linear(length, 1, pixel));
  BMNET_ASSIGN(ValueId half, call.linear(true_center ? length : size, 0.5f, 0));
  BMNET_ASSIGN(half, call.binary("add", first, half));
  return Sides{half, size};
}

// Corners of the boxes with these centres and sides (last axis).
Result<Values> finish_corners(Call& call, ValueId center, ValueId size, float pixel) {
  BMNET_ASSIGN(const ValueId half, call.linear(size, 0.5f, 0));
  BMNET_ASSIGN(const ValueId first, call.binary("sub", center, half));
  BMNET_ASSIGN(ValueId last, call.binary("add", center, half));
  BMNET_ASSIGN(last, call.linear(last, 1, -pixel));
  return one(call.finish("concat", {{"axis", call.rank_of(first) - 1}}, {first, last}));
}

// The variances, of shape [4] or that of the priors with `axis` inserted; empty when all are 1.
Result<std::optional<ValueId>> coder_variance(Call& call, int64_t axis) {
  if (call.has("PriorBoxVar")) {
    BMNET_ASSIGN(const ValueId given, call.in("PriorBoxVar"));
    Shape shape = call.shape_of(given);
    if (shape.size() == 2) shape.insert(shape.begin() + axis, 1);
    BMNET_ASSIGN(const ValueId variance, call.reshape(given, shape));
    return std::optional(variance);
  }
  const Floats values = call.numbers("variance");
  if (values.empty()) return std::optional<ValueId>();
  if (values.size() != 4) return user_error("variance has {} values, 4 are expected", values.size());
  return std::optional(call.constant(Tensor::of<float>({4}, values)));
}

Result<Values> box_coder(Call& call) {
  BMNET_ASSIGN(ValueId prior, call.in("PriorBox"));
  BMNET_ASSIGN(ValueId target, call.in("TargetBox"));
  const std::string code = call.text("code_type", "encode_center_size");
  const bool decode = code == "decode_center_size";
  if (!decode && code != "encode_center_size") return unsupported("code_type={}", code);
  const float pixel = call.boolean("box_normalized", true) ? 0.0f : 1.0f;
  const int64_t axis = decode ? call.integer("axis", 0) : 0;
  if (axis < 0 || axis > 1 || call.rank_of(prior) != 2 || call.rank_of(target) != (decode ? 3 : 2))
    return user_error("priors {} and boxes {} do not fit code_type {}", to_string(call.shape_of(prior)),
                      to_string(call.shape_of(target)), code);
  Shape shape = call.shape_of(prior);
  shape.insert(shape.begin() + axis, 1);
  BMNET_ASSIGN(prior, call.reshape(prior, shape));
  BMNET_ASSIGN(const auto variance, coder_variance(call, axis));
  BMNET_ASSIGN(const Sides from, sides_of(call, prior, pixel, false));
  if (!decode) {
    const Shape boxes = call.shape_of(target);
    BMNET_ASSIGN(target, call.reshape(target, {boxes[0], 1, boxes[1]}));
    BMNET_ASSIGN(const Sides to, sides_of(call, target, pixel, true));
    BMNET_ASSIGN(ValueId place, call.binary("sub", to.center, from.center));
    BMNET_ASSIGN(place, call.binary("div", place, from.size));
    BMNET_ASSIGN(ValueId size, call.binary("div", to.size, from.size));
    BMNET_ASSIGN(size, call.unary("abs", size));
    BMNET_ASSIGN(size, call.unary("log", size));
    if (!variance) return one(call.finish("concat", {{"axis", int64_t{2}}}, {place, size}));
    BMNET_ASSIGN(const ValueId both, call.make("concat", {{"axis", int64_t{2}}}, {place, size}));
    return one(call.finish("binary", {{"kind", std::string("div")}}, {both, *variance}));
  }
  if (variance) {
    BMNET_ASSIGN(target, call.binary("mul", target, *variance));
  }
  BMNET_ASSIGN(ValueId place, call.slice(target, 2, 0, 2));
  BMNET_ASSIGN(ValueId size, call.slice(target, 2, 2, 2));
  BMNET_ASSIGN(place, call.binary("mul", place, from.size));
  BMNET_ASSIGN(place, call.binary("add", place, from.center));
  BMNET_ASSIGN(size, call.unary("exp", size));
  BMNET_ASSIGN(size, call.binary("mul", size, from.size));
  return finish_corners(call, place, size, pixel);
}

// Height and width of each picture, rounded by the scale behind them: [N,1,…] for a tensor of `rank` axes, as (w, h).
Result<ValueId> picture_edges(Call& call, ValueId info) {
  const Shape shape = call.shape_of(info);
  if (shape.size() != 2 || shape[1] != 3) return user_error("ImInfo has shape {}, [N,3] is expected", to_string(shape));
  BMNET_ASSIGN(ValueId size, call.slice(info, 1, 0, 2));
  BMNET_ASSIGN(const ValueId scale, call.slice(info, 1, 2, 1));
  BMNET_ASSIGN(size, call.binary("div", size, scale));
  BMNET_ASSIGN(size, call.linear(size, 1, 0.5f));  // sizes are positive: half away from zero
  BMNET_ASSIGN(size, call.unary("floor", size));
  BMNET_ASSIGN(size, call.make("reverse", {{"axes", std::vector<int64_t>{1}}}, {size}));
  return call.linear(size, 1, -1);
}

Result<Values> box_clip(Call& call) {
  BMNET_ASSIGN(ValueId boxes, call.in("Input"));
  BMNET_ASSIGN(const ValueId info, call.in("ImInfo"));
  const Shape shape = call.shape_of(boxes), images = call.shape_of(info);
  if (shape.empty() || shape.back() % 4) return user_error("its input {} holds no boxes", to_string(shape));
  const bool batched = shape.size() == 3 && images[0] == shape[0];
  if (images[0] != 1 && !batched) return unsupported("boxes of several pictures in one list (LoD)");
  BMNET_ASSIGN(ValueId edges, picture_edges(call, info));
  BMNET_ASSIGN(edges, call.reshape(edges, batched ? Shape{images[0], 1, 2} : Shape{2}));
  Shape points = shape;  // every box is two points
  points.back() = 2;
  points[batched ? 1 : 0] = element_count(shape) / 2 / (batched ? shape[0] : 1);
  if (!batched) points = {element_count(shape) / 2, 2};
  if (batched) points = {shape[0], element_count(shape) / shape[0] / 2, 2};
  BMNET_ASSIGN(boxes, call.reshape(boxes, points));
  BMNET_ASSIGN(const ValueId zero, call.scalar(DType::kF32, 0));
  BMNET_ASSIGN(boxes, call.binary("min", boxes, edges));
  BMNET_ASSIGN(boxes, call.binary("max", boxes, zero));
  return one(call.finish("reshape", {{"shape", shape}}, {boxes}));
}

struct Yolo {
  int64_t images, anchors, classes, height, width;
  float downsample, scale;
};

// [N,A,values,H*W] from X, and with iou_aware the first A channels apart.
Result<ValueId> yolo_values(Call& call, const Yolo& yolo, ValueId x, int64_t first, int64_t each) {
  BMNET_ASSIGN(const ValueId part, call.slice(x, 1, first, yolo.anchors * each));
  return call.reshape(part, {yolo.images, yolo.anchors, each, yolo.height * yolo.width});
}

Result<Yolo> yolo_of(const Call& call, ValueId x, const std::vector<int64_t>& anchors, bool iou_aware) {
  const Shape shape = call.shape_of(x);
  const int64_t count = std::ssize(anchors) / 2, classes = call.integer("class_num", 0);
  if (shape.size() != 4 || count < 1 || anchors.size() % 2 || classes < 1 || classes > 1 << 20 ||
      shape[1] != count * (5 + classes + (iou_aware ? 1 : 0)))
    return user_error("{} anchors and {} classes do not fit the input {}", count, classes, to_string(shape));
  if (shape[2] > (1 << 24) / shape[3]) return unsupported("a map of {} x {}", shape[2], shape[3]);
  const auto downsample = static_cast<float>(call.integer("downsample_ratio", 32));
  if (!(downsample > 0)) return user_error("downsample_ratio={}", downsample);
  return Yolo{shape[0], count, classes, shape[2], shape[3], downsample, call.number("scale_x_y", 1)};
}

// Centres and sides of the boxes in pixels of the picture, [N,A,2,H*W] each.
Result<Sides> yolo_boxes(Call& call, const Yolo& yolo, const std::vector<int64_t>& anchors, ValueId values,
                         ValueId picture) {
  const int64_t places = yolo.height * yolo.width;
  const auto w = static_cast<float>(yolo.width), h = static_cast<float>(yolo.height);
  Floats grid, sizes;
  for (int64_t i = 0; i < places; ++i)
    grid.push_back((static_cast<float>(i % yolo.width) - 0.5f * (yolo.scale - 1)) / w);
  for (int64_t i = 0; i < places; ++i)
    grid.push_back((static_cast<float>(i / yolo.width) - 0.5f * (yolo.scale - 1)) / h);
  for (int64_t a = 0; a < yolo.anchors; ++a) {
    sizes.push_back(static_cast<float>(anchors[2 * a]) / (yolo.downsample * w));
    sizes.push_back(static_cast<float>(anchors[2 * a + 1]) / (yolo.downsample * h));
  }
  const ValueId cells = call.constant(Tensor::of<float>({1, 1, 2, places}, grid));
  const ValueId steps = call.constant(Tensor::of<float>({1, 1, 2, 1}, Floats{yolo.scale / w, yolo.scale / h}));
  const ValueId scales = call.constant(Tensor::of<float>({1, yolo.anchors, 2, 1}, sizes));
  BMNET_ASSIGN(ValueId center, call.slice(values, 2, 0, 2));
  BMNET_ASSIGN(center, call.unary("sigmoid", center));
  BMNET_ASSIGN(center, call.binary("mul", center, steps));
  BMNET_ASSIGN(center, call.binary("add", center, cells));
  BMNET_ASSIGN(center, call.binary("mul", center, picture));
  BMNET_ASSIGN(ValueId size, call.slice(values, 2, 2, 2));
  BMNET_ASSIGN(size, call.unary("exp", size));
  BMNET_ASSIGN(size, call.binary("mul", size, scales));
  BMNET_ASSIGN(size, call.binary("mul", size, picture));
  return Sides{center, size};
}

// Corners, cut to the picture on demand: [N,A,4,H*W].
Result<ValueId> yolo_corners(Call& call, const Sides& boxes, ValueId picture) {
  BMNET_ASSIGN(const ValueId half, call.linear(boxes.size, 0.5f, 0));
  BMNET_ASSIGN(ValueId first, call.binary("sub", boxes.center, half));
  BMNET_ASSIGN(ValueId last, call.binary("add", boxes.center, half));
  if (call.boolean("clip_bbox", true)) {
    BMNET_ASSIGN(const ValueId edge, call.linear(picture, 1, -1));
    BMNET_ASSIGN(first, call.unary("relu", first));
    BMNET_ASSIGN(last, call.binary("min", last, edge));
  }
  return call.make("concat", {{"axis", int64_t{2}}}, {first, last});
}

// [N,A,1,H*W]: how sure a box is; with iou_aware weighed with its predicted overlap.
Result<ValueId> yolo_confidence(Call& call, const Yolo& yolo, ValueId x, ValueId values, bool iou_aware) {
  BMNET_ASSIGN(ValueId sure, call.slice(values, 2, 4, 1));
  BMNET_ASSIGN(sure, call.unary("sigmoid", sure));
  if (!iou_aware) return sure;
  const float factor = call.number("iou_aware_factor", 0.5f);
  BMNET_ASSIGN(ValueId common, yolo_values(call, yolo, x, 0, 1));
  BMNET_ASSIGN(common, call.unary("sigmoid", common));
  BMNET_ASSIGN(common, call.unary("power", common, factor));
  BMNET_ASSIGN(sure, call.unary("power", sure, 1 - factor));
  return call.binary("mul", sure, common);
}

Result<Values> yolo_box(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(ValueId picture, call.in("ImgSize"));
  const std::vector<int64_t> anchors = call.integers("anchors");
  const bool iou_aware = call.boolean("iou_aware", false);
  BMNET_ASSIGN(const Yolo yolo, yolo_of(call, x, anchors, iou_aware));
  if (call.shape_of(picture) != Shape{yolo.images, 2})
    return user_error("ImgSize has shape {}, [{},2] is expected", to_string(call.shape_of(picture)), yolo.images);
  BMNET_ASSIGN(picture, call.cast(picture, DType::kF32));
  BMNET_ASSIGN(picture, call.make("reverse", {{"axes", std::vector<int64_t>{1}}}, {picture}));
  BMNET_ASSIGN(picture, call.reshape(picture, {yolo.images, 1, 2, 1}));
  BMNET_ASSIGN(const ValueId values, yolo_values(call, yolo, x, iou_aware ? yolo.anchors : 0, 5 + yolo.classes));
  BMNET_ASSIGN(const Sides sides, yolo_boxes(call, yolo, anchors, values, picture));
  BMNET_ASSIGN(ValueId boxes, yolo_corners(call, sides, picture));
  BMNET_ASSIGN(const ValueId sure, yolo_confidence(call, yolo, x, values, iou_aware));
  BMNET_ASSIGN(const ValueId least, call.scalar(DType::kF32, call.number("conf_thresh", 0)));
  BMNET_ASSIGN(ValueId kept, call.make("compare", {{"kind", std::string("ge")}}, {sure, least}));
  BMNET_ASSIGN(kept, call.cast(kept, DType::kF32));
  BMNET_ASSIGN(ValueId scores, call.slice(values, 2, 5, yolo.classes));
  BMNET_ASSIGN(scores, call.unary("sigmoid", scores));
  BMNET_ASSIGN(const ValueId weight, call.binary("mul", sure, kept));
  BMNET_ASSIGN(scores, call.binary("mul", scores, weight));
  BMNET_ASSIGN(boxes, call.binary("mul", boxes, kept));
  const int64_t rows = yolo.anchors * yolo.height * yolo.width;
  BMNET_ASSIGN(scores, call.transpose(scores, {0, 1, 3, 2}));
  BMNET_ASSIGN(scores, call.reshape(scores, {yolo.images, rows, yolo.classes}));
  call.set("Scores", 0, scores);
  BMNET_ASSIGN(boxes, call.transpose(boxes, {0, 1, 3, 2}));
  return one(call.finish("reshape", {{"shape", Shape{yolo.images, rows, 4}}}, {boxes}));
}

// clang-format off
constexpr Row kRows[] = {
    {"prior_box", prior_box, "", "min_sizes max_sizes aspect_ratios flip clip variances step_h step_w offset", "prior_box", "", "Boxes"},
    {"density_prior_box", density_prior_box, "", "fixed_sizes fixed_ratios densities variances step_h step_w offset flatten_to_2d", "constant", "", "Boxes"},
    {"anchor_generator", anchor_generator, "", "anchor_sizes aspect_ratios stride variances offset", "constant", "", "Anchors"},
    {"box_coder", box_coder, "", "code_type box_normalized axis variance", "binary unary concat", "", "OutputBox"},
    {"box_clip", box_clip, "", "", "binary", "one picture, or a batch of boxes", "Output"},
    {"yolo_box", yolo_box, "", "anchors class_num conf_thresh downsample_ratio clip_bbox scale_x_y iou_aware iou_aware_factor", "unary binary concat", "", "Boxes"},
};
// clang-format on

}  // namespace

std::span<const Row> box_rows() { return kRows; }

}  // namespace bmnet::frontend::paddle
