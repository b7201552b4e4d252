// Region proposal networks and regions of interest.
#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::HasSubstr;

// One place, one anchor of 16 x 16 around (7.5, 7.5), an image of 100 x 100.
std::string proposal(const std::string& layer, int64_t channels = 2) {
  return fmt::format(R"(
      input: "scores" input_shape {{ dim: 1 dim: {} dim: 1 dim: 2 }} input: "deltas" input_shape {{ dim: 1 dim: 4 dim: 1 dim: 2 }}
      input: "im_info" input_shape {{ dim: 1 dim: 3 }}
      layer {{ name: "rpn" bottom: "scores" bottom: "deltas" bottom: "im_info" top: "rois" {} }})",
                     channels, layer);
}
const char* const kParameters = R"(proposal_param { feat_stride: 32 ratio: 1 scale: 1 min_size: 4 post_nms_topn: 3 })";

TEST(proposal, moves_anchors_and_keeps_the_best) {
  const auto model = import(proposal(fmt::format("type: \"Proposal\" top: \"probs\" {}", kParameters)));
  ASSERT_TRUE(model) << model.error().message;
  NamedTensors out = run(*model, {{"scores", tensor({1, 2, 1, 2}, {0.9f, 0.9f, 0.2f, 0.7f})},
                                  {"deltas", tensor({1, 4, 1, 2}, {0, 0.5f, 0, 0, 0, 0, 0, 0})},
                                  {"im_info", tensor({1, 3}, {100, 100, 1})}});
  // The foreground scores are 0.2 and 0.7; the second anchor stands 32 to the right, moved by half its width.
  expect(out["rois"], {3, 5}, {0, 40, 0, 56, 16, 0, 0, 0, 16, 16, -1, 0, 0, 0, 0});
  expect(out["probs"], {3, 1}, {0.7f, 0.2f, 0});
}

TEST(proposal, of_the_original_is_python) {
  const std::string python = R"(type: "Python" python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" )";
  // Three anchors, so twelve deltas are needed.
  EXPECT_THAT(refusal(proposal(python + R"p(param_str: "'feat_stride': 16, 'scales': (8,)" })p", 6)),
              HasSubstr("deltas has shape [1,4,1,2], [1,12,1,2] is needed"));
  EXPECT_THAT(refusal(proposal(python + R"(param_str: "" })")), HasSubstr("does not state feat_stride"));
  EXPECT_THAT(refusal(proposal(R"(type: "Python" python_param { module: "m" layer: "L" })")),
              HasSubstr("its code is not part of the model"));
}

TEST(proposal, refuses_scores_for_another_number_of_anchors) {
  EXPECT_THAT(refusal(proposal("type: \"Proposal\"")),
              HasSubstr("two scores for each of 9 anchors are needed, [N,18,H,W]"));
}

std::string regions(const std::string& layer, int64_t channels) {
  return fmt::format(R"(
      input: "data" input_shape {{ dim: 1 dim: {} dim: 2 dim: 2 }} input: "rois" input_shape {{ dim: 1 dim: 5 }}
      layer {{ name: "layer" bottom: "data" bottom: "rois" top: "out" {} }})",
                     channels, layer);
}
Tensor pooled(const std::string& layer, const Tensor& data, const std::vector<float>& roi) {
  const auto model = import(regions(layer, data.shape()[1]));
  if (!model) ADD_FAILURE() << model.error().message;
  return model ? run(*model, {{"data", data}, {"rois", tensor({1, 5}, roi)}})["out"] : kNothing;
}
const Tensor kImage = tensor({1, 1, 2, 2}, {1, 2, 3, 4});

TEST(roi_pooling, takes_maxima) {
  expect(pooled("type: \"ROIPooling\" roi_pooling_param { pooled_h: 1 pooled_w: 2 }", kImage, {0, 0, 0, 1, 1}),
         {1, 1, 1, 2}, {3, 4});
}

TEST(psroi_pooling, averages_a_channel_for_every_bin) {
  std::vector<float> values;
  for (const float channel : {1.0f, 2.0f, 3.0f, 4.0f}) values.insert(values.end(), 4, channel);
  expect(pooled("type: \"PSROIPooling\" psroi_pooling_param { spatial_scale: 1 output_dim: 1 group_size: 2 }",
                tensor({1, 4, 2, 2}, values), {0, 0, 0, 1, 1}),
         {1, 1, 2, 2}, {1, 2, 3, 4});
  EXPECT_THAT(refusal(regions(
                  "type: \"PSROIPooling\" psroi_pooling_param { spatial_scale: 1 output_dim: 1 group_size: 0 }", 4)),
              HasSubstr("both must be positive"));
}

TEST(roi_align, samples_between_pixels) {
  expect(pooled("type: \"ROIAlign\" roi_align_param { pooled_h: 1 pooled_w: 1 sampling_ratio: 1 }", kImage,
                {0, 0, 0, 1, 1}),
         {1, 1, 1, 1}, {2.5f});
  EXPECT_THAT(refusal(regions("type: \"ROIAlign\"", 1)), HasSubstr("pooled_h 0, pooled_w 0"));
}

}  // namespace
}  // namespace bmnet::caffe::test
