#include "frontend/inputs.h"

#include <gmock/gmock.h>

namespace bmnet::frontend {
namespace {

using testing::HasSubstr;

const StatedShape kOpenBatch = {{-1, 3, 8, 8}, "[N,3,8,8]"};

TEST(input_shape, is_what_the_model_states) {
  EXPECT_EQ(input_shape({}, "x", 0, StatedShape{{1, 3, 8, 8}, ""}), (Shape{1, 3, 8, 8}));
}

TEST(input_shape, takes_the_batch_that_is_asked_for) {
  ImportOptions options;
  options.batch = 4;
  EXPECT_EQ(input_shape(options, "x", 0, kOpenBatch), (Shape{4, 3, 8, 8}));
}

TEST(input_shape, is_given_by_name_or_by_position) {
  ImportOptions options;
  options.shapes = {{"", {1, 3, 9, 9}}, {"y", {2, 3, 7, 7}}};
  EXPECT_EQ(input_shape(options, "x", 0, kOpenBatch), (Shape{1, 3, 9, 9}));
  EXPECT_EQ(input_shape(options, "y", 1, std::nullopt), (Shape{2, 3, 7, 7}));
  EXPECT_EQ(given_shape(options, "z", 1), nullptr);
  EXPECT_EQ(given_shape(options, "z", 2), nullptr);
}

TEST(input_shape, given_for_an_input_goes_before_its_batch) {
  ImportOptions options;
  options.shapes = {{"x", {2, 3, 7, 7}}};
  options.batch = 4;
  EXPECT_EQ(input_shape(options, "x", 0, kOpenBatch), (Shape{2, 3, 7, 7}));
}

TEST(input_shape, refuses_what_nobody_states) {
  EXPECT_THAT(input_shape({}, "x", 0, std::nullopt).error().message,
              HasSubstr("input 'x' has no shape in the model; give it with --shapes"));
  EXPECT_THAT(input_shape({}, "x", 0, kOpenBatch).error().message,
              HasSubstr("dynamic shape [N,3,8,8]; fix it with --shapes, for example --shapes [1,3,8,8]"));
}

TEST(input_shape, refuses_another_rank) {
  ImportOptions options;
  options.shapes = {{"", {1, 3}}};
  EXPECT_THAT(input_shape(options, "x", 0, kOpenBatch).error().message,
              HasSubstr("input 'x' has 4 dimensions [N,3,8,8], but the shape [1,3] is given for it"));
}

TEST(input_shape, refuses_absurd_dimensions) {
  EXPECT_THAT(input_shape({}, "x", 0, StatedShape{{int64_t{1} << 30, int64_t{1} << 30}, ""}).error().message,
              HasSubstr("input 'x': shape [1073741824,1073741824] has more than 2^40 elements"));
}

TEST(given_shapes, belong_to_inputs) {
  const std::vector<std::string> inputs = {"x", "y"};
  ImportOptions options;
  options.shapes = {{"y", {1}}, {"", {2}}};
  EXPECT_TRUE(check_given_shapes(options, inputs));
  options.shapes = {{"z", {1}}};
  EXPECT_THAT(check_given_shapes(options, inputs).error().message,
              HasSubstr("a shape is given for 'z', which is no input of the network; its inputs are x, y"));
  options.shapes = {{"", {1}}, {"", {1}}, {"", {1}}};
  EXPECT_THAT(check_given_shapes(options, inputs).error().message, HasSubstr("3 shapes are given for 2 inputs (x, y)"));
}

}  // namespace
}  // namespace bmnet::frontend
