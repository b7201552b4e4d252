// Layers that are refused.
#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::HasSubstr;

TEST(refused_layers, say_why) {
  const std::string header = input({1, 1, 4, 4});
  EXPECT_THAT(refusal(header + layer("Python", "python_param { module: \"m\" layer: \"L\" }")),
              HasSubstr("layer 'layer' (Python): its code is not part of the model"));
  EXPECT_THAT(refusal(header + layer("Filter", "")), HasSubstr("depends on the data"));
  EXPECT_THAT(refusal(header + layer("FrcnDetection", "")), HasSubstr("decodes on the host"));
  EXPECT_THAT(refusal(header + layer("MyOwnLayer", "")),
              HasSubstr("layer 'layer' (MyOwnLayer): layers of this type are not known"));
}

TEST(refused_layers, are_all_named_at_once) {
  EXPECT_THAT(
      refusal(input({1, 2}) + R"(
      layer { name: "one" type: "Foo" bottom: "data" top: "one" }
      layer { name: "two" type: "ReLU" bottom: "one" top: "two" }
      layer { name: "three" type: "Bar" bottom: "two" top: "three" })"),
      AllOf(HasSubstr("2 nodes cannot be compiled"), HasSubstr("layer 'one' (Foo)"), HasSubstr("layer 'three' (Bar)")));
}

TEST(refused_layers, do_not_matter_before_the_cut) {
  frontend::ImportOptions options;
  options.output_names = {"half"};
  EXPECT_TRUE(import(input({1, 2}) + R"(
      layer { name: "half" type: "Power" bottom: "data" top: "half" power_param { scale: 0.5 } }
      layer { name: "custom" type: "Python" bottom: "half" top: "out" })",
                     {}, options));
}

}  // namespace
}  // namespace bmnet::caffe::test
