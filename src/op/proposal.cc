// Regions of a region proposal network.
#include <cmath>

#include "op/family.h"
#include "op/kernel.h"
#include "op/nms.h"

namespace bmnet::op {
namespace {

enum class Convention : uint8_t { kCaffe, kMxnet, kPaddle };

struct Proposal {
  Convention convention = Convention::kCaffe;
  int64_t pre_nms = 0, post_nms = 0;
  float min_size = 0, feature_stride = 1, pixel = 1;
  bool direct = false, scale_min_size = false;
  SuppressionRule rule;
};

Result<Proposal> read_proposal(const Attributes& attributes) {
  Proposal p;
  BMNET_ASSIGN(const std::string convention, choice(attributes, "convention", {"caffe", "mxnet", "paddle"}));
  if (convention == "mxnet") p.convention = Convention::kMxnet;
  if (convention == "paddle") p.convention = Convention::kPaddle;
  BMNET_ASSIGN(p.pre_nms, attributes.get<int64_t>("pre_nms"));
  BMNET_ASSIGN(p.post_nms, attributes.get<int64_t>("post_nms"));
  BMNET_ASSIGN(p.rule.threshold, attributes.get<float>("nms_threshold"));
  BMNET_ASSIGN(p.rule.eta, attributes.get<float>("eta"));
  BMNET_ASSIGN(p.min_size, attributes.get<float>("min_size"));
  BMNET_ASSIGN(p.feature_stride, attributes.get<float>("feature_stride"));
  BMNET_ASSIGN(p.direct, attributes.get<bool>("direct"));
  BMNET_ASSIGN(p.scale_min_size, attributes.get<bool>("scale_min_size"));
  BMNET_ASSIGN(const bool pixel_edges, attributes.get<bool>("pixel_edges"));
  BMNET_TRY(check_range("pre_nms", p.pre_nms, 0, kMaxExtent));
  BMNET_TRY(check_range("post_nms", p.post_nms, 1, 1 << 24));
  if (!(p.rule.threshold >= 0)) return user_error("nms_threshold {} is negative", p.rule.threshold);
  if (!(p.rule.eta > 0 && p.rule.eta <= 1)) return user_error("eta {} is not in (0, 1]", p.rule.eta);
  if (!(p.feature_stride > 0)) return user_error("feature_stride {} is not positive", p.feature_stride);
  p.pixel = p.rule.pixel = pixel_edges ? 1.0f : 0.0f;
  p.rule.most = p.post_nms;
  return p;
}

Result<Infos> infer_proposal(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 4));
  constexpr std::string_view kNames[] = {"scores", "deltas", "info", "anchors"};
  for (size_t i = 0; i < 4; ++i) {
    BMNET_TRY(check_f32(inputs[i], kNames[i]));
    BMNET_TRY(check_rank(inputs[i], kNames[i], i == 2 ? 2 : 4));
  }
  BMNET_ASSIGN(const Proposal p, read_proposal(attributes));
  const Shape& s = inputs[0].shape;
  BMNET_TRY(check_shape(inputs[1], "deltas", {s[0], 4 * s[1], s[2], s[3]}));
  BMNET_TRY(check_shape(inputs[3], "anchors", {s[2], s[3], s[1], 4}));
  const Shape& info = inputs[2].shape;
  if (info[0] != s[0] || (info[1] != 2 && info[1] != 3))
    return user_error("info has shape {}, [{},2 or 3] is needed", to_string(info), s[0]);
  const int64_t rows = s[0] * p.post_nms;
  return checked({{DType::kF32, {rows, 5}}, {DType::kF32, {rows}}, {DType::kI64, {s[0]}}});
}

struct ImageInfo {
  float height, width, scale;
};

// One side of a box, from its anchor's edges and two deltas (place, size).
struct Side {
  float first, last;
};
Side decode(const Proposal& p, float first, float last, float place, float size) {
  if (p.direct) return {first + place, last + size};
  const float length = last - first + p.pixel;
  const float shift = p.convention == Convention::kMxnet ? p.pixel : 0;  // a centre is that of pixels, or of edges
  if (p.convention == Convention::kPaddle) size = std::min(size, std::log(1000.0f / 16.0f));
  const float center = place * length + first + (length - shift) / 2;
  const float half = (std::exp(size) * length - shift) / 2;
  const float end = p.convention == Convention::kPaddle ? p.pixel : 0;
  return {center - half, center + half - end};
}

class ImageRegions {
 public:
  ImageRegions(const Proposal& p, const Shape& shape, const float* deltas, const float* anchors, ImageInfo info)
      : p_(p), anchors_(shape[1]), height_(shape[2]), width_(shape[3]), info_(info) {
    const int64_t places = height_ * width_;
    for (int64_t place = 0; place < places; ++place)
      for (int64_t a = 0; a < anchors_; ++a) {
        const float* anchor = anchors + (place * anchors_ + a) * 4;
        const auto delta = [&](int k) { return deltas[(a * 4 + k) * places + place]; };
        const Side x = decode(p, anchor[0], anchor[2], delta(0), delta(2));
        const Side y = decode(p, anchor[1], anchor[3], delta(1), delta(3));
        const auto cut = [&](float at, float size) { return std::max(std::min(at, size - p.pixel), 0.0f); };
        boxes_.push_back(
            {cut(x.first, info.width), cut(y.first, info.height), cut(x.last, info.width), cut(y.last, info.height)});
      }
  }

