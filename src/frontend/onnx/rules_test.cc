// One test for each mapping rule that is more than a renaming.
#include <cmath>

#include "frontend/onnx/testing.h"

namespace bmnet::frontend::onnx::test {
namespace {

using op::test::f32;
using op::test::i32;
using op::test::i64;
using op::test::mask;
using op::test::u8;
using testing::ElementsAre;
using testing::HasSubstr;
using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;

// ---- element-wise

TEST(broadcast, old_axis_aligns_the_second_operand) {
  const Net net = single(1, "Add", {{1, 2, 2}, {2}}, {{"broadcast", 1}, {"axis", 1}});
  EXPECT_THAT(floats(run(net, {f32({1, 2, 2}, {1, 2, 3, 4}), f32({2}, {10, 20})})[0]), ElementsAre(11, 12, 23, 24));
}

TEST(broadcast, old_operators_do_not_broadcast_unasked) {
  EXPECT_THAT(refusal(single(6, "Mul", {{2, 2}, {2}})),
              HasSubstr("operands of shapes [2,2] and [2] without broadcast=1"));
}

TEST(clip, bounds_are_attributes_before_opset_11) {
  EXPECT_THAT(floats(run(single(6, "Clip", {{3}}, {{"min", 0.0f}, {"max", 1.0f}}), {f32({3}, {-1, 0.5, 2})})[0]),
              ElementsAre(0, 0.5, 1));
}

TEST(clip, bounds_are_optional_inputs_later) {
  Net net(13);
  net.input("x", {3}).constant("max", f32({}, {1})).node("Clip", {"x", "", "max"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({3}, {-1, 0.5, 2})})[0]), ElementsAre(-1, 0.5, 1));
}

TEST(pow, a_constant_exponent_of_two_is_a_square) {
  Net net(13);
  net.input("x", {2}).constant("e", f32({}, {2})).node("Pow", {"x", "e"}, {"y"}).output("y");
  EXPECT_EQ(operators(net), "unary");
  EXPECT_THAT(floats(run(net, {f32({2}, {-3, 2})})[0]), ElementsAre(9, 4));
}

TEST(prelu, a_list_of_slopes_belongs_to_the_channels) {
  Net net(9);
  net.input("x", {1, 2, 1, 3}).constant("slope", f32({2}, {0.5, 2})).node("PRelu", {"x", "slope"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 2, 1, 3}, {-1, -1, 1, -1, -1, 1})})[0]), ElementsAre(-0.5, -0.5, 1, -2, -2, 1));
}

TEST(is_inf, can_look_for_one_sign_only) {
  const Tensor found =
      run(single(10, "IsInf", {{3}}, {{"detect_negative", 0}}), {f32({3}, {INFINITY, -INFINITY, 1})})[0];
  EXPECT_TRUE(found.data<bool>()[0]);
  EXPECT_FALSE(found.data<bool>()[1]);
}

TEST(mean, of_any_number_of_operands) {
  EXPECT_THAT(floats(run(single(8, "Mean", {{1}, {1}, {1}, {1}}),
                         {f32({1}, {1}), f32({1}, {2}), f32({1}, {3}), f32({1}, {6})})[0]),
              ElementsAre(3));
}

// ---- windows

TEST(conv, auto_pad_same_upper_puts_the_odd_element_at_the_end) {
  Net net(11);
  net.input("x", {1, 1, 4})
      .constant("w", f32({1, 1, 2}, {1, 10}))
      .node("Conv", {"x", "w"}, {"y"}, {{"auto_pad", "SAME_UPPER"}})
      .output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 1, 4}, {1, 2, 3, 4})})[0]), ElementsAre(21, 32, 43, 4));
}

TEST(conv, auto_pad_same_lower_puts_it_at_the_begin) {
  Net net(11);
  net.input("x", {1, 1, 4})
      .constant("w", f32({1, 1, 2}, {1, 10}))
      .node("Conv", {"x", "w"}, {"y"}, {{"auto_pad", "SAME_LOWER"}})
      .output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 1, 4}, {1, 2, 3, 4})})[0]), ElementsAre(10, 21, 32, 43));
}

