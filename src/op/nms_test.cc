#include "op/testing.h"

namespace bmnet::op::test {
namespace {

// Boxes 0 and 1 overlap by 0.9, box 2 stands alone.
const Floats kThree{0, 0, 1, 1, 0, 0, 1, 0.9f, 2, 2, 3, 3};

Attributes head(int64_t keep, int64_t background = -1) {
  return {{"background_label", background},
          {"score_threshold", 0.1f},
          {"nms_top_k", int64_t{-1}},
          {"keep_top_k", keep},
          {"pixel_edges", false}};
}
Attributes greedy(int64_t keep, int64_t background = -1) {
  Attributes attributes = head(keep, background);
  attributes.set("nms_threshold", 0.5f);
  attributes.set("eta", 1.0f);
  return attributes;
}

TEST(multiclass_nms, keeps_the_best_of_overlapping_boxes) {
  const std::vector<Tensor> inputs{f32({1, 3, 4}, kThree), f32({1, 1, 3}, {0.8f, 0.9f, 0.7f})};
  EXPECT_THAT(floats(run("multiclass_nms", greedy(3), inputs)),
              ElementsAre(0, 0.9f, 0, 0, 1, 0.9f, 0, 0.7f, 2, 2, 3, 3, -1, 0, 0, 0, 0, 0));
  EXPECT_THAT(longs(run("multiclass_nms", greedy(3), inputs, 1)), ElementsAre(1, 2, -1));
  EXPECT_THAT(longs(run("multiclass_nms", greedy(3), inputs, 2)), ElementsAre(2));
}
TEST(multiclass_nms, orders_by_class_and_leaves_the_background_out) {
  const std::vector<Tensor> inputs{f32({1, 1, 4}, {0, 0, 1, 1}), f32({1, 3, 1}, {0.9f, 0.3f, 0.8f})};
  const Floats rows = floats(run("multiclass_nms", greedy(2, 0), inputs));
  EXPECT_EQ(rows[0], 1);
  EXPECT_EQ(rows[6], 2);
}
TEST(multiclass_nms, of_too_many_the_best_stay) {
  const std::vector<Tensor> inputs{f32({1, 1, 4}, {0, 0, 1, 1}), f32({1, 3, 1}, {0.9f, 0.3f, 0.8f})};
  const Floats rows = floats(run("multiclass_nms", greedy(2), inputs));
  EXPECT_EQ(rows[0], 0);
  EXPECT_EQ(rows[6], 2);
}
TEST(multiclass_nms, images_follow_each_other_without_gaps) {
  const std::vector<Tensor> inputs{f32({2, 1, 4}, {0, 0, 1, 1, 5, 5, 6, 6}), f32({2, 1, 1}, {0.9f, 0.8f})};
  EXPECT_THAT(longs(run("multiclass_nms", greedy(2), inputs, 1)), ElementsAre(0, 1, -1, -1));
  EXPECT_THAT(longs(run("multiclass_nms", greedy(2), inputs, 2)), ElementsAre(1, 1));
}
TEST(multiclass_nms, pixels_at_the_edge_count_on_demand) {  // 1 of 3 pixels in common: 1/3, or as lengths 0 of 2
  const std::vector<Tensor> inputs{f32({1, 2, 4}, {0, 0, 1, 0, 1, 0, 2, 0}), f32({1, 1, 2}, {0.9f, 0.8f})};
  Attributes attributes = greedy(2);
  attributes.set("nms_threshold", 0.3f);
  EXPECT_THAT(longs(run("multiclass_nms", attributes, inputs, 2)), ElementsAre(2));
  attributes.set("pixel_edges", true);
  EXPECT_THAT(longs(run("multiclass_nms", attributes, inputs, 2)), ElementsAre(1));
}
TEST(multiclass_nms, not_a_number_is_no_score) {
  const std::vector<Tensor> inputs{f32({1, 1, 4}, {0, 0, 1, 1}), f32({1, 1, 1}, {NAN})};
  EXPECT_THAT(longs(run("multiclass_nms", greedy(1), inputs, 2)), ElementsAre(0));
}
TEST(multiclass_nms, refuses_an_open_number_of_rows) {
  EXPECT_THAT(refusal("multiclass_nms", greedy(-1), {ramp({1, 1, 4}), ramp({1, 1, 1})}),
              HasSubstr("keep_top_k -1 is below 1"));
}
TEST(multiclass_nms, refuses_scores_of_other_boxes) {
  EXPECT_THAT(refusal("multiclass_nms", greedy(1), {ramp({1, 2, 4}), ramp({1, 1, 1})}),
              HasSubstr("boxes has shape [1,2,4], [1,1,4] is needed"));
}
TEST(multiclass_nms, refuses_eta_outside) {
  Attributes attributes = greedy(1);
  attributes.set("eta", 0.0f);
  EXPECT_THAT(refusal("multiclass_nms", attributes, {ramp({1, 1, 4}), ramp({1, 1, 1})}),
              HasSubstr("eta 0 is not in (0, 1]"));
}

Attributes decaying(int64_t keep, float post_threshold, bool gaussian = false) {
  Attributes attributes = head(keep);
  attributes.set("post_threshold", post_threshold);
  attributes.set("gaussian", gaussian);
  attributes.set("sigma", 2.0f);
  return attributes;
}
TEST(matrix_nms, scores_decay_by_overlap) {
  const std::vector<Tensor> inputs{f32({1, 3, 4}, kThree), f32({1, 1, 3}, {0.8f, 0.9f, 0.7f})};
  const Tensor linear = run("matrix_nms", decaying(3, 0), inputs);
  EXPECT_THAT(floats(linear),
              near({0, 0.9f, 0, 0, 1, 0.9f, 0, 0.7f, 2, 2, 3, 3, 0, 0.08f, 0, 0, 1, 1}));  // 0.8 * (1 - 0.9)
  EXPECT_THAT(longs(run("matrix_nms", decaying(3, 0), inputs, 1)), ElementsAre(1, 2, 0));
  const Floats gaussian = floats(run("matrix_nms", decaying(3, 0, true), inputs));
  EXPECT_NEAR(gaussian[13], 0.8f * std::exp(-0.81f * 2), 1e-5f);
}
TEST(matrix_nms, drops_what_has_decayed) {
  const std::vector<Tensor> inputs{f32({1, 3, 4}, kThree), f32({1, 1, 3}, {0.8f, 0.9f, 0.7f})};
  EXPECT_THAT(longs(run("matrix_nms", decaying(3, 0.1f), inputs, 2)), ElementsAre(2));
}
TEST(matrix_nms, refuses_sigma_that_is_no_number) {
  Attributes attributes = decaying(1, 0);
  attributes.set("sigma", NAN);
  EXPECT_THAT(refusal("matrix_nms", attributes, {ramp({1, 1, 4}), ramp({1, 1, 1})}),
              HasSubstr("sigma is not a number"));
}

Attributes table(int64_t id_index, bool force = false, int64_t top_k = -1) {
  return {{"overlap_threshold", 0.5f},    {"valid_threshold", 0.1f},   {"top_k", top_k},
          {"coord_start", int64_t{2}},    {"score_index", int64_t{1}}, {"id_index", id_index},
          {"background_id", int64_t{-1}}, {"force_suppress", force},   {"center_point_box", false}};
}
TEST(box_nms, kept_rows_come_first) {
  const Tensor rows = f32({1, 3, 6}, {0, 0.5f, 0, 0, 1, 1, 0, 0.8f, 0, 0, 1, 0.9f, 0, 0.05f, 2, 2, 3, 3});
  EXPECT_THAT(floats(run("box_nms", table(0), {rows})),
              ElementsAre(0, 0.8f, 0, 0, 1, 0.9f, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
}
TEST(box_nms, other_classes_do_not_suppress_unless_forced) {
  const Tensor rows = f32({1, 2, 6}, {0, 0.5f, 0, 0, 1, 1, 1, 0.8f, 0, 0, 1, 1});
  EXPECT_EQ(floats(run("box_nms", table(0), {rows}))[6], 0);
  EXPECT_EQ(floats(run("box_nms", table(0, true), {rows}))[6], -1);
  EXPECT_EQ(floats(run("box_nms", table(-1), {rows}))[6], -1);
}
TEST(box_nms, only_the_best_take_part) {
  const Tensor rows = f32({1, 2, 6}, {0, 0.5f, 0, 0, 1, 1, 0, 0.8f, 5, 5, 6, 6});
  EXPECT_EQ(floats(run("box_nms", table(0, false, 1), {rows}))[6], -1);
}
TEST(box_nms, refuses_corners_outside_the_row) {
  EXPECT_THAT(refusal("box_nms", table(0), {ramp({1, 2, 5})}), HasSubstr("coord_start 2 is above 1"));
}

Attributes multibox(float nms, bool clip = true, int64_t top_k = -1) {
  return {{"clip", clip},
          {"threshold", 0.1f},
          {"nms_threshold", nms},
          {"force_suppress", false},
          {"variances", Floats{0.1f, 0.1f, 0.2f, 0.2f}},
          {"top_k", top_k}};
}
TEST(multibox_detection, marks_suppressed_rows_in_place) {
  const Tensor probability = f32({1, 2, 3}, {0, 0, 0, 0.5f, 0.8f, 0.05f});
  const Tensor anchors = f32({1, 3, 4}, {0, 0, 1, 1, 0, 0, 1, 0.9f, 0, 0, 1, 1});
  EXPECT_THAT(floats(run("multibox_detection", multibox(0.5f), {probability, f32({1, 12}, Floats(12)), anchors})),
              near({0, 0.8f, 0, 0, 1, 0.9f, -1, 0.5f, 0, 0, 1, 1, -1, -1, -1, -1, -1, -1}));
}
TEST(multibox_detection, decodes_by_centre_and_size) {  // moved by half its width, cut to the picture
  const std::vector<Tensor> inputs{f32({1, 2, 1}, {0, 1}), f32({1, 4}, {5, 0, 0, 0}), f32({1, 1, 4}, {0, 0, 1, 1})};
  EXPECT_THAT(floats(run("multibox_detection", multibox(0.5f), inputs)), near({0, 1, 0.5f, 0, 1, 1}));
  EXPECT_THAT(floats(run("multibox_detection", multibox(0.5f, false), inputs)), near({0, 1, 0.5f, 0, 1.5f, 1}));
}
TEST(multibox_detection, without_suppression_anchors_keep_their_order) {
  const std::vector<Tensor> inputs{f32({1, 2, 2}, {0, 0, 0.5f, 0.8f}), f32({1, 8}, Floats(8)),
                                   f32({1, 2, 4}, {0, 0, 1, 1, 0, 0, 1, 1})};
  const Floats rows = floats(run("multibox_detection", multibox(-1), inputs));
  EXPECT_EQ(rows[1], 0.5f);
  EXPECT_EQ(rows[7], 0.8f);
}
TEST(multibox_detection, refuses_three_variances) {
  Attributes attributes = multibox(0.5f);
  attributes.set("variances", Floats{1, 1, 1});
  EXPECT_THAT(refusal("multibox_detection", attributes, {ramp({1, 2, 1}), ramp({1, 4}), ramp({1, 1, 4})}),
              HasSubstr("variances has 3 values, 4 are needed"));
}

}  // namespace
}  // namespace bmnet::op::test
