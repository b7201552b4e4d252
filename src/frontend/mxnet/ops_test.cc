// Operators one by one: layers, recurrence, places, attention, the numpy interface.
#include <cmath>

#include "frontend/mxnet/testing.h"

namespace bmnet::frontend::mxnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Floats = std::vector<float>;
auto near(Floats values) { return testing::Pointwise(testing::FloatNear(1e-5f), values); }

TEST(mxnet_layers, pool_to_any_size) {
  EXPECT_THAT(through("_contrib_AdaptiveAvgPooling2D", "output_size=(1,2)", "(1,1,1,3)", {1, 3, 7}), ElementsAre(2, 5));
  EXPECT_THAT(through("Pooling", "kernel=(1,1);global_pool=True;pool_type=sum", "(1,1,1,3)", {1, 2, 3}),
              ElementsAre(6));
}
TEST(mxnet_layers, group_norm_scales_groups_or_channels) {
  const ParamsWriter groups = ParamsWriter().array("arg:g", {1}, {2}).array("arg:b", {1}, {1});
  EXPECT_THAT(through("GroupNorm", "num_groups=1;eps=0", "(1,2,1)", {1, 3}, {"g", "b"}, groups), near({-1, 3}));
  const ParamsWriter channels = ParamsWriter().array("arg:g", {2}, {2, 10}).array("arg:b", {2}, {1, 0});
  EXPECT_THAT(through("GroupNorm", "num_groups=1;eps=0", "(1,2,1)", {1, 3}, {"g", "b"}, channels), near({-1, 10}));
}
TEST(mxnet_layers, layer_norm_along_any_axis) {
  const ParamsWriter params = ParamsWriter().array("arg:g", {2}, {1, 10}).array("arg:b", {2}, {0, 0});
  EXPECT_THAT(through("LayerNorm", "axis=0;eps=0", "(2,2)", {1, 2, 3, 6}, {"g", "b"}, params), near({-1, -1, 10, 10}));
}
TEST(mxnet_layers, several_maps_are_upsampled_to_one_size) {
  const ParamsWriter params = ParamsWriter().array("arg:small", {1, 1, 1, 1}, {5});
  EXPECT_THAT(through("UpSampling", "scale=1;sample_type=nearest;num_args=2", "(1,1,1,2)", {1, 2}, {"small"}, params),
              ElementsAre(1, 2, 5, 5));
  EXPECT_THAT(through("UpSampling", "scale=1;sample_type=nearest;num_args=2;multi_input_mode=sum", "(1,1,1,2)", {1, 2},
                      {"small"}, params),
              ElementsAre(6, 7));
}
TEST(mxnet_layers, resizing_modes) {
  const auto width = [](const std::string& mode) {
    const auto model = import(symbol_of("_contrib_BilinearResize2D", mode, "(1,1,4,5)"));
    EXPECT_TRUE(model) << model.error().message;
    const op::Graph graph = *model->to_graph();
    return graph.values[graph.outputs[0]].info.shape[3];
  };
  EXPECT_EQ(width("mode=odd_scale;scale_height=2;scale_width=2"), 9);
  EXPECT_EQ(width("mode=to_even_down"), 4);
  EXPECT_EQ(width("mode=to_even_up"), 6);
  EXPECT_EQ(width("mode=to_odd_up"), 5);
  EXPECT_THAT(refusal(symbol_of("_contrib_BilinearResize2D", "mode=odd", "(1,1,4,5)")), HasSubstr("mode=odd"));
}
TEST(mxnet_layers, parameters_of_all_kinds_of_leaky_units) {
  EXPECT_THAT(through("LeakyReLU", "act_type=elu;slope=2", "(2,)", {-1, 1}), near({2 * (std::exp(-1.0f) - 1), 1}));
  EXPECT_THAT(through("LeakyReLU", "act_type=leaky;slope=0.5", "(2,)", {-1, 1}), near({-0.5f, 1}));
  EXPECT_THAT(through("LeakyReLU", "act_type=gelu", "(1,)", {0}), near({0}));
  EXPECT_THAT(through("LeakyReLU", "act_type=selu", "(1,)", {1}), near({1.0507010f}));
  EXPECT_THAT(
      through("LeakyReLU", "act_type=prelu", "(1,2)", {-1, -1}, {"g"}, ParamsWriter().array("arg:g", {2}, {2, 3})),
      near({-2, -3}));
}

