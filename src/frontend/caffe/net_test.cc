// Which layers take part, how blobs connect them, what becomes input and output.
#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "name" or "name[shape]" of every input and output, "in1 in2 -> out1 out2".
std::string signature(const Result<nn::Model>& model) {
  if (!model) return model.error().message;
  const op::Graph graph = model->to_graph().value();
  std::vector<std::string> in, out;
  for (op::ValueId id : graph.inputs) in.push_back(graph.values[id].name + to_string(graph.values[id].info.shape));
  for (const std::string& name : graph.output_names) out.push_back(name);
  return fmt::format("{} -> {}", fmt::join(in, " "), fmt::join(out, " "));
}

constexpr std::string_view kRelu = R"(layer { name: "relu" type: "ReLU" bottom: "data" top: "data" } )";

TEST(net, has_the_name_of_the_prototxt_or_the_users) {
  EXPECT_EQ(import("name: \"mine\" " + input({1}) + layer("ReLU", ""))->name(), "mine");
  EXPECT_EQ(import(input({1}) + layer("ReLU", ""))->name(), "net");
  frontend::ImportOptions options;
  options.net_name = "other";
  EXPECT_EQ(import("name: \"mine\" " + input({1}) + layer("ReLU", ""), {}, options)->name(), "other");
}

TEST(net, outputs_are_what_nobody_consumes_in_alphabetical_order) {
  EXPECT_EQ(signature(import(input({1, 2}) + R"(
      layer { name: "z" type: "ReLU" bottom: "data" top: "z" }
      layer { name: "a" type: "TanH" bottom: "data" top: "a" }
      layer { name: "used" type: "AbsVal" bottom: "data" top: "used" }
      layer { name: "m" type: "Sigmoid" bottom: "used" top: "m" })")),
            "data[1,2] -> a m z");
}

TEST(net, values_in_place_go_by_the_blobs_last_name) {
  const auto model = import(input({1}) + R"(
      layer { name: "power" type: "Power" bottom: "data" top: "x" power_param { scale: -1 } }
      layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }
      layer { name: "drop" type: "Dropout" bottom: "x" top: "x" })");
  const op::Graph graph = model->to_graph().value();
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.values[graph.nodes[0].outputs[0]].name, "x@power");
  EXPECT_EQ(graph.values[graph.nodes[1].outputs[0]].name, "x");
  EXPECT_THAT(values(run(*model, {{"data", tensor({1}, {-3})}})["x"]), ElementsAre(3));
}

TEST(net, an_output_may_be_named_by_its_layer) {
  frontend::ImportOptions options;
  options.output_names = {"relu"};
  EXPECT_EQ(signature(import(input({1}) + std::string(kRelu), {}, options)), "data[1] -> relu");
}

TEST(net, in_place_on_the_input) { EXPECT_EQ(signature(import(input({1}) + std::string(kRelu))), "data[1] -> data"); }

