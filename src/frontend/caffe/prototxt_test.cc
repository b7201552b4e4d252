#include "frontend/caffe/prototxt.h"

#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result<Description> read(std::string_view text) {
  Warnings warnings;
  return read_prototxt(text, "net.prototxt", warnings);
}

std::string error_of(std::string_view text) {
  const auto net = read(text);
  return net ? "read" : net.error().message;
}

TEST(prototxt, keeps_the_line_of_every_layer) {
  const auto net = read("name: \"n\"\nlayer { type: \"ReLU\" }\n\nlayer {\n  type: \"TanH\" }\n");
  ASSERT_TRUE(net) << net.error().message;
  EXPECT_EQ(net->param.name(), "n");
  EXPECT_THAT(net->lines, ElementsAre(2, 4));
}

TEST(prototxt, tells_line_and_column_of_a_syntax_error) {
  EXPECT_EQ(error_of("layer {\n  name: \"a\"\n  type \"ReLU\"\n}"),
            "net.prototxt:3:8: Expected \":\", found \"\"ReLU\"\".");
  EXPECT_THAT(error_of("layer { bottom: \"a }"), HasSubstr("net.prototxt:1:"));
}

TEST(prototxt, refuses_an_unknown_enumerator_with_its_place) {
  EXPECT_EQ(error_of("layer { pooling_param {\n pool: MEDIAN } }"),
            "net.prototxt:2:15: Unknown enumeration value of \"MEDIAN\" for field \"pool\".");
}

TEST(prototxt, names_unknown_fields_in_warnings_and_goes_on) {
  Warnings warnings;
  const auto net =
      read_prototxt("layer {\n  type: \"ReLU\"\n  fancy_param { x: 1 y { z: \"a\" } }\n}", "net.prototxt", warnings);
  ASSERT_TRUE(net) << net.error().message;
  EXPECT_THAT(
      warnings,
      ElementsAre("net.prototxt:3:15: Message type \"LayerParameter\" has no field named \"fancy_param\". (ignored)"));
}

TEST(prototxt, knows_what_training_files_say) {
  Warnings warnings;
  const auto net = read_prototxt(R"(layer {
      name: "conv" type: "Convolution" param { lr_mult: 1 decay_mult: 0 } loss_weight: 1 propagate_down: true
      convolution_param { num_output: 1 kernel_size: 1 engine: CUDNN weight_filler { type: "xavier" variance_norm: AVERAGE } }
      include { phase: TRAIN not_stage: "x" } transform_param { mirror: true mean_value: 104 } })",
                                 "net.prototxt", warnings);
  EXPECT_TRUE(net);
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(prototxt, refuses_a_binary_file) {
  EXPECT_EQ(error_of(std::string_view("\x0a\x05hello\0\1", 9)),
            "net.prototxt: byte 1 is no text; a prototxt is needed here (were prototxt and caffemodel exchanged?)");
}

TEST(prototxt, refuses_text_that_is_no_network) {
  EXPECT_THAT(error_of(""), HasSubstr("no layer; a Caffe network description is needed here"));
  EXPECT_THAT(error_of("[net]\nbatch=1\n"), HasSubstr("net.prototxt:2:1: Expected"));
}

TEST(prototxt, refuses_endless_nesting) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "a {";
  EXPECT_EQ(error_of(text), "net.prototxt:1: nested more than 64 levels deep");
  EXPECT_EQ(error_of(std::string(100000, '[')), "net.prototxt:1: nested more than 64 levels deep");
}

TEST(prototxt, counts_no_brackets_in_strings_and_comments) {
  const std::string braces(1000, '{');
  EXPECT_TRUE(read("# " + braces + "\nlayer { name: \"" + braces + "\" type: 'it\\'s" + braces + "' }"));
}

TEST(prototxt, refuses_two_generations_at_once) {
  EXPECT_EQ(error_of("layer { type: \"ReLU\" }\nlayers { type: RELU }"),
            "net.prototxt: line 2: both `layer` and `layers`; a network is written in one generation of the format");
}

