// Anchors, boxes, suppression, regions.
#include "frontend/paddle/testing.h"

namespace bmnet::frontend::paddle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor f32(Shape shape, Floats values) { return Tensor::of<float>(std::move(shape), values); }
Tensor i32(Shape shape, Ints values) { return Tensor::of<int32_t>(std::move(shape), values); }
auto near(Floats values) { return testing::Pointwise(testing::FloatNear(1e-4f), values); }

Program yolo(float threshold, bool clip = true) {
  Program net({1, 6, 1, 1});
  net.input("size", {1, 2}, Program::kI32);
  return net.op("yolo_box", {{"X", {"x"}}, {"ImgSize", {"size"}}}, {{"Boxes", {"boxes"}}, {"Scores", {"scores"}}},
                {{"anchors", Ints{10, 20}},
                 {"class_num", 1},
                 {"conf_thresh", threshold},
                 {"downsample_ratio", 32},
                 {"clip_bbox", clip}});
}
TEST(paddle_yolo_box, decodes_in_pixels_of_the_picture) {  // of height 100 and width 200
  const std::vector<Tensor> inputs{f32({1, 6, 1, 1}, Floats(6, 0)), i32({1, 2}, {100, 200})};
  EXPECT_THAT(floats_of(value_of(yolo(0.4f), "boxes", inputs)), near({68.75f, 18.75f, 131.25f, 81.25f}));
  EXPECT_THAT(floats_of(value_of(yolo(0.4f), "scores", inputs)), near({0.25f}));
  EXPECT_THAT(floats_of(value_of(yolo(0.6f), "boxes", inputs)), near({0, 0, 0, 0}));
  EXPECT_THAT(floats_of(value_of(yolo(0.6f), "scores", inputs)), near({0}));
}
TEST(paddle_yolo_box, cuts_boxes_to_the_picture) {
  const std::vector<Tensor> inputs{f32({1, 6, 1, 1}, {0, 0, 2, 2, 0, 0}), i32({1, 2}, {100, 200})};
  EXPECT_THAT(floats_of(value_of(yolo(0), "boxes", inputs)), near({0, 0, 199, 99}));
}
TEST(paddle_yolo_box, refuses_channels_that_do_not_fit) {
  Program net({1, 5, 1, 1});
  net.input("size", {1, 2}, Program::kI32)
      .op("yolo_box", {{"X", {"x"}}, {"ImgSize", {"size"}}}, {{"Boxes", {"y"}}},
          {{"anchors", Ints{10, 20}}, {"class_num", 1}});
  EXPECT_THAT(refusal(net), HasSubstr("1 anchors and 1 classes do not fit the input [1,5,1,1]"));
}

TEST(paddle_box_coder, decodes_and_encodes) {
  Program decode({1, 1, 4});
  decode.numbers("prior", {1, 4}, {0, 0, 2, 2});
  decode.op("box_coder", {{"PriorBox", {"prior"}}, {"TargetBox", {"x"}}}, {{"OutputBox", {"y"}}},
            {{"code_type", std::string("decode_center_size")}, {"variance", Floats{1, 1, 1, 1}}});
  EXPECT_THAT(result(decode, {0.5f, 0, 0, 0}), near({1, 0, 3, 2}));
  Program encode({1, 4});
  encode.numbers("prior", {1, 4}, {0, 0, 2, 2});
  encode.op("box_coder", {{"PriorBox", {"prior"}}, {"TargetBox", {"x"}}}, {{"OutputBox", {"y"}}},
            {{"code_type", std::string("encode_center_size")}, {"variance", Floats{0.5f, 1, 1, 1}}});
  EXPECT_THAT(result(encode, {1, 0, 3, 2}), near({1, 0, 0, 0}));
}
TEST(paddle_box_coder, pixels_at_the_edge_belong_to_the_box) {
  Program net({1, 1, 4});
  net.numbers("prior", {1, 4}, {0, 0, 1, 1});
  net.op("box_coder", {{"PriorBox", {"prior"}}, {"TargetBox", {"x"}}}, {{"OutputBox", {"y"}}},
         {{"code_type", std::string("decode_center_size")}, {"box_normalized", false}});
  EXPECT_THAT(result(net, {0, 0, 0, 0}), near({0, 0, 1, 1}));
}
TEST(paddle_box_clip, cuts_to_the_rounded_picture) {
  Program net({1, 4});
  net.numbers("info", {1, 3}, {19, 41, 2});  // 10 high, 21 wide
  net.op("box_clip", {{"Input", {"x"}}, {"ImInfo", {"info"}}}, {{"Output", {"y"}}});
  EXPECT_THAT(result(net, {-1, 3, 30, 30}), near({0, 3, 20, 9}));
}

