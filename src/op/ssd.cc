// The heads of Caffe's single shot detector: prior_box, detection_output.
#include <algorithm>
#include <cmath>

#include "op/family.h"
#include "op/kernel.h"
#include "op/nms.h"

namespace bmnet::op {
namespace {

struct Priors {
  std::vector<float> min_sizes, max_sizes, aspect_ratios, variance;
  bool clip = false;
  float step_h = 0, step_w = 0, offset = 0;

  static bool is_square(float ratio) { return std::abs(ratio - 1.0f) < 1e-6f; }
  // Boxes at one place.
  int64_t count() const {
    const auto ratios =
        std::count_if(aspect_ratios.begin(), aspect_ratios.end(), [](float r) { return !is_square(r); });
    return static_cast<int64_t>(min_sizes.size()) * (1 + ratios) + static_cast<int64_t>(max_sizes.size());
  }
};

Status check_positive(std::string_view what, const std::vector<float>& values) {
  for (float value : values)
    if (!(value > 0) || std::isinf(value)) return user_error("{} {} is not positive", what, value);
  return {};
}

Result<Priors> read_priors(const Attributes& attributes) {
  Priors p;
  BMNET_ASSIGN(p.min_sizes, attributes.get<std::vector<float>>("min_sizes"));
  BMNET_ASSIGN(p.max_sizes, attributes.get<std::vector<float>>("max_sizes"));
  BMNET_ASSIGN(p.aspect_ratios, attributes.get<std::vector<float>>("aspect_ratios"));
  BMNET_ASSIGN(p.variance, attributes.get<std::vector<float>>("variance"));
  BMNET_ASSIGN(p.clip, attributes.get<bool>("clip"));
  BMNET_ASSIGN(p.step_h, attributes.get<float>("step_h"));
  BMNET_ASSIGN(p.step_w, attributes.get<float>("step_w"));
  BMNET_ASSIGN(p.offset, attributes.get<float>("offset"));
  if (p.min_sizes.empty()) return user_error("min_sizes is empty");
  if (!p.max_sizes.empty() && p.max_sizes.size() != p.min_sizes.size())
    return user_error("{} max_sizes stand beside {} min_sizes", p.max_sizes.size(), p.min_sizes.size());
  BMNET_TRY(check_positive("min_size", p.min_sizes));
  BMNET_TRY(check_positive("max_size", p.max_sizes));
  BMNET_TRY(check_positive("aspect_ratio", p.aspect_ratios));
  if (p.variance.size() != 1 && p.variance.size() != 4)
    return user_error("variance has {} values, 1 or 4 are needed", p.variance.size());
  if (!(p.step_h >= 0) || !(p.step_w >= 0)) return user_error("step {} x {} is negative", p.step_h, p.step_w);
  return p;
}

Result<Infos> infer_prior_box(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 2));
  BMNET_TRY(check_rank(inputs[0], "the feature map", 4));
  BMNET_TRY(check_rank(inputs[1], "the image", 4));
  BMNET_ASSIGN(const Priors priors, read_priors(attributes));
  const Shape& feature = inputs[0].shape;
  BMNET_TRY(check_info({DType::kF32, {feature[2], feature[3], priors.count(), 8}}));
  return result(DType::kF32, {1, 2, feature[2] * feature[3] * priors.count() * 4});
}

// Width and height of the boxes at every place, in pixels of the image.
std::vector<std::pair<float, float>> box_sizes(const Priors& p) {
  std::vector<std::pair<float, float>> sizes;
  for (size_t i = 0; i < p.min_sizes.size(); ++i) {
    const float size = p.min_sizes[i];
    sizes.emplace_back(size, size);
    if (!p.max_sizes.empty()) {
      const float middle = std::sqrt(size * p.max_sizes[i]);
      sizes.emplace_back(middle, middle);
    }
    for (float ratio : p.aspect_ratios)
      if (!Priors::is_square(ratio)) sizes.emplace_back(size * std::sqrt(ratio), size / std::sqrt(ratio));
  }
  return sizes;
}