TEST(old_header, becomes_input_layers) {
  const auto net = read(
      "input: \"a\" input: \"b\" input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4\n"
      "input_dim: 5 input_dim: 6 input_dim: 7 input_dim: 8 layer { type: \"ReLU\" }");
  ASSERT_TRUE(net) << net.error().message;
  EXPECT_THAT(net->lines, ElementsAre(0, 0, 2));
  const auto& input = net->param.layer(1);
  EXPECT_EQ(input.type(), "Input");
  EXPECT_EQ(input.top(0), "b");
  EXPECT_THAT(input.input_param().shape(0).dim(), ElementsAre(5, 6, 7, 8));
}

TEST(old_header, refuses_dimensions_that_do_not_add_up) {
  EXPECT_EQ(error_of("input: \"a\" input_dim: 1 input_dim: 2 layer { type: \"ReLU\" }"),
            "net.prototxt: 2 input_dim for 1 input; four each are needed (batch, channels, height, width)");
  EXPECT_THAT(error_of("input: \"a\" input_shape { dim: 1 } input_shape { dim: 1 } layer { type: \"ReLU\" }"),
              HasSubstr("2 input_shape for 1 input"));
  EXPECT_THAT(error_of("input: \"a\" input_shape { dim: 1 } input_dim: 1 layer { type: \"ReLU\" }"),
              HasSubstr("both input_shape and input_dim"));
}

TEST(v1_layer, keeps_its_parameters) {
  const auto net = read(R"(layers { name: "c" type: CONVOLUTION bottom: "data" top: "c" param: "shared" blobs_lr: 1
      convolution_param { num_output: 3 kernel_size: 5 } include { phase: TEST } })");
  ASSERT_TRUE(net) << net.error().message;
  const auto& layer = net->param.layer(0);
  EXPECT_EQ(layer.type(), "Convolution");
  EXPECT_EQ(layer.convolution_param().num_output(), 3u);
  EXPECT_EQ(layer.param(0).name(), "shared");
  EXPECT_EQ(layer.include(0).phase(), proto::TEST);
}

TEST(v0_layer, gives_its_fields_to_todays_messages) {
  const auto net = read(
      R"(layers { layer { name: "c" type: "conv" num_output: 8 kernelsize: 3 stride: 2 pad: 1 group: 2 biasterm: false } bottom: "data" top: "c" }
      layers { layer { name: "p" type: "pool" pool: AVE kernelsize: 2 stride: 2 } bottom: "c" top: "p" }
      layers { layer { name: "n" type: "lrn" local_size: 7 alpha: 2 beta: 3 } bottom: "p" top: "n" }
      layers { layer { name: "f" type: "innerproduct" num_output: 4 } bottom: "n" top: "f" })");
  ASSERT_TRUE(net) << net.error().message;
  const auto& conv = net->param.layer(0).convolution_param();
  EXPECT_EQ(net->param.layer(0).name(), "c");
  EXPECT_THAT(conv.kernel_size(), ElementsAre(3));
  EXPECT_THAT(conv.stride(), ElementsAre(2));
  EXPECT_THAT(conv.pad(), ElementsAre(1));
  EXPECT_EQ(conv.group(), 2u);
  EXPECT_FALSE(conv.bias_term());
  EXPECT_EQ(net->param.layer(1).pooling_param().pool(), proto::PoolingParameter::AVE);
  EXPECT_EQ(net->param.layer(2).lrn_param().local_size(), 7u);
  EXPECT_EQ(net->param.layer(3).inner_product_param().num_output(), 4u);
}

TEST(v0_layer, refuses_types_nobody_had) {
  EXPECT_EQ(error_of("layers { layer { name: \"x\" type: \"attention\" } }"),
            "net.prototxt: line 1: layer 'x': 'attention' is no layer type of the oldest format");
  EXPECT_EQ(error_of("layers { name: \"x\" }"), "net.prototxt: line 1: layer 'x' has no type");
}

}  // namespace
}  // namespace bmnet::caffe::test
