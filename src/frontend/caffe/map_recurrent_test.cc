// LSTM and RNN layers.
#include <cmath>

#include "frontend/caffe/testing.h"

namespace bmnet::caffe::test {
namespace {

using testing::HasSubstr;

TEST(lstm, keeps_its_state_until_a_sequence_begins) {
  // One feature, one cell; only the input gate's and the candidate's input weights are not zero.
  ModelWriter model;
  model.blob("lstm", {4, 1}, {0, 0, 0, 1}).blob("lstm", {4}, {0, 0, 0, 0}).blob("lstm", {4, 1}, {0, 0, 0, 0});
  const auto imported = import(R"(
      layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 3 dim: 1 dim: 1 } } }
      layer { name: "cont" type: "Input" top: "cont" input_param { shape { dim: 3 dim: 1 } } }
      layer { name: "lstm" type: "LSTM" bottom: "data" bottom: "cont" top: "out" recurrent_param { num_output: 1 } })",
                               model);
  ASSERT_TRUE(imported) << imported.error().message;
  const float c0 = 0.5f * std::tanh(1.0f), c1 = 0.5f * c0 + 0.5f * std::tanh(2.0f), c2 = 0.5f * std::tanh(3.0f);
  const Tensor out =
      run(*imported, {{"data", tensor({3, 1, 1}, {1, 2, 3})}, {"cont", tensor({3, 1}, {0, 1, 0})}})["out"];
  expect(out, {3, 1, 1}, {0.5f * std::tanh(c0), 0.5f * std::tanh(c1), 0.5f * std::tanh(c2)});
}

TEST(lstm, refuses_an_exposed_state) {
  EXPECT_THAT(refusal(input({3, 1, 1}) + layer("LSTM", "recurrent_param { num_output: 1 expose_hidden: true }")),
              HasSubstr("expose_hidden"));
}

TEST(rnn, feeds_its_state_back) {
  ModelWriter model;
  model.blob("rnn", {1, 1}, {1})
      .blob("rnn", {1}, {0})
      .blob("rnn", {1, 1}, {1})
      .blob("rnn", {1, 1}, {2})
      .blob("rnn", {1}, {0});
  const auto imported = import(R"(
      layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 1 dim: 1 } } }
      layer { name: "cont" type: "Input" top: "cont" input_param { shape { dim: 2 dim: 1 } } }
      layer { name: "rnn" type: "RNN" bottom: "data" bottom: "cont" top: "out" recurrent_param { num_output: 1 } })",
                               model);
  ASSERT_TRUE(imported) << imported.error().message;
  const float h0 = std::tanh(0.5f), h1 = std::tanh(0.25f + h0);
  const Tensor out =
      run(*imported, {{"data", tensor({2, 1, 1}, {0.5, 0.25})}, {"cont", tensor({2, 1}, {0, 1})}})["out"];
  expect(out, {2, 1, 1}, {std::tanh(2 * h0), std::tanh(2 * h1)});
}

TEST(continuation_indicator, is_zero_where_a_sequence_begins) {
  const std::string indicator =
      "layer { name: \"mark\" type: \"ContinuationIndicator\" top: \"mark\" continuation_indicator_param { time_step: "
      "2 "
      "batch_size: 2 } } layer { name: \"layer\" type: \"Eltwise\" bottom: \"data\" bottom: \"mark\" top: \"out\" }";
  const auto model = import(input({2, 2}) + indicator);
  ASSERT_TRUE(model) << model.error().message;
  expect(run(*model, {{"data", tensor({2, 2}, {5, 5, 5, 5})}})["out"], {2, 2}, {5, 5, 6, 6});
}

}  // namespace
}  // namespace bmnet::caffe::test