TEST(conv, refuses_a_kernel_shape_that_contradicts_the_weights) {
  EXPECT_THAT(refusal(single(11, "Conv", {{1, 1, 4, 4}, {1, 1, 3, 3}}, {{"kernel_shape", Ints{5, 5}}})),
              HasSubstr("kernel_shape [5,5] differs from the weights' [3,3]"));
}

TEST(conv, refuses_four_spatial_axes) {
  EXPECT_THAT(refusal(single(11, "Conv", {{1, 1, 4, 4, 4, 4}, {1, 1, 1, 1, 1, 1}})),
              HasSubstr("4 spatial axes; up to 3"));
}

TEST(conv_transpose, output_shape_decides_the_padding) {
  const Net net =
      single(11, "ConvTranspose", {{1, 1, 2}, {1, 1, 3}}, {{"strides", Ints{2}}, {"output_shape", Ints{4}}});
  EXPECT_EQ(run(net, {f32({1, 1, 2}, {1, 1}), f32({1, 1, 3}, {1, 1, 1})})[0].shape(), (Shape{1, 1, 4}));
}

TEST(max_pool, ceil_mode_adds_a_last_partial_window) {
  const Net net =
      single(10, "MaxPool", {{1, 1, 5}}, {{"kernel_shape", Ints{2}}, {"strides", Ints{2}}, {"ceil_mode", 1}});
  EXPECT_THAT(floats(run(net, {f32({1, 1, 5}, {1, 2, 3, 4, 5})})[0]), ElementsAre(2, 4, 5));
}

TEST(average_pool, padding_counts_only_when_asked) {
  const Tensor x = f32({1, 1, 2}, {2, 4});
  std::vector<Attr> attributes = {{"kernel_shape", Ints{2}}, {"pads", Ints{1, 0}}};
  EXPECT_THAT(floats(run(single(7, "AveragePool", {{1, 1, 2}}, attributes), {x})[0]), ElementsAre(2, 3));
  attributes.push_back({"count_include_pad", 1});
  EXPECT_THAT(floats(run(single(7, "AveragePool", {{1, 1, 2}}, attributes), {x})[0]), ElementsAre(1, 3));
}

TEST(lp_pool, is_a_root_of_summed_powers) {
  EXPECT_THAT(floats(run(single(2, "LpPool", {{1, 1, 2}}, {{"kernel_shape", Ints{2}}, {"p", 2}}),
                         {f32({1, 1, 2}, {3, -4})})[0]),
              ElementsAre(testing::FloatNear(5, 1e-5)));
}

// ---- matrices

TEST(gemm, factors_fold_into_constant_operands) {
  Net net(13);
  net.input("a", {1, 2}).constant("b", f32({1, 2}, {1, 2})).constant("c", f32({1}, {100}));
  net.node("Gemm", {"a", "b", "c"}, {"y"}, {{"alpha", 2.0f}, {"beta", 0.5f}, {"transB", 1}}).output("y");
  EXPECT_EQ(operators(net), "matmul");
  EXPECT_THAT(floats(run(net, {f32({1, 2}, {3, 4})})[0]), ElementsAre(72));
}

// ---- normalisation

TEST(softmax, sees_a_matrix_before_opset_13) {
  const Tensor x = f32({1, 2, 2}, {0, 0, 0, 0});
  EXPECT_THAT(floats(run(single(11, "Softmax", {{1, 2, 2}}), {x})[0]), ElementsAre(0.25, 0.25, 0.25, 0.25));
  EXPECT_THAT(floats(run(single(13, "Softmax", {{1, 2, 2}}), {x})[0]), ElementsAre(0.5, 0.5, 0.5, 0.5));
}