Status prior_box(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Priors p, read_priors(attributes));
  const int64_t height = inputs[0].shape()[2], width = inputs[0].shape()[3];
  const auto image_h = static_cast<float>(inputs[1].shape()[2]), image_w = static_cast<float>(inputs[1].shape()[3]);
  // As in Caffe, both steps come from the shapes when either is missing.
  const bool derived = p.step_h == 0 || p.step_w == 0;
  const float step_h = derived ? image_h / static_cast<float>(height) : p.step_h;
  const float step_w = derived ? image_w / static_cast<float>(width) : p.step_w;
  const auto sizes = box_sizes(p);
  float* out = pointer<float>(outputs[0]);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const float cx = (static_cast<float>(x) + p.offset) * step_w, cy = (static_cast<float>(y) + p.offset) * step_h;
      for (const auto& [w, h] : sizes)
        for (float edge :
             {(cx - w / 2) / image_w, (cy - h / 2) / image_h, (cx + w / 2) / image_w, (cy + h / 2) / image_h})
          *out++ = p.clip ? std::clamp(edge, 0.0f, 1.0f) : edge;
    }
  for (int64_t i = 0; i < outputs[0].count() / 2; ++i) *out++ = p.variance[p.variance.size() == 1 ? 0 : i % 4];
  return {};
}

struct Detection {
  int64_t classes = 0, background = 0, top_k = 0, keep_top_k = 0;
  float overlap_threshold = 0, eta = 1, score_threshold = 0;
  bool share_location = true, variance_in_target = false;
  std::string code;

  int64_t location_classes() const { return share_location ? 1 : classes; }
};

Result<Detection> read_detection(const Attributes& attributes) {
  Detection d;
  BMNET_ASSIGN(d.classes, attributes.get<int64_t>("num_classes"));
  BMNET_ASSIGN(d.share_location, attributes.get<bool>("share_location"));
  BMNET_ASSIGN(d.background, attributes.get<int64_t>("background_label"));
  BMNET_ASSIGN(d.overlap_threshold, attributes.get<float>("nms_threshold"));
  BMNET_ASSIGN(d.top_k, attributes.get<int64_t>("nms_top_k"));
  BMNET_ASSIGN(d.eta, attributes.get<float>("eta"));
  BMNET_ASSIGN(d.code, choice(attributes, "code_type", {"corner", "center_size", "corner_size"}));
  BMNET_ASSIGN(d.variance_in_target, attributes.get<bool>("variance_encoded_in_target"));
  BMNET_ASSIGN(d.keep_top_k, attributes.get<int64_t>("keep_top_k"));
  BMNET_ASSIGN(d.score_threshold, attributes.get<float>("confidence_threshold"));
  BMNET_TRY(check_range("num_classes", d.classes, 1, 1 << 24));
  if (d.keep_top_k < 1)
    return unsupported("keep_top_k {}: the number of rows must be fixed, give a positive keep_top_k", d.keep_top_k);
  BMNET_TRY(check_range("keep_top_k", d.keep_top_k, 1, 1 << 24));
  if (!(d.eta > 0 && d.eta <= 1)) return user_error("eta {} is not in (0, 1]", d.eta);
  if (!(d.overlap_threshold >= 0)) return user_error("nms_threshold {} is negative", d.overlap_threshold);
  return d;
}

Result<Infos> infer_detection_output(const Attributes& attributes, std::span<const TensorInfo> inputs) {
  BMNET_TRY(check_operands(inputs, 3));
  BMNET_ASSIGN(const Detection d, read_detection(attributes));
  BMNET_TRY(check_f32(inputs[0], "location"));
  BMNET_TRY(check_f32(inputs[1], "confidence"));
  BMNET_TRY(check_f32(inputs[2], "prior"));
  BMNET_TRY(check_rank(inputs[0], "location", 2));
  BMNET_TRY(check_rank(inputs[1], "confidence", 2));
  BMNET_TRY(check_rank(inputs[2], "prior", 3));
  const int64_t images = inputs[0].shape[0];
  const Shape& prior = inputs[2].shape;
  if ((prior[0] != 1 && prior[0] != images) || prior[1] != 2 || prior[2] % 4 != 0)
    return user_error("prior has shape {}, [1 or {},2,priors*4] is needed", to_string(prior), images);
  const int64_t priors = prior[2] / 4;
  BMNET_TRY(check_info({DType::kF32, {images, priors, d.classes, 4}}));
  BMNET_TRY(check_shape(inputs[0], "location", {images, priors * 4 * d.location_classes()}));
  BMNET_TRY(check_shape(inputs[1], "confidence", {images, priors * d.classes}));
  return result(DType::kF32, {1, 1, images * d.keep_top_k, 7});
}

