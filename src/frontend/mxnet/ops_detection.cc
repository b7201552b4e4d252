// Anchors, decoding of boxes, suppression, regions of interest.
#include <algorithm>
#include <cmath>

#include "frontend/mxnet/call.h"

namespace bmnet::frontend::mxnet {
namespace {

using Integers = std::vector<int64_t>;
using Floats = std::vector<float>;

// Attribute `key`, `count` positive integers.
Result<Integers> sizes_of(const Call& call, std::string_view key, size_t count) {
  BMNET_ASSIGN(Integers values, call.node.integers(key));
  if (values.size() == 1) values.resize(count, values[0]);
  if (values.size() != count || std::ranges::any_of(values, [](int64_t value) { return value < 1; }))
    return user_error("attribute {}={} does not state {} sizes", key, call.node.text(key, ""), count);
  return values;
}

// Numbers of attribute `key`, or these.
Result<Floats> numbers_or(const Call& call, std::string_view key, Floats otherwise) {
  BMNET_ASSIGN(Floats values, call.node.numbers(key));
  return values.empty() ? otherwise : values;
}

Status check_many(int64_t boxes) {
  if (boxes >= 1 && boxes <= 1 << 24) return {};
  return unsupported("{} boxes", boxes);
}

// Around every cell a square of each size, then the first size in each further ratio; in parts of the picture.
Result<Values> multibox_prior(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in(0));
  const Shape shape = call.shape_of(x);
  if (shape.size() != 4) return user_error("its input {} is not an image", to_string(shape));
  BMNET_ASSIGN(const Floats sizes, numbers_or(call, "sizes", {1}));
  BMNET_ASSIGN(const Floats ratios, numbers_or(call, "ratios", {1}));
  BMNET_ASSIGN(Floats steps, numbers_or(call, "steps", {-1, -1}));
  BMNET_ASSIGN(const Floats offsets, numbers_or(call, "offsets", {0.5f, 0.5f}));
  BMNET_ASSIGN(const bool clip, call.node.boolean("clip", false));
  if (steps.size() != 2 || offsets.size() != 2) return user_error("steps and offsets have two values each, y and x");
  const auto height = static_cast<float>(shape[2]), width = static_cast<float>(shape[3]);
  if (steps[0] <= 0) steps[0] = 1 / height;
  if (steps[1] <= 0) steps[1] = 1 / width;
  std::vector<std::pair<float, float>> halves;  // of width and height
  for (const float size : sizes) halves.emplace_back(size * height / width / 2, size / 2);
  for (size_t i = 1; i < ratios.size(); ++i) {
    if (!(ratios[i] > 0)) return user_error("ratio {} is not positive", ratios[i]);
    const float ratio = std::sqrt(ratios[i]);
    halves.emplace_back(sizes[0] * height / width * ratio / 2, sizes[0] / ratio / 2);
  }
  const int64_t count = shape[2] * shape[3] * std::ssize(halves);
  BMNET_TRY(check_many(count));
  Floats boxes;
  for (int64_t row = 0; row < shape[2]; ++row)
    for (int64_t column = 0; column < shape[3]; ++column) {
      const float y = (static_cast<float>(row) + offsets[0]) * steps[0];
      const float x_center = (static_cast<float>(column) + offsets[1]) * steps[1];
      for (const auto& [w, h] : halves)
        for (const float edge : {x_center - w, y - h, x_center + w, y + h})
          boxes.push_back(clip ? std::clamp(edge, 0.0f, 1.0f) : edge);
    }
  return Values{call.constant(Tensor::of<float>({1, count, 4}, boxes))};
}

Result<Values> multibox_detection(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const bool clip, call.node.boolean("clip", true));
  BMNET_ASSIGN(const float threshold, call.node.number("threshold", 0.01f));
  BMNET_ASSIGN(const int64_t background, call.node.integer("background_id", 0));
  BMNET_ASSIGN(const float nms_threshold, call.node.number("nms_threshold", 0.5f));
  BMNET_ASSIGN(const bool force, call.node.boolean("force_suppress", false));
  BMNET_ASSIGN(const Floats variances, numbers_or(call, "variances", {0.1f, 0.1f, 0.2f, 0.2f}));
  BMNET_ASSIGN(const int64_t top_k, call.node.integer("nms_topk", -1));
  if (background != 0)
    return unsupported("background_id={}; MXNet itself takes class 0 for the background", background);
  return one(call.finish("multibox_detection",
                         {{"clip", clip},
                          {"threshold", threshold},
                          {"nms_threshold", nms_threshold},
                          {"force_suppress", force},
                          {"variances", variances},
                          {"top_k", top_k}},
                         inputs));
}

