#include "frontend/darknet/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "op/op.h"

namespace bmnet::frontend {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A weights file of version 0.2: header of 20 bytes, then the floats.
std::string weights_file(std::vector<float> values) {
  std::string bytes(20, '\0');
  bytes[4] = 2;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return bytes;
}

Result<nn::Model> import(std::string_view cfg, std::vector<float> values, const ImportOptions& options = {},
                         bool decode = false) {
  const std::string weights = weights_file(std::move(values));
  return import_darknet(cfg, as_bytes(weights), "net.cfg", options, {.decode = decode});
}

std::string refusal(std::string_view cfg, std::vector<float> values = {}) {
  const auto result = import(cfg, std::move(values));
  return result ? "imported" : result.error().message;
}

// Runs the graph on one input by the reference kernels; the first output.
std::vector<float> run(const nn::Model& model, std::vector<float> input) {
  const op::Graph graph = *model.to_graph();
  std::vector<Tensor> values(graph.values.size());
  for (size_t i = 0; i < values.size(); ++i)
    if (graph.values[i].constant) values[i] = *graph.values[i].constant;
  values[graph.inputs[0]] = Tensor::of<float>(graph.values[graph.inputs[0]].info.shape, input);
  for (const op::Node& node : graph.nodes) {
    std::vector<Tensor> operands;
    for (op::ValueId id : node.inputs) operands.push_back(values[id]);
    values[node.outputs[0]] = (*op::evaluate(node.op, node.attributes, operands))[0];
  }
  const auto data = values[graph.outputs[0]].data<float>();
  return {data.begin(), data.end()};
}

constexpr const char* kNet = "[net]\nwidth=2\nheight=2\nchannels=1\n";

TEST(darknet, a_convolution_multiplies_and_adds) {
  const std::string cfg = std::string(kNet) + "[convolutional]\nfilters=1\nsize=1\nstride=1\nactivation=linear\n";
  EXPECT_THAT(run(*import(cfg, {/*bias*/ 10, /*weight*/ 2}), {1, 2, 3, 4}), ElementsAre(12, 14, 16, 18));
}

TEST(darknet, leaky_keeps_a_tenth_below_zero) {
  const std::string cfg = std::string(kNet) + "[convolutional]\nfilters=1\nsize=1\nstride=1\nactivation=leaky\n";
  EXPECT_THAT(run(*import(cfg, {0, 1}), {-10, 2, 3, 4}), ElementsAre(-1, 2, 3, 4));
}

// biases, scales, means, variances, weights is the order of the file: (x*1 - 1) / 1 * 3 + 5.
TEST(darknet, batch_norm_parameters_stand_before_the_weights) {
  const std::string cfg =
      std::string(kNet) + "[convolutional]\nbatch_normalize=1\nfilters=1\nsize=1\nstride=1\nactivation=linear\n";
  const auto y = run(*import(cfg, {5, 3, 1, 1, 1}), {1, 2, 3, 4});
  EXPECT_NEAR(y[0], 5, 1e-4);
  EXPECT_NEAR(y[1], 8, 1e-4);
}

TEST(darknet, the_batch_of_training_does_not_count) {
  const std::string cfg = "[net]\nbatch=64\nsubdivisions=8\nwidth=2\nheight=2\nchannels=1\n[dropout]\nprobability=.5\n";
  EXPECT_EQ(import(cfg, {})->to_graph()->values[0].info.shape, (Shape{1, 1, 2, 2}));
}

TEST(darknet, maxpool_of_stride_one_keeps_the_size) {
  const std::string cfg = std::string(kNet) + "[maxpool]\nsize=2\nstride=1\n";
  EXPECT_THAT(run(*import(cfg, {}), {1, 2, 3, 4}), ElementsAre(4, 4, 4, 4));
}

TEST(darknet, a_route_of_a_group_takes_its_channels) {
  const std::string cfg = "[net]\nwidth=1\nheight=1\nchannels=4\n[dropout]\n[route]\nlayers=-1\ngroups=2\ngroup_id=1\n";
  EXPECT_THAT(run(*import(cfg, {}), {1, 2, 3, 4}), ElementsAre(3, 4));
}

TEST(darknet, a_shortcut_adds_an_earlier_layer) {
  const std::string cfg =
      std::string(kNet) + "[dropout]\n[maxpool]\nsize=1\nstride=1\n[shortcut]\nfrom=-2\nactivation=linear\n";
  EXPECT_THAT(run(*import(cfg, {}), {1, 2, 3, 4}), ElementsAre(2, 4, 6, 8));
}

TEST(darknet, a_shortcut_from_a_larger_layer_takes_every_second_pixel) {
  const std::string cfg =
      std::string(kNet) + "[dropout]\n[maxpool]\nsize=2\nstride=2\n[shortcut]\nfrom=-2\nactivation=linear\n";
  EXPECT_THAT(run(*import(cfg, {}), {1, 2, 3, 4}), ElementsAre(5));
}

TEST(darknet, a_shortcut_from_a_smaller_layer_is_refused) {
  const std::string cfg = std::string(kNet) + "[dropout]\n[maxpool]\nsize=2\nstride=2\n[upsample]\nstride=2\n" +
                          "[shortcut]\nfrom=-2\nactivation=linear\n";
  EXPECT_THAT(refusal(cfg), HasSubstr("the same multiple"));
}

TEST(darknet, scale_channels_multiplies_every_channel) {
  const std::string cfg = std::string(kNet) + "[dropout]\n[avgpool]\n[scale_channels]\nfrom=-2\n";
  EXPECT_THAT(run(*import(cfg, {}), {1, 2, 3, 4}), ElementsAre(2.5f, 5, 7.5f, 10));
}

TEST(darknet, upsample_repeats_pixels) {
  const std::string cfg = "[net]\nwidth=2\nheight=1\nchannels=1\n[upsample]\nstride=2\n";
  EXPECT_THAT(run(*import(cfg, {}), {1, 2}), ElementsAre(1, 1, 2, 2, 1, 1, 2, 2));
}

TEST(darknet, connected_flattens_its_input) {
  const std::string cfg = std::string(kNet) + "[connected]\noutput=1\nactivation=linear\n";
  EXPECT_THAT(run(*import(cfg, {/*bias*/ 1, /*weights*/ 1, 10, 100, 1000}), {1, 2, 3, 4}), ElementsAre(4322));
}

TEST(darknet, softmax_runs_over_the_groups) {
  const std::string cfg = "[net]\nwidth=1\nheight=1\nchannels=4\n[softmax]\ngroups=2\n";
  EXPECT_THAT(run(*import(cfg, {}), {3, 3, 7, 7}), ElementsAre(0.5f, 0.5f, 0.5f, 0.5f));
}

constexpr const char* kYolo =
    "[net]\nwidth=32\nheight=32\nchannels=6\n[convolutional]\nfilters=6\nsize=32\nstride=32\nactivation=linear\n"
    "[yolo]\nmask=1\nanchors=1,1, 16,8\nclasses=1\n";

TEST(darknet, the_raw_input_of_yolo_is_the_output) {
  const auto model = import_darknet(kYolo, {}, "net.cfg", ImportOptions{.random_weights = 1});
  EXPECT_THAT(model->to_graph()->output_names, ElementsAre("conv_0"));
}

// With all zeros in front: centre of the only cell, anchor 1 as size, sigmoid(0) = 0.5, score 0.5 * 0.5.
TEST(darknet, decodes_boxes_when_asked) {
  const std::string weights = weights_file(std::vector<float>(6 + 6 * 6 * 32 * 32, 0.0f));  // the model refers to it
  const auto model =
      import_darknet(kYolo, as_bytes(weights), "net.cfg", {.output_names = {"yolo_1"}}, {.decode = true});
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(run(*model, std::vector<float>(6 * 32 * 32)), ElementsAre(0.5f, 0.5f, 0.5f, 0.25f, 0.5f, 0.25f));
  const auto both = import(kYolo, std::vector<float>(6 + 6 * 6 * 32 * 32, 0.0f), {}, true);
  EXPECT_THAT(both->to_graph()->output_names, ElementsAre("conv_0", "yolo_1"));
}

// Two classes share the probability; anchors are in cells.
TEST(darknet, decodes_boxes_of_region_layers) {
  const std::string cfg =
      "[net]\nwidth=1\nheight=1\nchannels=7\n[dropout]\n[region]\nanchors=0.5,2\nnum=1\nclasses=2\nsoftmax=1\n";
  const auto model = import(cfg, {}, ImportOptions{.output_names = {"region_1"}}, true);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(run(*model, std::vector<float>(7)), ElementsAre(0.5f, 0.5f, 0.5f, 2, 0.5f, 0.25f, 0.25f));
}

TEST(darknet, groups_of_a_convolution_see_their_own_channels) {
  const std::string cfg =
      "[net]\nwidth=1\nheight=1\nchannels=2\n[convolutional]\nfilters=2\ngroups=2\nsize=1\nstride=1\nactivation="
      "linear\n";
  EXPECT_THAT(run(*import(cfg, {/*biases*/ 1, 2, /*weights*/ 10, 100}), {3, 4}), ElementsAre(31, 402));
}

float activated(const std::string& activation, float x) {
  const std::string cfg = "[net]\nwidth=1\nheight=1\nchannels=1\n[activation]\nactivation=" + activation + "\n";
  return run(*import(cfg, {}), {x})[0];
}

TEST(darknet, activations_are_those_of_darknet) {
  const struct {
    const char* activation;
    float at_minus_one, at_two;
  } rows[] = {{"relu", 0, 2},
              {"relu6", 0, 2},
              {"leaky", -0.1f, 2},
              {"relie", -0.01f, 2},
              {"logistic", 0.26894f, 0.88080f},
              {"tanh", -0.76159f, 0.96403f},
              {"elu", -0.63212f, 2},
              {"selu", -1.11133f, 2.1014f},
              {"mish", -0.30340f, 1.94396f},
              {"swish", -0.26894f, 1.76159f},
              {"gelu", -0.15881f, 1.95460f},
              {"hardtan", -1, 1},
              {"loggy", -0.46212f, 0.76159f},
              {"ramp", -0.1f, 2.2f},
              {"linear", -1, 2}};
  for (const auto& row : rows) {
    EXPECT_NEAR(activated(row.activation, -1), row.at_minus_one, 1e-4) << row.activation;
    EXPECT_NEAR(activated(row.activation, 2), row.at_two, 1e-4) << row.activation;
  }
}

TEST(darknet, sam_multiplies_pixel_by_pixel) {
  const std::string cfg = std::string(kNet) + "[dropout]\n[maxpool]\nsize=2\nstride=1\n[sam]\nfrom=-2\n";
  EXPECT_THAT(run(*import(cfg, {}), {1, 2, 3, 4}), ElementsAre(4, 8, 12, 16));
}

// Before version 0.2 the count of seen pictures has 32 bits.
TEST(darknet, reads_headers_of_both_widths) {
  const std::string cfg = std::string(kNet) + "[convolutional]\nfilters=1\nsize=1\nstride=1\nactivation=linear\n";
  const std::vector<float> values = {10, 2};
  for (const auto& [minor, bytes] : {std::pair(1, 16), std::pair(2, 20)}) {
    std::string file(bytes, '\0');
    file[4] = static_cast<char>(minor);
    file.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    const auto model = import_darknet(cfg, as_bytes(file), "net.cfg");
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_THAT(run(*model, {1, 2, 3, 4}), ElementsAre(12, 14, 16, 18));
  }
}

// A file like yolov3.conv.1: weights of the first layers only.
TEST(darknet, weights_cut_off_behind_a_layer_serve_the_network_up_to_it) {
  const std::string cfg = std::string(kNet) + "[convolutional]\nfilters=1\nsize=1\nstride=1\nactivation=linear\n" +
                          "[convolutional]\nfilters=1\nsize=1\nstride=1\nactivation=linear\n";
  EXPECT_THAT(refusal(cfg, {10, 2}),
              HasSubstr("conv_1 biases needs 1 floats from byte 28: cut off, or made for another "
                        "cfg; --output_names cuts the network in front of it"));
  const auto model = import(cfg, {10, 2}, ImportOptions{.output_names = {"conv_0"}});
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(run(*model, {1, 2, 3, 4}), ElementsAre(12, 14, 16, 18));
}

TEST(darknet, reorg_reads_channels_as_wider_images) {
  const std::string cfg = "[net]\nwidth=2\nheight=2\nchannels=4\n[reorg]\nstride=2\n";
  std::vector<float> input(16);
  for (int i = 0; i < 16; ++i) input[i] = static_cast<float>(i);
  EXPECT_THAT(run(*import(cfg, {}), input), ElementsAre(0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15));
}

TEST(darknet, random_weights_are_the_same_each_time) {
  const auto text = [] {
    return import_darknet(kYolo, {}, "net.cfg", ImportOptions{.random_weights = 7})->to_text(false);
  };
  EXPECT_EQ(text(), text());
}

TEST(darknet, an_output_in_front_needs_no_later_weights) {
  const std::string cfg =
      std::string(kNet) + "[maxpool]\nsize=2\nstride=2\n[convolutional]\nfilters=9\nsize=3\nactivation=linear\n";
  EXPECT_TRUE(import(cfg, {}, ImportOptions{.output_names = {"maxpool_0"}}));
}

TEST(darknet, refuses_a_file_that_is_no_cfg) {
  EXPECT_THAT(refusal("hello world"),
              HasSubstr("line 1: 'helloworld' is neither a section nor key=value: not a Darknet cfg?"));
}

TEST(darknet, refuses_a_cfg_without_net) {
  EXPECT_EQ(refusal("[convolutional]\nsize=1\n"), "net.cfg: the first section is not [net]: not a Darknet cfg");
}

TEST(darknet, refuses_an_unknown_layer_by_name_and_line) {
  EXPECT_THAT(refusal(std::string(kNet) + "[capsule]\n"), HasSubstr("line 5: layer type [capsule] is not supported"));
}

TEST(darknet, names_all_unknown_layers_and_activations_at_once) {
  EXPECT_THAT(refusal(std::string(kNet) + "[capsule]\n[activation]\nactivation=stair\n[lstm]\n"),
              testing::AllOf(HasSubstr("3 nodes cannot be compiled"), HasSubstr("line 5: layer type [capsule]"),
                             HasSubstr("activation_1: activation 'stair'"), HasSubstr("line 8: layer type [lstm]")));
}

TEST(darknet, refuses_weights_that_end_early) {
  const std::string cfg = std::string(kNet) + "[convolutional]\nfilters=1\nsize=1\nactivation=linear\n";
  EXPECT_THAT(refusal(cfg, {1}), HasSubstr("ends at byte 24, but conv_0 weights needs 1 floats from byte 24"));
}

TEST(darknet, refuses_weights_of_another_cfg) {
  EXPECT_THAT(refusal(std::string(kNet) + "[dropout]\n", {1, 2, 3}), HasSubstr("has 3 numbers more than the cfg uses"));
}

TEST(darknet, refuses_an_activation_it_does_not_know) {
  EXPECT_THAT(refusal(std::string(kNet) + "[activation]\nactivation=stair\n"),
              HasSubstr("activation 'stair' is not supported"));
}

TEST(darknet, refuses_a_route_to_a_later_layer) {
  EXPECT_THAT(refusal(std::string(kNet) + "[route]\nlayers=3\n"),
              HasSubstr("[route] refers to layer 3, there are 0 layers in front of it"));
}

TEST(darknet, refuses_a_value_that_is_no_number) {
  EXPECT_THAT(refusal(std::string(kNet) + "[convolutional]\nsize=big\n"),
              HasSubstr("[convolutional] size=big is not a number"));
}

TEST(darknet, refuses_absurd_sizes) {
  EXPECT_THAT(refusal("[net]\nwidth=2\nheight=2\nchannels=1\n[convolutional]\nfilters=99999999999\n"),
              HasSubstr("is out of range"));
}

TEST(darknet, refuses_a_weights_file_without_a_header) {
  const auto result = import_darknet(kNet, as_bytes("abc"), "net.cfg");
  EXPECT_THAT(result.error().message, HasSubstr("3 bytes, too short for the header"));
}

}  // namespace
}  // namespace bmnet::frontend