// A vanilla layer of one unit: h = tanh(2x + 3h + 0.5 + 0.25), from h = 0.
const ParamsWriter kRecurrent = ParamsWriter().array("arg:p", {4}, {2, 3, 0.5f, 0.25f}).array("arg:s", {1, 1, 1}, {0});
TEST(mxnet_recurrent, one_vector_holds_all_parameters) {
  const float first = std::tanh(2.75f), second = std::tanh(4 + 3 * first + 0.75f);
  EXPECT_THAT(through("RNN", "mode=rnn_tanh;state_size=1;num_layers=1", "(2,1,1)", {1, 2}, {"p", "s"}, kRecurrent),
              near({first, second}));
}
TEST(mxnet_recurrent, gates_stand_as_in_cudnn) {  // weights 0, biases i, f, c, o
  const ParamsWriter lstm = ParamsWriter()
                                .array("arg:p", {16}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 1, 0, 0, 0, 0})
                                .array("arg:s", {1, 1, 1}, {0})
                                .array("arg:c", {1, 1, 1}, {2});
  const float cell = 0.5f * 2 + 0.5f * std::tanh(9.0f);
  EXPECT_THAT(through("RNN", "mode=lstm;state_size=1;num_layers=1", "(1,1,1)", {1}, {"p", "s", "c"}, lstm),
              near({1 / (1 + std::exp(-1.0f)) * std::tanh(cell)}));
}
TEST(mxnet_recurrent, both_directions_and_last_states) {
  const ParamsWriter params =
      ParamsWriter().array("arg:p", {8}, {1, 0, 10, 0, 0, 0, 0, 0}).array("arg:s", {2, 1, 1}, {0, 0});
  const std::string attributes = "mode=rnn_relu;state_size=1;num_layers=1;bidirectional=True;state_outputs=True";
  EXPECT_THAT(through("RNN", attributes, "(2,1,1)", {1, 2}, {"p", "s"}, params), near({1, 10, 2, 20}));
  ImportOptions options;
  options.output_names = {"y_output1"};
  const auto model = import_mxnet(symbol_of("RNN", attributes, "(2,1,1)", {"p", "s"}), as_bytes(params.bytes()),
                                  "net-symbol.json", options);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(test::run_on(*model, {1, 2}), near({2, 10}));
}
TEST(mxnet_recurrent, refuses_what_does_not_fit) {
  EXPECT_THAT(refusal(symbol_of("RNN", "mode=rnn_tanh;state_size=2", "(2,1,1)", {"p", "s"}), kRecurrent.bytes()),
              HasSubstr("its 4 parameters are too few"));
  EXPECT_THAT(refusal(symbol_of("RNN", "mode=odd;state_size=1", "(2,1,1)", {"p", "s"}), kRecurrent.bytes()),
              HasSubstr("mode=odd; lstm, gru, rnn_tanh and rnn_relu can be compiled"));
  EXPECT_THAT(
      refusal(symbol_of("RNN", "mode=lstm;state_size=1;projection_size=1", "(2,1,1)", {"p", "s"}), kRecurrent.bytes()),
      HasSubstr("projection_size=1"));
}
TEST(mxnet_recurrent, sequences_of_different_lengths) {  // of three steps; the first has two, the second one
  const ParamsWriter params = ParamsWriter().array("arg:n", {2}, {2, 1});
  const Floats input{1, 2, 3, 4, 5, 6};
  EXPECT_THAT(through("SequenceMask", "use_sequence_length=True;value=-1", "(3,2)", input, {"n"}, params),
              ElementsAre(1, 2, 3, -1, -1, -1));
  EXPECT_THAT(through("SequenceLast", "use_sequence_length=True", "(3,2)", input, {"n"}, params), ElementsAre(3, 2));
  EXPECT_THAT(through("SequenceReverse", "use_sequence_length=True", "(3,2)", input, {"n"}, params),
              ElementsAre(3, 2, 1, 4, 5, 6));
  EXPECT_THAT(through("SequenceLast", "", "(3,2)", input), ElementsAre(5, 6));
  EXPECT_THAT(through("SequenceReverse", "", "(3,2)", input), ElementsAre(5, 6, 3, 4, 1, 2));
}

