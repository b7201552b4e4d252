#include "op/host/host.h"

#include <algorithm>
#include <cmath>

#include "op/testing.h"

namespace bmnet::op::test {
namespace {

// Builds graphs for these tests: values are made as nodes name them.
class Builder {
 public:
  ValueId input(Shape shape) {
    const ValueId id = add({fmt::format("x{}", graph.inputs.size()), {DType::kF32, std::move(shape)}, std::nullopt});
    graph.inputs.push_back(id);
    return id;
  }
  ValueId weight(Shape shape, uint32_t seed = 7) { return constant(noise(std::move(shape), seed)); }
  ValueId constant(Tensor tensor) { return add({"c", tensor.info(), tensor}); }
  ValueId node(std::string op, Attributes attributes, std::vector<ValueId> inputs) {
    std::vector<TensorInfo> infos;
    for (ValueId value : inputs) infos.push_back(graph.values[value].info);
    const auto results = find(op)->infer(attributes, infos);
    if (!results) ADD_FAILURE() << op << ": " << results.error().message;
    const ValueId id = add({fmt::format("v{}", graph.values.size()), results->front(), std::nullopt});
    graph.nodes.push_back({op, fmt::format("{}_{}", op, id), std::move(attributes), std::move(inputs), {id}});
    return id;
  }
  ValueId unary(std::string kind, ValueId x, float alpha = 0, float beta = 0) {
    return node("unary", {{"kind", kind}, {"alpha", alpha}, {"beta", beta}}, {x});
  }
  ValueId binary(std::string kind, ValueId a, ValueId b) { return node("binary", {{"kind", kind}}, {a, b}); }

  Graph graph;

