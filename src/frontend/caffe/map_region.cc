// Region proposal networks and regions of interest.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "frontend/caffe/mapping.h"

namespace bmnet::caffe {
namespace {

struct Anchor {
  double x1, y1, x2, y2;
};
// A box of this size around the centre of another; edges are pixels.
Anchor around(const Anchor& box, double width, double height) {
  const double x = box.x1 + (box.x2 - box.x1) / 2, y = box.y1 + (box.y2 - box.y1) / 2;
  return {x - (width - 1) / 2, y - (height - 1) / 2, x + (width - 1) / 2, y + (height - 1) / 2};
}
// As Faster R-CNN has them: a square of base_size in every ratio (height / width), sides rounded, in every scale.
std::vector<Anchor> anchors_of(const proto::ProposalParameter& proposal) {
  const double side = proposal.base_size();
  const Anchor base{0, 0, side - 1, side - 1};
  std::vector<Anchor> anchors;
  for (const float ratio : proposal.ratio()) {
    const double width = std::nearbyint(std::sqrt(side * side / ratio)), height = std::nearbyint(width * ratio);
    for (const float scale : proposal.scale()) anchors.push_back(around(base, width * scale, height * scale));
  }
  return anchors;
}

// [H,W,A,4]: the anchors moved to every place of the feature map.
Tensor spread(const std::vector<Anchor>& anchors, int64_t height, int64_t width, double stride) {
  Tensor tensor({DType::kF32, {height, width, std::ssize(anchors), 4}});
  float* out = tensor.data<float>().data();
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (const Anchor& anchor : anchors) {
        const double dx = static_cast<double>(x) * stride, dy = static_cast<double>(y) * stride;
        for (const double edge : {anchor.x1 + dx, anchor.y1 + dy, anchor.x2 + dx, anchor.y2 + dy})
          *out++ = static_cast<float>(edge);
      }
  return tensor;
}

// Bottoms: scores [N,2A,H,W] (background, then foreground), deltas [N,4A,H,W], im_info [N,3].
Result<Values> emit_proposal(LayerCall& call, proto::ProposalParameter proposal) {
  BMNET_TRY(call.require_inputs(3, 3));
  if (call.top_count() > 2) return user_error("{} tops; regions and their scores are possible", call.top_count());
  if (proposal.ratio().empty())
    for (const float ratio : {0.5f, 1.0f, 2.0f}) proposal.add_ratio(ratio);
  if (proposal.scale().empty())
    for (const float scale : {8.0f, 16.0f, 32.0f}) proposal.add_scale(scale);
  const auto positive = [](float value) { return value > 0 && std::isfinite(value); };
  if (!std::ranges::all_of(proposal.ratio(), positive) || !std::ranges::all_of(proposal.scale(), positive))
    return user_error("ratio and scale must be positive");
  if (proposal.feat_stride() < 1 || proposal.base_size() < 1)
    return user_error("feat_stride and base_size must be positive");
  const std::vector<Anchor> anchors = anchors_of(proposal);
  const int64_t count = std::ssize(anchors);
  const Shape scores = call.shape(call.input());
  if (scores.size() != 4 || scores[1] != 2 * count)
    return user_error("its first bottom has shape {}; two scores for each of {} anchors are needed, [N,{},H,W]",
                      to_string(scores), count, 2 * count);
  if (!is_sane_shape(Shape{scores[2], scores[3], count, 4})) return user_error("{} anchors everywhere", count);
  BMNET_ASSIGN(const ValueId foreground, call.step("slice",
                                                   {{"starts", Shape{0, count, 0, 0}},
                                                    {"sizes", Shape{scores[0], count, scores[2], scores[3]}},
                                                    {"steps", Shape{1, 1, 1, 1}}},
                                                   {call.input()}));
  const ValueId places = call.constant("anchors", spread(anchors, scores[2], scores[3], proposal.feat_stride()));
  const std::string names[] = {call.top_name(), call.param().name() + "/scores", call.param().name() + "/counts"};
  const ValueId inputs[] = {foreground, call.input(1), call.input(2), places};
  BMNET_ASSIGN(const Values results,
               call.graph().create("proposal", call.param().name(),
                                   {{"convention", "caffe"},
                                    {"pre_nms", int64_t{proposal.pre_nms_topn()}},
                                    {"post_nms", int64_t{proposal.post_nms_topn()}},
                                    {"nms_threshold", proposal.nms_thresh()},
                                    {"min_size", static_cast<float>(proposal.min_size())},
                                    {"feature_stride", static_cast<float>(proposal.feat_stride())}},
                                   inputs, names));
  Values tops{results[0]};
  if (call.top_count() == 2) {
    BMNET_ASSIGN(const ValueId column,
                 call.top("reshape", {{"shape", Shape{call.shape(results[1])[0], 1}}}, {results[1]}, 1));
    tops.push_back(column);
  }
  return tops;
}

// The numbers behind a key of a dictionary as Python writes it: "'feat_stride': 16", "'scales': [8, 16]".
std::vector<float> numbers_of(std::string_view text, std::string_view key) {
  std::vector<float> numbers;
  const size_t found = text.find(key);
  if (found == std::string_view::npos) return numbers;
  text.remove_prefix(found + key.size());
  while (!text.empty()) {
    const char c = text.front();
    float value = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status == std::errc()) {
      numbers.push_back(value);
      text.remove_prefix(static_cast<size_t>(end - text.data()));
    } else if (std::string_view("'\": ([,").find(c) != std::string_view::npos) {
      if (c == ',' && numbers.empty()) return numbers;
      text.remove_prefix(1);
    } else {
      return numbers;
    }
  }
  return numbers;
}

Result<ValueId> rois_of(LayerCall& call) {
  BMNET_TRY(call.require_inputs(2, 2));
  const Shape rois = call.shape(call.input(1));
  if (rois.empty() || element_count(rois) != rois[0] * 5)
    return user_error("its second bottom has shape {}; rois [R,5] are needed", to_string(rois));
  return call.reshape(call.input(1), {rois[0], 5});
}

Status check_bins(int64_t height, int64_t width) {
  const auto usable = [](int64_t size) { return size >= 1 && size <= 1 << 12; };
  if (usable(height) && usable(width)) return {};
  return user_error("pooled_h {}, pooled_w {}; both must be positive", height, width);
}

}  // namespace

