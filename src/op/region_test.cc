#include "op/testing.h"

namespace bmnet::op::test {
namespace {

Attributes pooled(int64_t h, int64_t w, float scale = 1) {
  return {{"pooled_h", h}, {"pooled_w", w}, {"spatial_scale", scale}};
}
const Tensor kMap = ramp({1, 1, 4, 4});

TEST(roi_pool, takes_the_maximum_of_every_bin) {
  EXPECT_THAT(floats(run("roi_pool", pooled(2, 2), {kMap, f32({1, 5}, {0, 0, 0, 3, 3})})), ElementsAre(5, 7, 13, 15));
}
TEST(roi_pool, scales_and_rounds_regions) {
  EXPECT_THAT(floats(run("roi_pool", pooled(1, 1, 0.5f), {kMap, f32({1, 5}, {0, 2.8f, 0, 4.2f, 3})})), ElementsAre(10));
}
TEST(roi_pool, a_bin_outside_is_zero) {
  EXPECT_THAT(floats(run("roi_pool", pooled(1, 1), {kMap, f32({1, 5}, {0, 7, 7, 9, 9})})), ElementsAre(0));
}
TEST(roi_pool, reads_the_named_image) {
  EXPECT_THAT(floats(run("roi_pool", pooled(1, 1), {ramp({2, 1, 1, 2}), f32({2, 5}, {1, 0, 0, 1, 0, 0, 0, 0, 0, 0})})),
              ElementsAre(3, 0));
}
TEST(roi_pool, survives_absurd_regions) {
  EXPECT_THAT(floats(run("roi_pool", pooled(1, 1), {kMap, f32({1, 5}, {0, -1e30f, -1e30f, 1e30f, 1e30f})})),
              ElementsAre(15));
}
TEST(roi_pool, refuses_unknown_image) {
  EXPECT_THAT(refusal("roi_pool", pooled(1, 1), {kMap, f32({1, 5}, {1, 0, 0, 1, 1})}),
              HasSubstr("a region names image 1 of 1"));
}
TEST(roi_pool, refuses_regions_of_four_values) {
  EXPECT_THAT(refusal("roi_pool", pooled(1, 1), {kMap, ramp({1, 4})}),
              HasSubstr("rois has shape [1,4], [1,5] is needed"));
}
TEST(roi_pool, refuses_scale_zero) {
  EXPECT_THAT(refusal("roi_pool", pooled(1, 1, 0), {kMap, ramp({1, 5})}), HasSubstr("spatial_scale 0 is not positive"));
}
TEST(roi_pool, refuses_no_bins) {
  EXPECT_THAT(refusal("roi_pool", pooled(0, 1), {kMap, ramp({1, 5})}), HasSubstr("pooled_h 0 is below 1"));
}

TEST(roi_pool, a_row_without_a_region_is_zero) {
  EXPECT_THAT(floats(run("roi_pool", pooled(1, 1), {kMap, f32({2, 5}, {-1, 0, 0, 3, 3, 0, 0, 0, 3, 3})})),
              ElementsAre(0, 15));
}

Attributes position_sensitive(int64_t channels, int64_t bins, float scale = 1) {
  Attributes attributes = pooled(bins, bins, scale);
  attributes.set("output_channels", channels);
  return attributes;
}
TEST(psroi_pool, every_bin_averages_its_own_channel) {  // channel 0 is 0..3, channel 1 is 4..7, …
  EXPECT_THAT(floats(run("psroi_pool", position_sensitive(1, 2), {ramp({1, 4, 2, 2}), f32({1, 5}, {0, 0, 0, 1, 1})})),
              ElementsAre(0, 5, 10, 15));
}
TEST(psroi_pool, last_pixels_belong_to_the_region) {
  EXPECT_THAT(floats(run("psroi_pool", position_sensitive(1, 1), {kMap, f32({2, 5}, {0, 0, 0, 3, 3, 0, 1, 1, 1, 1})})),
              ElementsAre(7.5f, 5));
}
TEST(psroi_pool, outside_and_without_a_region_it_is_zero) {
  EXPECT_THAT(floats(run("psroi_pool", position_sensitive(1, 1), {kMap, f32({2, 5}, {0, 9, 9, 9, 9, -1, 0, 0, 3, 3})})),
              ElementsAre(0, 0));
}
TEST(psroi_pool, survives_absurd_regions) {
  EXPECT_THAT(
      floats(run("psroi_pool", position_sensitive(1, 1, 4), {kMap, f32({1, 5}, {0, 3e38f, -3e38f, 3e38f, 3e38f})})),
      ElementsAre(0));
}
TEST(psroi_pool, refuses_channels_that_do_not_fit) {
  EXPECT_THAT(refusal("psroi_pool", position_sensitive(2, 2), {ramp({1, 4, 2, 2}), ramp({1, 5})}),
              HasSubstr("2 x 2 bins of 2 channels do not fit the input's 4 channels"));
}

Attributes aligned(int64_t h, int64_t w, int64_t sampling, bool half_pixel, std::string mode = "avg") {
  Attributes attributes = pooled(h, w);
  attributes.set("sampling_ratio", sampling);
  attributes.set("aligned", half_pixel);
  attributes.set("mode", mode);
  return attributes;
}
TEST(roi_align, samples_between_pixels) {  // one sample at (1, 1)
  EXPECT_THAT(
      floats(run("roi_align", aligned(1, 1, 1, false), {kMap, f32({1, 4}, {0.5f, 0.5f, 1.5f, 1.5f}), i64({1}, {0})})),
      ElementsAre(5));
  EXPECT_THAT(floats(run("roi_align", aligned(1, 1, 1, false), {kMap, f32({1, 4}, {0, 0, 1, 1}), i64({1}, {0})})),
              ElementsAre(2.5f));
}
TEST(roi_align, aligned_shifts_by_half_a_pixel) {
  EXPECT_THAT(floats(run("roi_align", aligned(1, 1, 1, true), {kMap, f32({1, 4}, {1, 1, 2, 2}), i64({1}, {0})})),
              ElementsAre(5));
}
TEST(roi_align, chooses_the_sampling_by_size) {
  EXPECT_THAT(floats(run("roi_align", aligned(1, 1, 0, false), {kMap, f32({1, 4}, {0, 0, 2, 2}), i64({1}, {0})})),
              ElementsAre(5));
}
TEST(roi_align, points_far_outside_count_as_zero) {
  EXPECT_THAT(floats(run("roi_align", aligned(1, 1, 1, false), {kMap, f32({1, 4}, {8, 8, 9, 9}), i64({1}, {0})})),
              ElementsAre(0));
}
TEST(roi_align, maximum_is_of_weighted_neighbours) {
  EXPECT_THAT(
      floats(run("roi_align", aligned(1, 1, 1, false, "max"), {kMap, f32({1, 4}, {0, 0, 1, 1}), i64({1}, {0})})),
      ElementsAre(1.25f));
}
TEST(roi_align, takes_i32_indices) {
  EXPECT_THAT(
      floats(run("roi_align", aligned(1, 1, 1, false), {ramp({2, 1, 1, 1}), f32({1, 4}, {0, 0, 0, 0}), i32({1}, {1})})),
      ElementsAre(1));
}
TEST(roi_align, a_row_without_a_region_is_zero) {
  EXPECT_THAT(floats(run("roi_align", aligned(1, 1, 1, false),
                         {kMap, f32({2, 4}, {0, 0, 1, 1, 0, 0, 1, 1}), i64({2}, {-1, 0})})),
              ElementsAre(0, 2.5f));
}
TEST(roi_align, refuses_unknown_image) {
  EXPECT_THAT(refusal("roi_align", aligned(1, 1, 1, false), {kMap, ramp({1, 4}), i64({1}, {-2})}),
              HasSubstr("a region names image -2 of 1"));
}
TEST(roi_align, refuses_region_out_of_proportion) {
  EXPECT_THAT(refusal("roi_align", aligned(1, 1, 0, false), {kMap, f32({1, 4}, {0, 0, 1e9f, 1}), i64({1}, {0})}),
              HasSubstr("out of proportion"));
}
TEST(roi_align, refuses_one_index_too_few) {
  EXPECT_THAT(refusal("roi_align", aligned(1, 1, 1, false), {kMap, ramp({2, 4}), i64({1}, {0})}),
              HasSubstr("batch_indices has shape [1], [2] is needed"));
}
TEST(roi_align, refuses_unknown_mode) {
  EXPECT_THAT(refusal("roi_align", aligned(1, 1, 1, false, "sum"), {kMap, ramp({1, 4}), i64({1}, {0})}),
              HasSubstr("mode \"sum\" is not one of avg, max"));
}

Attributes nms(int64_t per_class, int64_t rows, float iou = 0.5f, float score = 0, bool center = false) {
  return {{"max_per_class", per_class},
          {"iou_threshold", iou},
          {"score_threshold", score},
          {"center_point_box", center},
          {"max_rows", rows}};
}
const Tensor kBoxes = f32({1, 3, 4}, {0, 0, 1, 1, 0, 0, 1, 0.9f, 2, 2, 3, 3});
TEST(non_max_suppression, keeps_the_best_of_overlapping_boxes) {
  EXPECT_THAT(longs(run("non_max_suppression", nms(3, 3), {kBoxes, f32({1, 1, 3}, {0.8f, 0.9f, 0.7f})})),
              ElementsAre(0, 0, 1, 0, 0, 2, -1, -1, -1));
}
TEST(non_max_suppression, counts_per_class_and_orders_by_class) {
  EXPECT_THAT(longs(run("non_max_suppression", nms(1, 2), {kBoxes, f32({1, 2, 3}, {0.8f, 0.9f, 0.7f, 0.1f, 0, 0.2f})})),
              ElementsAre(0, 0, 1, 0, 1, 2));
}
TEST(non_max_suppression, corners_may_come_in_any_order) {
  const Tensor flipped = f32({1, 2, 4}, {1, 1, 0, 0, 0, 0.9f, 1, 0});
  EXPECT_THAT(longs(run("non_max_suppression", nms(2, 2), {flipped, f32({1, 1, 2}, {0.8f, 0.9f})})),
              ElementsAre(0, 0, 1, -1, -1, -1));
}
TEST(non_max_suppression, takes_centres) {
  const Tensor centres = f32({1, 2, 4}, {0.5f, 0.5f, 1, 1, 0.5f, 0.5f, 1, 0.9f});
  EXPECT_THAT(longs(run("non_max_suppression", nms(2, 2, 0.5f, 0, true), {centres, f32({1, 1, 2}, {0.8f, 0.9f})})),
              ElementsAre(0, 0, 1, -1, -1, -1));
}
TEST(non_max_suppression, drops_low_scores) {
  EXPECT_THAT(longs(run("non_max_suppression", nms(3, 1, 0.5f, 0.8f), {kBoxes, f32({1, 1, 3}, {0.8f, 0.7f, 0.6f})})),
              ElementsAre(-1, -1, -1));
}
TEST(non_max_suppression, of_equal_scores_the_lower_index_stays) {
  EXPECT_THAT(longs(run("non_max_suppression", nms(1, 1), {kBoxes, f32({1, 1, 3}, {0.8f, 0.8f, 0.8f})})),
              ElementsAre(0, 0, 0));
}
TEST(non_max_suppression, stops_when_the_rows_are_full) {
  EXPECT_THAT(longs(run("non_max_suppression", nms(9, 1), {kBoxes, f32({1, 1, 3}, {0.8f, 0.9f, 0.7f})})),
              ElementsAre(0, 0, 1));
}
TEST(non_max_suppression, refuses_scores_of_other_boxes) {
  EXPECT_THAT(refusal("non_max_suppression", nms(1, 1), {kBoxes, ramp({1, 1, 2})}),
              HasSubstr("scores has shape [1,1,2], [1,1,3] is needed"));
}
TEST(non_max_suppression, refuses_threshold_outside) {
  EXPECT_THAT(refusal("non_max_suppression", nms(1, 1, 1.5f), {kBoxes, ramp({1, 1, 3})}),
              HasSubstr("iou_threshold 1.5 is not in [0, 1]"));
}

}  // namespace
}  // namespace bmnet::op::test