  // Regions of this image, best first; box numbers are those of boxes().
  std::vector<Candidate> find(const float* scores) {
    std::vector<float> score(boxes_.size());
    for (size_t i = 0; i < score.size(); ++i) score[i] = scores[i % anchors_ * height_ * width_ + i / anchors_];
    if (p_.convention == Convention::kCaffe)
      for (size_t i = 0; i < score.size(); ++i)
        if (is_small(boxes_[i])) score[i] = kNone;
    if (p_.convention == Convention::kMxnet) mark_unwanted(score);
    const int64_t most = p_.pre_nms > 0 ? p_.pre_nms : -1;
    std::vector<Candidate> candidates = best_of_class(score.data(), 1, std::ssize(score), 0, kNone, most);
    if (p_.convention == Convention::kPaddle)
      std::erase_if(candidates, [&](const Candidate& one) { return is_small(boxes_[one.box]); });
    if (p_.convention == Convention::kPaddle && p_.rule.threshold == 0) {  // no suppression at all
      if (std::ssize(candidates) > p_.post_nms) candidates.resize(p_.post_nms);
      return candidates;
    }
    return suppress(p_.rule, candidates, boxes_);
  }
  const std::vector<Box>& boxes() const { return boxes_; }

 private:
  static constexpr float kNone = -std::numeric_limits<float>::infinity();

  bool is_small(const Box& box) const {
    float w = box.xmax - box.xmin + p_.pixel, h = box.ymax - box.ymin + p_.pixel;
    if (p_.convention != Convention::kPaddle) return w < p_.min_size * info_.scale || h < p_.min_size * info_.scale;
    const bool outside = p_.pixel > 0 && (box.xmin + w / 2 > info_.width || box.ymin + h / 2 > info_.height);
    if (p_.scale_min_size) {
      w = (box.xmax - box.xmin) / info_.scale + 1;
      h = (box.ymax - box.ymin) / info_.scale + 1;
    }
    const float least = std::max(p_.min_size, 1.0f);
    return outside || !(w >= least && h >= least);
  }

  // Places behind the image, and small boxes, come last.
  void mark_unwanted(std::vector<float>& score) {
    const float rows = std::trunc(info_.height / p_.feature_stride),
                columns = std::trunc(info_.width / p_.feature_stride);
    const float margin = p_.min_size * info_.scale / 2;
    for (size_t i = 0; i < score.size(); ++i) {
      const int64_t place = static_cast<int64_t>(i) / anchors_;
      if (static_cast<float>(place / width_) >= rows || static_cast<float>(place % width_) >= columns) score[i] = -1;
      Box& box = boxes_[i];
      if (!is_small(box)) continue;
      score[i] = -1;
      box = {box.xmin - margin, box.ymin - margin, box.xmax + margin, box.ymax + margin};
    }
  }

  const Proposal& p_;
  int64_t anchors_, height_, width_;
  ImageInfo info_;
  std::vector<Box> boxes_;
};

Status proposal(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Proposal p, read_proposal(attributes));
  const Shape& shape = inputs[0].shape();
  const int64_t columns = inputs[2].shape()[1], plane = extent_between(shape, 1, 4);
  if (plane == 0) return user_error("there is no place for a region");
  int64_t row = 0;
  const auto write = [&](int64_t image, const Box& box, float score) {
    const float values[5] = {static_cast<float>(image), box.xmin, box.ymin, box.xmax, box.ymax};
    std::copy_n(values, 5, pointer<float>(outputs[0]) + row * 5);
    pointer<float>(outputs[1])[row++] = score;
  };
  for (int64_t n = 0; n < shape[0]; ++n) {
    const float* info = pointer<float>(inputs[2]) + n * columns;
    ImageRegions regions(p, shape, pointer<float>(inputs[1]) + n * 4 * plane, pointer<float>(inputs[3]),
                         {info[0], info[1], columns > 2 ? info[2] : 1.0f});
    const std::vector<Candidate> found = regions.find(pointer<float>(inputs[0]) + n * plane);
    int64_t count = std::ssize(found);
    if (p.convention == Convention::kMxnet && count > 0) count = p.post_nms;
    for (int64_t i = 0; i < count; ++i) {
      const Candidate& one = found[i % found.size()];
      write(n, regions.boxes()[one.box], one.score);
    }
    if (p.convention == Convention::kPaddle && count == 0) write(n, Box{}, 0), count = 1;
    pointer<int64_t>(outputs[2])[n] = count;
  }
  for (; row < outputs[1].count(); ++row) pointer<float>(outputs[0])[row * 5] = -1;
  return {};
}

constexpr OpSpec kOps[] = {{"proposal", infer_proposal, proposal}};

}  // namespace

std::span<const OpSpec> proposal_ops() { return kOps; }

}  // namespace bmnet::op