TEST(hardmax, marks_the_first_maximum) {
  EXPECT_THAT(floats(run(single(13, "Hardmax", {{1, 3}}), {f32({1, 3}, {1, 5, 5})})[0]), ElementsAre(0, 1, 0));
}

TEST(batch_normalization, unused_training_outputs_do_not_disturb) {
  Net net(7);
  net.input("x", {1, 1, 1, 2});
  for (const char* name : {"scale", "bias", "mean", "var"}) net.constant(name, f32({1}, {1}));
  net.node("BatchNormalization", {"x", "scale", "bias", "mean", "var"}, {"y", "m", "v"}, {{"epsilon", 0.0f}})
      .output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 1, 1, 2}, {1, 3})})[0]), ElementsAre(1, 3));
}

TEST(batch_normalization, refuses_training) {
  Net net(14);
  net.input("x", {1, 1, 1, 2});
  for (const char* name : {"scale", "bias", "mean", "var"}) net.constant(name, f32({1}, {1}));
  net.node("BatchNormalization", {"x", "scale", "bias", "mean", "var"}, {"y"}, {{"training_mode", 1}}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("export the model in evaluation mode"));
}

TEST(group_normalization, old_scales_are_per_group) {
  Net net(18);
  net.input("x", {1, 4, 2}).constant("scale", f32({2}, {1, 3})).constant("bias", f32({2}, {0, 0}));
  net.node("GroupNormalization", {"x", "scale", "bias"}, {"y"}, {{"num_groups", 2}, {"epsilon", 0.0f}}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 4, 2}, {-1, 1, -1, 1, -1, 1, -1, 1})})[0]),
              ElementsAre(-1, 1, -1, 1, -3, 3, -3, 3));
}

// ---- reductions

TEST(reduce, axes_are_an_attribute_or_an_input) {
  const Tensor x = f32({2, 2}, {1, 2, 3, 4});
  EXPECT_THAT(floats(run(single(11, "ReduceSum", {{2, 2}}, {{"axes", Ints{-1}}, {"keepdims", 0}}), {x})[0]),
              ElementsAre(3, 7));
  Net net(13);
  net.input("x", {2, 2})
      .constant("axes", i64({1}, {0}))
      .node("ReduceSum", {"x", "axes"}, {"y"}, {{"keepdims", 0}})
      .output("y");
  EXPECT_THAT(floats(run(net, {x})[0]), ElementsAre(4, 6));
}

TEST(reduce, no_axes_mean_all_or_none) {
  EXPECT_EQ(run(single(13, "ReduceSum", {{2, 2}}), {f32({2, 2}, {1, 2, 3, 4})})[0].shape(), (Shape{1, 1}));
  EXPECT_EQ(operators(single(13, "ReduceSum", {{2, 2}}, {{"noop_with_empty_axes", 1}})), "");
}

TEST(top_k, k_is_an_attribute_or_an_input) {
  Net old(1);
  old.input("x", {3}).node("TopK", {"x"}, {"v", "i"}, {{"k", 2}}).output("v").output("i");
  const auto results = run(old, {f32({3}, {1, 3, 2})});
  EXPECT_THAT(floats(results[0]), ElementsAre(3, 2));
  EXPECT_THAT(ints(results[1]), ElementsAre(1, 2));
  Net net(11);
  net.input("x", {3}).constant("k", i64({1}, {1})).node("TopK", {"x", "k"}, {"v", "i"}, {{"largest", 0}}).output("v");
  EXPECT_THAT(floats(run(net, {f32({3}, {1, 3, 2})})[0]), ElementsAre(1));
}

// ---- shapes

TEST(reshape, zero_copies_and_minus_one_takes_the_rest) {
  Net net(13);
  net.input("x", {2, 3, 4}).constant("s", i64({2}, {0, -1})).node("Reshape", {"x", "s"}, {"y"}).output("y");
  EXPECT_EQ(run(net, {op::test::ramp({2, 3, 4})})[0].shape(), (Shape{2, 12}));
}