TEST(net, split_and_silence_vanish) {
  EXPECT_EQ(signature(import(input({1}) + R"(
      layer { name: "split" type: "Split" bottom: "data" top: "a" top: "b" }
      layer { name: "quiet" type: "Silence" bottom: "b" }
      layer { name: "out" type: "ReLU" bottom: "a" top: "out" })")),
            "data[1] -> out");
}

TEST(phase, takes_test_and_leaves_train) {
  const auto model = import(input({1}) + R"(
      layer { name: "train" type: "Power" bottom: "data" top: "out" power_param { scale: 2 } include { phase: TRAIN } }
      layer { name: "test" type: "Power" bottom: "data" top: "out" power_param { scale: 3 } include { phase: TEST } }
      layer { name: "not_test" type: "Power" bottom: "out" top: "out" power_param { scale: 5 } exclude { phase: TEST } }
      layer { name: "staged" type: "Power" bottom: "out" top: "out" power_param { scale: 7 } include { stage: "deep" } }
      layer { name: "levelled" type: "Power" bottom: "out" top: "out" power_param { scale: 11 } include { min_level: 1 } })");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(values(run(*model, {{"data", tensor({1}, {1})}})["out"]), ElementsAre(3));
}

TEST(phase, tells_that_a_producer_is_not_part_of_it) {
  EXPECT_THAT(refusal(input({1}) + R"(
      layer { name: "train" type: "ReLU" bottom: "data" top: "x" include { phase: TRAIN } }
      layer { name: "test" type: "ReLU" bottom: "x" top: "out" })"),
              HasSubstr("bottom 'x' is produced by layer 'train' only, which is not part of phase TEST"));
}

TEST(training_net, loses_loss_accuracy_and_labels) {
  ModelWriter model;
  model.blob("fc", {2, 2}, {1, 0, 0, 1}).blob("fc", {2}, {0, 0});
  EXPECT_EQ(signature(import(R"(
      layer { name: "data" type: "MemoryData" top: "data" top: "label" memory_data_param { batch_size: 3 channels: 2 height: 1 width: 1 } }
      layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 } }
      layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" }
      layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" })",
                             model)),
            "data[3,2,1,1] -> loss");
}

TEST(training_net, ends_at_the_prediction_of_other_losses) {
  EXPECT_EQ(signature(import(R"(
      layer { name: "data" type: "MemoryData" top: "data" top: "label" memory_data_param { batch_size: 1 channels: 2 height: 1 width: 1 } }
      layer { name: "x" type: "TanH" bottom: "data" top: "x" }
      layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "label" }
      layer { name: "loss2" type: "MyOwnLoss" bottom: "x" bottom: "label" })")),
            "data[1,2,1,1] -> x");
}

TEST(training_net, tells_that_a_loss_only_exists_in_training) {
  EXPECT_THAT(refusal(input({1, 2}) + R"(
      layer { name: "loss" type: "EuclideanLoss" bottom: "data" bottom: "data" top: "loss" }
      layer { name: "more" type: "Power" bottom: "loss" top: "out" })"),
              HasSubstr("bottom 'loss' comes from layer 'loss', which only exists in training"));
}

TEST(input_shape, from_every_layer_that_states_it) {
  const std::string relu = R"(layer { name: "relu" type: "ReLU" bottom: "data" top: "out" })";
  EXPECT_EQ(
      signature(import(
          R"(layer { name: "d" type: "DummyData" top: "data" dummy_data_param { num: 1 channels: 2 height: 3 width: 4 } } )" +
          relu)),
      "data[1,2,3,4] -> out");
  EXPECT_EQ(
      signature(import(
          R"(layer { name: "d" type: "DummyData" top: "data" dummy_data_param { shape { dim: 5 dim: 6 } } } )" + relu)),
      "data[5,6] -> out");
  EXPECT_EQ(
      signature(import(
          R"(layer { name: "d" type: "ImageData" top: "data" image_data_param { batch_size: 2 new_height: 8 new_width: 9 } } )" +
          relu)),
      "data[2,3,8,9] -> out");
}

TEST(input_shape, may_be_replaced_by_name_position_or_batch) {
  frontend::ImportOptions by_name, by_position, by_batch;
  by_name.shapes = {{"data", {7, 2}}};
  by_position.shapes = {{"", {8, 2}}};
  by_batch.batch = 9;
  const std::string net = input({1, 2}) + layer("ReLU", "");
  EXPECT_EQ(signature(import(net, {}, by_name)), "data[7,2] -> out");
  EXPECT_EQ(signature(import(net, {}, by_position)), "data[8,2] -> out");
  EXPECT_EQ(signature(import(net, {}, by_batch)), "data[9,2] -> out");
}

TEST(input_shape, must_be_given_for_databases) {
  const std::string net =
      R"(layer { name: "d" type: "Data" top: "data" top: "label" data_param { batch_size: 4 } } )" + layer("ReLU", "");
  EXPECT_THAT(refusal(net), HasSubstr("input 'data' has no shape in the model; give it with --shapes"));
  frontend::ImportOptions options;
  options.shapes = {{"", {1, 3, 2, 2}}};
  EXPECT_EQ(signature(import(net, {}, options)), "data[1,3,2,2] -> out");
}

