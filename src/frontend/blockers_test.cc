#include "frontend/blockers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bmnet::frontend {
namespace {

using testing::HasSubstr;

TEST(blockers, a_single_one_is_its_own_sentence) {
  const ImportOptions options;
  Blockers blockers(options);
  ASSERT_TRUE(blockers.add({"a", "Foo", "not known"}, "node a (Foo): not known"));
  EXPECT_EQ(blockers.error().message, "node a (Foo): not known");
  EXPECT_EQ(blockers.error().kind, ErrorKind::kUnsupported);
}

TEST(blockers, several_are_told_by_kind) {
  const ImportOptions options;
  Blockers blockers(options);
  for (const char* node : {"a", "b", "c"})
    ASSERT_TRUE(blockers.add({node, "Foo", "not known"}, fmt::format("node {} (Foo): not known", node)));
  ASSERT_TRUE(blockers.add({"d", "Bar", "a loop"}, "node d (Bar): a loop"));
  EXPECT_EQ(
      blockers.error().message,
      "4 nodes cannot be compiled\n  node a (Foo): not known (and 2 more nodes of operator Foo)\n  node d (Bar): a "
      "loop");
}

TEST(blockers, shows_ten_kinds_and_counts_the_rest) {
  const ImportOptions options;
  Blockers blockers(options);
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(blockers.add({"n", fmt::format("Op{}", i), "r"}, fmt::format("Op{}: r", i)));
  EXPECT_THAT(blockers.error().message, HasSubstr("Op9: r\n  and 2 more kinds; `bmnet doctor` lists all"));
}

TEST(blockers, gives_up_at_a_thousand) {
  const ImportOptions options;
  Blockers blockers(options);
  for (int i = 0; i < 999; ++i) ASSERT_TRUE(blockers.add({"n", "Foo", "r"}, "Foo: r"));
  EXPECT_FALSE(blockers.add({"n", "Foo", "r"}, "Foo: r"));
}

TEST(blockers, a_survey_gets_the_network_in_front) {
  Survey survey;
  const ImportOptions options{.survey = &survey};
  Blockers blockers(options);
  nn::GraphBuilder builder("net");
  const auto x = builder.input("x", {DType::kF32, {2}});
  const auto y = builder.create1("unary", "y", {{"kind", std::string("relu")}}, {x}, "y").value();
  ASSERT_TRUE(blockers.add({"z", "Foo", "not known"}, "node z (Foo): not known"));
  blockers.cut_behind({&y, 1});
  const auto model = blockers.finish(builder);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(model->to_graph()->output_names, testing::ElementsAre("y"));
  ASSERT_EQ(survey.blockers.size(), 1u);
  EXPECT_EQ(survey.blockers[0].node, "z");
}

TEST(blockers, without_a_survey_the_import_fails) {
  const ImportOptions options;
  Blockers blockers(options);
  nn::GraphBuilder builder("net");
  const auto x = builder.input("x", {DType::kF32, {2}});
  ASSERT_TRUE(blockers.add({"z", "Foo", "not known"}, "node z (Foo): not known"));
  blockers.cut_behind({&x, 1});
  EXPECT_EQ(blockers.finish(builder).error().message, "node z (Foo): not known");
}

}  // namespace
}  // namespace bmnet::frontend