TEST(reshape, chains_of_shape_arithmetic_fold) {
  Net net(11);
  net.input("x", {2, 3, 4}).constant("zero", i64({}, {0})).constant("minus", i64({1}, {-1}));
  net.node("Shape", {"x"}, {"s"})
      .node("Gather", {"s", "zero"}, {"n"})
      .node("Unsqueeze", {"n"}, {"n1"}, {{"axes", Ints{0}}});
  net.node("Concat", {"n1", "minus"}, {"to"}, {{"axis", 0}}).node("Reshape", {"x", "to"}, {"y"}).output("y");
  EXPECT_EQ(operators(net), "reshape");
}

TEST(reshape, names_both_shapes_when_they_do_not_fit) {
  Net net(13);
  net.input("x", {2, 3}).constant("s", i64({1}, {5})).node("Reshape", {"x", "s"}, {"y"}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("node Reshape:y (Reshape): 6 elements of shape [2,3] cannot take the shape [5]"));
}

TEST(reshape, refuses_a_shape_from_run_time) {
  Net net(13);
  net.input("x", {2, 3}).input("s", {1}, DType::kI64).node("Reshape", {"x", "s"}, {"y"}).output("y");
  EXPECT_THAT(refusal(net), HasSubstr("the shape ('s') is only known at run time"));
}

TEST(unsqueeze, several_negative_axes) {
  Net net(13);
  net.input("x", {2}).constant("axes", i64({2}, {-1, 0})).node("Unsqueeze", {"x", "axes"}, {"y"}).output("y");
  EXPECT_EQ(run(net, {f32({2}, {1, 2})})[0].shape(), (Shape{1, 2, 1}));
}

TEST(slice, walks_backwards_to_the_begin) {
  Net net(13);
  net.input("x", {4})
      .constant("start", i64({1}, {-1}))
      .constant("end", i64({1}, {INT64_MIN}))
      .constant("axis", i64({1}, {0}))
      .constant("step", i64({1}, {-2}));
  net.node("Slice", {"x", "start", "end", "axis", "step"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({4}, {0, 1, 2, 3})})[0]), ElementsAre(3, 1));
}

TEST(slice, ends_are_attributes_before_opset_10) {
  const Net net =
      single(9, "Slice", {{2, 3}}, {{"axes", Ints{1}}, {"starts", Ints{1}}, {"ends", Ints{9223372036854775807}}});
  EXPECT_THAT(floats(run(net, {f32({2, 3}, {0, 1, 2, 3, 4, 5})})[0]), ElementsAre(1, 2, 4, 5));
}

TEST(split, equal_parts_follow_the_outputs) {
  Net net(13);
  net.input("x", {4}).node("Split", {"x"}, {"a", "b"}).output("b");
  EXPECT_THAT(floats(run(net, {f32({4}, {0, 1, 2, 3})})[0]), ElementsAre(2, 3));
}

TEST(split, the_last_of_num_outputs_may_be_smaller) {
  Net net(18);
  net.input("x", {5}).node("Split", {"x"}, {"a", "b"}, {{"num_outputs", 2}}).output("b");
  EXPECT_THAT(floats(run(net, {f32({5}, {0, 1, 2, 3, 4})})[0]), ElementsAre(3, 4));
}

TEST(pad, for_some_axes_only) {
  Net net(18);
  net.input("x", {1, 2})
      .constant("pads", i64({2}, {1, 0}))
      .constant("value", f32({}, {7}))
      .constant("axes", i64({1}, {-1}));
  net.node("Pad", {"x", "pads", "value", "axes"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 2}, {1, 2})})[0]), ElementsAre(7, 1, 2));
}

TEST(expand, keeps_axes_that_the_shape_has_as_one) {
  Net net(13);
  net.input("x", {3, 1}).constant("s", i64({3}, {2, 1, 2})).node("Expand", {"x", "s"}, {"y"}).output("y");
  EXPECT_EQ(run(net, {f32({3, 1}, {1, 2, 3})})[0].shape(), (Shape{2, 3, 2}));
}

