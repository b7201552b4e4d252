#include "op/compare.h"

#include <limits>

#include "op/testing.h"

namespace bmnet::op::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(compare, finds_the_worst_element) {
  const Difference d = compare(f32({3}, {1, -10, 3}), f32({3}, {1, -10.5f, 3.25f})).value();
  EXPECT_FLOAT_EQ(d.max_abs, 0.5);
  EXPECT_EQ(d.worst, 1);
  EXPECT_EQ(d.worst_golden, -10);
  EXPECT_FLOAT_EQ(d.relative(), 0.05);
  EXPECT_EQ(d.over, 2);
  EXPECT_FALSE(d.agrees());
}
TEST(compare, tolerance_follows_the_maximum) {
  EXPECT_TRUE(compare(f32({2}, {1000, 0}), f32({2}, {1000, 0.1f})).value().agrees());
  EXPECT_FALSE(compare(f32({2}, {1, 0}), f32({2}, {1, 0.1f})).value().agrees());
}
TEST(compare, cosine_sees_direction) {
  EXPECT_DOUBLE_EQ(compare(f32({2}, {1, 0}), f32({2}, {0, 1})).value().cosine, 0);
  EXPECT_DOUBLE_EQ(compare(f32({2}, {1, 2}), f32({2}, {2, 4})).value().cosine, 1);
  EXPECT_DOUBLE_EQ(compare(f32({1}, {0}), f32({1}, {0})).value().cosine, 1);
}
TEST(compare, nan_agrees_with_nan_alone) {
  EXPECT_TRUE(compare(f32({2}, {kNan, kInf}), f32({2}, {kNan, kInf})).value().agrees());
  EXPECT_EQ(compare(f32({2}, {kNan, 1}), f32({2}, {1, kNan})).value().over, 2);
  EXPECT_EQ(compare(f32({1}, {kInf}), f32({1}, {-kInf})).value().over, 1);
  EXPECT_EQ(compare(f32({1}, {1}), f32({1}, {kInf})).value().over, 1);
}
TEST(compare, element_types_may_differ) {
  EXPECT_TRUE(compare(i64({2}, {1, 2}), f32({2}, {1, 2})).value().agrees());
  EXPECT_TRUE(compare(mask({2}, {0, 7}), u8({2}, {0, 1})).value().agrees());
}
TEST(compare, refuses_other_shapes) {
  EXPECT_THAT(compare(ramp({2}), ramp({1, 2})).error().message, HasSubstr("[2] against [1,2]"));
}

TEST(compare, indices_of_equal_scores_agree) {
  const Tensor scores = f32({2, 3}, {5, 5.00001f, 1, 0, 2, 9});
  EXPECT_TRUE(compare_indices(i64({2}, {1, 2}), i64({2}, {0, 2}), scores, 1).value().agrees());
  EXPECT_EQ(compare_indices(i64({2}, {1, 2}), i64({2}, {1, 0}), scores, 1).value().over, 1);
  EXPECT_EQ(compare_indices(i64({2}, {1, 2}), i64({2}, {1, 7}), scores, 1).value().over, 1);
}
TEST(compare, indices_along_an_inner_axis) {
  const Tensor scores = f32({2, 2}, {1, 4, 3, 2});
  EXPECT_TRUE(compare_indices(i64({1, 2}, {1, 0}), i64({1, 2}, {1, 0}), scores, 0).value().agrees());
  EXPECT_EQ(compare_indices(i64({1, 2}, {1, 0}), i64({1, 2}, {0, 0}), scores, 0).value().over, 1);
}

const Floats kFirst = {0, 1, 0.9f, 0.1f, 0.1f, 0.2f, 0.2f};
const Floats kSecond = {0, 1, 0.9f, 0.5f, 0.5f, 0.6f, 0.6f};
const Floats kFilling = {-1, 0, 0, 0, 0, 0, 0};
Tensor rows(std::initializer_list<Floats> list) {
  Floats all;
  for (const Floats& row : list) all.insert(all.end(), row.begin(), row.end());
  return f32({1, 1, static_cast<int64_t>(list.size()), 7}, all);
}