Result<Values> box_nms(Call& call) {
  BMNET_ASSIGN(ValueId x, call.in(0));
  const Shape shape = call.shape_of(x);
  const std::string format = call.node.text("in_format", "corner");
  if (shape.size() < 2) return user_error("its input {} holds no boxes", to_string(shape));
  if (format != "corner" && format != "center") return user_error("in_format={} is unknown", format);
  if (call.node.text("out_format", "corner") != format)
    return unsupported("in_format={} with out_format={}; both must be the same", format,
                       call.node.text("out_format", "corner"));
  op::Attributes attributes = {{"center_point_box", format == "center"}};
  for (const auto& [key, name, otherwise] :
       {std::tuple{"overlap_thresh", "overlap_threshold", 0.5f}, std::tuple{"valid_thresh", "valid_threshold", 0.0f}}) {
    BMNET_ASSIGN(const float value, call.node.number(key, otherwise));
    attributes.set(name, value);
  }
  for (const auto& [key, name, otherwise] :
       {std::tuple{"topk", "top_k", -1}, std::tuple{"coord_start", "coord_start", 2},
        std::tuple{"score_index", "score_index", 1}, std::tuple{"id_index", "id_index", -1},
        std::tuple{"background_id", "background_id", -1}}) {
    BMNET_ASSIGN(const int64_t value, call.node.integer(key, otherwise));
    attributes.set(name, value);
  }
  BMNET_ASSIGN(const bool force, call.node.boolean("force_suppress", false));
  attributes.set("force_suppress", force);
  const int64_t rows = shape[shape.size() - 2], columns = shape.back();
  const Shape flat{element_count(shape) / rows / columns, rows, columns};
  if (flat == shape) return one(call.finish("box_nms", attributes, {x}));
  BMNET_ASSIGN(x, call.reshape(x, flat));
  BMNET_ASSIGN(x, call.make("box_nms", attributes, {x}));
  return one(call.finish("reshape", {{"shape", shape}}, {x}));
}

// Anchors of one cell: the base square in every ratio (sides rounded), each at every scale.
std::vector<std::array<float, 4>> cell_anchors(float stride, const Floats& ratios, const Floats& scales) {
  std::vector<std::array<float, 4>> anchors;
  const float center = (stride - 1) / 2;
  for (const float ratio : ratios)
    for (const float scale : scales) {
      const float side = std::floor(std::sqrt(std::floor(stride * stride / ratio)) + 0.5f);
      const float half_w = (side * scale - 1) / 2, half_h = (std::floor(side * ratio + 0.5f) * scale - 1) / 2;
      anchors.push_back({center - half_w, center - half_h, center + half_w, center + half_h});
    }
  return anchors;
}

Result<Values> proposal(Call& call) {
  BMNET_ASSIGN(Values inputs, call.all_inputs());
  const Shape shape = call.shape_of(inputs[0]);
  BMNET_ASSIGN(const Floats scales, numbers_or(call, "scales", {4, 8, 16, 32}));
  BMNET_ASSIGN(const Floats ratios, numbers_or(call, "ratios", {0.5f, 1, 2}));
  BMNET_ASSIGN(const float stride, call.node.number("feature_stride", 16));
  BMNET_ASSIGN(const int64_t pre_nms, call.node.integer("rpn_pre_nms_top_n", 6000));
  BMNET_ASSIGN(const int64_t post_nms, call.node.integer("rpn_post_nms_top_n", 300));
  BMNET_ASSIGN(const float threshold, call.node.number("threshold", 0.7f));
  BMNET_ASSIGN(const float min_size, call.node.number("rpn_min_size", 16));
  BMNET_ASSIGN(const bool direct, call.node.boolean("iou_loss", false));
  BMNET_ASSIGN(const bool with_scores, call.node.boolean("output_score", false));
  const auto anchors = cell_anchors(stride, ratios, scales);
  const int64_t each = std::ssize(anchors);
  if (shape.size() != 4 || shape[1] != 2 * each || !(stride > 0))
    return user_error("{} ratios and {} scales do not fit the input {}", ratios.size(), scales.size(),
                      to_string(shape));
  BMNET_TRY(check_many(shape[2] * shape[3] * each));
  Floats boxes;
  for (int64_t y = 0; y < shape[2]; ++y)
    for (int64_t x = 0; x < shape[3]; ++x)
      for (const auto& anchor : anchors)
        for (size_t k = 0; k < 4; ++k) boxes.push_back(anchor[k] + static_cast<float>(k % 2 == 0 ? x : y) * stride);
  BMNET_ASSIGN(inputs[0], call.slice(inputs[0], 1, each, each));
  inputs.push_back(call.constant(Tensor::of<float>({shape[2], shape[3], each, 4}, boxes)));
  BMNET_ASSIGN(const Values results, call.finish_all("proposal",
                                                     {{"convention", std::string("mxnet")},
                                                      {"pre_nms", std::max<int64_t>(pre_nms, 0)},
                                                      {"post_nms", post_nms},
                                                      {"nms_threshold", threshold},
                                                      {"min_size", min_size},
                                                      {"feature_stride", stride},
                                                      {"direct", direct}},
                                                     inputs, 3));
  if (!with_scores) return Values{results[0]};
  BMNET_ASSIGN(const ValueId scores, call.reshape(results[1], {call.shape_of(results[1])[0], 1}));
  return Values{results[0], scores};
}