TEST(paddle_anchors, are_constants_of_the_map) {
  Program net({1, 1, 1, 1});
  net.op("anchor_generator", {{"Input", {"x"}}}, {{"Anchors", {"y"}}, {"Variances", {"v"}}},
         {{"anchor_sizes", Floats{16}},
          {"aspect_ratios", Floats{1}},
          {"stride", Floats{16, 16}},
          {"variances", Floats{0.1f, 0.1f, 0.2f, 0.2f}}});
  EXPECT_THAT(result(net, {0}), near({0, 0, 15, 15}));
  EXPECT_THAT(floats_of(value_of(net, "v", {f32({1, 1, 1, 1}, {0})})), near({0.1f, 0.1f, 0.2f, 0.2f}));
}
TEST(paddle_anchors, of_a_density_are_spread_over_the_cell) {
  Program net({1, 1, 1, 1});
  net.input("image", {1, 3, 8, 8});
  net.op("density_prior_box", {{"Input", {"x"}}, {"Image", {"image"}}}, {{"Boxes", {"y"}}, {"Variances", {"v"}}},
         {{"fixed_sizes", Floats{4}},
          {"fixed_ratios", Floats{1}},
          {"densities", Ints{2}},
          {"variances", Floats{1, 1, 1, 1}},
          {"flatten_to_2d", true}});
  EXPECT_THAT(floats_of(value_of(net, "y", {f32({1, 1, 1, 1}, {0}), f32({1, 3, 8, 8}, Floats(192))})),
              near({0, 0, 0.5f, 0.5f, 0.5f, 0, 1, 0.5f, 0, 0.5f, 0.5f, 1, 0.5f, 0.5f, 1, 1}));
}
TEST(paddle_anchors, refuse_sizes_without_densities) {
  Program net({1, 1, 1, 1});
  net.op("density_prior_box", {{"Input", {"x"}}}, {{"Boxes", {"y"}}},
         {{"fixed_sizes", Floats{4}}, {"fixed_ratios", Floats{1}}});
  EXPECT_THAT(refusal(net), HasSubstr("1 fixed_sizes stand beside 0 densities"));
}

const std::vector<AttributeValue> kNms{
    {"background_label", -1}, {"score_threshold", 0.1f}, {"nms_top_k", -1}, {"keep_top_k", 2}, {"nms_threshold", 0.5f}};
TEST(paddle_nms, gives_rows_numbers_and_counts) {
  Program net({1, 1, 3});
  net.numbers("boxes", {1, 3, 4}, {0, 0, 1, 1, 0, 0, 1, 0.9f, 2, 2, 3, 3});
  net.op("multiclass_nms3", {{"BBoxes", {"boxes"}}, {"Scores", {"x"}}},
         {{"Out", {"y"}}, {"Index", {"index"}}, {"NmsRoisNum", {"count"}}}, kNms);
  const Tensor scores = f32({1, 1, 3}, {0.8f, 0.9f, 0.05f});
  EXPECT_THAT(floats_of(value_of(net, "y", {scores})), near({0, 0.9f, 0, 0, 1, 0.9f, -1, 0, 0, 0, 0, 0}));
  EXPECT_THAT(integers_of(value_of(net, "index", {scores})), ElementsAre(1, -1));
  EXPECT_THAT(integers_of(value_of(net, "count", {scores})), ElementsAre(1));
}
TEST(paddle_nms, of_a_matrix_decays_scores) {
  Program net({1, 1, 2});
  net.numbers("boxes", {1, 2, 4}, {0, 0, 1, 1, 0, 0, 1, 0.5f});
  net.op("matrix_nms", {{"BBoxes", {"boxes"}}, {"Scores", {"x"}}}, {{"Out", {"y"}}},
         {{"background_label", -1},
          {"score_threshold", 0.1f},
          {"post_threshold", 0.0f},
          {"nms_top_k", 2},
          {"keep_top_k", 2}});
  EXPECT_THAT(result(net, {0.9f, 0.8f}), near({0, 0.9f, 0, 0, 1, 1, 0, 0.4f, 0, 0, 1, 0.5f}));
}
TEST(paddle_nms, refuses_boxes_of_several_pictures_in_one_list) {
  Program net({3, 2});
  net.numbers("boxes", {3, 4}, Floats(12))
      .op("multiclass_nms", {{"BBoxes", {"boxes"}}, {"Scores", {"x"}}}, {{"Out", {"y"}}}, kNms);
  EXPECT_THAT(refusal(net), HasSubstr("boxes of several pictures in one list (LoD)"));
}

