// Attention, position embedding and caches.
#include "frontend/onnx/testing.h"

namespace bmnet::frontend::onnx::test {
namespace {

using op::test::f32;
using op::test::i64;
using op::test::mask;
using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;

// One sample, one head, vectors of one element: probabilities come from the scores q*k, values are 1 and 3.
Net attention(std::vector<Attr> attributes = {}) {
  return single(23, "Attention", {{1, 1, 2, 1}, {1, 1, 2, 1}, {1, 1, 2, 1}}, std::move(attributes));
}
std::vector<float> attended(std::vector<Attr> attributes = {}) {
  return floats(run(attention(std::move(attributes)),
                    {f32({1, 1, 2, 1}, {0, 0}), f32({1, 1, 2, 1}, {5, 7}), f32({1, 1, 2, 1}, {1, 3})})[0]);
}

TEST(attention, equal_scores_give_the_mean_of_the_values) { EXPECT_THAT(attended(), ElementsAre(2, 2)); }

TEST(attention, causal_queries_see_no_later_key) { EXPECT_THAT(attended({{"is_causal", 1}}), ElementsAre(1, 2)); }

TEST(attention, a_window_bounds_both_sides) {
  EXPECT_THAT(attended({{"left_window_size", 0}, {"right_window_size", 0}}), ElementsAre(1, 3));
}

TEST(attention, a_row_without_any_key_is_zero) {
  Net net(23);
  net.input("q", {1, 1, 2, 1}).input("v", {1, 1, 2, 1}).constant("m", mask({2, 2}, {0, 0, 0, 1}));
  net.node("Attention", {"q", "q", "v", "m"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 1, 2, 1}, {0, 0}), f32({1, 1, 2, 1}, {1, 3})})[0]), ElementsAre(0, 3));
}

TEST(attention, a_float_mask_is_added_to_the_scores) {
  Net net(23);
  net.input("q", {1, 1, 1, 1}).input("v", {1, 1, 2, 1}).input("k", {1, 1, 2, 1}).input("m", {1, 2});
  net.node("Attention", {"q", "k", "v", "m"}, {"y"}).output("y");
  const auto y = run(net, {f32({1, 1, 1, 1}, {0}), f32({1, 1, 2, 1}, {0, 1}), f32({1, 1, 2, 1}, {0, 0}),
                           f32({1, 2}, {0, 1.0986123f})});  // ln 3: three times as likely
  EXPECT_THAT(floats(y[0]), ElementsAre(FloatNear(0.75, 1e-6)));
}

TEST(attention, query_heads_share_heads_of_keys) {
  Net net(23);
  net.input("q", {1, 1, 2}).input("k", {1, 1, 1}).input("v", {1, 1, 1});
  net.node("Attention", {"q", "k", "v"}, {"y"}, {{"q_num_heads", 2}, {"kv_num_heads", 1}}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 1, 2}, {1, 2}), f32({1, 1, 1}, {1}), f32({1, 1, 1}, {4})})[0]),
              ElementsAre(4, 4));
}

TEST(attention, the_cache_comes_before_the_new_keys) {
  Net net(23);
  net.input("q", {1, 1, 1, 1}).input("v", {1, 1, 1, 1}).input("old", {1, 1, 2, 1});
  net.node("Attention", {"q", "q", "v", "", "old", "old"}, {"y", "", "values"}).output("y").output("values");
  const auto y = run(net, {f32({1, 1, 1, 1}, {0}), f32({1, 1, 1, 1}, {6}), f32({1, 1, 2, 1}, {1, 2})});
  EXPECT_THAT(floats(y[0]), ElementsAre(3));
  EXPECT_THAT(floats(y[1]), ElementsAre(1, 2, 6));
}

TEST(attention, only_the_first_keys_of_a_sample_are_real) {
  Net net(24);
  net.input("q", {2, 1, 1, 1}).input("v", {2, 1, 2, 1}).input("n", {2}, DType::kI64);
  net.node("Attention", {"q", "v", "v", "", "", "", "n"}, {"y"}).output("y");
  const auto y = run(net, {f32({2, 1, 1, 1}, {0, 0}), f32({2, 1, 2, 1}, {1, 3, 5, 7}), i64({2}, {1, 2})});
  EXPECT_THAT(floats(y[0]), ElementsAre(1, 6));
}

TEST(attention, heads_must_divide) {
  EXPECT_THAT(
      refusal(single(23, "Attention", {{1, 1, 3}, {1, 1, 3}, {1, 1, 3}}, {{"q_num_heads", 2}, {"kv_num_heads", 1}})),
      HasSubstr("2 heads do not divide the 3 of Q"));
}

TEST(attention, past_keys_need_past_values) {
  Net net(23);
  net.input("q", {1, 1, 1, 1}).node("Attention", {"q", "q", "q", "", "q"}, {"y"}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("past_key and past_value go together"));
}

// A quarter turn: cosine 0, sine 1.
Net turned(std::vector<Attr> attributes) {
  Net net(23);
  net.input("x", {1, 1, 1, 4}).constant("c", f32({1, 2}, {0, 1})).constant("s", f32({1, 2}, {1, 0}));
  net.constant("p", i64({1, 1}, {0}));
  return net.node("RotaryEmbedding", {"x", "c", "s", "p"}, {"y"}, std::move(attributes)).output("y");
}

TEST(rotary_embedding, turns_pairs_of_the_two_halves) {
  EXPECT_THAT(floats(run(turned({}), {f32({1, 1, 1, 4}, {1, 2, 3, 4})})[0]), ElementsAre(-3, 2, 1, 4));
}

TEST(rotary_embedding, turns_neighbours_when_interleaved) {
  EXPECT_THAT(floats(run(turned({{"interleaved", 1}}), {f32({1, 1, 1, 4}, {1, 2, 3, 4})})[0]),
              ElementsAre(-2, 1, 3, 4));
}

TEST(rotary_embedding, an_odd_part_is_refused) {
  EXPECT_THAT(refusal(turned({{"rotary_embedding_dim", 3}})), HasSubstr("rotary_embedding_dim 3 of heads of size 4"));
}

TEST(tensor_scatter, writes_from_each_samples_index_on) {
  Net net(24);
  net.input("cache", {2, 3, 1}).input("new", {2, 2, 1}).constant("at", i64({2}, {0, 2}));
  net.node("TensorScatter", {"cache", "new", "at"}, {"y"}, {{"mode", "circular"}}).output("y");
  EXPECT_THAT(floats(run(net, {f32({2, 3, 1}, {0, 0, 0, 0, 0, 0}), f32({2, 2, 1}, {1, 2, 3, 4})})[0]),
              ElementsAre(1, 2, 0, 4, 0, 3));
}

TEST(rms_normalization, divides_by_the_root_of_the_mean_square) {
  EXPECT_THAT(floats(run(single(23, "RMSNormalization", {{1, 2}, {2}}, {{"epsilon", 0.0f}}),
                         {f32({1, 2}, {1, 7}), f32({2}, {5, 10})})[0]),
              ElementsAre(1, 14));
}

}  // namespace
}  // namespace bmnet::frontend::onnx::test
