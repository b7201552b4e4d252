#include "op/testing.h"

namespace bmnet::op::test {
namespace {

Attributes priors(Floats min_sizes, Floats max_sizes, Floats ratios, bool clip = false, float step = 0) {
  return {{"min_sizes", min_sizes},
          {"max_sizes", max_sizes},
          {"aspect_ratios", ratios},
          {"clip", clip},
          {"variance", Floats{0.1f, 0.1f, 0.2f, 0.2f}},
          {"step_h", step},
          {"step_w", step},
          {"offset", 0.5f}};
}
const Tensor kImage = ramp({1, 3, 20, 20});

TEST(prior_box, centres_boxes_on_the_cells) {
  const Tensor out = run("prior_box", priors({4}, {}, {}), {ramp({1, 8, 1, 2}), kImage});
  EXPECT_EQ(out.shape(), (Shape{1, 2, 8}));
  EXPECT_THAT(floats(out), near({0.15f, 0.4f, 0.35f, 0.6f, 0.65f, 0.4f, 0.85f, 0.6f, 0.1f, 0.1f, 0.2f, 0.2f, 0.1f, 0.1f,
                                 0.2f, 0.2f}));
}
TEST(prior_box, orders_min_then_middle_then_ratios) {
  const Floats out = floats(run("prior_box", priors({4}, {16}, {1, 4}), {ramp({1, 1, 1, 1}), kImage}));
  EXPECT_THAT(Floats(out.begin(), out.begin() + 12),
              near({0.4f, 0.4f, 0.6f, 0.6f, 0.3f, 0.3f, 0.7f, 0.7f, 0.3f, 0.45f, 0.7f, 0.55f}));
}
TEST(prior_box, clips_on_demand) {
  const Floats out = floats(run("prior_box", priors({40}, {}, {}, true), {ramp({1, 1, 1, 1}), kImage}));
  EXPECT_THAT(Floats(out.begin(), out.begin() + 4), ElementsAre(0, 0, 1, 1));
}
TEST(prior_box, a_given_step_wins) {
  const Floats out = floats(run("prior_box", priors({4}, {}, {}, false, 8), {ramp({1, 1, 1, 1}), kImage}));
  EXPECT_THAT(Floats(out.begin(), out.begin() + 4), near({0.1f, 0.1f, 0.3f, 0.3f}));
}
TEST(prior_box, one_variance_serves_all) {
  Attributes attributes = priors({4}, {}, {});
  attributes.set("variance", Floats{0.5f});
  const Floats out = floats(run("prior_box", attributes, {ramp({1, 1, 1, 1}), kImage}));
  EXPECT_THAT(Floats(out.begin() + 4, out.end()), ElementsAre(0.5f, 0.5f, 0.5f, 0.5f));
}
TEST(prior_box, refuses_no_min_sizes) {
  EXPECT_THAT(refusal("prior_box", priors({}, {}, {}), {kImage, kImage}), HasSubstr("min_sizes is empty"));
}
TEST(prior_box, refuses_unpaired_max_sizes) {
  EXPECT_THAT(refusal("prior_box", priors({1}, {2, 3}, {}), {kImage, kImage}),
              HasSubstr("2 max_sizes stand beside 1 min_sizes"));
}
TEST(prior_box, refuses_negative_sizes) {
  EXPECT_THAT(refusal("prior_box", priors({-1}, {}, {}), {kImage, kImage}), HasSubstr("min_size -1 is not positive"));
}
TEST(prior_box, refuses_ratio_zero) {
  EXPECT_THAT(refusal("prior_box", priors({1}, {}, {0}), {kImage, kImage}),
              HasSubstr("aspect_ratio 0 is not positive"));
}
TEST(prior_box, refuses_two_variances) {
  Attributes attributes = priors({1}, {}, {});
  attributes.set("variance", Floats{0.1f, 0.2f});
  EXPECT_THAT(refusal("prior_box", attributes, {kImage, kImage}),
              HasSubstr("variance has 2 values, 1 or 4 are needed"));
}

Attributes detection(int64_t classes, int64_t keep_top_k, std::string code = "corner", bool share = true) {
  return {{"num_classes", classes},
          {"share_location", share},
          {"background_label", int64_t{0}},
          {"nms_threshold", 0.5f},
          {"nms_top_k", int64_t{-1}},
          {"eta", 1.0f},
          {"code_type", code},
          {"variance_encoded_in_target", false},
          {"keep_top_k", keep_top_k},
          {"confidence_threshold", 0.1f}};
}
// Three priors: two that overlap almost entirely, one apart; variances 1.
const Tensor kPriors = f32({1, 2, 12}, {0, 0, 1, 1, 0, 0, 1, 0.9f, 2, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
const Tensor kNoShift = f32({1, 12}, Floats(12, 0));

TEST(detection_output, suppresses_overlapping_boxes) {
  const Tensor out =
      run("detection_output", detection(2, 3), {kNoShift, f32({1, 6}, {0, 0.8f, 0, 0.9f, 0, 0.7f}), kPriors});
  EXPECT_EQ(out.shape(), (Shape{1, 1, 3, 7}));
  EXPECT_THAT(floats(out), ElementsAre(0, 1, 0.9f, 0, 0, 1, 0.9f, 0, 1, 0.7f, 2, 2, 3, 3, -1, 0, 0, 0, 0, 0, 0));
}
TEST(detection_output, of_equal_scores_the_earlier_prior_stays) {
  const Floats out =
      floats(run("detection_output", detection(2, 1), {kNoShift, f32({1, 6}, {0, 0.8f, 0, 0.8f, 0, 0}), kPriors}));
  EXPECT_EQ(out[6], 1);
}
TEST(detection_output, the_threshold_itself_is_not_enough) {
  const Floats out =
      floats(run("detection_output", detection(2, 1), {kNoShift, f32({1, 6}, {0, 0.1f, 0, 0, 0, 0}), kPriors}));
  EXPECT_EQ(out[0], -1);
}
TEST(detection_output, keeps_the_best_over_all_classes_ordered_by_class) {
  const Tensor scores = f32({1, 9}, {0, 0.3f, 0.9f, 0, 0, 0, 0, 0.5f, 0.8f});
  const Floats out = floats(run("detection_output", detection(3, 3), {kNoShift, scores, kPriors}));
  EXPECT_THAT((Floats{out[1], out[2], out[8], out[9], out[15], out[16]}), ElementsAre(1, 0.5f, 2, 0.9f, 2, 0.8f));
}
TEST(detection_output, nms_top_k_bounds_the_candidates) {
  Attributes attributes = detection(2, 3);
  attributes.set("nms_top_k", int64_t{1});
  const Floats out =
      floats(run("detection_output", attributes, {kNoShift, f32({1, 6}, {0, 0.8f, 0, 0.9f, 0, 0.7f}), kPriors}));
  EXPECT_EQ(out[2], 0.9f);
  EXPECT_EQ(out[7], -1);
}
TEST(detection_output, images_stand_one_after_the_other) {
  const Tensor location = f32({2, 12}, Floats(24, 0));
  const Tensor scores = f32({2, 6}, {0, 0, 0, 0, 0, 0.7f, 0, 0.6f, 0, 0, 0, 0});
  const Floats out = floats(run("detection_output", detection(2, 2), {location, scores, kPriors}));
  EXPECT_THAT((Floats{out[0], out[2], out[7], out[9], out[14], out[21]}), ElementsAre(0, 0.7f, 1, 0.6f, -1, -1));
}
// The box that a code means for prior (1,1,3,3) with variance 0.5.
Floats decoded(std::string code, Floats location, bool encoded = false) {
  Attributes attributes = detection(2, 1, code);
  attributes.set("variance_encoded_in_target", encoded);
  const Floats row = floats(run(
      "detection_output", attributes,
      {f32({1, 4}, std::move(location)), f32({1, 2}, {0, 1}), f32({1, 2, 4}, {1, 1, 3, 3, 0.5f, 0.5f, 0.5f, 0.5f})}));
  return {row.begin() + 3, row.end()};
}
TEST(detection_output, decodes_corners) {
  EXPECT_THAT(decoded("corner", {1, 2, 3, 4}), ElementsAre(1.5f, 2, 4.5f, 5));
  EXPECT_THAT(decoded("corner", {1, 2, 3, 4}, true), ElementsAre(2, 3, 6, 7));
}
TEST(detection_output, decodes_corners_by_size) {
  EXPECT_THAT(decoded("corner_size", {1, 2, 3, 4}), ElementsAre(2, 3, 6, 7));
}
TEST(detection_output, decodes_centres) {
  EXPECT_THAT(decoded("center_size", {1, 0, 0, 2 * 0.6931472f}), near({2, 0, 4, 4}));
  EXPECT_THAT(decoded("center_size", {1, 0, 0, 0.6931472f}, true), near({3, 0, 5, 4}));
}
TEST(detection_output, classes_may_have_their_own_locations) {
  const Tensor location = f32({1, 8}, {9, 9, 9, 9, 1, 1, 1, 1});  // background, class 1
  const Floats out = floats(run("detection_output", detection(2, 1, "corner", false),
                                {location, f32({1, 2}, {0, 1}), f32({1, 2, 4}, {0, 0, 1, 1, 1, 1, 1, 1})}));
  EXPECT_THAT(Floats(out.begin() + 3, out.end()), ElementsAre(1, 1, 2, 2));
}
TEST(detection_output, eta_tightens_the_threshold) {
  Attributes attributes = detection(2, 3);  // overlaps: 0-1 0.6, 1-2 0.55
  attributes.set("nms_threshold", 0.6f);
  const Tensor prior = f32({1, 2, 8}, {0, 0, 1, 1, 0, 0, 1, 0.58f, 1, 1, 1, 1, 1, 1, 1, 1});
  const std::vector<Tensor> inputs = {f32({1, 8}, Floats(8, 0)), f32({1, 4}, {0, 0.9f, 0, 0.8f}), prior};
  EXPECT_EQ(floats(run("detection_output", attributes, inputs))[7], 0);
  attributes.set("eta", 0.9f);
  EXPECT_EQ(floats(run("detection_output", attributes, inputs))[7], -1);
}
TEST(detection_output, refuses_keep_all) {
  EXPECT_THAT(refusal("detection_output", detection(2, -1), {kNoShift, ramp({1, 6}), kPriors}),
              HasSubstr("give a positive keep_top_k"));
}
TEST(detection_output, refuses_locations_of_another_length) {
  EXPECT_THAT(refusal("detection_output", detection(2, 1), {ramp({1, 8}), ramp({1, 6}), kPriors}),
              HasSubstr("location has shape [1,8], [1,12] is needed"));
}
TEST(detection_output, refuses_confidences_of_another_length) {
  EXPECT_THAT(refusal("detection_output", detection(2, 1), {kNoShift, ramp({1, 5}), kPriors}),
              HasSubstr("confidence has shape [1,5], [1,6] is needed"));
}
TEST(detection_output, refuses_priors_without_variances) {
  EXPECT_THAT(refusal("detection_output", detection(2, 1), {kNoShift, ramp({1, 6}), ramp({1, 1, 12})}),
              HasSubstr("prior has shape [1,1,12]"));
}
TEST(detection_output, refuses_unknown_code) {
  EXPECT_THAT(refusal("detection_output", detection(2, 1, "polar"), {kNoShift, ramp({1, 6}), kPriors}),
              HasSubstr("code_type \"polar\""));
}
TEST(detection_output, refuses_eta_outside) {
  Attributes attributes = detection(2, 1);
  attributes.set("eta", 0.0f);
  EXPECT_THAT(refusal("detection_output", attributes, {kNoShift, ramp({1, 6}), kPriors}),
              HasSubstr("eta 0 is not in (0, 1]"));
}

}  // namespace
}  // namespace bmnet::op::test
