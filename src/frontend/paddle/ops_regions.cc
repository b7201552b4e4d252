// Suppression, regions of interest, proposals.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "frontend/paddle/call.h"

namespace bmnet::frontend::paddle {
namespace {

using Floats = std::vector<float>;

// The results of multiclass_nms and matrix_nms: rows, numbers of the boxes, rows of each picture.
Result<Values> finish_rows(Call& call, std::string_view op, op::Attributes attributes, const Values& inputs,
                           std::string_view counts) {
  BMNET_ASSIGN(const Values results, call.finish_all(op, std::move(attributes), inputs, 3));
  BMNET_ASSIGN(ValueId index, call.cast(results[1], DType::kI32));
  BMNET_ASSIGN(index, call.reshape(index, {element_count(call.shape_of(index)), 1}));
  call.set("Index", 0, index);
  BMNET_ASSIGN(const ValueId number, call.cast(results[2], DType::kI32));
  call.set(counts, 0, number);
  return Values{results[0]};
}

struct Candidates {
  Values inputs;
  int64_t top_k, keep;
};
Result<Candidates> candidates_of(Call& call) {
  BMNET_ASSIGN(const ValueId boxes, call.in("BBoxes"));
  BMNET_ASSIGN(const ValueId scores, call.in("Scores"));
  const Shape shape = call.shape_of(scores);
  if (shape.size() != 3 || call.has("RoisNum")) return unsupported("boxes of several pictures in one list (LoD)");
  const int64_t top_k = std::max<int64_t>(call.integer("nms_top_k", -1), -1);
  const int64_t each = top_k < 0 ? shape[2] : std::min(top_k, shape[2]), all = std::max<int64_t>(each * shape[1], 1);
  const int64_t given = call.integer("keep_top_k", -1);
  return Candidates{{boxes, scores}, top_k, given > 0 ? std::min(given, all) : all};
}

Result<Values> multiclass_nms(Call& call) {
  BMNET_ASSIGN(const Candidates candidates, candidates_of(call));
  return finish_rows(call, "multiclass_nms",
                     {{"background_label", call.integer("background_label", 0)},
                      {"score_threshold", call.number("score_threshold", 0)},
                      {"nms_top_k", candidates.top_k},
                      {"nms_threshold", call.number("nms_threshold", 0.3f)},
                      {"eta", call.number("nms_eta", 1)},
                      {"keep_top_k", candidates.keep},
                      {"pixel_edges", !call.boolean("normalized", true)}},
                     candidates.inputs, "NmsRoisNum");
}

Result<Values> matrix_nms(Call& call) {
  BMNET_ASSIGN(const Candidates candidates, candidates_of(call));
  return finish_rows(call, "matrix_nms",
                     {{"background_label", call.integer("background_label", 0)},
                      {"score_threshold", call.number("score_threshold", 0)},
                      {"nms_top_k", candidates.top_k},
                      {"post_threshold", call.number("post_threshold", 0)},
                      {"keep_top_k", candidates.keep},
                      {"gaussian", call.boolean("use_gaussian", false)},
                      {"sigma", call.number("gaussian_sigma", 2)},
                      {"pixel_edges", !call.boolean("normalized", true)}},
                     candidates.inputs, "RoisNum");
}

// 0, 1, … as [R,1] i32.
Result<ValueId> row_numbers(Call& call, int64_t rows) {
  if (rows > 1 << 24) return unsupported("{} regions", rows);
  std::vector<int32_t> numbers(rows);
  std::iota(numbers.begin(), numbers.end(), 0);
  return call.constant(Tensor::of<int32_t>({rows, 1}, numbers));
}

// [R] i64: the picture of each region, from how many each picture has; -1 behind the last.
Result<ValueId> pictures_of(Call& call, int64_t regions, int64_t images) {
  const char* name = call.has("RoisNum") ? "RoisNum" : "BoxesNum";
  if (!call.has(name)) {
    if (images != 1 || call.has("RoisLod"))
      return unsupported("regions of several pictures in one list (LoD); RoisNum must state how many each has");
    return call.filled(DType::kI64, {regions}, 0);
  }
  BMNET_ASSIGN(ValueId counts, call.in(name));
  if (call.shape_of(counts) != Shape{images})
    return user_error("{} has shape {}, [{}] is expected", name, to_string(call.shape_of(counts)), images);
  BMNET_ASSIGN(const ValueId rows, row_numbers(call, regions));
  BMNET_ASSIGN(counts, call.cast(counts, DType::kI32));
  BMNET_ASSIGN(const ValueId ends, call.make("cumsum", {{"axis", int64_t{0}}}, {counts}));
  BMNET_ASSIGN(ValueId behind, call.make("compare", {{"kind", std::string("ge")}}, {rows, ends}));  // [R,N]
  BMNET_ASSIGN(behind, call.cast(behind, DType::kI32));
  BMNET_ASSIGN(
      const ValueId picture,
      call.make("reduce", {{"kind", std::string("sum")}, {"axes", std::vector<int64_t>{1}}, {"keep_dims", false}},
                {behind}));
  BMNET_ASSIGN(const ValueId end, call.scalar(DType::kI32, static_cast<double>(images)));
  BMNET_ASSIGN(const ValueId none, call.scalar(DType::kI32, -1));
  BMNET_ASSIGN(const ValueId missing, call.make("compare", {{"kind", std::string("ge")}}, {picture, end}));
  BMNET_ASSIGN(const ValueId result, call.make("select", {}, {missing, none, picture}));
  return call.cast(result, DType::kI64);
}

Result<Values> roi_pooling(Call& call) {
  BMNET_ASSIGN(const ValueId x, call.in("X"));
  BMNET_ASSIGN(ValueId rois, call.in("ROIs"));
  if (call.rank_of(x) != 4 || call.rank_of(rois) != 2)
    return user_error("input {} and regions {} do not fit", to_string(call.shape_of(x)),
                      to_string(call.shape_of(rois)));
  BMNET_ASSIGN(ValueId pictures, pictures_of(call, call.shape_of(rois)[0], call.shape_of(x)[0]));
  op::Attributes attributes = {{"pooled_h", call.integer("pooled_height", 1)},
                               {"pooled_w", call.integer("pooled_width", 1)},
                               {"spatial_scale", call.number("spatial_scale", 1)}};
  if (call.kind() == "roi_align") {
    attributes.set("sampling_ratio", std::max<int64_t>(call.integer("sampling_ratio", -1), 0));
    attributes.set("mode", std::string("avg"));
    attributes.set("aligned", call.boolean("aligned", false));
    return one(call.finish("roi_align", attributes, {x, rois, pictures}));
  }
  if (call.kind() == "psroi_pool") attributes.set("output_channels", call.integer("output_channels", 1));
  BMNET_ASSIGN(pictures, call.cast(pictures, DType::kF32));
  BMNET_ASSIGN(pictures, call.reshape(pictures, {call.shape_of(rois)[0], 1}));
  BMNET_ASSIGN(rois, call.make("concat", {{"axis", int64_t{1}}}, {pictures, rois}));
  return one(call.finish(call.kind(), attributes, {x, rois}));
}

Result<Values> generate_proposals(Call& call) {
  const bool second = call.kind() == "v2";
  Values inputs;
  for (const char* name : {"Scores", "BboxDeltas", second ? "ImShape" : "ImInfo", "Anchors"}) {
    BMNET_ASSIGN(const ValueId value, call.in(name));
    inputs.push_back(value);
  }
  const Shape anchors = call.shape_of(inputs[3]);
  if (call.has("Variances")) {  // [H,W,A,4] as the deltas stand: [4A,H,W]
    BMNET_ASSIGN(ValueId variances, call.in("Variances"));
    if (anchors.size() != 4 || call.shape_of(variances) != anchors)
      return user_error("anchors {} and variances {} do not fit", to_string(anchors),
                        to_string(call.shape_of(variances)));
    BMNET_ASSIGN(variances, call.transpose(variances, {2, 3, 0, 1}));
    BMNET_ASSIGN(variances, call.reshape(variances, {anchors[2] * 4, anchors[0], anchors[1]}));
    BMNET_ASSIGN(inputs[1], call.binary("mul", inputs[1], variances));
  }
  BMNET_ASSIGN(const Values results,
               call.make_all("proposal",
                             {{"convention", std::string("paddle")},
                              {"pre_nms", std::max<int64_t>(call.integer("pre_nms_topN", 6000), 0)},
                              {"post_nms", call.integer("post_nms_topN", 1000)},
                              {"nms_threshold", std::max(call.number("nms_thresh", 0.5f), 0.0f)},
                              {"min_size", call.number("min_size", 0.1f)},
                              {"eta", call.number("eta", 1)},
                              {"pixel_edges", second ? call.boolean("pixel_offset", true) : true},
                              {"scale_min_size", !second}},
                             inputs, 3));
  const int64_t rows = call.shape_of(results[1])[0];
  BMNET_ASSIGN(const ValueId scores, call.reshape(results[1], {rows, 1}));
  call.set("RpnRoiProbs", 0, scores);
  BMNET_ASSIGN(const ValueId counts, call.cast(results[2], DType::kI32));
  call.set("RpnRoisNum", 0, counts);
  return one(call.slice(results[0], 1, 1, 4));
}

// The number of each region's level counted from the lowest, [R,1] i32.
Result<ValueId> levels_of(Call& call, ValueId rois, int64_t lowest, int64_t highest) {
  const float pixel = call.boolean("pixel_offset", true) ? 1.0f : 0.0f;
  BMNET_ASSIGN(const ValueId first, call.slice(rois, 1, 0, 2));
  BMNET_ASSIGN(const ValueId last, call.slice(rois, 1, 2, 2));
  BMNET_ASSIGN(ValueId sides, call.binary("sub", last, first));
  BMNET_ASSIGN(sides, call.linear(sides, 1, pixel));
  BMNET_ASSIGN(const ValueId width, call.slice(sides, 1, 0, 1));
  BMNET_ASSIGN(const ValueId height, call.slice(sides, 1, 1, 1));
  BMNET_ASSIGN(ValueId side, call.binary("mul", width, height));
  BMNET_ASSIGN(side, call.unary("relu", side));
  BMNET_ASSIGN(side, call.unary("sqrt", side));
  const auto refer_scale = static_cast<float>(call.integer("refer_scale", 224));
  if (!(refer_scale > 0)) return user_error("refer_scale={}", refer_scale);
  BMNET_ASSIGN(side, call.linear(side, 1 / refer_scale, 1e-8f));
  const int64_t refer = call.integer("refer_level", 4);
  Floats least;  // from which relative side on a level begins
  for (int64_t level = lowest + 1; level <= highest; ++level)
    least.push_back(std::ldexp(1.0f, static_cast<int>(std::clamp<int64_t>(level - refer, -64, 64))));
  if (least.empty()) return call.filled(DType::kI32, {call.shape_of(rois)[0], 1}, 0);
  const ValueId bounds = call.constant(Tensor::of<float>({1, std::ssize(least)}, least));
  BMNET_ASSIGN(ValueId above, call.make("compare", {{"kind", std::string("ge")}}, {side, bounds}));
  BMNET_ASSIGN(above, call.cast(above, DType::kI32));
  return call.make("reduce", {{"kind", std::string("sum")}, {"axes", std::vector<int64_t>{1}}, {"keep_dims", true}},
                   {above});
}

// Every level gets all regions; RestoreIndex then picks each from its own level, which gives what a true distribution
// does as long as the levels' results are put one behind the other.
Result<Values> distribute_proposals(Call& call) {
  BMNET_ASSIGN(const ValueId rois, call.in("FpnRois"));
  const int64_t lowest = call.integer("min_level", 2), highest = call.integer("max_level", 5);
  if (call.rank_of(rois) != 2 || highest < lowest || highest - lowest > 16)
    return user_error("levels {} to {} do not fit regions {}", lowest, highest, to_string(call.shape_of(rois)));
  const int64_t rows = call.shape_of(rois)[0];
  BMNET_ASSIGN(const ValueId levels, levels_of(call, rois, lowest, highest));
  BMNET_ASSIGN(const ValueId each, call.scalar(DType::kI32, static_cast<double>(rows)));
  BMNET_ASSIGN(const ValueId places, row_numbers(call, rows));
  BMNET_ASSIGN(ValueId index, call.binary("mul", levels, each));
  BMNET_ASSIGN(index, call.binary("add", index, places));
  call.set("RestoreIndex", 0, index);
  const int64_t count = highest - lowest + 1;
  if (call.has("RoisNum")) {
    BMNET_ASSIGN(const ValueId numbers_of_images, call.in("RoisNum"));
    for (int64_t i = 0; i < count; ++i) call.set("MultiLevelRoIsNum", i, numbers_of_images);
  }
  return Values(count, rois);
}

// The best regions of all levels.
Result<Values> collect_proposals(Call& call) {
  BMNET_ASSIGN(const Values rois, call.all("MultiLevelRois"));
  BMNET_ASSIGN(const Values scores, call.all("MultiLevelScores"));
  BMNET_ASSIGN(const ValueId all, call.make("concat", {{"axis", int64_t{0}}}, rois));
  BMNET_ASSIGN(ValueId score, call.make("concat", {{"axis", int64_t{0}}}, scores));
  const int64_t rows = element_count(call.shape_of(score));
  const int64_t kept = std::clamp<int64_t>(call.integer("post_nms_topN", 1), 1, rows);
  BMNET_ASSIGN(score, call.reshape(score, {rows}));
  const Values operands{score};
  BMNET_ASSIGN(const Values best, call.make_all("top_k", {{"k", kept}, {"axis", int64_t{0}}}, operands, 2));
  if (call.has("MultiLevelRoIsNum")) {
    BMNET_ASSIGN(const Values numbers, call.all("MultiLevelRoIsNum"));
    ValueId sum = numbers[0];
    if (call.shape_of(sum) != Shape{1}) return unsupported("regions of several pictures");
    for (size_t i = 1; i < numbers.size(); ++i) {
      BMNET_ASSIGN(sum, call.binary("add", sum, numbers[i]));
    }
    BMNET_ASSIGN(const ValueId most, call.filled(call.dtype_of(sum), {1}, static_cast<double>(kept)));
    BMNET_ASSIGN(sum, call.binary("min", sum, most));
    call.set("RoisNum", 0, sum);
  }
  return one(call.finish("gather", {{"axis", int64_t{0}}}, {all, best[1]}));
}

// clang-format off
constexpr std::string_view kNms = "score_threshold nms_top_k nms_threshold nms_eta keep_top_k background_label normalized";
constexpr std::string_view kRows6 = "keep_top_k rows a picture; those behind the last have label -1";
constexpr Row kRows[] = {
    {"multiclass_nms", multiclass_nms, "", kNms, "multiclass_nms", kRows6},
    {"multiclass_nms2", multiclass_nms, "", kNms, "multiclass_nms", kRows6},
    {"multiclass_nms3", multiclass_nms, "", kNms, "multiclass_nms", kRows6},
    {"matrix_nms", matrix_nms, "", "score_threshold nms_top_k keep_top_k post_threshold use_gaussian gaussian_sigma background_label normalized", "matrix_nms", kRows6},
    {"roi_align", roi_pooling, "roi_align", "pooled_height pooled_width spatial_scale sampling_ratio aligned", "roi_align", ""},
    {"roi_pool", roi_pooling, "roi_pool", "pooled_height pooled_width spatial_scale", "roi_pool", ""},
    {"psroi_pool", roi_pooling, "psroi_pool", "pooled_height pooled_width spatial_scale output_channels", "psroi_pool", ""},
    {"generate_proposals", generate_proposals, "v1", "pre_nms_topN post_nms_topN nms_thresh min_size eta", "proposal", "post_nms_topN rows a picture", "RpnRois"},
    {"generate_proposals_v2", generate_proposals, "v2", "pre_nms_topN post_nms_topN nms_thresh min_size eta pixel_offset", "proposal", "post_nms_topN rows a picture", "RpnRois"},
    {"distribute_fpn_proposals", distribute_proposals, "", "min_level max_level refer_level refer_scale pixel_offset", "compare reduce binary", "every level gets all regions", "MultiFpnRois"},
    {"collect_fpn_proposals", collect_proposals, "", "post_nms_topN", "top_k gather", "one picture", "FpnRois"},
};
// clang-format on

}  // namespace

std::span<const Row> region_rows() { return kRows; }

}  // namespace bmnet::frontend::paddle