Result<Values> roi_pooling(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const Integers size, sizes_of(call, "pooled_size", 2));
  BMNET_ASSIGN(const float scale, call.node.number("spatial_scale", 1));
  return one(call.finish("roi_pool", {{"pooled_h", size[0]}, {"pooled_w", size[1]}, {"spatial_scale", scale}}, inputs));
}

Result<Values> psroi_pooling(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const int64_t size, call.node.integer("pooled_size", 0));
  BMNET_ASSIGN(const int64_t groups, call.node.integer("group_size", 0));
  BMNET_ASSIGN(const int64_t channels, call.node.integer("output_dim", 0));
  BMNET_ASSIGN(const float scale, call.node.number("spatial_scale", 1));
  if (groups != 0 && groups != size) return unsupported("group_size={} beside pooled_size={}", groups, size);
  return one(call.finish(
      "psroi_pool", {{"pooled_h", size}, {"pooled_w", size}, {"output_channels", channels}, {"spatial_scale", scale}},
      inputs));
}

// Regions [R,5]: image, x1, y1, x2, y2.
Result<Values> roi_align(Call& call) {
  BMNET_ASSIGN(const Values inputs, call.all_inputs());
  BMNET_ASSIGN(const Integers size, sizes_of(call, "pooled_size", 2));
  BMNET_ASSIGN(const float scale, call.node.number("spatial_scale", 1));
  BMNET_ASSIGN(const int64_t sampling, call.node.integer("sample_ratio", -1));
  BMNET_ASSIGN(const bool aligned, call.node.boolean("aligned", false));
  BMNET_ASSIGN(const bool position_sensitive, call.node.boolean("position_sensitive", false));
  if (position_sensitive) return unsupported("position_sensitive=True");
  const Shape rois = call.shape_of(inputs[1]);
  if (rois.size() != 2 || rois[1] != 5) return user_error("regions have shape {}, [R,5] is expected", to_string(rois));
  BMNET_ASSIGN(ValueId image, call.slice(inputs[1], 1, 0, 1));
  BMNET_ASSIGN(image, call.reshape(image, {rois[0]}));
  BMNET_ASSIGN(image, call.cast(image, DType::kI64));
  BMNET_ASSIGN(const ValueId boxes, call.slice(inputs[1], 1, 1, 4));
  return one(call.finish("roi_align",
                         {{"pooled_h", size[0]},
                          {"pooled_w", size[1]},
                          {"spatial_scale", scale},
                          {"sampling_ratio", std::max<int64_t>(sampling, 0)},
                          {"mode", std::string("avg")},
                          {"aligned", aligned}},
                         {inputs[0], boxes, image}));
}

// clang-format off
constexpr std::string_view kDetection = "clip threshold nms_threshold force_suppress variances nms_topk";
constexpr std::string_view kNms = "overlap_thresh valid_thresh topk coord_start score_index id_index background_id force_suppress in_format out_format";
constexpr std::string_view kProposal = "rpn_pre_nms_top_n rpn_post_nms_top_n threshold rpn_min_size scales ratios feature_stride output_score iou_loss";
constexpr Row kRows[] = {
    {"_contrib_MultiBoxPrior", 1, 1, kNoParameters, multibox_prior, "", "sizes ratios steps offsets clip", "constant", ""},
    {"MultiBoxPrior", 1, 1, kNoParameters, multibox_prior, "", "sizes ratios steps offsets clip", "constant", ""},
    {"_contrib_MultiBoxDetection", 3, 3, kNoParameters, multibox_detection, "", kDetection, "multibox_detection", ""},
    {"MultiBoxDetection", 3, 3, kNoParameters, multibox_detection, "", kDetection, "multibox_detection", ""},
    {"_contrib_box_nms", 1, 1, kNoParameters, box_nms, "", kNms, "box_nms", "one format of boxes"},
    {"_contrib_box_non_maximum_suppression", 1, 1, kNoParameters, box_nms, "", kNms, "box_nms", "one format of boxes"},
    {"_contrib_Proposal", 3, 3, kNoParameters, proposal, "", kProposal, "proposal", ""},
    {"_contrib_MultiProposal", 3, 3, kNoParameters, proposal, "", kProposal, "proposal", ""},
    {"ROIPooling", 2, 2, kNoParameters, roi_pooling, "", "pooled_size spatial_scale", "roi_pool", ""},
    {"_contrib_PSROIPooling", 2, 2, kNoParameters, psroi_pooling, "", "pooled_size group_size output_dim spatial_scale", "psroi_pool", ""},
    {"_contrib_ROIAlign", 2, 2, kNoParameters, roi_align, "", "pooled_size spatial_scale sample_ratio aligned", "roi_align", "not position-sensitive"},
};
// clang-format on

}  // namespace

std::span<const Row> detection_rows() { return kRows; }

}  // namespace bmnet::frontend::mxnet
