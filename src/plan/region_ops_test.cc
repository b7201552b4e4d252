// Operators of detection networks have no form on the TPU: each becomes a CPU layer of its own.
#include "plan/testing.h"

namespace bmnet::plan {
namespace {

using test::Attributes;
using test::f32;
using test::noise;
using test::ramp;
using Floats = std::vector<float>;

void expect_host_layer(const std::string& op, const Attributes& attributes, const std::vector<Tensor>& operands) {
  const auto outcome = test::check_graph(test::graph_of(op, attributes, operands, {}), operands);
  EXPECT_EQ(outcome.report.cpu_sub_nets, 1u) << op;
}

const Attributes kHead = {{"background_label", int64_t{0}},
                          {"score_threshold", 0.2f},
                          {"nms_top_k", int64_t{10}},
                          {"keep_top_k", int64_t{6}},
                          {"pixel_edges", false}};
// Boxes from corners in [-1, 1], and scores in [-1, 1].
const std::vector<Tensor> kBoxes{noise({2, 12, 4}, 3), noise({2, 3, 12}, 4)};

TEST(region_ops, multiclass_nms) {
  Attributes attributes = kHead;
  attributes.set("nms_threshold", 0.3f);
  attributes.set("eta", 1.0f);
  expect_host_layer("multiclass_nms", attributes, kBoxes);
}
TEST(region_ops, matrix_nms) {
  Attributes attributes = kHead;
  attributes.set("post_threshold", 0.1f);
  attributes.set("gaussian", true);
  attributes.set("sigma", 2.0f);
  expect_host_layer("matrix_nms", attributes, kBoxes);
}
TEST(region_ops, box_nms) {
  expect_host_layer("box_nms",
                    {{"overlap_threshold", 0.3f},
                     {"valid_threshold", 0.0f},
                     {"top_k", int64_t{-1}},
                     {"coord_start", int64_t{2}},
                     {"score_index", int64_t{1}},
                     {"id_index", int64_t{-1}},
                     {"background_id", int64_t{-1}},
                     {"force_suppress", false},
                     {"center_point_box", false}},
                    {noise({1, 10, 6})});
}
TEST(region_ops, multibox_detection) {
  expect_host_layer("multibox_detection",
                    {{"clip", true},
                     {"threshold", 0.1f},
                     {"nms_threshold", 0.5f},
                     {"force_suppress", false},
                     {"variances", Floats{0.1f, 0.1f, 0.2f, 0.2f}},
                     {"top_k", int64_t{-1}}},
                    {noise({1, 3, 8}, 5), noise({1, 32}, 6), noise({1, 8, 4}, 7)});
}
TEST(region_ops, proposal) {
  expect_host_layer("proposal",
                    {{"convention", std::string("paddle")},
                     {"pre_nms", int64_t{0}},
                     {"post_nms", int64_t{4}},
                     {"nms_threshold", 0.5f},
                     {"min_size", 1.0f},
                     {"eta", 1.0f},
                     {"feature_stride", 16.0f},
                     {"direct", false},
                     {"pixel_edges", true},
                     {"scale_min_size", false}},
                    {noise({1, 1, 2, 3}, 8), noise({1, 4, 2, 3}, 9), f32({1, 2}, {32, 48}), ramp({2, 3, 1, 4})});
}
TEST(region_ops, psroi_pool) {
  expect_host_layer(
      "psroi_pool",
      {{"pooled_h", int64_t{2}}, {"pooled_w", int64_t{2}}, {"spatial_scale", 0.5f}, {"output_channels", int64_t{2}}},
      {noise({1, 8, 4, 4}), f32({2, 5}, {0, 0, 0, 6, 6, 0, 1, 1, 3, 5})});
}

}  // namespace
}  // namespace bmnet::plan
