// Normalisations.
#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::HasSubstr;

TEST(batch_norm, divides_its_statistics_by_the_third_blob) {
  ModelWriter model;
  model.blob("layer", {2}, {2, 4}).blob("layer", {2}, {8, 18}).blob("layer", {1}, {2});
  expect(
      run_layer("BatchNorm", "batch_norm_param { use_global_stats: true eps: 0 }", tensor({1, 2, 1, 1}, {5, 5}), model),
      {1, 2, 1, 1}, {2, 1});
}

TEST(batch_norm, computes_statistics_where_it_is_told_to) {
  expect(
      run_layer("BatchNorm", "batch_norm_param { use_global_stats: false eps: 0 }", tensor({2, 1, 1, 2}, {1, 1, 5, 5})),
      {2, 1, 1, 2}, {-1, -1, 1, 1});
}

TEST(batch_norm, of_a_fork_brings_scale_and_bias) {
  ModelWriter five, four, two;
  five.blob("layer", {1}, {1})
      .blob("layer", {1}, {4})
      .blob("layer", {1}, {1})
      .blob("layer", {1}, {10})
      .blob("layer", {1}, {3});
  expect(run_layer("BatchNorm", "batch_norm_param { eps: 0 }", tensor({1, 1, 1, 1}, {5}), five), {1, 1, 1, 1}, {23});
  four.blob("layer", {1, 1, 1, 1}, {10})
      .blob("layer", {1, 1, 1, 1}, {3})
      .blob("layer", {1, 1, 1, 1}, {1})
      .blob("layer", {1, 1, 1, 1}, {4});
  expect(run_layer("BN", "bn_param { eps: 0 }", tensor({1, 1, 1, 1}, {5}), four), {1, 1, 1, 1}, {23});
  two.blob("layer", {1, 1, 1, 1}, {10}).blob("layer", {1, 1, 1, 1}, {3});
  expect(run_layer("BN", "", tensor({1, 1, 1, 1}, {5}), two), {1, 1, 1, 1}, {53});
}

TEST(lrn, across_and_within_channels) {
  expect(run_layer("LRN", "lrn_param { local_size: 3 alpha: 3 beta: 1 k: 2 }", tensor({1, 3, 1, 1}, {1, 2, 3})),
         {1, 3, 1, 1}, {1.0f / 7, 2.0f / 16, 3.0f / 15});
  // (1 + 9 * (sum of squares / 9)) ** -1, whatever k says
  expect(run_layer("LRN", "lrn_param { local_size: 3 alpha: 9 beta: 1 k: 5 norm_region: WITHIN_CHANNEL }",
                   tensor({1, 1, 1, 2}, {1, 2})),
         {1, 1, 1, 2}, {1.0f / 6, 2.0f / 6});
}

TEST(lrn, refuses_an_even_size) {
  EXPECT_THAT(refusal(input({1, 3, 1, 1}) + layer("LRN", "lrn_param { local_size: 4 }")),
              HasSubstr("local_size 4; it must be odd"));
}

TEST(mvn, normalises_channels_or_images) {
  expect(run_layer("MVN", "", tensor({1, 2, 1, 2}, {1, 3, 10, 30})), {1, 2, 1, 2}, {-1, 1, -1, 1});
  expect(run_layer("MVN", "mvn_param { across_channels: true normalize_variance: false }",
                   tensor({1, 2, 1, 2}, {1, 3, 5, 7})),
         {1, 2, 1, 2}, {-3, -1, 1, 3});
}

TEST(normalize, divides_by_the_length) {
  ModelWriter each, one_scale;
  each.blob("layer", {2}, {10, 20});
  one_scale.blob("layer", {1}, {5});
  expect(run_layer("Normalize", "norm_param { across_spatial: false channel_shared: false }",
                   tensor({1, 2, 1, 1}, {3, 4}), each),
         {1, 2, 1, 1}, {6, 16});
  expect(run_layer("Normalize", "", tensor({1, 1, 1, 2}, {3, 4}), one_scale), {1, 1, 1, 2}, {3, 4});
}

TEST(l2_normalize, divides_vectors_by_their_length) {
  expect(run_layer("L2Normalize", "", tensor({1, 2}, {3, 4})), {1, 2}, {0.6f, 0.8f});
  EXPECT_THAT(refusal(input({1, 2, 3, 3}) + layer("L2Normalization", "")),
              HasSubstr("vectors [N,C] or [N,C,1,1] are supported"));
}

}  // namespace
}  // namespace bmnet::caffe::test
