// Operators one by one: layers, arithmetic, shapes, choice of elements, places, cells.
#include <cmath>

#include "frontend/paddle/testing.h"

namespace bmnet::frontend::paddle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor f32(Shape shape, Floats values) { return Tensor::of<float>(std::move(shape), values); }
auto near(Floats values) { return testing::Pointwise(testing::FloatNear(1e-5f), values); }

TEST(paddle_layers, pool_to_sizes_that_do_not_divide) {
  EXPECT_THAT(through("pool2d", {1, 1, 1, 3}, {1, 3, 7},
                      {{"ksize", Ints{1, 2}}, {"adaptive", true}, {"pooling_type", std::string("avg")}}),
              ElementsAre(2, 5));
}
TEST(paddle_layers, fused_activations_and_residuals) {
  Program net({1, 1, 1, 2});
  net.parameter("w", {1, 1, 1, 1}, {2}).numbers("r", {1, 1, 1, 2}, {1, -9});
  net.op("conv2d", {{"Input", {"x"}}, {"Filter", {"w"}}, {"ResidualData", {"r"}}}, {{"Output", {"y"}}},
         {{"fuse_activation", std::string("relu")}});
  EXPECT_THAT(result(net, {1, 2}), ElementsAre(3, 0));
  Program odd({1, 1, 1, 2});
  odd.parameter("w", {1, 1, 1, 1}, {2})
      .op("conv2d", {{"Input", {"x"}}, {"Filter", {"w"}}}, {{"Output", {"y"}}},
          {{"fuse_activation", std::string("odd")}});
  EXPECT_THAT(refusal(odd), HasSubstr("the fused activation odd; save the program without fusion passes"));
}
TEST(paddle_layers, transposed_convolution_over_three_axes) {
  Program net({1, 1, 1, 1, 2});
  net.parameter("w", {1, 1, 1, 1, 2}, {1, 10})
      .op("conv3d_transpose", {{"Input", {"x"}}, {"Filter", {"w"}}}, {{"Output", {"y"}}}, {{"strides", Ints{1, 1, 2}}});
  EXPECT_THAT(result(net, {1, 2}), ElementsAre(1, 10, 2, 20));
}
TEST(paddle_layers, resample_over_three_axes) {
  EXPECT_THAT(through("trilinear_interp_v2", {1, 1, 1, 1, 2}, {0, 2},
                      {{"out_d", 1}, {"out_h", 1}, {"out_w", 3}, {"align_corners", true}}),
              near({0, 1, 2}));
  EXPECT_THAT(
      through("bicubic_interp_v2", {1, 1, 1, 2}, {1, 1}, {{"out_h", 1}, {"out_w", 4}, {"align_corners", false}}),
      near({1, 1, 1, 1}));
}