// The box that `code` (4 values) and `prior` mean; `variance` has 4 values.
Box decode(const Detection& d, const float* code, const float* prior, const float* variance) {
  float c[4];
  for (int i = 0; i < 4; ++i) c[i] = d.variance_in_target ? code[i] : variance[i] * code[i];
  const float width = prior[2] - prior[0], height = prior[3] - prior[1];
  if (d.code == "corner") return {prior[0] + c[0], prior[1] + c[1], prior[2] + c[2], prior[3] + c[3]};
  if (d.code == "corner_size")
    return {prior[0] + c[0] * width, prior[1] + c[1] * height, prior[2] + c[2] * width, prior[3] + c[3] * height};
  const float x = c[0] * width + (prior[0] + prior[2]) / 2, y = c[1] * height + (prior[1] + prior[3]) / 2;
  const float w = std::exp(c[2]) * width, h = std::exp(c[3]) * height;
  return {x - w / 2, y - h / 2, x + w / 2, y + h / 2};
}

struct Image {
  const float *location, *confidence, *prior;
  int64_t priors;
};

std::vector<Box> decode_all(const Detection& d, const Image& image, int64_t location_class) {
  std::vector<Box> boxes(image.priors);
  for (int64_t p = 0; p < image.priors; ++p)
    boxes[p] = decode(d, image.location + (p * d.location_classes() + location_class) * 4, image.prior + p * 4,
                      image.prior + (image.priors + p) * 4);
  return boxes;
}

// Rows of one image: label, score and box, class by class, best first within a class.
std::vector<std::pair<Candidate, Box>> detect(const Detection& d, const Image& image) {
  std::vector<Candidate> found;
  std::vector<std::vector<Box>> boxes;
  for (int64_t c = 0; c < d.location_classes(); ++c) boxes.push_back(decode_all(d, image, c));
  const auto boxes_of = [&](int64_t label) -> const std::vector<Box>& { return boxes[d.share_location ? 0 : label]; };
  for (int64_t label = 0; label < d.classes; ++label) {
    if (label == d.background) continue;
    const std::vector<Candidate> candidates =
        best_of_class(image.confidence + label, d.classes, image.priors, label, d.score_threshold, d.top_k);
    const std::vector<Candidate> kept = suppress({d.overlap_threshold, d.eta}, candidates, boxes_of(label));
    found.insert(found.end(), kept.begin(), kept.end());
  }
  keep_best(found, d.keep_top_k);
  std::vector<std::pair<Candidate, Box>> rows;
  for (const Candidate& one : found) rows.emplace_back(one, boxes_of(one.label)[one.box]);
  return rows;
}

Status detection_output(const Attributes& attributes, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  BMNET_ASSIGN(const Detection d, read_detection(attributes));
  const Tensor &location = inputs[0], &confidence = inputs[1], &prior = inputs[2];
  const int64_t images = location.shape()[0], rows = outputs[0].shape()[2];
  int64_t row = 0;
  float* out = pointer<float>(outputs[0]);
  for (int64_t n = 0; n < images; ++n) {
    const Image image = {
        pointer<float>(location) + n * location.shape()[1], pointer<float>(confidence) + n * confidence.shape()[1],
        pointer<float>(prior) + (prior.shape()[0] == 1 ? 0 : n) * 2 * prior.shape()[2], prior.shape()[2] / 4};
    for (const auto& [one, box] : detect(d, image)) {
      const float values[7] = {
          static_cast<float>(n), static_cast<float>(one.label), one.score, box.xmin, box.ymin, box.xmax, box.ymax};
      std::copy_n(values, 7, out + row++ * 7);
    }
  }
  for (; row < rows; ++row) out[row * 7] = -1;
  return {};
}

constexpr OpSpec kOps[] = {
    {"prior_box", infer_prior_box, prior_box},
    {"detection_output", infer_detection_output, detection_output},
};

}  // namespace

std::span<const OpSpec> ssd_ops() { return kOps; }

}  // namespace bmnet::op