 private:
  ValueId add(Value value) {
    graph.values.push_back(std::move(value));
    return static_cast<ValueId>(graph.values.size()) - 1;
  }
};

// Runs the graph fast and by reference: results agree within 1e-5 of the maximum, and `fast` nodes were accelerated.
void expect_same(const Graph& graph, size_t fast, host::Options options = {}) {
  if (!host::has_accelerator()) GTEST_SKIP() << "needs libbmnet_onednn.so";
  std::vector<NamedTensor> inputs;
  for (ValueId value : graph.inputs)
    inputs.push_back(
        {graph.values[value].name, noise(graph.values[value].info.shape, 11 + static_cast<uint32_t>(value))});
  const auto expected = interpret(graph, inputs);
  ASSERT_TRUE(expected) << expected.error().message;
  auto interpreter = host::make_interpreter(graph, options);
  ASSERT_TRUE(interpreter) << interpreter.error().message;
  EXPECT_EQ(interpreter->fast_node_count(), fast);
  for (int repeat = 0; repeat < 2; ++repeat) {
    const auto got = interpreter->run(inputs);
    ASSERT_TRUE(got) << got.error().message;
    for (size_t i = 0; i < got->size(); ++i) {
      const auto a = (*expected)[i].data<float>(), b = (*got)[i].data<float>();
      ASSERT_EQ((*expected)[i].shape(), (*got)[i].shape());
      float most = 0, off = 0;
      for (size_t k = 0; k < a.size(); ++k) {
        most = std::max(most, std::abs(a[k]));
        off = std::max(off, std::abs(a[k] - b[k]));
      }
      EXPECT_LE(off, 1e-5f * most) << "output " << i;
    }
  }
}

Attributes window(Ints strides, Ints pads, Ints dilations, int64_t group) {
  return {{"strides", strides}, {"pads", pads}, {"dilations", dilations}, {"group", group}};
}
void expect_same_conv(Shape input, Shape weight, Attributes attributes, size_t fast = 1) {
  Builder b;
  const int64_t channels = weight[0];
  b.graph.outputs = {b.node("conv", attributes, {b.input(input), b.weight(weight), b.weight({channels}, 8)})};
  expect_same(b.graph, fast);
}

TEST(host, conv_of_odd_shapes) {
  expect_same_conv({2, 5, 13, 11}, {7, 5, 3, 2}, window({1, 1}, {1, 0, 2, 1}, {1, 1}, 1));
}
TEST(host, conv_of_three_channels) {
  expect_same_conv({1, 3, 31, 33}, {16, 3, 7, 7}, window({2, 2}, {3, 3, 3, 3}, {1, 1}, 1));
}
TEST(host, conv_with_stride_rest) {
  expect_same_conv({1, 17, 14, 14}, {33, 17, 3, 3}, window({3, 2}, {0, 1, 0, 1}, {1, 1}, 1));
}
TEST(host, conv_dilated) { expect_same_conv({1, 8, 19, 17}, {9, 8, 3, 3}, window({1, 1}, {3, 2, 3, 2}, {3, 2}, 1)); }
TEST(host, conv_in_groups) { expect_same_conv({1, 12, 9, 9}, {18, 4, 3, 3}, window({1, 1}, {1, 1, 1, 1}, {1, 1}, 3)); }
TEST(host, conv_depthwise) {
  expect_same_conv({1, 19, 15, 15}, {19, 1, 3, 3}, window({2, 2}, {1, 1, 1, 1}, {1, 1}, 19));
}
TEST(host, conv_over_one_axis) { expect_same_conv({2, 6, 29}, {5, 6, 4}, window({2}, {1, 2}, {1}, 1)); }
TEST(host, conv_over_three_axes) {
  expect_same_conv({1, 3, 5, 6, 7}, {4, 3, 2, 3, 3}, window({1, 1, 2}, {0, 1, 1, 1, 1, 0}, {1, 1, 1}, 1));
}
TEST(host, conv_that_crops_is_left_to_the_reference) {
  expect_same_conv({1, 4, 8, 8}, {4, 4, 3, 3}, window({1, 1}, {-1, 0, 0, 0}, {1, 1}, 1), 0);
}
TEST(host, conv_transpose) {
  for (int64_t group : {1, 2}) {
    Builder b;
    Attributes attributes = window({2, 2}, {1, 1, 1, 1}, {1, 1}, group);
    attributes.set("output_padding", Ints{1, 0});
    b.graph.outputs = {
        b.node("conv_transpose", attributes, {b.input({1, 6, 7, 5}), b.weight({6, 4, 4, 3}), b.weight({4 * group})})};
    expect_same(b.graph, 1);
  }
}

TEST(host, layouts_pass_between_convolutions) {
  Builder b;
  const Attributes same = window({1, 1}, {1, 1, 1, 1}, {1, 1}, 1);
  const ValueId x = b.input({1, 3, 17, 19});
  const ValueId a = b.unary("relu", b.node("conv", same, {x, b.weight({21, 3, 3, 3}, 1), b.weight({21}, 2)}));
  const ValueId c = b.node("conv", same, {a, b.weight({21, 21, 3, 3}, 3)});
  const ValueId d = b.unary("clip", b.binary("add", c, a), 0, 6);
  b.graph.outputs = {b.node("concat", {{"axis", int64_t{1}}}, {d, a}), c};
  expect_same(b.graph, 6);
  expect_same(b.graph, 6, {.observe = true});
}

TEST(host, observed_values_are_all_seen) {
  if (!host::has_accelerator()) GTEST_SKIP() << "needs libbmnet_onednn.so";
  Builder b;
  const ValueId x = b.input({1, 3, 5, 5});
  const ValueId c = b.node("conv", window({1, 1}, {0, 0, 0, 0}, {1, 1}, 1), {x, b.weight({4, 3, 1, 1})});
  b.graph.outputs = {b.unary("relu", c)};
  Interpreter interpreter = host::make_interpreter(b.graph, {.observe = true}).value();
  size_t seen = 0;
  RunHooks hooks;
  hooks.on_value = [&](ValueId, const Tensor&) -> Status { return ++seen, Status{}; };
  const NamedTensor input{"x0", noise({1, 3, 5, 5})};
  ASSERT_TRUE(interpreter.run({&input, 1}, hooks));
  EXPECT_EQ(seen, 3u);
}

TEST(host, matmul) {
  struct Case {
    Shape a, b;
    bool transpose_a, transpose_b;
  };
  for (const Case& c : {Case{{3, 7}, {7, 5}, false, false}, Case{{2, 3, 7}, {5, 7}, false, true},
                        Case{{7, 3}, {7, 5}, true, false}, Case{{2, 4, 3, 7}, {2, 4, 7, 5}, false, false},
                        Case{{4, 3, 7}, {4, 5, 7}, false, true}, Case{{1, 513}, {513, 11}, false, false}}) {
    for (bool constant : {true, false}) {
      Builder b;
      const ValueId x = b.input(c.a), y = constant ? b.weight(c.b) : b.input(c.b);
      b.graph.outputs = {b.node("matmul", {{"transpose_a", c.transpose_a}, {"transpose_b", c.transpose_b}},
                                {x, y, b.weight({c.transpose_b ? c.b[c.b.size() - 2] : c.b.back()})})};
      expect_same(b.graph, 1);
    }
  }
}
TEST(host, matmul_with_broadcast_batch_is_left_to_the_reference) {
  Builder b;
  b.graph.outputs = {
      b.node("matmul", {{"transpose_a", false}, {"transpose_b", false}}, {b.input({2, 3, 4}), b.input({1, 4, 5})})};
  expect_same(b.graph, 0);
}

Attributes pooling(std::string kind, std::string rounding, bool count_include_pad, Ints pads) {
  return {{"kind", kind},
          {"kernel", Ints{3, 2}},
          {"strides", Ints{2, 2}},
          {"pads", pads},
          {"dilations", Ints{1, 1}},
          {"rounding", rounding},
          {"count_include_pad", count_include_pad}};
}
TEST(host, pool) {
  for (const char* kind : {"max", "average"})
    for (const char* rounding : {"floor", "ceil", "ceil_keep"})
      for (bool count : {false, true}) {
        Builder b;
        b.graph.outputs = {b.node("pool", pooling(kind, rounding, count, {1, 0, 0, 1}), {b.input({2, 5, 11, 9})})};
        const bool other_divisor = count && std::string(kind) == "average" && std::string(rounding) != "floor";
        expect_same(b.graph, other_divisor ? 0 : 1);
      }
}
TEST(host, global_mean_is_a_pooling) {
  Builder b;
  b.graph.outputs = {b.node("reduce", {{"kind", std::string("mean")}, {"axes", Ints{2, 3}}, {"keep_dims", true}},
                            {b.input({2, 5, 7, 7})})};
  expect_same(b.graph, 1);
}

TEST(host, unary) {
  for (const char* kind :
       {"relu", "sigmoid", "tanh", "silu", "hard_swish", "gelu", "gelu_tanh", "exp", "abs", "square"}) {
    SCOPED_TRACE(kind);
    Builder b;
    b.graph.outputs = {b.unary(kind, b.input({1, 5, 7, 3}))};
    expect_same(b.graph, 1);
  }
}
TEST(host, unary_with_parameters) {
  for (const auto& [kind, alpha, beta] : {std::tuple("leaky_relu", 0.1f, 0.0f), std::tuple("elu", 0.5f, 0.0f),
                                          std::tuple("clip", -0.5f, 0.25f), std::tuple("linear", 3.0f, -1.0f)}) {
    SCOPED_TRACE(kind);
    Builder b;
    b.graph.outputs = {b.unary(kind, b.input({3, 5}), alpha, beta)};
    expect_same(b.graph, 1);
  }
}
TEST(host, unary_without_a_fast_kernel) {
  Builder b;
  b.graph.outputs = {b.unary("sin", b.input({3, 5}))};
  expect_same(b.graph, 0);
}
TEST(host, binary) {
  for (const char* kind : {"add", "sub", "mul", "max", "min"})
    for (const Shape& other : {Shape{2, 5, 7, 3}, Shape{5, 1, 1}, Shape{1}}) {
      SCOPED_TRACE(fmt::format("{} {}", kind, bmnet::to_string(other)));
      Builder b;
      b.graph.outputs = {b.binary(kind, b.input({2, 5, 7, 3}), b.weight(other))};
      expect_same(b.graph, 1);
    }
}
TEST(host, binary_broadcast_of_the_first_operand) {
  Builder b;
  b.graph.outputs = {b.binary("sub", b.input({5, 1, 1}), b.input({2, 5, 7, 3}))};
  expect_same(b.graph, 0);
}
TEST(host, channel_weights_on_a_blocked_value) {  // squeeze and excite
  Builder b;
  const ValueId x =
      b.node("conv", window({1, 1}, {1, 1, 1, 1}, {1, 1}, 1), {b.input({1, 3, 9, 9}), b.weight({20, 3, 3, 3})});
  const ValueId mean =
      b.node("reduce", {{"kind", std::string("mean")}, {"axes", Ints{2, 3}}, {"keep_dims", true}}, {x});
  const ValueId gate =
      b.unary("sigmoid", b.node("conv", window({1, 1}, {0, 0, 0, 0}, {1, 1}, 1), {mean, b.weight({20, 20, 1, 1})}));
  b.graph.outputs = {b.binary("mul", x, gate)};
  expect_same(b.graph, 5);
}
TEST(host, batch_norm) {
  Builder b;
  Tensor variance = noise({5}, 5);
  for (float& x : variance.data<float>()) x = 0.1f + std::abs(x);
  b.graph.outputs = {
      b.node("batch_norm", {{"epsilon", 1e-3f}},
             {b.input({2, 5, 4, 3}), b.weight({5}, 1), b.weight({5}, 2), b.weight({5}, 3), b.constant(variance)})};
  expect_same(b.graph, 1);
}
TEST(host, softmax) {
  for (bool log : {false, true})
    for (int64_t axis : {1, 2}) {
      Builder b;
      b.graph.outputs = {b.node("softmax", {{"axis", axis}, {"log", log}}, {b.input({2, 11, 7})})};
      expect_same(b.graph, 1);
    }
}
TEST(host, lrn) {
  for (const char* region : {"across", "within"}) {
    Builder b;
    b.graph.outputs = {b.node(
        "lrn", {{"size", int64_t{5}}, {"alpha", 0.5f}, {"beta", 0.75f}, {"k", 1.0f}, {"region", std::string(region)}},
        {b.input({1, 9, 6, 5})})};
    expect_same(b.graph, 1);
  }
}
TEST(host, prelu) {
  Builder b;
  b.graph.outputs = {b.node("prelu", {}, {b.input({2, 5, 7, 3}), b.weight({5, 1, 1})})};
  expect_same(b.graph, 1);
}
TEST(host, mixes_with_reference_kernels) {
  Builder b;
  const ValueId x =
      b.node("conv", window({1, 1}, {1, 1, 1, 1}, {1, 1}, 1), {b.input({1, 3, 6, 6}), b.weight({20, 3, 3, 3})});
  const ValueId moved = b.node("transpose", {{"permutation", Ints{0, 2, 3, 1}}}, {x});
  const ValueId flat = b.node("reshape", {{"shape", Ints{36, 20}}}, {moved});
  b.graph.outputs = {b.node("matmul", {{"transpose_a", false}, {"transpose_b", false}}, {flat, b.weight({20, 4})}),
                     b.unary("sin", x)};
  expect_same(b.graph, 2);
}
TEST(host, reference_alone_on_demand) {
  Builder b;
  b.graph.outputs = {b.unary("relu", b.input({3, 5}))};
  EXPECT_EQ(host::make_interpreter(b.graph, {.fast = false})->fast_node_count(), 0u);
}

}  // namespace
}  // namespace bmnet::op::test
