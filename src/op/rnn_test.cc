#include <cmath>

#include "op/testing.h"

namespace bmnet::op::test {
namespace {

Attributes layer(std::string kind, std::string direction = "forward", bool linear_before_reset = false,
                 float clip = 0) {
  return {{"kind", kind}, {"direction", direction}, {"linear_before_reset", linear_before_reset}, {"clip", clip}};
}
float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }
const Tensor kZero = f32({1, 1, 1}, {0});

TEST(rnn, relu_cell_carries_its_state) {  // h = relu(x + 2h + 1)
  const std::vector<Tensor> inputs = {
      f32({3, 1, 1}, {1, 2, -99}), f32({1, 1, 1}, {1}), f32({1, 1, 1}, {2}), f32({1, 2}, {0.75f, 0.25f}), kZero, kZero};
  const Tensor y = run("rnn", layer("rnn_relu"), inputs);
  EXPECT_EQ(y.shape(), (Shape{3, 1, 1, 1}));
  EXPECT_THAT(floats(y), ElementsAre(2, 7, 0));
  EXPECT_THAT(floats(run("rnn", layer("rnn_relu"), inputs, 1)), ElementsAre(0));
  EXPECT_THAT(floats(run("rnn", layer("rnn_relu", "reverse"), inputs)), ElementsAre(8, 3, 0));
}
TEST(rnn, both_directions_stand_side_by_side) {
  const std::vector<Tensor> inputs = {f32({2, 1, 1}, {1, 2}),    f32({2, 1, 1}, {1, 10}), f32({2, 1, 1}, {1, 1}),
                                      f32({2, 2}, {0, 0, 0, 0}), f32({2, 1, 1}, {0, 0}),  f32({2, 1, 1}, {0, 0})};
  EXPECT_THAT(floats(run("rnn", layer("rnn_relu", "bidirectional"), inputs)), ElementsAre(1, 30, 3, 20));
  EXPECT_THAT(floats(run("rnn", layer("rnn_relu", "bidirectional"), inputs, 1)), ElementsAre(3, 30));
}
TEST(rnn, clip_bounds_what_enters_the_activation) {
  EXPECT_THAT(floats(run("rnn", layer("rnn_relu", "forward", false, 3),
                         {f32({1, 1, 1}, {9}), f32({1, 1, 1}, {1}), kZero, f32({1, 2}, {0, 0}), kZero, kZero})),
              ElementsAre(3));
}
TEST(rnn, tanh_cell_starts_from_the_initial_state) {
  EXPECT_THAT(floats(run("rnn", layer("rnn_tanh"),
                         {f32({1, 1, 1}, {1}), f32({1, 1, 1}, {0.5f}), f32({1, 1, 1}, {2}), f32({1, 2}, {0, 0}),
                          f32({1, 1, 1}, {0.25f}), kZero})),
              near({std::tanh(1.0f)}));
}
TEST(rnn, lstm_gates_are_input_output_forget_cell) {
  const std::vector<Tensor> inputs = {
      f32({1, 1, 1}, {1}),          f32({1, 4, 1}, {0.1f, 0.2f, 0.3f, 0.4f}),
      f32({1, 4, 1}, {1, 2, 3, 4}), f32({1, 8}, {0, 0, 0, 0, 0.01f, 0.02f, 0.03f, 0.04f}),
      f32({1, 1, 1}, {0.5f}),       f32({1, 1, 1}, {0.7f})};
  const float i = sigmoid(0.1f + 0.5f + 0.01f), o = sigmoid(0.2f + 1 + 0.02f), f = sigmoid(0.3f + 1.5f + 0.03f),
              g = std::tanh(0.4f + 2 + 0.04f);
  const float c = f * 0.7f + i * g;
  EXPECT_THAT(floats(run("rnn", layer("lstm"), inputs, 2)), near({c}));
  EXPECT_THAT(floats(run("rnn", layer("lstm"), inputs, 1)), near({o * std::tanh(c)}));
}
TEST(rnn, gru_gates_are_update_reset_hidden) {
  const std::vector<Tensor> inputs = {f32({1, 1, 1}, {1}),       f32({1, 3, 1}, {0.1f, 0.2f, 0.3f}),
                                      f32({1, 3, 1}, {1, 2, 3}), f32({1, 6}, {0, 0, 0, 0.01f, 0.02f, 0.03f}),
                                      f32({1, 1, 1}, {0.5f}),    kZero};
  const float z = sigmoid(0.1f + 0.5f + 0.01f), r = sigmoid(0.2f + 1 + 0.02f);
  const float before = std::tanh(0.3f + r * 0.5f * 3 + 0.03f), after = std::tanh(0.3f + r * (0.5f * 3 + 0.03f));
  EXPECT_THAT(floats(run("rnn", layer("gru"), inputs)), near({(1 - z) * before + z * 0.5f}));
  EXPECT_THAT(floats(run("rnn", layer("gru", "forward", true), inputs)), near({(1 - z) * after + z * 0.5f}));
}
TEST(rnn, batch_items_are_independent) {
  EXPECT_THAT(floats(run("rnn", layer("rnn_relu"),
                         {f32({2, 2, 1}, {1, 10, 2, 20}), f32({1, 1, 1}, {1}), f32({1, 1, 1}, {1}), f32({1, 2}, {0, 0}),
                          f32({1, 2, 1}, {0, 0}), f32({1, 2, 1}, {0, 0})})),
              ElementsAre(1, 10, 3, 30));
}
TEST(rnn, refuses_weights_of_another_kind) {
  EXPECT_THAT(
      refusal("rnn", layer("lstm"), {ramp({1, 1, 1}), ramp({1, 3, 1}), ramp({1, 3, 1}), ramp({1, 6}), kZero, kZero}),
      HasSubstr("the weight has shape [1,3,1], [1,4,1] is needed"));
}
TEST(rnn, refuses_one_direction_too_few) {
  EXPECT_THAT(refusal("rnn", layer("rnn_tanh", "bidirectional"),
                      {ramp({1, 1, 1}), ramp({1, 1, 1}), ramp({1, 1, 1}), ramp({1, 2}), kZero, kZero}),
              HasSubstr("the weight has shape [1,1,1], [2,1,1] is needed"));
}
TEST(rnn, refuses_unknown_kind) {
  EXPECT_THAT(
      refusal("rnn", layer("qrnn"), {ramp({1, 1, 1}), ramp({1, 1, 1}), ramp({1, 1, 1}), ramp({1, 2}), kZero, kZero}),
      HasSubstr("kind \"qrnn\""));
}
TEST(rnn, refuses_half_a_bias) {
  EXPECT_THAT(refusal("rnn", layer("rnn_tanh"),
                      {ramp({1, 1, 1}), ramp({1, 1, 1}), ramp({1, 1, 1}), ramp({1, 1}), kZero, kZero}),
              HasSubstr("the bias has shape [1,1], [1,2] is needed"));
}

}  // namespace
}  // namespace bmnet::op::test