TEST(resize, other_axes_than_the_last_are_moved) {
  Net net(11);
  net.input("x", {1, 2, 2, 1}).constant("scales", f32({4}, {1, 2, 2, 1}));
  net.node("Resize", {"x", "", "scales"}, {"y"},
           {{"coordinate_transformation_mode", "asymmetric"}, {"nearest_mode", "floor"}})
      .output("y");
  EXPECT_THAT(floats(run(net, {f32({1, 2, 2, 1}, {1, 2, 3, 4})})[0]),
              ElementsAre(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4));
}

TEST(upsample, scales_are_attributes_before_opset_9) {
  EXPECT_THAT(floats(run(single(7, "Upsample", {{1, 1, 1, 2}}, {{"scales", Floats{1, 1, 1, 2}}}),
                         {f32({1, 1, 1, 2}, {1, 2})})[0]),
              ElementsAre(1, 1, 2, 2));
}

// ---- sampling

Tensor sampled(std::vector<Attr> attributes, std::vector<float> point) {
  return run(single(16, "GridSample", {{1, 1, 2, 2}, {1, 1, 1, 2}}, std::move(attributes)),
             {f32({1, 1, 2, 2}, {1, 2, 3, 4}), f32({1, 1, 1, 2}, std::move(point))})[0];
}

TEST(grid_sample, interpolates_between_the_four_neighbours) {
  EXPECT_THAT(floats(sampled({}, {0, 0})), ElementsAre(2.5));
}

TEST(grid_sample, the_corner_is_an_edge_or_a_centre) {
  EXPECT_THAT(floats(sampled({}, {-1, -1})), ElementsAre(0.25));  // a quarter of the 1, the rest zeros
  EXPECT_THAT(floats(sampled({{"align_corners", 1}}, {-1, -1})), ElementsAre(1));
}

TEST(grid_sample, outside_is_zero_border_or_mirrored) {
  EXPECT_THAT(floats(sampled({{"mode", "nearest"}}, {9, 9})), ElementsAre(0));
  EXPECT_THAT(floats(sampled({{"mode", "nearest"}, {"padding_mode", "border"}}, {9, 9})), ElementsAre(4));
  EXPECT_THAT(floats(sampled({{"mode", "nearest"}, {"padding_mode", "reflection"}}, {1.5, -0.5})), ElementsAre(2));
}

TEST(grid_sample, unknown_modes_are_refused) {
  EXPECT_THAT(refusal(single(16, "GridSample", {{1, 1, 2, 2}, {1, 1, 1, 2}}, {{"mode", "lanczos"}})),
              HasSubstr("mode"));
}

// ---- constants and types

TEST(constant, in_every_form) {
  Net net(13);
  net.node("Constant", {}, {"a"}, {{"value", f32({1}, {1})}}).node("Constant", {}, {"b"}, {{"value_float", 2.0f}});
  net.node("Constant", {}, {"c"}, {{"value_floats", Floats{3, 4}}})
      .node("Constant", {}, {"d"}, {{"value_ints", Ints{5}}});
  net.output("a").output("b").output("c").output("d");
  const auto values = run(net, {});
  EXPECT_THAT(floats(values[0]), ElementsAre(1));
  EXPECT_EQ(values[1].shape(), Shape{});
  EXPECT_THAT(floats(values[2]), ElementsAre(3, 4));
  EXPECT_THAT(ints(values[3]), ElementsAre(5));
}