TEST(compare, detections_may_change_places) {
  const auto d = compare(rows({kFirst, kSecond}), rows({kSecond, kFirst}), {}, Content::kDetections).value();
  EXPECT_TRUE(d.agrees());
  EXPECT_EQ(d.count, 2);
}
TEST(compare, detections_ignore_filling) {
  EXPECT_TRUE(compare(rows({kFirst, kFilling}), rows({kFirst}), {}, Content::kDetections).value().agrees());
}
TEST(compare, detections_ignore_rows_of_zeros_of_other_engines) {
  const Floats zeros(7, 0.0f);
  EXPECT_TRUE(compare(rows({kFirst, zeros}), rows({kFirst, kFilling}), {}, Content::kDetections).value().agrees());
}
TEST(compare, a_missing_or_surplus_detection_does_not_agree) {
  EXPECT_EQ(compare(rows({kFirst, kSecond}), rows({kFirst, kFilling}), {}, Content::kDetections).value().over, 1);
  EXPECT_EQ(compare(rows({kFirst, kFilling}), rows({kFirst, kSecond}), {}, Content::kDetections).value().over, 1);
  EXPECT_EQ(compare(rows({kFirst, kFirst}), rows({kFirst, kFilling}), {}, Content::kDetections).value().over, 1);
}
TEST(compare, a_detection_of_another_class_does_not_agree) {
  Floats other = kFirst;
  other[1] = 2;
  EXPECT_EQ(compare(rows({kFirst}), rows({other}), {}, Content::kDetections).value().over, 1);
}
TEST(compare, detections_refuse_other_widths) {
  EXPECT_THAT(compare(ramp({2, 6}), ramp({2, 6}), {}, Content::kDetections).error().message, HasSubstr("rows of 7"));
}
TEST(compare, selections_are_sets) {
  EXPECT_TRUE(
      compare(i64({2, 3}, {0, 0, 4, 0, 1, 5}), i64({3, 3}, {0, 1, 5, 0, 0, 4, -1, -1, -1}), {}, Content::kSelection)
          .value()
          .agrees());
  EXPECT_FALSE(compare(i64({1, 3}, {0, 0, 4}), i64({1, 3}, {0, 0, 5}), {}, Content::kSelection).value().agrees());
}

TEST(compare, content_follows_the_operator) {
  Graph graph;
  graph.values.resize(5);
  graph.nodes = {{"top_k", "", {}, {0}, {1, 2}}, {"cast", "", {}, {2}, {3}}, {"unary", "", {}, {1}, {4}}};
  EXPECT_EQ(content_of(graph, 1), Content::kNumbers);
  EXPECT_EQ(content_of(graph, 2), Content::kIndices);
  EXPECT_EQ(content_of(graph, 3), Content::kIndices);
  EXPECT_EQ(content_of(graph, 4), Content::kNumbers);
  EXPECT_EQ(content_of(graph, 0), Content::kNumbers);
}

TEST(compare_report, ranks_failures_first) {
  CompareReport report;
  report.add("fine", "conv", compare(f32({1}, {1}), f32({1}, {1.00001f})));
  report.add("exact", "relu", compare(f32({1}, {1}), f32({1}, {1})));
  report.add("bad", "softmax", compare(f32({1}, {1}), f32({1}, {2})));
  report.add("odd", "concat", compare(ramp({2}), ramp({3})));
  EXPECT_FALSE(report.agrees());
  EXPECT_EQ(report.failures(), 2u);
  const std::string text = report.to_text();
  EXPECT_LT(text.find("odd"), text.find("bad"));
  EXPECT_LT(text.find("bad"), text.find("fine"));
  EXPECT_LT(text.find("fine"), text.find("exact"));
  EXPECT_THAT(text, HasSubstr("2 of 4 tensors agree"));
  EXPECT_THAT(report.to_text(1), HasSubstr("and 3 more"));
}

}  // namespace
}  // namespace bmnet::op::test