TEST(mxnet_places, transformers_mirror_a_picture) {
  const ParamsWriter params = ParamsWriter().array("arg:t", {1, 6}, {-1, 0, 0, 0, 1, 0});
  EXPECT_THAT(through("SpatialTransformer", "target_shape=(1,3);transform_type=affine;sampler_type=bilinear",
                      "(1,1,1,3)", {1, 2, 3}, {"t"}, params),
              near({3, 2, 1}));
}
TEST(mxnet_places, flows_move_pixels) {
  EXPECT_THAT(through("GridGenerator", "transform_type=warp", "(1,2,1,3)", {1, 0, 0, 0, 0, 0}),
              near({0, 0, 1, -1, -1, -1}));
  const ParamsWriter params = ParamsWriter().array("arg:g", {1, 2, 1, 1}, {0.5f, -1});
  EXPECT_THAT(through("BilinearSampler", "", "(1,1,1,3)", {1, 2, 4}, {"g"}, params), near({3}));
}
TEST(mxnet_places, windows_follow_their_offsets) {
  const ParamsWriter params =
      ParamsWriter().array("arg:o", {1, 2, 1, 2}, {0, 0, 0.5f, -1}).array("arg:w", {1, 1, 1, 1}, {10});
  EXPECT_THAT(through("_contrib_DeformableConvolution", "kernel=(1,1);num_filter=1;no_bias=True", "(1,1,1,2)", {1, 3},
                      {"o", "w"}, params),
              near({20, 10}));
}
TEST(mxnet_places, correlation_compares_displaced_maps) {  // channels: left, same place, right (and the rows beside)
  const ParamsWriter params = ParamsWriter().array("arg:b", {1, 1, 1, 3}, {10, 20, 30});
  const Floats all = through("Correlation", "kernel_size=1;max_displacement=1;stride1=1;stride2=1;pad_size=1",
                             "(1,1,1,3)", {1, 2, 3}, {"b"}, params);
  ASSERT_EQ(all.size(), 27u);
  EXPECT_THAT(Floats(all.begin() + 9, all.begin() + 18), near({0, 20, 60, 10, 40, 90, 20, 60, 0}));
  EXPECT_THAT(refusal(symbol_of("Correlation", "max_displacement=40", "(1,1,99,99)", {"b"}),
                      ParamsWriter().array("arg:b", {1, 1, 99, 99}, Floats(9801)).bytes()),
              HasSubstr("81 displacements a side; 33 can be compiled"));
}

