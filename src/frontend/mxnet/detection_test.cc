// Anchors, boxes, suppression, regions.
#include "frontend/mxnet/testing.h"

namespace bmnet::frontend::mxnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Floats = std::vector<float>;
auto near(Floats values) { return testing::Pointwise(testing::FloatNear(1e-5f), values); }

TEST(mxnet_anchors, are_constants_of_the_map) {
  const auto model = import(symbol_of("_contrib_MultiBoxPrior", "sizes=(0.5,1);ratios=(1,4)", "(1,3,1,1)"));
  ASSERT_TRUE(model) << model.error().message;
  const op::Graph graph = *model->to_graph();
  const op::Value& anchors = graph.values[graph.outputs[0]];
  EXPECT_EQ(anchors.info.shape, (Shape{1, 3, 4}));
  const auto values = anchors.constant->data<float>();
  EXPECT_THAT(Floats(values.begin(), values.end()),
              near({0.25f, 0.25f, 0.75f, 0.75f, 0, 0, 1, 1, 0, 0.375f, 1, 0.625f}));
  EXPECT_THAT(refusal(symbol_of("_contrib_MultiBoxPrior", "ratios=(1,-1)", "(1,3,1,1)")),
              HasSubstr("ratio -1 is not positive"));
}

TEST(mxnet_boxes, are_decoded_and_suppressed) {
  const ParamsWriter params =
      ParamsWriter().array("arg:loc", {1, 8}, Floats(8)).array("arg:anchor", {1, 2, 4}, {0, 0, 1, 1, 0, 0, 1, 0.9f});
  EXPECT_THAT(through("_contrib_MultiBoxDetection", "", "(1,2,2)", {0, 0, 0.8f, 0.6f}, {"loc", "anchor"}, params),
              near({0, 0.8f, 0, 0, 1, 1, -1, 0.6f, 0, 0, 1, 0.9f}));
  EXPECT_THAT(
      refusal(symbol_of("_contrib_MultiBoxDetection", "background_id=1", "(1,2,2)", {"loc", "anchor"}), params.bytes()),
      HasSubstr("background_id=1"));
}
TEST(mxnet_boxes, of_a_table) {
  EXPECT_THAT(through("_contrib_box_nms", "overlap_thresh=0.5;id_index=0", "(2,6)",
                      {0, 0.5f, 0, 0, 1, 1, 0, 0.8f, 0, 0, 1, 0.9f}),
              near({0, 0.8f, 0, 0, 1, 0.9f, -1, -1, -1, -1, -1, -1}));
  EXPECT_THAT(refusal(symbol_of("_contrib_box_nms", "out_format=center", "(2,6)")),
              HasSubstr("in_format=corner with out_format=center"));
}

// One anchor of 16 x 16 at each of two places.
const std::string kProposal =
    "scales=(1,);ratios=(1,);feature_stride=16;rpn_min_size=1;rpn_post_nms_top_n=2;threshold=0.5";
const ParamsWriter kRegions =
    ParamsWriter().array("arg:deltas", {1, 4, 1, 2}, Floats(8)).array("arg:info", {1, 3}, {16, 32, 1});
TEST(mxnet_proposals, come_best_first) {
  EXPECT_THAT(through("_contrib_Proposal", kProposal, "(1,2,1,2)", {0, 0, 0.3f, 0.6f}, {"deltas", "info"}, kRegions),
              near({0, 16, 0, 31, 15, 0, 0, 0, 15, 15}));
}
TEST(mxnet_proposals, give_their_scores_on_demand) {
  ImportOptions options;
  options.output_names = {"y_output1"};
  const auto model = import_mxnet(
      symbol_of("_contrib_MultiProposal", kProposal + ";output_score=True", "(1,2,1,2)", {"deltas", "info"}),
      as_bytes(kRegions.bytes()), "net-symbol.json", options);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(test::run_on(*model, {0, 0, 0.3f, 0.6f}), near({0.6f, 0.3f}));
}
TEST(mxnet_proposals, refuse_scores_of_other_anchors) {
  EXPECT_THAT(refusal(symbol_of("_contrib_Proposal", kProposal, "(1,4,1,2)", {"deltas", "info"}), kRegions.bytes()),
              HasSubstr("1 ratios and 1 scales do not fit the input [1,4,1,2]"));
}

TEST(mxnet_regions, are_pooled) {
  const ParamsWriter params = ParamsWriter().array("arg:r", {1, 5}, {0, 0, 0, 1, 1});
  EXPECT_THAT(through("ROIPooling", "pooled_size=(1,1);spatial_scale=1", "(1,1,2,2)", {1, 2, 3, 4}, {"r"}, params),
              ElementsAre(4));
  EXPECT_THAT(through("_contrib_ROIAlign", "pooled_size=(1,1);spatial_scale=1;sample_ratio=1", "(1,1,2,2)",
                      {1, 2, 3, 4}, {"r"}, params),
              near({2.5f}));
  EXPECT_THAT(through("_contrib_PSROIPooling", "pooled_size=2;output_dim=1;spatial_scale=1", "(1,4,2,2)",
                      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {"r"}, params),
              ElementsAre(0, 5, 10, 15));
  EXPECT_THAT(refusal(symbol_of("_contrib_ROIAlign", "pooled_size=(1,1);position_sensitive=True", "(1,1,2,2)", {"r"}),
                      params.bytes()),
              HasSubstr("position_sensitive=True"));
}

}  // namespace
}  // namespace bmnet::frontend::mxnet