TEST(types, half_and_double_constants_become_f32) {
  Net net(13);
  auto& half = *net.model.mutable_graph()->add_initializer();
  half.set_name("h");
  half.set_data_type(TensorProto::FLOAT16);
  half.add_dims(4);
  for (const int bits : {0x3c00, 0xc000, 0x0001, 0x7c00}) half.add_int32_data(bits);
  auto& wide = *net.model.mutable_graph()->add_initializer();
  wide.set_name("d");
  wide.set_data_type(TensorProto::DOUBLE);
  wide.add_dims(1);
  wide.add_double_data(0.5);
  const auto values = run(net.output("h").output("d"), {});
  EXPECT_THAT(floats(values[0]), ElementsAre(1, -2, std::ldexp(1.0f, -24), INFINITY));
  EXPECT_THAT(floats(values[1]), ElementsAre(0.5));
}

TEST(types, strings_are_refused) {
  Net net(13);
  net.input("x", {1});
  net.model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
      TensorProto::STRING);
  EXPECT_THAT(refusal(net.output("x")), HasSubstr("input 'x': element type STRING cannot be compiled"));
}

TEST(dropout, vanishes_and_keeps_everything) {
  Net net(10);
  net.input("x", {2}).node("Dropout", {"x"}, {"y", "mask"}).output("y").output("mask");
  EXPECT_EQ(operators(net), "");
  EXPECT_TRUE(run(net, {f32({2}, {1, 2})})[1].data<bool>()[1]);
}

// ---- quantized

TEST(quantize_linear, rounds_half_to_even_and_saturates) {
  Net net(13);
  net.input("x", {4})
      .constant("s", f32({}, {2}))
      .constant("z", u8({}, {10}))
      .node("QuantizeLinear", {"x", "s", "z"}, {"y"})
      .output("y");
  EXPECT_THAT(op::test::values<uint8_t>(run(net, {f32({4}, {1, 3, -100, 1000})})[0]), ElementsAre(10, 12, 0, 255));
}

TEST(qlinear_conv, is_exact) {
  Net net(10);
  net.input("x", {1, 1, 1, 2}, DType::kU8);
  net.constant("xs", f32({}, {0.5}))
      .constant("xz", u8({}, {1}))
      .constant("w", u8({1, 1, 1, 1}, {5}))
      .constant("ws", f32({}, {0.25}));
  net.constant("wz", u8({1}, {2}))
      .constant("ys", f32({}, {0.125}))
      .constant("yz", u8({}, {100}))
      .constant("b", i32({1}, {7}));
  net.node("QLinearConv", {"x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"}, {"y"}).output("y");
  // ((3-1)*(5-2) + 7) * 0.5*0.25/0.125 + 100, and with x = 0: (-1*3 + 7) + 100
  EXPECT_THAT(op::test::values<uint8_t>(run(net, {u8({1, 1, 1, 2}, {3, 0})})[0]), ElementsAre(113, 104));
}

TEST(conv_integer, refuses_sums_that_fp32_cannot_hold) {
  Net net(10);
  net.input("x", {1, 512, 1, 1}, DType::kU8)
      .input("w", {1, 512, 1, 1}, DType::kU8)
      .node("ConvInteger", {"x", "w"}, {"y"})
      .output("y");
  EXPECT_THAT(refusal(net), HasSubstr("its sums may reach 33292800, beyond the integers that fp32 holds exactly"));
}

// ---- control flow and functions

onnx_file::GraphProto branch(const std::string& op, const std::string& output) {
  onnx_file::GraphProto graph;
  add_node(graph, op, {"x"}, {output});  // x belongs to the outer graph
  graph.add_output()->set_name(output);
  return graph;
}
Net if_net(bool constant_condition) {
  Net net(13);
  net.input("x", {2});
  constant_condition ? net.constant("c", mask({}, {1})) : net.input("c", {1}, DType::kBool);
  return net.node("If", {"c"}, {"y"}, {{"then_branch", branch("Neg", "t")}, {"else_branch", branch("Abs", "e")}})
      .output("y");
}

TEST(if_node, a_constant_condition_takes_one_branch) {
  EXPECT_EQ(operators(if_net(true)), "unary");
  EXPECT_THAT(floats(run(if_net(true), {f32({2}, {-1, 2})})[0]), ElementsAre(1, -2));
}

