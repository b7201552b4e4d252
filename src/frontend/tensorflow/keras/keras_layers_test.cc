// Keras layers, each on a tiny model; expected values by hand from the layers' definitions.
#include "frontend/tensorflow/keras/testing.h"

namespace bmnet::frontend::tensorflow::keras::test {
namespace {

using op::test::f32;
using op::test::floats;
using op::test::i32;
using op::test::near;
using op::test::noise;
using op::test::ramp;
using testing::ElementsAre;
using testing::HasSubstr;

Tensor ones(Shape shape) {
  Tensor tensor({DType::kF32, std::move(shape)});
  std::ranges::fill(tensor.data<float>(), 1.0f);
  return tensor;
}

// A layer without weights on one input.
Tensor apply(const std::string& class_name, const std::string& options, const Tensor& x,
             const std::string& version = "2.15.0") {
  TestModel model(x.shape());
  model.version(version).layer(class_name, "layer", options);
  return run(model, x);
}

TEST(keras, dense_multiplies_adds_and_activates) {
  TestModel model({1, 2});
  model.layer("Dense", "d", R"("units": 2, "activation": "relu")");
  model.weight("d/kernel", f32({2, 2}, {1, -1, 2, -2})).weight("d/bias", f32({2}, {0.5, 0.5}));
  EXPECT_THAT(floats(run(model, f32({1, 2}, {1, 1}))), ElementsAre(3.5, 0));
}

TEST(keras, dense_works_on_the_last_axis) {
  TestModel model({1, 2, 2});
  model.layer("Dense", "d", R"("units": 1, "use_bias": false)").weight("d/kernel", f32({2, 1}, {1, 10}));
  EXPECT_THAT(floats(run(model, f32({1, 2, 2}, {1, 2, 3, 4}))), ElementsAre(21, 43));
}

TEST(keras, a_classifier_needs_no_transposes_but_its_inputs) {
  TestModel model({1, 8, 8, 3});
  model.layer("Conv2D", "c", R"("filters": 4, "kernel_size": [3, 3], "padding": "same", "activation": "relu")");
  model.layer("BatchNormalization", "b").layer("MaxPooling2D", "p", R"("pool_size": [2, 2])");
  model.layer("GlobalAveragePooling2D", "g").layer("Dropout", "o", R"("rate": 0.5)");
  model.layer("Dense", "d", R"("units": 2, "activation": "softmax")");
  model.weight("c/kernel", noise({3, 3, 3, 4})).weight("c/bias", noise({4})).weight("d/kernel", noise({4, 2}));
  model.weight("d/bias", noise({2}));
  for (const char* role : {"gamma", "beta", "moving_mean", "moving_variance"})
    model.weight(fmt::format("b/{}", role), ones({4}));
  EXPECT_EQ(operators(model), "transpose conv binary unary batch_norm pool reduce matmul binary softmax");
}

TEST(keras, convolutions_of_every_kind) {
  const Tensor x = ramp({1, 3, 3, 1});
  TestModel plain({1, 3, 3, 1});
  plain.layer("Conv2D", "c", R"("filters": 1, "kernel_size": [2, 2], "use_bias": false)")
      .weight("c/kernel", ones({2, 2, 1, 1}));
  EXPECT_THAT(floats(run(plain, x)), ElementsAre(8, 12, 20, 24));

  TestModel deep({1, 1, 2, 2});
  deep.layer("DepthwiseConv2D", "c", R"("kernel_size": [1, 2], "depth_multiplier": 2)");
  deep.weight("c/depthwise_kernel", f32({1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}))
      .weight("c/bias", f32({4}, {0, 0, 0, 1}));
  // Channels (1, 3) and (2, 4): 1*1+3*5, 1*2+3*6, 2*3+4*7, 2*4+4*8+1.
  EXPECT_THAT(floats(run(deep, f32({1, 1, 2, 2}, {1, 2, 3, 4}))), ElementsAre(16, 20, 34, 41));

  TestModel separable({1, 1, 1, 2});
  separable.layer("SeparableConv2D", "c", R"("filters": 1, "kernel_size": [1, 1], "use_bias": false)");
  separable.weight("c/depthwise_kernel", f32({1, 1, 2, 1}, {2, 3}))
      .weight("c/pointwise_kernel", f32({1, 1, 2, 1}, {10, 1}));
  EXPECT_THAT(floats(run(separable, f32({1, 1, 1, 2}, {1, 2}))), ElementsAre(26));

  TestModel grouped({1, 1, 1, 4});
  grouped.layer("Conv2D", "c", R"("filters": 2, "kernel_size": 1, "groups": 2, "use_bias": false)");
  grouped.weight("c/kernel", f32({1, 1, 2, 2}, {1, 2, 3, 4}));
  EXPECT_THAT(floats(run(grouped, f32({1, 1, 1, 4}, {1, 1, 1, 1}))), ElementsAre(4, 6));
}

TEST(keras, causal_convolutions_see_the_past) {
  TestModel model({1, 4, 1});
  model.layer("Conv1D", "c",
              R"("filters": 1, "kernel_size": [2], "padding": "causal", "dilation_rate": [2], "use_bias": false)");
  model.weight("c/kernel", f32({2, 1, 1}, {10, 1}));
  EXPECT_THAT(floats(run(model, f32({1, 4, 1}, {1, 2, 3, 4}))), ElementsAre(1, 2, 13, 24));
}

TEST(keras, transposed_convolutions_have_keras_sizes) {
  TestModel same({1, 2, 2, 1});
  same.layer("Conv2DTranspose", "c",
             R"("filters": 1, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same", "use_bias": false)");
  same.weight("c/kernel", ones({3, 3, 1, 1}));
  EXPECT_THAT(floats(run(same, f32({1, 2, 2, 1}, {1, 2, 3, 4}))),
              ElementsAre(1, 1, 3, 2, 1, 1, 3, 2, 4, 4, 10, 6, 3, 3, 7, 4));
  TestModel valid({1, 2, 1});
  valid.layer("Conv1DTranspose", "c", R"("filters": 1, "kernel_size": [3], "strides": [2], "use_bias": false)");
  valid.weight("c/kernel", f32({3, 1, 1}, {1, 2, 3}));
  EXPECT_THAT(floats(run(valid, f32({1, 2, 1}, {1, 10}))), ElementsAre(1, 2, 13, 20, 30));
}

TEST(keras, channels_first_layers_keep_their_layout) {
  TestModel model({1, 2, 3, 3});
  model.layer("Conv2D", "c", R"("filters": 1, "kernel_size": [1, 1], "data_format": "channels_first")");
  model.layer("MaxPooling2D", "p", R"("pool_size": [3, 3], "data_format": "channels_first")");
  model.weight("c/kernel", f32({1, 1, 2, 1}, {1, 10})).weight("c/bias", f32({1}, {1}));
  EXPECT_EQ(operators(model), "conv binary pool");
  EXPECT_THAT(floats(run(model, ramp({1, 2, 3, 3}))), ElementsAre(8 + 170 + 1));
}

TEST(keras, pools_of_every_rank) {
  EXPECT_THAT(floats(apply("MaxPooling1D", R"("pool_size": [2], "strides": null)", f32({1, 4, 1}, {1, 3, 2, 0}))),
              ElementsAre(3, 2));
  EXPECT_THAT(floats(apply("AveragePooling2D", R"("pool_size": [2, 2], "strides": [2, 2], "padding": "same")",
                           ramp({1, 3, 3, 1}))),
              ElementsAre(2, 3.5, 6.5, 8));
  EXPECT_THAT(floats(apply("AveragePooling3D", R"("pool_size": [2, 2, 2])", ramp({1, 2, 2, 2, 1}))), ElementsAre(3.5));
  EXPECT_EQ(apply("GlobalMaxPooling1D", R"("keepdims": true)", ramp({1, 3, 2})).shape(), (Shape{1, 1, 2}));
  EXPECT_THAT(floats(apply("GlobalMaxPooling1D", "", ramp({1, 3, 2}))), ElementsAre(4, 5));
}

TEST(keras, activations_by_name) {
  const Tensor x = f32({1, 3}, {-1, 0.5, 8});
  const auto y = [&](const std::string& name, const std::string& version = "2.15.0") {
    return floats(apply("Activation", fmt::format(R"("activation": "{}")", name), x, version));
  };
  EXPECT_THAT(y("relu"), ElementsAre(0, 0.5, 8));
  EXPECT_THAT(y("relu6"), ElementsAre(0, 0.5, 6));
  EXPECT_THAT(y("swish"), near({-0.26894143f, 0.31122968f, 7.9973173f}));
  EXPECT_THAT(y("gelu"), near({-0.15865526f, 0.34573123f, 8}));
  EXPECT_THAT(y("hard_sigmoid"), near({0.3f, 0.6f, 1}));
  EXPECT_THAT(y("hard_sigmoid", "3.3.3"), near({1.0f / 3, 0.5833333f, 1}));
  EXPECT_THAT(y("linear"), ElementsAre(-1, 0.5, 8));
  EXPECT_THAT(y("softmax"), near({0.0001233f, 0.0005525f, 0.9993242f}));
}

TEST(keras, a_function_may_be_an_object) {
  EXPECT_THAT(
      floats(apply("Activation", R"("activation": {"class_name": "function", "config": "relu6"})", f32({1, 1}, {9}))),
      ElementsAre(6));
  EXPECT_THAT(
      floats(apply("Activation", R"("activation": {"class_name": "LeakyReLU", "config": {"name": "l", "alpha": 0.5}})",
                   f32({1, 1}, {-2}))),
      ElementsAre(-1));
}

TEST(keras, relu_has_a_slope_a_threshold_and_a_limit) {
  const Tensor x = f32({1, 4}, {-2, 0.5, 2, 9});
  EXPECT_THAT(floats(apply("ReLU", R"("max_value": 6)", x)), ElementsAre(0, 0.5, 2, 6));
  EXPECT_THAT(floats(apply("ReLU", R"("max_value": 6, "negative_slope": 0.5)", x)), ElementsAre(-1, 0.5, 2, 6));
  EXPECT_THAT(floats(apply("ReLU", R"("threshold": 1)", x)), ElementsAre(0, 0, 2, 9));
  EXPECT_THAT(floats(apply("ReLU", R"("threshold": 1, "negative_slope": 0.5)", x)), ElementsAre(-1.5, -0.25, 2, 9));
  EXPECT_THAT(floats(apply("LeakyReLU", "", x)), near({-0.6f, 0.5f, 2, 9}));
  EXPECT_THAT(floats(apply("ThresholdedReLU", R"("theta": 2)", x)), ElementsAre(0, 0, 0, 9));
  // An array of one number, as some versions write it.
  EXPECT_THAT(floats(apply("LeakyReLU", R"("alpha": {"class_name": "__numpy__", "config": {"value": 0.5}})", x)),
              ElementsAre(-1, 0.5, 2, 9));
}

TEST(keras, prelu_shares_its_slopes_over_axes) {
  TestModel model({1, 2, 1, 2});
  model.layer("PReLU", "p", R"("shared_axes": [1, 2])").weight("p/alpha", f32({1, 1, 2}, {0.5, 0.25}));
  EXPECT_THAT(floats(run(model, f32({1, 2, 1, 2}, {-4, -4, 1, -8}))), ElementsAre(-2, -1, 1, -2));
}

TEST(keras, normalisations) {
  TestModel batch({1, 2});
  batch.layer("BatchNormalization", "b", R"("axis": [1], "epsilon": 0, "center": false)");
  batch.weight("b/gamma", f32({2}, {2, 3}))
      .weight("b/moving_mean", f32({2}, {1, 1}))
      .weight("b/moving_variance", f32({2}, {4, 1}));
  EXPECT_THAT(floats(run(batch, f32({1, 2}, {3, 3}))), near({2, 6}));

  TestModel middle({1, 2, 1, 2});
  middle.layer("BatchNormalization", "b", R"("axis": 2, "epsilon": 0, "scale": false)");
  middle.weight("b/beta", f32({1}, {1}))
      .weight("b/moving_mean", f32({1}, {2}))
      .weight("b/moving_variance", f32({1}, {4}));
  EXPECT_THAT(floats(run(middle, f32({1, 2, 1, 2}, {2, 4, 6, 8}))), near({1, 2, 3, 4}));

  TestModel layer({1, 2, 2});
  layer.layer("LayerNormalization", "n", R"("axis": [2], "epsilon": 0, "scale": false)")
      .weight("n/beta", f32({2}, {0, 10}));
  EXPECT_THAT(floats(run(layer, f32({1, 2, 2}, {1, 3, 5, 5.5}))), near({-1, 11, -1, 11}));

  TestModel group({1, 1, 2, 2});
  group.layer("GroupNormalization", "n", R"("groups": 2, "epsilon": 0, "scale": false, "center": false)");
  EXPECT_THAT(floats(run(group, f32({1, 1, 2, 2}, {1, 10, 3, 30}))), near({-1, -1, 1, 1}));
  EXPECT_THAT(floats(apply("UnitNormalization", "", f32({1, 2}, {3, 4}))), near({0.6f, 0.8f}));
}

TEST(keras, padding_and_cropping) {
  EXPECT_THAT(floats(apply("ZeroPadding2D", R"("padding": [[0, 1], [1, 0]])", ones({1, 1, 1, 1}))),
              ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(floats(apply("ZeroPadding1D", R"("padding": [1, 2])", ones({1, 1, 1}))), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(floats(apply("Cropping2D", R"("cropping": [[1, 0], [0, 1]])", ramp({1, 2, 2, 1}))), ElementsAre(2));
  EXPECT_THAT(floats(apply("CenterCrop", R"("height": 1, "width": 1)", ramp({1, 3, 3, 1}))), ElementsAre(4));
}

TEST(keras, upsampling_follows_the_version) {
  const Tensor x = f32({1, 1, 2, 1}, {0, 1});
  EXPECT_THAT(floats(apply("UpSampling2D", R"("size": [1, 2])", x)), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(floats(apply("UpSampling2D", R"("size": [1, 2], "interpolation": "bilinear")", x)),
              near({0, 0.25f, 0.75f, 1}));
  EXPECT_THAT(floats(apply("UpSampling2D", R"("size": [1, 2], "interpolation": "bilinear")", x, "2.2.4")),
              near({0, 0.5f, 1, 1}));
  EXPECT_THAT(floats(apply("UpSampling1D", R"("size": 2)", f32({1, 2, 1}, {5, 6}))), ElementsAre(5, 5, 6, 6));
}

TEST(keras, shapes) {
  EXPECT_EQ(apply("Flatten", "", ramp({1, 2, 3})).shape(), (Shape{1, 6}));
  EXPECT_THAT(floats(apply("Flatten", R"("data_format": "channels_first")", ramp({1, 2, 1, 2}))),
              ElementsAre(0, 2, 1, 3));
  EXPECT_EQ(apply("Reshape", R"("target_shape": [3, -1])", ramp({1, 6})).shape(), (Shape{1, 3, 2}));
  EXPECT_THAT(floats(apply("Permute", R"("dims": [2, 1])", ramp({1, 2, 2}))), ElementsAre(0, 2, 1, 3));
  EXPECT_THAT(floats(apply("RepeatVector", R"("n": 2)", f32({1, 2}, {1, 2}))), ElementsAre(1, 2, 1, 2));
}

TEST(keras, embeddings_are_rows) {
  TestModel model({1, 3});
  model.layer("Embedding", "e", R"("input_dim": 3, "output_dim": 1)").weight("e/embeddings", f32({3, 1}, {10, 20, 30}));
  EXPECT_THAT(floats(run(model, f32({1, 3}, {2, 0, 1}))), ElementsAre(30, 10, 20));
}

TEST(keras, rescaling_and_normalization) {
  EXPECT_THAT(floats(apply("Rescaling", R"("scale": 0.5, "offset": -1)", f32({1, 2}, {2, 4}))), ElementsAre(0, 1));
  EXPECT_THAT(floats(apply("Rescaling", R"("scale": [1, 2], "offset": 0.0)", f32({1, 1, 1, 2}, {2, 4}))),
              ElementsAre(2, 8));
  TestModel model({1, 2});
  model.layer("Normalization", "n", R"("axis": [-1])");
  model.weight("n/mean", f32({2}, {1, 2})).weight("n/variance", f32({2}, {4, 1}));
  EXPECT_THAT(floats(run(model, f32({1, 2}, {5, 5}))), near({2, 3}));
}

// ---- recurrent layers: one unit, one feature, by hand

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

TEST(keras, lstm_has_gates_in_keras_order) {
  TestModel model({1, 2, 1});
  model.layer("LSTM", "l", R"("units": 1, "activation": "tanh", "recurrent_activation": "sigmoid")");
  model.weight("l/kernel", f32({1, 4}, {0.1f, 0.2f, 0.3f, 0.4f}))
      .weight("l/recurrent_kernel", f32({1, 4}, {0.5f, 0.6f, 0.7f, 0.8f}));
  model.weight("l/bias", f32({4}, {0, 1, 0, 0}));
  float h = 0, c = 0;
  for (const float x : {1.0f, 2.0f}) {
    const float i = sigmoid(0.1f * x + 0.5f * h), f = sigmoid(0.2f * x + 0.6f * h + 1),
                g = std::tanh(0.3f * x + 0.7f * h);
    const float o = sigmoid(0.4f * x + 0.8f * h);
    c = f * c + i * g;
    h = o * std::tanh(c);
  }
  EXPECT_EQ(operators(model).find("rnn") == std::string::npos, false);
  EXPECT_THAT(floats(run(model, f32({1, 2, 1}, {1, 2}))), near({h}));
}

TEST(keras, lstm_with_hard_sigmoid_is_unrolled) {
  TestModel model({1, 2, 1});
  model.layer("LSTM", "l", R"("units": 1, "recurrent_activation": "hard_sigmoid", "return_sequences": true)");
  model.weight("l/kernel", f32({1, 4}, {0.1f, 0.2f, 0.3f, 0.4f}))
      .weight("l/recurrent_kernel", f32({1, 4}, {0.5f, 0.6f, 0.7f, 0.8f}));
  model.weight("l/bias", f32({4}, {0, 1, 0, 0}));
  const auto hard = [](float x) { return std::clamp(0.2f * x + 0.5f, 0.0f, 1.0f); };
  float h = 0, c = 0;
  std::vector<float> steps;
  for (const float x : {1.0f, 2.0f}) {
    const float i = hard(0.1f * x + 0.5f * h), f = hard(0.2f * x + 0.6f * h + 1), g = std::tanh(0.3f * x + 0.7f * h);
    const float o = hard(0.4f * x + 0.8f * h);
    c = f * c + i * g;
    h = o * std::tanh(c);
    steps.push_back(h);
  }
  EXPECT_THAT(floats(run(model, f32({1, 2, 1}, {1, 2}))), near(steps));
}

// Both forms of a layer, by the operator and unrolled (by an activation that is the same under another name), agree.
TEST(keras, gru_by_operator_and_unrolled_agree) {
  for (const bool after : {false, true}) {
    std::vector<std::vector<float>> results;
    for (const char* activation : {"tanh", "relu"}) {
      TestModel model({1, 3, 2});
      model.layer("GRU", "g", fmt::format(R"("units": 2, "activation": "{}", "reset_after": {})", activation, after));
      // All candidates positive and small: relu(x) and tanh(x) differ by x^3/3 at most.
      Tensor kernel = noise({2, 6}), recurrence = noise({2, 6}, 2);
      for (float& w : kernel.data<float>()) w = std::abs(w) * 0.01f;
      for (float& w : recurrence.data<float>()) w = std::abs(w);
      model.weight("g/kernel", kernel).weight("g/recurrent_kernel", recurrence);
      model.weight("g/bias", after ? Tensor({DType::kF32, {2, 6}}) : Tensor({DType::kF32, {6}}));
      results.push_back(floats(run(model, ones({1, 3, 2}))));
    }
    EXPECT_THAT(results[0], near(results[1], 1e-4f)) << after;
  }
}

TEST(keras, going_backwards_gives_steps_in_the_order_of_work) {
  TestModel model({1, 3, 1});
  model.layer("SimpleRNN", "r",
              R"("units": 1, "activation": "linear", "go_backwards": true, "return_sequences": true)");
  model.weight("r/kernel", f32({1, 1}, {1}))
      .weight("r/recurrent_kernel", f32({1, 1}, {10}))
      .weight("r/bias", f32({1}, {0}));
  EXPECT_THAT(floats(run(model, f32({1, 3, 1}, {1, 2, 3}))), ElementsAre(3, 32, 321));
}

TEST(keras, bidirectional_joins_both_directions) {
  TestModel model({1, 2, 1});
  model.layer("Bidirectional", "b",
              R"("merge_mode": "concat", "layer": {"class_name": "SimpleRNN", "config": {"name": "r", "units": 1,
                 "activation": "relu", "return_sequences": true, "use_bias": false}})");
  for (const char* direction : {"forward_r", "backward_r"}) {
    model.weight(fmt::format("b/{}/kernel", direction), f32({1, 1}, {1}));
    model.weight(fmt::format("b/{}/recurrent_kernel", direction), f32({1, 1}, {10}));
  }
  // Forward 1, 12; backward (from the end) 2, 21: at step 0 it is 21.
  EXPECT_THAT(floats(run(model, f32({1, 2, 1}, {1, 2}))), ElementsAre(1, 21, 12, 2));
}

TEST(keras, time_distributed_layers_see_every_step) {
  TestModel model({1, 2, 2});
  model.layer("TimeDistributed", "t",
              R"("layer": {"class_name": "Dense", "config": {"name": "d", "units": 1, "use_bias": false}})");
  model.weight("t/kernel", f32({2, 1}, {1, 10}));
  EXPECT_THAT(floats(run(model, f32({1, 2, 2}, {1, 2, 3, 4}))), ElementsAre(21, 43));
}

// One head whose projections are the identity.
TEST(keras, multi_head_attention) {
  const std::string architecture = R"({"class_name": "Functional", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 2, 1], "name": "x"}, "name": "x", "inbound_nodes": []},
    {"class_name": "MultiHeadAttention", "name": "a", "config": {"name": "a", "num_heads": 1, "key_dim": 1, "use_bias": false},
     "inbound_nodes": [[["x", 0, 0, {"value": ["x", 0, 0]}]]]}],
    "input_layers": [["x", 0, 0]], "output_layers": [["a", 0, 0]]}})";
  TestModel model({1, 2, 1});
  model.architecture(architecture);
  for (const char* which : {"query", "key", "value", "attention_output"})
    model.weight(fmt::format("a/{}/kernel", which), ones({1, 1, 1}));
  const float a = std::exp(1.0f), b = std::exp(2.0f), c = std::exp(4.0f);
  EXPECT_THAT(floats(run(model, f32({1, 2, 1}, {1, 2}))), near({(a + 2 * b) / (a + b), (b + 2 * c) / (b + c)}));
}

