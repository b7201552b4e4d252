#include "op/testing.h"

namespace bmnet::op::test {
namespace {

Attributes network(std::string convention, int64_t post_nms, float min_size = 0) {
  return {{"convention", convention}, {"pre_nms", int64_t{0}}, {"post_nms", post_nms},
          {"nms_threshold", 0.5f},    {"min_size", min_size},  {"eta", 1.0f},
          {"feature_stride", 10.0f},  {"direct", false},       {"pixel_edges", true},
          {"scale_min_size", false}};
}
// Two places of one anchor of 10 x 10 pixels, side by side, in an image of 10 x 20.
std::vector<Tensor> two_places(Floats scores, Floats deltas = Floats(8)) {
  return {f32({1, 1, 1, 2}, scores), f32({1, 4, 1, 2}, deltas), f32({1, 3}, {10, 20, 1}),
          f32({1, 2, 1, 4}, {0, 0, 9, 9, 10, 0, 19, 9})};
}

TEST(proposal, regions_come_best_first) {
  const auto inputs = two_places({0.3f, 0.6f});
  EXPECT_THAT(floats(run("proposal", network("mxnet", 2), inputs)), near({0, 10, 0, 19, 9, 0, 0, 0, 9, 9}));
  EXPECT_THAT(floats(run("proposal", network("mxnet", 2), inputs, 1)), near({0.6f, 0.3f}));
  EXPECT_THAT(longs(run("proposal", network("mxnet", 2), inputs, 2)), ElementsAre(2));
}
TEST(proposal, conventions_differ_in_the_far_edge) {  // cut to the image at 19 and 9
  const auto inputs = two_places({0.3f, 0.6f});
  EXPECT_THAT(floats(run("proposal", network("caffe", 2), inputs)), near({0, 10, 0, 19, 9, 0, 0, 0, 10, 9}));
  EXPECT_THAT(floats(run("proposal", network("paddle", 2), inputs)), near({0, 10, 0, 19, 9, 0, 0, 0, 9, 9}));
}
TEST(proposal, missing_rows_repeat_or_are_empty) {
  // The second delta moves the right anchor onto the left one.
  const auto inputs = two_places({0.6f, 0.3f}, {0, -1, 0, 0, 0, 0, 0, 0});
  EXPECT_THAT(floats(run("proposal", network("mxnet", 2), inputs)), near({0, 0, 0, 9, 9, 0, 0, 0, 9, 9}));
  EXPECT_THAT(floats(run("proposal", network("paddle", 2), inputs)), near({0, 0, 0, 9, 9, -1, 0, 0, 0, 0}));
  EXPECT_THAT(longs(run("proposal", network("paddle", 2), inputs, 2)), ElementsAre(1));
}
TEST(proposal, deltas_scale_about_the_centre) {  // twice as high, cut; half as wide
  const float two = std::log(2.0f), half = -two;
  const auto inputs = two_places({0.6f, 0}, {0, 0, 0, 0, half, 0, two, 0});
  const Floats rois = floats(run("proposal", network("paddle", 1), inputs));
  EXPECT_THAT(rois, near({0, 2.5f, 0, 6.5f, 9}));
}
TEST(proposal, small_boxes_are_dropped_or_come_last) {
  const auto inputs = two_places({0.6f, 0.3f}, {0, 0, 0, 0, -2, 0, 0, 0});  // the first is 1.35 wide
  EXPECT_THAT(floats(run("proposal", network("caffe", 1, 8), inputs)), near({0, 10, 0, 19, 9}));
  EXPECT_THAT(floats(run("proposal", network("paddle", 1, 8), inputs)), near({0, 10, 0, 19, 9}));
  EXPECT_THAT(floats(run("proposal", network("mxnet", 2, 8), inputs, 1)), near({0.3f, -1}));
}
TEST(proposal, places_behind_the_image_come_last) {
  auto inputs = two_places({0.3f, 0.6f});
  inputs[2] = f32({1, 3}, {10, 10, 1});
  EXPECT_THAT(floats(run("proposal", network("mxnet", 1), inputs, 1)), near({0.3f}));
}
TEST(proposal, direct_deltas_move_edges) {
  Attributes attributes = network("mxnet", 1);
  attributes.set("direct", true);
  const auto inputs = two_places({0.6f, 0.3f}, {1, 0, 2, 0, -3, 0, -4, 0});
  EXPECT_THAT(floats(run("proposal", attributes, inputs)), near({0, 1, 2, 6, 5}));
}
TEST(proposal, no_region_at_all_is_one_of_zeros_in_paddle) {
  const auto inputs = two_places({0.6f, 0.3f});
  EXPECT_THAT(longs(run("proposal", network("paddle", 1, 50), inputs, 2)), ElementsAre(1));
  EXPECT_THAT(floats(run("proposal", network("paddle", 1, 50), inputs)), ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(floats(run("proposal", network("caffe", 1, 50), inputs)), ElementsAre(-1, 0, 0, 0, 0));
}
TEST(proposal, refuses_what_does_not_fit) {
  auto inputs = two_places({0.6f, 0.3f});
  inputs[2] = f32({1, 1}, {10});
  EXPECT_THAT(refusal("proposal", network("caffe", 1), inputs),
              HasSubstr("info has shape [1,1], [1,2 or 3] is needed"));
  inputs = two_places({0.6f, 0.3f});
  inputs[3] = ramp({1, 2, 2, 4});
  EXPECT_THAT(refusal("proposal", network("caffe", 1), inputs),
              HasSubstr("anchors has shape [1,2,2,4], [1,2,1,4] is needed"));
  EXPECT_THAT(refusal("proposal", network("caffe", 0), two_places({0, 0})), HasSubstr("post_nms 0 is below 1"));
  EXPECT_THAT(refusal("proposal", network("onnx", 1), two_places({0, 0})), HasSubstr("convention \"onnx\""));
}

}  // namespace
}  // namespace bmnet::op::test