TEST(input_shape, of_a_data_layer_of_another_phase_still_makes_an_input) {
  frontend::ImportOptions options;
  options.shapes = {{"", {1, 3}}};
  EXPECT_EQ(
      signature(import(R"(layer { name: "d" type: "Data" top: "data" include { phase: TRAIN } } )" + layer("ReLU", ""),
                       {}, options)),
      "data[1,3] -> out");
}

TEST(input_shape, refuses_absurd_dimensions) {
  EXPECT_THAT(refusal(input({1, 0, 3}) + layer("ReLU", "")), HasSubstr("input 'data' has the dynamic shape [1,0,3]"));
  EXPECT_THAT(refusal(input({-1}) + layer("ReLU", "")), HasSubstr("input 'data' has the dynamic shape [-1]"));
  EXPECT_THAT(refusal(input({65536, 65536}) + layer("ReLU", "")), HasSubstr("fewer than 2^31 elements"));
}

TEST(input_shape, refuses_a_shape_for_nobody) {
  frontend::ImportOptions wrong_name, too_many;
  wrong_name.shapes = {{"image", {1}}};
  too_many.shapes = {{"", {1}}, {"", {2}}};
  EXPECT_THAT(refusal(input({1}) + layer("ReLU", ""), {}, wrong_name),
              HasSubstr("a shape is given for 'image', which is no input of the network; its inputs are data"));
  EXPECT_THAT(refusal(input({1}) + layer("ReLU", ""), {}, too_many),
              HasSubstr("2 shapes are given for 1 inputs (data)"));
}

constexpr std::string_view kChain = R"(
    layer { name: "a" type: "Power" bottom: "data" top: "a" power_param { scale: 2 } }
    layer { name: "b" type: "Power" bottom: "a" top: "b" power_param { scale: 3 } }
    layer { name: "c" type: "Power" bottom: "b" top: "c" power_param { scale: 5 } })";

TEST(cut, keeps_what_lies_between_the_named_blobs) {
  frontend::ImportOptions options;
  options.input_names = {"a"};
  options.output_names = {"b", "c"};
  options.shapes = {{"", {2}}};
  const auto model = import(input({1}) + std::string(kChain), {}, options);
  EXPECT_EQ(signature(model), "a[2] -> b c");
  EXPECT_THAT(values(run(*model, {{"a", tensor({2}, {1, 2})}})["c"]), ElementsAre(15, 30));
}

TEST(cut, refuses_unknown_names_and_missing_inputs) {
  frontend::ImportOptions unknown_output, unknown_input, missing;
  unknown_output.output_names = {"prob"};
  unknown_input.input_names = {"image"};
  missing.input_names = {"c"};
  missing.output_names = {"a"};
  EXPECT_THAT(refusal(input({1}) + std::string(kChain), {}, unknown_output),
              HasSubstr("output 'prob' is no blob of the network (its last ones are: c)"));
  EXPECT_THAT(refusal(input({1}) + std::string(kChain), {}, unknown_input),
              HasSubstr("input 'image' is no blob of the network"));
  EXPECT_THAT(refusal(input({1}) + std::string(kChain), {}, missing),
              HasSubstr("input_names leave out 'data', which the outputs depend on"));
}

TEST(cut, fixed_inputs_become_constants) {
  frontend::ImportOptions options;
  options.fixed_inputs.emplace("k", tensor({1}, {4}));
  const auto model = import(R"(input: "data" input_shape { dim: 1 } input: "k" input_shape { dim: 1 }
      layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "k" top: "out" })",
                            {}, options);
  EXPECT_EQ(signature(model), "data[1] -> out");
  EXPECT_THAT(values(run(*model, {{"data", tensor({1}, {1})}})["out"]), ElementsAre(5));
}