Result<Values> map_proposal(LayerCall& call) { return emit_proposal(call, call.param().proposal_param()); }

// The proposal layer of the original Faster R-CNN is Python; its settings in the test phase are the defaults here.
Result<Values> map_python(LayerCall& call) {
  const auto& python = call.param().python_param();
  if (python.module() != "rpn.proposal_layer" || python.layer() != "ProposalLayer")
    return unsupported("its code is not part of the model; end the network before it with --output_names");
  proto::ProposalParameter proposal;
  const auto stride = numbers_of(python.param_str(), "feat_stride"), scales = numbers_of(python.param_str(), "scales");
  if (stride.size() != 1 || !(stride[0] >= 1 && stride[0] <= 4096))
    return user_error("param_str \"{}\" does not state feat_stride", python.param_str());
  proposal.set_feat_stride(static_cast<uint32_t>(stride[0]));
  for (const float scale : scales) proposal.add_scale(scale);
  return emit_proposal(call, proposal);
}

Result<Values> map_roi_pooling(LayerCall& call) {
  const auto& roi = call.param().roi_pooling_param();
  BMNET_TRY(check_bins(roi.pooled_h(), roi.pooled_w()));
  BMNET_ASSIGN(const ValueId rois, rois_of(call));
  return one(call.top("roi_pool",
                      {{"pooled_h", int64_t{roi.pooled_h()}},
                       {"pooled_w", int64_t{roi.pooled_w()}},
                       {"spatial_scale", roi.spatial_scale()}},
                      {call.input(0), rois}));
}

Result<Values> map_psroi_pooling(LayerCall& call) {
  const auto& roi = call.param().psroi_pooling_param();
  BMNET_TRY(check_bins(roi.group_size(), roi.group_size()));
  BMNET_ASSIGN(const ValueId rois, rois_of(call));
  return one(call.top("psroi_pool",
                      {{"output_channels", int64_t{roi.output_dim()}},
                       {"pooled_h", int64_t{roi.group_size()}},
                       {"pooled_w", int64_t{roi.group_size()}},
                       {"spatial_scale", roi.spatial_scale()}},
                      {call.input(0), rois}));
}

Result<Values> map_roi_align(LayerCall& call) {
  const auto& roi = call.param().roi_align_param();
  BMNET_TRY(check_bins(roi.pooled_h(), roi.pooled_w()));
  BMNET_ASSIGN(const ValueId rois, rois_of(call));
  const int64_t count = call.shape(rois)[0];
  const auto columns = [&](int64_t first, int64_t size) {
    return call.step("slice", {{"starts", Shape{0, first}}, {"sizes", Shape{count, size}}, {"steps", Shape{1, 1}}},
                     {rois});
  };
  BMNET_ASSIGN(const ValueId boxes, columns(1, 4));
  BMNET_ASSIGN(const ValueId column, columns(0, 1));
  BMNET_ASSIGN(const ValueId images, call.reshape(column, {count}));
  BMNET_ASSIGN(const ValueId indices, call.step("cast", {{"to", "i64"}}, {images}));
  return one(call.top("roi_align",
                      {{"pooled_h", int64_t{roi.pooled_h()}},
                       {"pooled_w", int64_t{roi.pooled_w()}},
                       {"spatial_scale", roi.spatial_scale()},
                       {"sampling_ratio", int64_t{roi.sampling_ratio()}},
                       {"mode", "avg"},
                       {"aligned", false}},
                      {call.input(0), boxes, indices}));
}

}  // namespace bmnet::caffe