// ---- refusals

TEST(keras_refuses, python_functions_by_name) {
  TestModel model({1, 2});
  model.layer("Lambda", "l");
  EXPECT_EQ(refusal(model),
            "net.h5: layer l (Lambda): its function is Python code; use layers, or save the model as a SavedModel");
}
TEST(keras_refuses, unknown_layers_by_name) {
  TestModel model({1, 2});
  model.layer("MyLayer", "m");
  EXPECT_THAT(refusal(model), HasSubstr("layer m (MyLayer): the layer class is not known"));
}
TEST(keras_refuses, masks) {
  TestModel model({1, 2});
  model.layer("Embedding", "e", R"("input_dim": 3, "output_dim": 1, "mask_zero": true)");
  EXPECT_THAT(refusal(model), HasSubstr("mask_zero"));
}
TEST(keras_refuses, weights_that_are_missing) {
  TestModel model({1, 2});
  model.layer("Dense", "d", R"("units": 2)").weight("d/kernel", ones({2, 2}));
  EXPECT_EQ(refusal(model), "net.h5: layer d (Dense): its weight 'bias' is not in the file (there: kernel)");
}
TEST(keras_refuses, weights_of_another_shape) {
  TestModel model({1, 2});
  model.layer("Dense", "d", R"("units": 2)").weight("d/kernel", ones({3, 2}));
  EXPECT_EQ(refusal(model), "net.h5: layer d (Dense): its weight 'kernel' has shape [3,2], [2,2] is expected");
}
TEST(keras_refuses, configurations_of_a_wrong_kind) {
  TestModel model({1, 2});
  model.layer("Dense", "d", R"("units": "two")").weight("d/kernel", ones({2, 2}));
  EXPECT_THAT(refusal(model), HasSubstr("'units' of its configuration is not an integer"));
}
TEST(keras_refuses, an_unknown_activation) {
  TestModel model({1, 2});
  model.layer("Activation", "a", R"("activation": "my_function")");
  EXPECT_THAT(refusal(model), HasSubstr("activation 'my_function' is not known"));
}
TEST(keras_refuses, windows_without_an_image) {
  TestModel model({1, 2});
  model.layer("MaxPooling2D", "p");
  EXPECT_THAT(refusal(model), HasSubstr("a tensor of shape [1,2]; a batch, 2 spatial axes and channels are expected"));
}

}  // namespace
}  // namespace bmnet::frontend::tensorflow::keras::test