TEST(connection, refuses_cycles_and_wrong_order) {
  EXPECT_THAT(refusal(input({1}) + R"(
      layer { name: "a" type: "Eltwise" bottom: "data" bottom: "y" top: "x" }
      layer { name: "b" type: "ReLU" bottom: "x" top: "y" })"),
              HasSubstr("line 3: layer 'a' (Eltwise): bottom 'y' is produced only later, by layer 'b'; layers must "
                        "stand in the order of execution, without cycles"));
}

TEST(connection, refuses_a_bottom_nobody_produces) {
  EXPECT_THAT(refusal(input({1}) + R"(layer { name: "a" type: "ReLU" bottom: "dta" top: "x" })"),
              HasSubstr("no layer produces bottom 'dta'"));
}

TEST(connection, refuses_a_top_produced_twice) {
  EXPECT_THAT(refusal(input({1}) + R"(
      layer { name: "a" type: "ReLU" bottom: "data" top: "x" }
      layer { name: "b" type: "TanH" bottom: "data" top: "x" })"),
              HasSubstr("line 4: layer 'b' (TanH): top 'x' is already produced by another layer"));
}

TEST(connection, refuses_a_net_of_inputs_only) {
  EXPECT_THAT(refusal(R"(layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 } } })"),
              HasSubstr("the network has no output"));
}

TEST(connection, takes_unknown_layers_without_bottoms_for_data) {
  std::vector<std::string> warnings;
  frontend::ImportOptions options;
  options.shapes = {{"", {1, 2}}};
  options.warn = [&](const std::string& warning) { warnings.push_back(warning); };
  EXPECT_EQ(signature(import("layer { name: \"video\" type: \"VideoReader\" top: \"data\" }" + layer("ReLU", ""), {},
                             options)),
            "data[1,2] -> out");
  EXPECT_THAT(warnings,
              ElementsAre("line 1: layer 'video' (VideoReader): unknown type without bottoms, taken for a data layer"));
}

TEST(old_generations, compute_the_same) {
  ModelWriter v1, v0;
  for (float value : {1.0f, 2.0f}) {
    proto::V1ModelLayer& layer = *(value == 1.0f ? v1 : v0).file().add_layers();
    proto::ModelBlob* blob = nullptr;
    if (value == 1.0f) {
      layer.set_name("c");
      blob = layer.add_blobs();
    } else {
      layer.mutable_layer()->set_name("c");
      blob = layer.mutable_layer()->add_blobs();
    }
    blob->set_num(1);
    blob->set_channels(1);
    blob->set_height(1);
    blob->set_width(1);
    blob->add_data(3);
  }
  const std::string header = "input: \"data\" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1\n";
  const auto new_model = import(
      header +
          R"(layers { name: "c" type: CONVOLUTION bottom: "data" top: "c" convolution_param { num_output: 1 kernel_size: 1 bias_term: false } })",
      v1);
  const auto old_model =
      import(header + R"(layers { layer { name: "p" type: "padding" pad: 1 } bottom: "data" top: "p" }
      layers { layer { name: "c" type: "conv" num_output: 1 kernelsize: 1 biasterm: false } bottom: "p" top: "c" })",
             v0);
  ASSERT_TRUE(new_model) << new_model.error().message;
  ASSERT_TRUE(old_model) << old_model.error().message;
  const Tensor data = tensor({1, 1, 1, 1}, {2});
  EXPECT_THAT(values(run(*new_model, {{"data", data}})["c"]), ElementsAre(6));
  EXPECT_THAT(values(run(*old_model, {{"data", data}})["c"]), ElementsAre(0, 0, 0, 0, 6, 0, 0, 0, 0));
}

TEST(list_caffe_ops, names_every_supported_layer_once) {
  const auto ops = frontend::list_caffe_ops();
  EXPECT_GT(ops.size(), 60u);
  for (size_t i = 1; i < ops.size(); ++i) EXPECT_LT(ops[i - 1].name, ops[i].name);
}

}  // namespace
}  // namespace bmnet::caffe::test