TEST(mxnet_attention, of_interleaved_projections) {  // two steps, one head of one value: q, k, v
  EXPECT_THAT(through("_contrib_interleaved_matmul_selfatt_qk", "heads=1", "(2,1,3)", {1, 2, 0, 3, 4, 0}),
              near({2, 4, 6, 12}));
  const ParamsWriter params = ParamsWriter().array("arg:a", {1, 2, 2}, {1, 0, 0.5f, 0.5f});
  EXPECT_THAT(
      through("_contrib_interleaved_matmul_selfatt_valatt", "heads=1", "(2,1,3)", {0, 0, 2, 0, 0, 4}, {"a"}, params),
      near({2, 3}));
  EXPECT_THAT(through("_contrib_div_sqrt_dim", "", "(1,4)", {2, 4, 6, 8}), near({1, 2, 3, 4}));
  EXPECT_THAT(refusal(symbol_of("_contrib_interleaved_matmul_selfatt_qk", "heads=2", "(2,1,3)")),
              HasSubstr("2 heads do not fit projections [2,1,3]"));
}
TEST(mxnet_attention, between_two_sequences) {
  const ParamsWriter keys = ParamsWriter().array("arg:kv", {2, 1, 2}, {2, 0, 3, 0});
  EXPECT_THAT(through("_contrib_interleaved_matmul_encdec_qk", "heads=1", "(1,1,1)", {5}, {"kv"}, keys),
              near({10, 15}));
  const ParamsWriter attention = ParamsWriter().array("arg:a", {1, 1, 2}, {0.5f, 0.5f});
  EXPECT_THAT(
      through("_contrib_interleaved_matmul_encdec_valatt", "heads=1", "(2,1,2)", {0, 2, 0, 4}, {"a"}, attention),
      near({3}));
}
TEST(mxnet_matrices, products_with_factors) {
  const ParamsWriter params = ParamsWriter().array("arg:b", {1, 2}, {3, 4}).array("arg:c", {1, 1}, {10});
  EXPECT_THAT(through("_linalg_gemm2", "transpose_b=True;alpha=2", "(1,2)", {1, 1}, {"b"}, params), ElementsAre(14));
  EXPECT_THAT(through("linalg_gemm", "transpose_b=True;beta=0.5", "(1,2)", {1, 1}, {"b", "c"}, params),
              ElementsAre(12));
}

TEST(mxnet_choice, scattered_and_copied) {
  const ParamsWriter params = ParamsWriter().array("arg:i", {1, 2}, {2, 0});
  EXPECT_THAT(through("scatter_nd", "shape=(3,)", "(2,)", {5, 6}, {"i"}, params), ElementsAre(6, 0, 5));
  const ParamsWriter rows = ParamsWriter().array("arg:i", {1}, {1}).array("arg:n", {1, 1}, {9});
  EXPECT_THAT(through("_contrib_index_copy", "", "(2,1)", {1, 2}, {"i", "n"}, rows), ElementsAre(1, 9));
  EXPECT_THAT(through("cumsum", "axis=0", "(3,)", {1, 2, 3}), ElementsAre(1, 3, 6));
}
TEST(mxnet_choice, ranges_like_an_input) {
  const auto model = import(symbol_of("_contrib_arange_like", "axis=1;start=2", "(1,3)"));
  ASSERT_TRUE(model) << model.error().message;
  const op::Graph graph = *model->to_graph();
  const auto values = graph.values[graph.outputs[0]].constant->data<float>();
  EXPECT_THAT(Floats(values.begin(), values.end()), ElementsAre(2, 3, 4));
}

TEST(mxnet_numpy, names_of_the_older_interface_serve) {
  EXPECT_THAT(through("_npi_add_scalar", "scalar=2", "(2,)", {1, 2}), ElementsAre(3, 4));
  EXPECT_THAT(through("_npi_multiply", "", "(2,)", {1, 2}, {"b"}, ParamsWriter().array("b", {2}, {5, 6})),
              ElementsAre(5, 12));
  EXPECT_THAT(through("_npx_relu", "", "(2,)", {-1, 2}), ElementsAre(0, 2));
  EXPECT_THAT(through("_npi_concatenate", "axis=0", "(1,)", {1}, {"b"}, ParamsWriter().array("b", {2}, {5, 6})),
              ElementsAre(1, 5, 6));
  EXPECT_THAT(through("_npi_matmul", "", "(1,2)", {1, 2}, {"b"}, ParamsWriter().array("b", {2, 1}, {5, 6})),
              ElementsAre(17));
  EXPECT_THAT(through("_npi_einsum", "subscripts=ij->ji", "(1,2)", {1, 2}), ElementsAre(1, 2));
}
TEST(mxnet_numpy, results_keep_numpys_form) {
  const auto info = [](const std::string& op, const std::string& attributes) {
    const auto model = import(symbol_of(op, attributes, "(2,3)"));
    EXPECT_TRUE(model) << model.error().message;
    const op::Graph graph = *model->to_graph();
    return graph.values[graph.outputs[0]].info;
  };
  EXPECT_EQ(info("_np_sum", "").shape, Shape{});
  EXPECT_EQ(info("sum", "").shape, Shape{1});
  EXPECT_EQ(info("_npi_greater_scalar", "scalar=1").dtype, DType::kBool);
  EXPECT_EQ(info("_npi_argmax", "axis=1").dtype, DType::kI64);
  EXPECT_EQ(info("_npx_reshape", "newshape=(-2,-4)").shape, (Shape{2, 3}));
  EXPECT_EQ(info("_npx_reshape", "newshape=(-5,)").shape, (Shape{6}));
  EXPECT_THAT(refusal(symbol_of("_npx_reshape", "newshape=(-3,)", "(2,3)")), HasSubstr("the code -3 in a shape"));
}

