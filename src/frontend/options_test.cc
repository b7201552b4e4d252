#include "frontend/options.h"

#include <gmock/gmock.h>

namespace bmnet::frontend {
namespace {

using testing::HasSubstr;

std::vector<Shape> shapes_of(std::string_view text) {
  const auto inputs = parse_shapes(text).value();
  std::vector<Shape> shapes;
  for (const InputShape& input : inputs) shapes.push_back(input.shape);
  return shapes;
}

TEST(parse_shapes, reads_every_form_in_use) {
  EXPECT_EQ(shapes_of("[1,3,224,224]"), (std::vector<Shape>{{1, 3, 224, 224}}));
  EXPECT_EQ(shapes_of("[[1,3,224,224]]"), (std::vector<Shape>{{1, 3, 224, 224}}));
  EXPECT_EQ(shapes_of("[3,100],[5,10]"), (std::vector<Shape>{{3, 100}, {5, 10}}));
  EXPECT_EQ(shapes_of("[[1,3,4,4], [1,2]]"), (std::vector<Shape>{{1, 3, 4, 4}, {1, 2}}));
  EXPECT_EQ(shapes_of("(1, 3, 24, 94)"), (std::vector<Shape>{{1, 3, 24, 94}}));
  EXPECT_EQ(shapes_of("[(1,80,256)]"), (std::vector<Shape>{{1, 80, 256}}));
  EXPECT_EQ(shapes_of("[]"), (std::vector<Shape>{{}}));
}

TEST(parse_shapes, names_may_stand_in_front) {
  const auto shapes = parse_shapes("data:[1,3],mask:[4]").value();
  EXPECT_EQ(shapes[0].name, "data");
  EXPECT_EQ(shapes[1].name, "mask");
  EXPECT_EQ(shapes[1].shape, Shape{4});
}

TEST(parse_shapes, refuses_what_is_no_shape) {
  EXPECT_THAT(parse_shapes("1,3").error().message, HasSubstr("one group of brackets per input"));
  EXPECT_THAT(parse_shapes("[1,x]").error().message, HasSubstr("'x' is not a list of dimensions"));
  EXPECT_THAT(parse_shapes("[1,0]").error().message, HasSubstr("from 1 on"));
  EXPECT_THAT(parse_shapes("[1,99999999999999999999]").error().message, HasSubstr("not a list of dimensions"));
  EXPECT_THAT(parse_shapes("[1][2]").error().message, HasSubstr("a comma is expected"));
}

}  // namespace
}  // namespace bmnet::frontend
