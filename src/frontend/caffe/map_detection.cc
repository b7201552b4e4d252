// SSD heads.
#include <algorithm>
#include <cmath>
#include <limits>

#include "frontend/caffe/mapping.h"

namespace bmnet::caffe {
namespace {

using Floats = std::vector<float>;

// 1 first, then each ratio that is not there yet, with its inverse behind it when flipped.
Floats complete_ratios(const proto::PriorBoxParameter& prior) {
  Floats ratios{1.0f};
  for (float ratio : prior.aspect_ratio()) {
    const auto equal = [&](float known) { return std::fabs(ratio - known) < 1e-6f; };
    if (std::any_of(ratios.begin(), ratios.end(), equal)) continue;
    ratios.push_back(ratio);
    if (prior.flip()) ratios.push_back(1.0f / ratio);
  }
  return ratios;
}

Status check_sizes(const proto::PriorBoxParameter& prior) {
  const auto positive = [](float value) { return value > 0.0f && std::isfinite(value); };
  if (prior.min_size_size() == 0 || !std::all_of(prior.min_size().begin(), prior.min_size().end(), positive))
    return user_error("min_size must be given and positive");
  if (prior.max_size_size() > 0 && prior.max_size_size() != prior.min_size_size())
    return user_error("{} max_size for {} min_size", prior.max_size_size(), prior.min_size_size());
  for (int i = 0; i < prior.max_size_size(); ++i) {
    if (!(prior.max_size(i) > prior.min_size(i)))
      return user_error("max_size {} is not above min_size {}", prior.max_size(i), prior.min_size(i));
  }
  if (!std::all_of(prior.aspect_ratio().begin(), prior.aspect_ratio().end(), positive))
    return user_error("aspect_ratio must be positive");
  if (prior.variance_size() > 1 && prior.variance_size() != 4)
    return user_error("{} variance; none, 1 or 4 are possible", prior.variance_size());
  return {};
}

const char* code_type_name(proto::PriorBoxParameter::CodeType type) {
  if (type == proto::PriorBoxParameter::CENTER_SIZE) return "center_size";
  return type == proto::PriorBoxParameter::CORNER_SIZE ? "corner_size" : "corner";
}

}  // namespace

Result<Values> map_prior_box(LayerCall& call) {
  BMNET_TRY(call.require_inputs(2, 2));
  const auto& prior = call.param().prior_box_param();
  BMNET_TRY(check_sizes(prior));
  if ((prior.has_img_size() || prior.has_img_h() || prior.has_img_w())) {
    const Shape image = call.shape(call.input(1));
    const int64_t height = prior.has_img_size() ? prior.img_size() : prior.img_h();
    const int64_t width = prior.has_img_size() ? prior.img_size() : prior.img_w();
    if (image.size() != 4 || image[2] != height || image[3] != width)
      return unsupported("img_size {}x{} differs from its image {}; leave it out", height, width, to_string(image));
  }
  Floats variance(prior.variance().begin(), prior.variance().end());
  if (variance.empty()) variance = {0.1f};
  return one(call.top("prior_box",
                      {{"min_sizes", Floats(prior.min_size().begin(), prior.min_size().end())},
                       {"max_sizes", Floats(prior.max_size().begin(), prior.max_size().end())},
                       {"aspect_ratios", complete_ratios(prior)},
                       {"clip", prior.clip()},
                       {"variance", variance},
                       {"step_h", prior.has_step() ? prior.step() : prior.step_h()},
                       {"step_w", prior.has_step() ? prior.step() : prior.step_w()},
                       {"offset", prior.offset()}},
                      {call.input(0), call.input(1)}));
}

Result<Values> map_detection_output(LayerCall& call) {
  if (call.inputs().size() > 3)
    return unsupported("{} bottoms (a refining second stage); location, confidence and priors are supported",
                       call.inputs().size());
  BMNET_TRY(call.require_inputs(3, 3));
  const auto& detect = call.param().detection_output_param();
  const auto& nms = detect.nms_param();
  const Shape priors = call.shape(call.input(2));
  if (priors.size() != 3 || priors[1] != 2 || priors[2] % 4 != 0)
    return user_error("its third bottom has shape {}; priors [1,2,4*P] are needed", to_string(priors));
  if (detect.num_classes() < 1 || detect.num_classes() > 1 << 20)
    return user_error("num_classes {}", detect.num_classes());
  const int64_t top_k = nms.has_top_k() && nms.top_k() >= 0 ? nms.top_k() : -1;
  // Without a limit, as many rows as there can be detections.
  const int64_t per_class = top_k < 0 ? priors[2] / 4 : std::min(top_k, priors[2] / 4);
  const int64_t keep =
      detect.keep_top_k() < 0 ? std::max<int64_t>(1, per_class * detect.num_classes()) : detect.keep_top_k();
  if (!is_sane_shape(Shape{keep, 7})) return user_error("keep_top_k {}", keep);
  return one(
      call.top("detection_output",
               {{"num_classes", int64_t{detect.num_classes()}},
                {"share_location", detect.share_location()},
                {"background_label", int64_t{detect.background_label_id()}},
                {"nms_threshold", nms.nms_threshold()},
                {"nms_top_k", top_k},
                {"eta", nms.eta()},
                {"code_type", code_type_name(detect.code_type())},
                {"variance_encoded_in_target", detect.variance_encoded_in_target()},
                {"keep_top_k", keep},
                {"confidence_threshold", detect.has_confidence_threshold() ? detect.confidence_threshold()
                                                                           : std::numeric_limits<float>::lowest()}},
               {call.input(0), call.input(1), call.input(2)}));
}

}  // namespace bmnet::caffe