TEST(mxnet_refusals, each_kind_has_its_reason) {
  EXPECT_THAT(refusal(symbol_of("_contrib_MultiBoxTarget", "", "(1,)")), HasSubstr("it belongs to training"));
  EXPECT_THAT(refusal(symbol_of("_contrib_quantized_conv", "", "(1,)")), HasSubstr("convert the f32 network instead"));
  EXPECT_THAT(refusal(symbol_of("_contrib_boolean_mask", "", "(1,)")),
              HasSubstr("the number of its results depends on the data"));
  EXPECT_THAT(refusal(symbol_of("_foreach", "", "(1,)")), HasSubstr("control flow over sub-graphs"));
  EXPECT_THAT(refusal(symbol_of("_random_uniform", "", "(1,)")), HasSubstr("random values are drawn at run time"));
}

TEST(mxnet_refusals, say_what_does_not_fit) {
  const ParamsWriter params = ParamsWriter().array("arg:b", {2}, {1, 2}).array("arg:c", {2, 2}, {1, 2, 3, 4});
  const auto refused = [&](const std::string& op, const std::string& attributes, const std::string& shape,
                           std::vector<std::string> more = {}) {
    return refusal(symbol_of(op, attributes, shape, more), params.bytes());
  };
  EXPECT_THAT(refused("GroupNorm", "num_groups=2", "(1,3,1)", {"b", "b"}),
              HasSubstr("num_groups 2 does not fit the input [1,3,1]"));
  EXPECT_THAT(refused("GridGenerator", "transform_type=odd", "(1,6)"), HasSubstr("transform_type=odd is unknown"));
  EXPECT_THAT(refused("GridGenerator", "transform_type=affine;target_shape=(2,2)", "(1,5)"),
              HasSubstr("[1,5] holds no 2 x 3 matrices"));
  EXPECT_THAT(refused("linalg_gemm2", "axis=0", "(2,2)", {"c"}),
              HasSubstr("axis=0; matrices must stand on the last two axes"));
  EXPECT_THAT(refused("SequenceMask", "use_sequence_length=True;axis=2", "(2,2,2)", {"b"}),
              HasSubstr("axis 2 of [2,2,2] holds no sequences"));
  EXPECT_THAT(refused("SequenceMask", "use_sequence_length=True", "(2,3)", {"b"}),
              HasSubstr("2 lengths for 3 sequences"));
  EXPECT_THAT(refused("_contrib_PSROIPooling", "pooled_size=2;group_size=3", "(1,4,2,2)", {"c"}),
              HasSubstr("group_size=3 beside pooled_size=2"));
  EXPECT_THAT(
      refused("_contrib_DeformableConvolution", "kernel=(1,1);num_filter=3;num_group=2", "(1,2,1,1)", {"c", "b", "b"}),
      HasSubstr("num_filter 3 and num_group 2 do not fit"));
}

}  // namespace
}  // namespace bmnet::frontend::mxnet