TEST(paddle_regions, count_says_which_picture_they_are_of) {
  for (const char* op : {"roi_align", "roi_pool"}) {
    Program net({2, 1, 1, 1});
    net.numbers("rois", {3, 4}, {0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1}).integers("count", {2}, {1, 1});
    net.op(op, {{"X", {"x"}}, {"ROIs", {"rois"}}, {"RoisNum", {"count"}}}, {{"Out", {"y"}}},
           {{"pooled_height", 1}, {"pooled_width", 1}});
    EXPECT_THAT(result(net, {3, 7}), near({3, 7, 0})) << op;
  }
}
TEST(paddle_regions, of_each_bin_take_its_own_channels) {
  Program net({1, 4, 2, 2});
  net.numbers("rois", {1, 4}, {0, 0, 1, 1});
  net.op("psroi_pool", {{"X", {"x"}}, {"ROIs", {"rois"}}}, {{"Out", {"y"}}},
         {{"pooled_height", 2}, {"pooled_width", 2}, {"output_channels", 1}});
  Floats ramp(16);
  for (int i = 0; i < 16; ++i) ramp[i] = static_cast<float>(i);
  EXPECT_THAT(result(net, ramp), near({0, 5, 10, 15}));
}
TEST(paddle_regions, of_several_pictures_need_counts) {
  Program net({2, 1, 1, 1});
  net.numbers("rois", {1, 4}, {0, 0, 1, 1}).op("roi_align", {{"X", {"x"}}, {"ROIs", {"rois"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(refusal(net), HasSubstr("RoisNum must state how many each has"));
}

TEST(paddle_regions, refuses_absurd_numbers_of_them) {
  Program net({1, 1, 1, 1});
  net.input("rois", {int64_t{1} << 36, 4}).integers("count", {1}, {1});
  net.op("roi_align", {{"X", {"x"}}, {"ROIs", {"rois"}}, {"RoisNum", {"count"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(refusal(net), HasSubstr("68719476736 regions"));
}

Program proposals() {  // two places of one anchor of 10 x 10 pixels
  Program net({1, 1, 1, 2});
  net.numbers("deltas", {1, 4, 1, 2}, Floats(8)).numbers("shape", {1, 2}, {10, 20});
  net.numbers("anchors", {1, 2, 1, 4}, {0, 0, 9, 9, 10, 0, 19, 9}).numbers("variances", {1, 2, 1, 4}, Floats(8, 1));
  return net.op("generate_proposals_v2",
                {{"Scores", {"x"}},
                 {"BboxDeltas", {"deltas"}},
                 {"ImShape", {"shape"}},
                 {"Anchors", {"anchors"}},
                 {"Variances", {"variances"}}},
                {{"RpnRois", {"y"}}, {"RpnRoiProbs", {"scores"}}, {"RpnRoisNum", {"count"}}},
                {{"pre_nms_topN", 2}, {"post_nms_topN", 2}, {"nms_thresh", 0.5f}, {"min_size", 1.0f}});
}
TEST(paddle_proposals, come_best_first) {
  const Tensor scores = f32({1, 1, 1, 2}, {0.3f, 0.6f});
  EXPECT_THAT(floats_of(value_of(proposals(), "y", {scores})), near({10, 0, 19, 9, 0, 0, 9, 9}));
  EXPECT_THAT(floats_of(value_of(proposals(), "scores", {scores})), near({0.6f, 0.3f}));
  EXPECT_THAT(integers_of(value_of(proposals(), "count", {scores})), ElementsAre(2));
}
TEST(paddle_proposals, find_back_from_their_levels) {  // sides 56 and 448 of 224 at level 4: levels 2 and 5
  Program net({2, 4});
  net.op("distribute_fpn_proposals", {{"FpnRois", {"x"}}},
         {{"MultiFpnRois", {"l2", "l3", "l4", "l5"}}, {"RestoreIndex", {"index"}}},
         {{"min_level", 2}, {"max_level", 5}, {"refer_level", 4}, {"refer_scale", 224}, {"pixel_offset", false}});
  const Tensor rois = f32({2, 4}, {0, 0, 56, 56, 0, 0, 448, 448});
  EXPECT_THAT(integers_of(value_of(net, "index", {rois})), ElementsAre(0, 7));
  EXPECT_THAT(floats_of(value_of(net, "l5", {rois})), near({0, 0, 56, 56, 0, 0, 448, 448}));
}
TEST(paddle_proposals, of_all_levels_the_best_are_collected) {
  Program net({1, 1});
  net.numbers("a", {1, 4}, {0, 0, 1, 1}).numbers("b", {1, 4}, {2, 2, 3, 3}).numbers("s", {1, 1}, {0.5f});
  net.op("collect_fpn_proposals", {{"MultiLevelRois", {"a", "b"}}, {"MultiLevelScores", {"s", "x"}}},
         {{"FpnRois", {"y"}}}, {{"post_nms_topN", 1}});
  EXPECT_THAT(result(net, {0.9f}), near({2, 2, 3, 3}));
  EXPECT_THAT(result(net, {0.1f}), near({0, 0, 1, 1}));
}

std::string refused(const std::string& op, std::vector<int64_t> shape, const std::string& in,
                    const std::vector<AttributeValue>& attributes = {}, const Program::Variables& more = {}) {
  Program net(std::move(shape));
  net.numbers("four", {1, 4}, {0, 0, 1, 1}).numbers("info", {2, 3}, Floats(6, 1));
  Program::Variables inputs{{in, {"x"}}};
  inputs.insert(inputs.end(), more.begin(), more.end());
  return refusal(net.op(op, inputs,
                        {{"Out", {"y"}},
                         {"Output", {"y"}},
                         {"OutputBox", {"y"}},
                         {"Boxes", {"y"}},
                         {"Anchors", {"y"}},
                         {"MultiFpnRois", {"y"}},
                         {"FpnRois", {"y"}}},
                        attributes));
}
TEST(paddle_detection_refusals, say_what_does_not_fit) {
  EXPECT_THAT(
      refused("box_coder", {1, 1, 4}, "TargetBox", {{"code_type", std::string("odd")}}, {{"PriorBox", {"four"}}}),
      HasSubstr("code_type=odd"));
  EXPECT_THAT(refused("box_coder", {1, 4}, "TargetBox", {{"code_type", std::string("decode_center_size")}},
                      {{"PriorBox", {"four"}}}),
              HasSubstr("priors [1,4] and boxes [1,4] do not fit code_type decode_center_size"));
  EXPECT_THAT(refused("box_clip", {3, 4}, "Input", {}, {{"ImInfo", {"info"}}}),
              HasSubstr("boxes of several pictures in one list (LoD)"));
  EXPECT_THAT(refused("anchor_generator", {1, 1, 1, 1}, "Input",
                      {{"anchor_sizes", Floats{1}}, {"aspect_ratios", Floats{1}}, {"stride", Floats{0, 1}}}),
              HasSubstr("stride does not state two lengths"));
  EXPECT_THAT(refused("anchor_generator", {1, 1, 1, 1}, "Input",
                      {{"anchor_sizes", Floats{1}},
                       {"aspect_ratios", Floats{1}},
                       {"stride", Floats{1, 1}},
                       {"variances", Floats{1}}}),
              HasSubstr("variances has 1 values, 4 are expected"));
  EXPECT_THAT(refused("distribute_fpn_proposals", {2, 4}, "FpnRois", {{"min_level", 5}, {"max_level", 2}}),
              HasSubstr("levels 5 to 2 do not fit regions [2,4]"));
  EXPECT_THAT(refused("collect_fpn_proposals", {2, 1}, "MultiLevelScores", {{"post_nms_topN", 1}},
                      {{"MultiLevelRois", {"four"}}, {"MultiLevelRoIsNum", {"info"}}}),
              HasSubstr("regions of several pictures"));
  EXPECT_THAT(refused("roi_align", {1, 1, 4}, "X", {}, {{"ROIs", {"four"}}}),
              HasSubstr("input [1,1,4] and regions [1,4] do not fit"));
}

}  // namespace
}  // namespace bmnet::frontend::paddle