TEST(paddle_arithmetic, functions_of_one_value) {
  EXPECT_THAT(through("log2", {2}, {2, 8}), near({1, 3}));
  EXPECT_THAT(through("log10", {1}, {100}), near({2}));
  EXPECT_THAT(through("expm1", {1}, {1}), near({std::exp(1.0f) - 1}));
  EXPECT_THAT(through("stanh", {1}, {1}, {{"scale_a", 2.0f}, {"scale_b", 3.0f}}), near({3 * std::tanh(2.0f)}));
  EXPECT_THAT(through("tanh_shrink", {1}, {1}), near({1 - std::tanh(1.0f)}));
  EXPECT_THAT(through("trunc", {2}, {1.7f, -1.7f}), near({1, -1}));
  EXPECT_THAT(through("softshrink", {3}, {2, 0.2f, -2}, {{"lambda", 0.5f}}), near({1.5f, 0, -1.5f}));
  EXPECT_THAT(through("hard_shrink", {3}, {2, 0.2f, -2}, {{"threshold", 0.5f}}), near({2, 0, -2}));
  EXPECT_THAT(through("celu", {2}, {1, -1}, {{"alpha", 1.0f}}), near({1, std::exp(-1.0f) - 1}));
  EXPECT_THAT(through("maxout", {1, 4, 1, 1}, {1, 3, 2, 0}, {{"groups", 2}}), ElementsAre(3, 2));
}
TEST(paddle_arithmetic, finite_numbers) {
  Program net({3});
  net.op("isfinite_v2", {{"X", {"x"}}}, {{"Out", {"f"}}})
      .op("cast", {{"X", {"f"}}}, {{"Out", {"y"}}}, {{"out_dtype", 5}});
  EXPECT_THAT(result(net, {1, INFINITY, NAN}), ElementsAre(1, 0, 0));
}
TEST(paddle_arithmetic, products) {
  Program addmm({1, 2});
  addmm.numbers("i", {1, 1}, {10}).numbers("m", {2, 1}, {3, 4});
  addmm.op("addmm", {{"Input", {"i"}}, {"X", {"x"}}, {"Y", {"m"}}}, {{"Out", {"y"}}},
           {{"Alpha", 2.0f}, {"Beta", 0.5f}});
  EXPECT_THAT(result(addmm, {1, 1}), ElementsAre(19));
  Program einsum({2, 2});
  einsum.numbers("m", {2}, {1, 10})
      .op("einsum", {{"Operands", {"x", "m"}}}, {{"Out", {"y"}}}, {{"equation", std::string("ij,j->i")}});
  EXPECT_THAT(result(einsum, {1, 2, 3, 4}), ElementsAre(21, 43));
  Program mv({1, 2});
  mv.numbers("v", {2}, {3, 4}).op("mv", {{"X", {"x"}}, {"Vec", {"v"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(result(mv, {1, 2}), ElementsAre(11));
}
TEST(paddle_arithmetic, fused_pairs) {
  const auto pair = [](Texts functions) {
    Program net({2});
    net.numbers("b", {2}, {1, -5})
        .op("fused_elemwise_activation", {{"X", {"x"}}, {"Y", {"b"}}}, {{"Out", {"y"}}}, {{"functor_list", functions}});
    return net;
  };
  EXPECT_THAT(result(pair({"relu", "elementwise_add"}), {1, 2}), ElementsAre(2, 0));
  EXPECT_THAT(result(pair({"elementwise_add", "relu"}), {1, 2}), ElementsAre(2, 2));
  EXPECT_THAT(refusal(pair({"odd", "strange"})), HasSubstr("functor_list=odd,strange"));
}

TEST(paddle_shapes, rolls_and_turns) {
  EXPECT_THAT(through("roll", {3}, {1, 2, 3}, {{"shifts", Ints{1}}, {"axis", Ints{0}}}), ElementsAre(3, 1, 2));
  EXPECT_THAT(through("roll", {2, 2}, {1, 2, 3, 4}, {{"shifts", Ints{-1}}}), ElementsAre(2, 3, 4, 1));
  EXPECT_THAT(through("reverse", {3}, {1, 2, 3}, {{"axis", Ints{0}}}), ElementsAre(3, 2, 1));
  EXPECT_THAT(through("pixel_unshuffle", {1, 1, 2, 2}, {1, 2, 3, 4}, {{"downscale_factor", 2}}),
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(through("crop_tensor", {3}, {1, 2, 3}, {{"shape", Ints{2}}, {"offsets", Ints{1}}}), ElementsAre(2, 3));
}
TEST(paddle_shapes, grids_and_parts) {
  Program grid({2});
  grid.numbers("v", {2}, {5, 6}).op("meshgrid", {{"X", {"x", "v"}}}, {{"Out", {"a", "y"}}});
  EXPECT_THAT(result(grid, {1, 2}), ElementsAre(5, 6, 5, 6));
  EXPECT_THAT(floats_of(value_of(grid, "a", {f32({2}, {1, 2})})), ElementsAre(1, 1, 2, 2));
  Program parts({2, 2});
  parts.op("unbind", {{"X", {"x"}}}, {{"Out", {"a", "y"}}}, {{"axis", 0}});
  EXPECT_THAT(result(parts, {1, 2, 3, 4}), ElementsAre(3, 4));
}

// An operator with X, indices (i64) and perhaps updates.
Program indexed(const std::string& op, std::vector<int64_t> shape, const Program::Variables& names,
                const Ints& index_shape, const Ints& index, const Ints& update_shape = {}, const Floats& updates = {},
                const std::vector<AttributeValue>& attributes = {}, const std::string& out = "Out") {
  Program net(std::move(shape));
  net.integers("index", index_shape, index);
  if (!updates.empty()) net.numbers("updates", update_shape, updates);
  return net.op(op, names, {{out, {"y"}}}, attributes);
}
TEST(paddle_choice, along_an_axis) {
  EXPECT_THAT(result(indexed("take_along_axis", {2, 2}, {{"Input", {"x"}}, {"Index", {"index"}}}, {2, 1}, {1, 0}, {},
                             {}, {{"Axis", 1}}, "Result"),
                     {1, 2, 3, 4}),
              ElementsAre(2, 3));
  EXPECT_THAT(
      result(indexed("index_sample", {2, 2}, {{"X", {"x"}}, {"Index", {"index"}}}, {2, 1}, {1, 0}), {1, 2, 3, 4}),
      ElementsAre(2, 3));
  const Program::Variables put{{"Input", {"x"}}, {"Index", {"index"}}, {"Value", {"updates"}}};
  EXPECT_THAT(result(indexed("put_along_axis", {2, 2}, put, {1, 2}, {1, 0}, {1, 1}, {9},
                             {{"Axis", 0}, {"Reduce", std::string("assign")}}, "Result"),
                     {1, 2, 3, 4}),
              ElementsAre(1, 9, 9, 4));
  EXPECT_THAT(result(indexed("put_along_axis", {2, 2}, put, {1, 2}, {1, 0}, {1, 1}, {9},
                             {{"Axis", 0}, {"Reduce", std::string("add")}}, "Result"),
                     {1, 2, 3, 4}),
              ElementsAre(1, 11, 12, 4));
  EXPECT_THAT(refusal(indexed("put_along_axis", {2, 2}, put, {1, 2}, {1, 0}, {1, 1}, {9},
                              {{"Reduce", std::string("odd")}}, "Result")),
              HasSubstr("Reduce=odd"));
}
TEST(paddle_choice, rows_are_replaced_or_summed) {
  const Program::Variables names{{"X", {"x"}}, {"Ids", {"index"}}, {"Updates", {"updates"}}};
  EXPECT_THAT(result(indexed("scatter", {2, 1}, names, {1}, {1}, {1, 1}, {9}), {1, 2}), ElementsAre(1, 9));
  EXPECT_THAT(result(indexed("scatter", {2, 1}, names, {2}, {1, 1}, {2, 1}, {9, 3}, {{"overwrite", false}}), {1, 2}),
              ElementsAre(1, 12));
  EXPECT_THAT(result(indexed("scatter_nd_add", {2}, {{"X", {"x"}}, {"Index", {"index"}}, {"Updates", {"updates"}}},
                             {2, 1}, {1, 1}, {2}, {9, 3}),
                     {1, 2}),
              ElementsAre(1, 14));
}
TEST(paddle_choice, sorted) {
  EXPECT_THAT(through("argsort", {3}, {2, 3, 1}, {{"descending", true}}), ElementsAre(3, 2, 1));
  Program net({3});
  net.op("argsort", {{"X", {"x"}}}, {{"Out", {"y"}}, {"Indices", {"i"}}});
  EXPECT_THAT(integers_of(value_of(net, "i", {f32({3}, {2, 3, 1})})), ElementsAre(2, 0, 1));
}
TEST(paddle_choice, triangles) {
  EXPECT_THAT(through("tril_triu", {2, 2}, {1, 2, 3, 4}, {{"diagonal", 0}, {"lower", true}}), ElementsAre(1, 0, 3, 4));
  EXPECT_THAT(through("tril_triu", {2, 2}, {1, 2, 3, 4}, {{"diagonal", 1}, {"lower", false}}), ElementsAre(0, 2, 0, 0));
}
TEST(paddle_choice, sequences_are_constants) {
  Program net({1});
  net.numbers("a", {1}, {1}).numbers("b", {1}, {2}).numbers("c", {1}, {0.5f}).integers("n", {1}, {3});
  net.op("range", {{"Start", {"a"}}, {"End", {"b"}}, {"Step", {"c"}}}, {{"Out", {"y"}}});
  net.op("linspace", {{"Start", {"a"}}, {"Stop", {"b"}}, {"Num", {"n"}}}, {{"Out", {"z"}}}, {{"dtype", 5}});
  net.op("eye", {}, {{"Out", {"e"}}}, {{"num_rows", 2}, {"dtype", 5}}).op("size", {{"Input", {"e"}}}, {{"Out", {"s"}}});
  EXPECT_THAT(floats_of(value_of(net, "y", {f32({1}, {0})})), near({1, 1.5f}));
  EXPECT_THAT(floats_of(value_of(net, "z", {f32({1}, {0})})), near({1, 1.5f, 2}));
  EXPECT_THAT(floats_of(value_of(net, "e", {f32({1}, {0})})), ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(integers_of(value_of(net, "s", {f32({1}, {0})})), ElementsAre(4));
  Program endless({1});
  endless.numbers("a", {1}, {1})
      .numbers("b", {1}, {2})
      .numbers("c", {1}, {0})
      .op("range", {{"Start", {"a"}}, {"End", {"b"}}, {"Step", {"c"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(refusal(endless), HasSubstr("a sequence of 0 elements"));
}
TEST(paddle_choice, slices_are_set) {
  EXPECT_THAT(through("set_value", {3}, {1, 2, 3},
                      {{"axes", Ints{0}},
                       {"starts", Ints{1}},
                       {"ends", Ints{3}},
                       {"steps", Ints{1}},
                       {"shape", Ints{1}},
                       {"fp32_values", Floats{9}}},
                      "Input"),
              ElementsAre(1, 9, 9));
  Program net({2, 2});
  net.numbers("v", {2}, {8, 9})
      .op("set_value", {{"Input", {"x"}}, {"ValueTensor", {"v"}}}, {{"Out", {"y"}}},
          {{"axes", Ints{1}}, {"starts", Ints{0}}, {"ends", Ints{1}}, {"steps", Ints{1}}, {"decrease_axes", Ints{1}}});
  EXPECT_THAT(result(net, {1, 2, 3, 4}), ElementsAre(8, 2, 9, 4));
}
TEST(paddle_choice, one_hot_of_the_first_version_has_an_axis_more) {
  Program net({1, 1});
  net.op("cast", {{"X", {"x"}}}, {{"Out", {"i"}}}, {{"out_dtype", 3}})
      .op("one_hot", {{"X", {"i"}}}, {{"Out", {"y"}}}, {{"depth", 3}});
  EXPECT_THAT(result(net, {2}), ElementsAre(0, 0, 1));
}

TEST(paddle_places, grids_sample_between_pixels) {
  Program net({1, 1, 1, 2});
  net.numbers("theta", {1, 2, 3}, {-1, 0, 0, 0, 1, 0});  // mirrored
  net.op("affine_grid", {{"Theta", {"theta"}}}, {{"Output", {"grid"}}},
         {{"output_shape", Ints{1, 1, 1, 2}}, {"align_corners", false}});
  net.op("grid_sampler", {{"X", {"x"}}, {"Grid", {"grid"}}}, {{"Output", {"y"}}}, {{"align_corners", false}});
  EXPECT_THAT(result(net, {1, 2}), near({2, 1}));
}
TEST(paddle_places, windows_follow_their_offsets) {
  Program net({1, 1, 1, 2});
  net.parameter("w", {1, 1, 1, 1}, {10}).numbers("offset", {1, 2, 1, 2}, {0, 0, 0.5f, -1});  // y, then x
  net.op("deformable_conv_v1", {{"Input", {"x"}}, {"Offset", {"offset"}}, {"Filter", {"w"}}}, {{"Output", {"y"}}},
         {{"strides", Ints{1, 1}}, {"paddings", Ints{0, 0}}});
  EXPECT_THAT(result(net, {1, 3}), near({20, 10}));
}
TEST(paddle_places, channels_shift_between_frames) {  // of three, one each way
  EXPECT_THAT(through("temporal_shift", {2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}, {{"seg_num", 2}, {"shift_ratio", 0.34f}}),
              ElementsAre(0, 5, 3, 1, 0, 6));
}
TEST(paddle_places, windows_become_columns) {
  EXPECT_THAT(through("unfold", {1, 1, 1, 3}, {1, 2, 3},
                      {{"kernel_sizes", Ints{1, 2}},
                       {"strides", Ints{1, 1}},
                       {"paddings", Ints{0, 0, 0, 0}},
                       {"dilations", Ints{1, 1}}},
                      "X", "Y"),
              ElementsAre(1, 2, 2, 3));
}

TEST(paddle_cells, one_step_of_each) {
  Program gru({1, 3});  // one unit; weights 0: gates from the input alone
  gru.numbers("h", {1, 1}, {2}).numbers("w", {1, 3}, {0, 0, 0});
  gru.op("gru_unit", {{"Input", {"x"}}, {"HiddenPrev", {"h"}}, {"Weight", {"w"}}}, {{"Hidden", {"y"}}});
  EXPECT_THAT(result(gru, {0, 0, 0}), near({1}));  // half of the state, half of tanh(0)
  Program lstm({1, 4});
  lstm.numbers("c", {1, 1}, {2}).op("lstm_unit", {{"X", {"x"}}, {"C_prev", {"c"}}}, {{"H", {"y"}}, {"C", {"cell"}}});
  EXPECT_THAT(result(lstm, {0, 0, 0, 0}), near({0.5f * std::tanh(1.0f)}));
}

TEST(paddle_quantised, training_helpers_vanish_and_integers_are_scaled) {
  Program net({2});
  net.numbers("s", {1}, {5})
      .op("fake_quantize_dequantize_moving_average_abs_max", {{"X", {"x"}}, {"InScale", {"s"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(result(net, {0.3f, 7}), ElementsAre(0.3f, 7));
  Program scaled({2});
  scaled.numbers("s", {1}, {254})
      .op("fake_dequantize_max_abs", {{"X", {"x"}}, {"Scale", {"s"}}}, {{"Out", {"y"}}}, {{"max_range", 127.0f}});
  EXPECT_THAT(result(scaled, {1, -3}), near({2, -6}));
  Program both({2});
  both.numbers("s", {1}, {1.27f})
      .op("quantize_linear", {{"X", {"x"}}, {"Scale", {"s"}}}, {{"Y", {"q"}}}, {{"bit_length", 8}});
  both.op("dequantize_linear", {{"X", {"q"}}, {"Scale", {"s"}}}, {{"Y", {"y"}}}, {{"bit_length", 8}});
  EXPECT_THAT(result(both, {0.504f, 9}), near({0.5f, 1.27f}));
}

TEST(paddle_control, a_known_condition_chooses_a_branch) {
  const auto branch = [](int truth) {
    Program net({1});
    net.op("fill_constant", {}, {{"Out", {"c"}}},
           {{"shape", Ints{1}}, {"value", static_cast<float>(truth)}, {"dtype", 0}});
    const int block = net.begin();
    net.op("scale", {{"X", {"x"}}}, {{"Out", {"y"}}}, {{"scale", 2.0f}}).end();
    net.op("assign", {{"X", {"x"}}}, {{"Out", {"y"}}});
    return net.op("conditional_block", {{"Cond", {"c"}}, {"Input", {"x"}}}, {{"Out", {"y"}}}, {{"sub_block", block}});
  };
  EXPECT_THAT(result(branch(1), {3}), ElementsAre(6));
  EXPECT_THAT(result(branch(0), {3}), ElementsAre(3));
}
TEST(paddle_control, a_known_number_of_rounds_is_unrolled) {
  Program net({1});
  net.integers("i", {1}, {0}).integers("n", {1}, {3});
  net.op("assign", {{"X", {"x"}}}, {{"Out", {"y"}}}).op("less_than", {{"X", {"i"}}, {"Y", {"n"}}}, {{"Out", {"c"}}});
  const int block = net.begin();
  net.op("scale", {{"X", {"y"}}}, {{"Out", {"y"}}}, {{"scale", 2.0f}})
      .op("increment", {{"X", {"i"}}}, {{"Out", {"i"}}}, {{"step", 1.0f}});
  net.op("less_than", {{"X", {"i"}}, {"Y", {"n"}}}, {{"Out", {"c"}}}).end();
  net.op("while", {{"Condition", {"c"}}, {"X", {"i", "n", "y"}}}, {{"Out", {"y"}}}, {{"sub_block", block}});
  EXPECT_THAT(result(net, {1}), ElementsAre(8));
}
TEST(paddle_control, refuses_what_depends_on_the_data_or_never_ends) {
  Program net({1});
  net.numbers("z", {1}, {0}).op("less_than", {{"X", {"x"}}, {"Y", {"z"}}}, {{"Out", {"c"}}});
  const int block = net.begin();
  net.op("assign", {{"X", {"x"}}}, {{"Out", {"y"}}}).end();
  net.op("conditional_block", {{"Cond", {"c"}}, {"Input", {"x"}}}, {{"Out", {"y"}}}, {{"sub_block", block}});
  EXPECT_THAT(refusal(net), HasSubstr("its condition depends on the data"));
  Program endless({1});
  endless.op("fill_constant", {}, {{"Out", {"c"}}}, {{"shape", Ints{1}}, {"value", 1.0f}, {"dtype", 0}});
  const int body = endless.begin();
  endless.op("assign", {{"X", {"x"}}}, {{"Out", {"y"}}}).end();
  endless.op("while", {{"Condition", {"c"}}, {"X", {"x"}}}, {{"Out", {"y"}}}, {{"sub_block", body}});
  EXPECT_THAT(refusal(endless), HasSubstr("it runs for more than 100000 operators"));
}
TEST(paddle_control, a_selection_takes_the_input_that_its_mask_names) {
  Program net({1});
  net.op("scale", {{"X", {"x"}}}, {{"Out", {"b"}}}, {{"scale", 5.0f}});
  net.op("fill_constant", {}, {{"Out", {"m"}}}, {{"shape", Ints{1}}, {"value", 1.0f}, {"dtype", 2}});
  net.op("select_input", {{"X", {"never", "b"}}, {"Mask", {"m"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(result(net, {2}), ElementsAre(10));
}

TEST(paddle_refusals, each_kind_has_its_reason) {
  const auto refused = [](const std::string& op) {
    Program net({2});
    net.op(op, {{"X", {"x"}}}, {{"Out", {"y"}}});
    return refusal(net);
  };
  EXPECT_THAT(refused("sequence_pool"),
              HasSubstr("sequences of varying length (LoD) are not supported; pad them and use rnn"));
  EXPECT_THAT(refused("where_index"), HasSubstr("the number of its results depends on the data"));
  EXPECT_THAT(refused("uniform_random"), HasSubstr("random values are drawn at run time"));
  EXPECT_THAT(refused("warpctc"), HasSubstr("it belongs to training"));
  EXPECT_THAT(refused("write_to_array"), HasSubstr("arrays of tensors are not supported"));
}

std::string refused(const std::string& op, std::vector<int64_t> shape, const std::string& in,
                    const std::vector<AttributeValue>& attributes = {}, const Program::Variables& more = {},
                    const std::string& out = "Out") {
  Program net(std::move(shape));
  net.numbers("two", {2}, {1, 2}).numbers("one", {1, 1}, {1}).integers("index", {1}, {0});
  Program::Variables inputs{{in, {"x"}}};
  inputs.insert(inputs.end(), more.begin(), more.end());
  return refusal(net.op(op, inputs, {{out, {"y"}}}, attributes));
}
TEST(paddle_refusals, say_what_does_not_fit) {
  EXPECT_THAT(refused("gru_unit", {1, 4}, "Input", {}, {{"HiddenPrev", {"one"}}, {"Weight", {"one"}}}, "Hidden"),
              HasSubstr("input [1,4], state [1,1] and weight [1,1] do not fit"));
  EXPECT_THAT(refused("lstm_unit", {1, 3}, "X", {}, {{"C_prev", {"one"}}}, "H"),
              HasSubstr("input [1,3] and state [1,1] do not fit"));
  EXPECT_THAT(refused("quantize_linear", {2}, "X", {}, {{"Scale", {"one"}}, {"ZeroPoint", {"one"}}}, "Y"),
              HasSubstr("a zero point that is not 0"));
  EXPECT_THAT(refused("dequantize_linear", {3}, "X", {}, {{"Scale", {"two"}}}, "Y"),
              HasSubstr("2 scales do not fit axis 0 of [3]"));
  EXPECT_THAT(refused("affine_grid", {1, 2, 3}, "Theta", {{"output_shape", Ints{1, 1, 2}}}, {}, "Output"),
              HasSubstr("a grid of shape [1,1,2]"));
  EXPECT_THAT(refused("temporal_shift", {3, 1, 1, 1}, "X", {{"seg_num", 2}}), HasSubstr("seg_num 2"));
  EXPECT_THAT(
      refused("unfold", {1, 1, 2, 2}, "X", {{"kernel_sizes", Ints{3, 3}}, {"paddings", Ints{0, 0, 0, 0}}}, {}, "Y"),
      HasSubstr("windows of [3,3] do not fit [1,1,2,2]"));
  EXPECT_THAT(refused("maxout", {1, 3, 1, 1}, "X", {{"groups", 2}}), HasSubstr("2 groups of [1,3,1,1]"));
  EXPECT_THAT(refused("roll", {2}, "X", {{"shifts", Ints{1}}, {"axis", Ints{0, 0}}}),
              HasSubstr("2 axes have 1 shifts"));
  EXPECT_THAT(refused("pixel_unshuffle", {1, 1, 3, 2}, "X", {{"downscale_factor", 2}}),
              HasSubstr("blocks of 2 in [1,1,3,2]"));
  EXPECT_THAT(refused("crop_tensor", {2}, "X", {{"shape", Ints{1, 1}}}), HasSubstr("does not fit [2]"));
  EXPECT_THAT(refused("tril_triu", {2}, "X"), HasSubstr("its input [2] is no matrix"));
  EXPECT_THAT(
      refused(
          "set_value", {2}, "Input",
          {{"axes", Ints{0}}, {"starts", Ints{1}}, {"ends", Ints{1}}, {"shape", Ints{1}}, {"fp32_values", Floats{1}}}),
      HasSubstr("nothing of axis 0 of [2] is set"));
  EXPECT_THAT(refused("grid_sampler", {1, 1, 1, 1}, "X", {{"mode", std::string("odd")}}, {{"Grid", {"one"}}}, "Output"),
              HasSubstr("mode=odd"));
  EXPECT_THAT(refused("conv2d_transpose", {1, 1, 2, 2}, "Input", {{"padding_algorithm", std::string("SAME")}},
                      {{"Filter", {"one"}}}, "Output"),
              HasSubstr("padding_algorithm=SAME of a transposed convolution"));
  EXPECT_THAT(refused("rnn", {1, 1, 1}, "Input", {{"mode", std::string("ODD")}},
                      {{"WeightList", {"one"}}, {"PreState", {"one"}}}),
              HasSubstr("mode=ODD; LSTM, GRU, RNN_TANH and RNN_RELU can be compiled"));
}

}  // namespace
}  // namespace bmnet::frontend::paddle