TEST(if_node, an_unknown_condition_selects) {
  EXPECT_THAT(floats(run(if_net(false), {f32({2}, {-1, 2}), mask({1}, {0})})[0]), ElementsAre(1, 2));
}

TEST(function, is_expanded_with_the_callers_attributes) {
  Net net(13);
  net.model.add_opset_import()->set_domain("mine");
  auto& function = *net.model.add_functions();
  function.set_name("Twice");
  function.set_domain("mine");
  function.add_input("a");
  function.add_output("b");
  onnx_file::GraphProto body;
  add_node(body, "LeakyRelu", {"a"}, {"h"});
  add_node(body, "LeakyRelu", {"h"}, {"b"});
  for (auto& node : *body.mutable_node()) {
    node.add_attribute()->set_name("alpha");
    node.mutable_attribute(0)->set_ref_attr_name("slope");
    *function.add_node() = node;
  }
  net.input("x", {1}).node("Twice", {"x"}, {"y"}, {{"slope", 0.5f}}, "mine").output("y");
  EXPECT_THAT(floats(run(net, {f32({1}, {-4})})[0]), ElementsAre(-1));
}

// ---- the graph's borders

TEST(inputs, initializers_listed_as_inputs_are_constants) {
  Net net(8);
  net.model.set_ir_version(3);
  net.input("x", {1}).input("w", {1}).constant("w", f32({1}, {5})).node("Mul", {"x", "w"}, {"y"}).output("y");
  EXPECT_THAT(floats(run(net, {f32({1}, {2})})[0]), ElementsAre(10));
}

TEST(inputs, dynamic_dimensions_need_a_shape) {
  Net net(13);
  net.input("x", {0, 3}).node("Relu", {"x"}, {"y"}).output("y");
  EXPECT_THAT(refusal(net),
              HasSubstr("input 'x' has the dynamic shape [batch,3]; fix it with --shapes, for example --shapes [1,3]"));
  ImportOptions options;
  options.shapes = {{"", {2, 3}}};
  EXPECT_EQ(import_graph(net, options)->values[0].info.shape, (Shape{2, 3}));
  options.shapes.clear();
  options.batch = 4;
  EXPECT_EQ(import_graph(net, options)->values[0].info.shape, (Shape{4, 3}));
}

TEST(inputs, a_fixed_input_is_no_input_of_the_network) {
  Net net(13);
  net.input("x", {2, 3}).input("s", {1}, DType::kI64).node("Reshape", {"x", "s"}, {"y"}).output("y");
  ImportOptions options;
  options.fixed_inputs["s"] = i64({1}, {6});
  EXPECT_EQ(import_graph(net, options)->inputs.size(), 1u);
}

TEST(outputs, cutting_leaves_out_what_is_not_needed) {
  Net net(13);
  net.input("x", {1})
      .node("Relu", {"x"}, {"a"})
      .node("Neg", {"a"}, {"b"})
      .node("NoSuchOperator", {"b"}, {"c"})
      .output("c");
  ImportOptions options;
  options.input_names = {"a"};
  options.output_names = {"b"};
  options.shapes = {{"a", {2}}};
  EXPECT_EQ(operators(net, options), "unary");
  EXPECT_EQ(import_graph(net, options)->values[0].info.shape, Shape{2});
}

TEST(list_onnx_ops, names_versions_attributes_and_limits) {
  const auto ops = list_onnx_ops();
  const auto clip = std::ranges::find(ops, "Clip", &SupportedOp::name);
  ASSERT_NE(clip, ops.end());
  EXPECT_EQ(clip->versions, "1-10");
  EXPECT_EQ(clip->attributes, "min max consumed_inputs");
  EXPECT_EQ(std::next(clip)->versions, "11-");
}

}  // namespace
}  // namespace bmnet::frontend::onnx::test
