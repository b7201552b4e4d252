#include "frontend/mxnet/import.h"

#include "base/file.h"
#include "frontend/mxnet/fuzz.h"
#include "frontend/mxnet/testing.h"

namespace bmnet::frontend::mxnet {
namespace {

namespace fs = std::filesystem;
using test::run_on;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kConvolution =
    symbol_of("Convolution", "kernel=(1,1);num_filter=1", "(1,2,1,2)", {"y_weight", "y_bias"});

TEST(mxnet, reads_every_version_of_parameter_records) {
  for (const auto version : {ParamsWriter::kOld, ParamsWriter::kV1, ParamsWriter::kV2, ParamsWriter::kV3}) {
    const std::string params =
        ParamsWriter(version).array("arg:y_weight", {1, 2, 1, 1}, {1, 10}).array("arg:y_bias", {1}, {5}).bytes();
    const auto model = import(kConvolution, params);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_THAT(run_on(*model, {1, 2, 3, 4}), ElementsAre(36, 47));
  }
}

TEST(mxnet, attributes_stand_under_any_of_three_keys) {
  for (const char* key : {"param", "attr", "attrs"}) {
    const auto model = import(symbol_of("Flatten", "", "(1,2,1,2)", {}, key));
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->to_graph()->values[0].info.shape, (Shape{1, 2, 1, 2}));
  }
}

TEST(mxnet, labels_are_no_inputs) {
  const auto model = import(symbol_of("SoftmaxOutput", "", "(1,2)", {"softmax_label"}));
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->to_graph()->inputs.size(), 1u);
  EXPECT_THAT(run_on(*model, {3, 3}), ElementsAre(0.5f, 0.5f));
}

std::string batch_norm_params() {
  return ParamsWriter()
      .array("arg:g", {1}, {100})
      .array("arg:b", {1}, {7})
      .array("aux:m", {1}, {1})
      .array("aux:v", {1}, {1})
      .bytes();
}

TEST(mxnet, batch_norm_ignores_gamma_unless_told_otherwise) {
  const auto fixed = import(symbol_of("BatchNorm", "eps=0", "(1,1,1,2)", {"g", "b", "m", "v"}), batch_norm_params());
  ASSERT_TRUE(fixed) << fixed.error().message;
  EXPECT_THAT(run_on(*fixed, {1, 3}), ElementsAre(7, 9));
  const auto free =
      import(symbol_of("BatchNorm", "eps=0;fix_gamma=False", "(1,1,1,2)", {"g", "b", "m", "v"}), batch_norm_params());
  ASSERT_TRUE(free) << free.error().message;
  EXPECT_THAT(run_on(*free, {1, 3}), ElementsAre(7, 207));
}

TEST(mxnet, full_pooling_keeps_a_window_that_runs_over_the_end) {
  const std::string window = "kernel=(1,2);stride=(1,2);pool_type=max";
  EXPECT_THAT(through("Pooling", window, "(1,1,1,3)", {1, 2, 3}), ElementsAre(2));
  EXPECT_THAT(through("Pooling", window + ";pooling_convention=full", "(1,1,1,3)", {1, 2, 3}), ElementsAre(2, 3));
  EXPECT_THAT(through("Pooling", "kernel=(1,1);global_pool=True;pool_type=avg", "(1,1,1,3)", {1, 2, 3}),
              ElementsAre(2));
}

TEST(mxnet, reshape_codes) {
  const auto shape = [](const std::string& codes) {
    const auto model = import(symbol_of("Reshape", fmt::format("shape={}", codes), "(2,3,4)"));
    EXPECT_TRUE(model) << model.error().message;
    const op::Graph graph = *model->to_graph();
    return graph.values[graph.outputs[0]].info.shape;
  };
  EXPECT_EQ(shape("(0, -1)"), (Shape{2, 12}));
  EXPECT_EQ(shape("(-3, 0)"), (Shape{6, 4}));
  EXPECT_EQ(shape("(0, 0, -4, 2, -1)"), (Shape{2, 3, 2, 2}));
  EXPECT_EQ(shape("(0, -2)"), (Shape{2, 3, 4}));
  EXPECT_EQ(shape("(6L, 4L)"), (Shape{6, 4}));
}

TEST(mxnet, scalars_and_slices) {
  EXPECT_THAT(through("_rminus_scalar", "scalar=10", "(2,)", {1, 2}), ElementsAre(9, 8));
  EXPECT_THAT(through("_rdiv_scalar", "scalar=8", "(2,)", {2, 4}), ElementsAre(4, 2));
  EXPECT_THAT(through("_greater_scalar", "scalar=1.5", "(2,)", {1, 2}), ElementsAre(0, 1));
  EXPECT_THAT(through("round", "", "(3,)", {0.5f, -2.5f, 1.2f}), ElementsAre(1, -3, 1));
  EXPECT_THAT(through("slice", "begin=(None,);end=(None,);step=(-2,)", "(3,)", {1, 2, 3}), ElementsAre(3, 1));
  EXPECT_THAT(through("slice_axis", "axis=0;begin=-2;end=None", "(3,)", {1, 2, 3}), ElementsAre(2, 3));
  EXPECT_THAT(through("repeat", "repeats=2;axis=0", "(2,)", {1, 2}), ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(through("argmax", "axis=0", "(3,)", {1, 5, 2}), ElementsAre(1));
}

TEST(mxnet, upsampling_repeats_pixels) {
  EXPECT_THAT(through("UpSampling", "scale=2;sample_type=nearest;num_args=1", "(1,1,1,2)", {1, 2}),
              ElementsAre(1, 1, 2, 2, 1, 1, 2, 2));
}

TEST(mxnet, a_network_can_be_cut) {
  const std::string symbol = R"x({"nodes":[{"op":"null","name":"data","attrs":{"__shape__":"(2,)"},"inputs":[]},
      {"op":"exp","name":"a","inputs":[[0,0,0]]},{"op":"Custom","name":"b","inputs":[[1,0,0]]}],"heads":[[2,0,0]]})x";
  EXPECT_THAT(refusal(symbol), HasSubstr("net-symbol.json: node 'b' (Custom): its code is not part of the model"));
  ImportOptions options;
  options.output_names = {"a_output"};
  const auto model = import_mxnet(symbol, {}, "net-symbol.json", options);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->to_graph()->output_names[0], "a_output");
}

TEST(mxnet, draws_random_parameters_on_request) {
  ImportOptions options;
  options.random_weights = 3;
  EXPECT_TRUE(import_mxnet(kConvolution, {}, "net-symbol.json", options));
}

TEST(mxnet_refusals, name_all_nodes_at_once) {
  const std::string symbol = R"json({"nodes": [
    {"op": "null", "name": "data", "attrs": {"__shape__": "(1,)"}, "inputs": []},
    {"op": "frobnicate", "name": "a", "inputs": [[0, 0, 0]]},
    {"op": "exp", "name": "b", "inputs": [[1, 0, 0]]},
    {"op": "defrost", "name": "c", "inputs": [[2, 0, 0]]}],
    "arg_nodes": [0], "heads": [[3, 0, 0]]})json";
  EXPECT_THAT(refusal(symbol), HasSubstr("2 nodes cannot be compiled\n  node 'a' (frobnicate): the operator is not "
                                         "supported; --list_ops shows those that are\n  node 'c' (defrost)"));
}

TEST(mxnet_refusals, name_node_and_reason) {
  EXPECT_THAT(refusal(symbol_of("frobnicate", "", "(1,)")),
              HasSubstr("node 'y' (frobnicate): the operator is not supported"));
  EXPECT_THAT(refusal(kConvolution), HasSubstr("the parameter file has no 'y_weight'"));
  EXPECT_THAT(refusal(kConvolution, ParamsWriter().array("arg:y_weight", {1, 3, 1, 1}, {1, 2, 3}).bytes()),
              HasSubstr("parameter 'y_weight' has shape [1,3,1,1], the node needs [1,2,1,1]"));
  EXPECT_THAT(refusal(symbol_of("exp", "", "(0,3)")), HasSubstr("input 'data' has the dynamic shape [0,3]"));
  EXPECT_THAT(refusal(symbol_of("exp", "", "(4000000000,4000000000)")), HasSubstr("more than 2^40 elements"));
  EXPECT_THAT(refusal(symbol_of("Activation", "act_type=odd", "(1,)")), HasSubstr("act_type=odd"));
  EXPECT_THAT(refusal(symbol_of("tile", "reps=(999999999999, 999999999999)", "(1,)")), HasSubstr("node 'y'"));
  EXPECT_THAT(refusal("{"), HasSubstr("it is no JSON text"));
  EXPECT_THAT(refusal("{}"), HasSubstr("it is no MXNet symbol"));
  EXPECT_THAT(refusal(R"({"nodes":[{"op":"exp","name":"a","inputs":[[0,0,0]]}],"heads":[[0,0,0]]})"),
              HasSubstr("node 0: refers to node 0, which does not stand before it"));
}

TEST(mxnet_refusals, lists_within_lists_without_end) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  EXPECT_THAT(refusal(R"({"nodes":[{"op":"null","name":"a","attrs":{"x":)" + deep + R"(}}],"heads":[[0,0,0]]})"),
              HasSubstr("node 0: attribute 'x' is neither text nor a number nor a list of these"));
}

TEST(mxnet_refusals, cannot_fill_the_memory) {
  constexpr const char* kHuge = R"json({"nodes":[
    {"op":"null","name":"data","attrs":{"__shape__":"(1,1000000)"},"inputs":[]},
    {"op":"null","name":"w","inputs":[]},
    {"op":"FullyConnected","name":"y","attrs":{"num_hidden":"10000","no_bias":"True"},
     "inputs":[[0,0,0],[1,0,0]]}],"heads":[[2,0,0]]})json";
  ImportOptions options;
  options.random_weights = 1;
  const auto model = import_mxnet(kHuge, {}, "net-symbol.json", options);
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message, HasSubstr("bytes of constants that the file does not hold"));
}

TEST(mxnet_refusals, cut_off_parameter_files) {
  const std::string params =
      ParamsWriter().array("arg:y_weight", {1, 2, 1, 1}, {1, 10}).array("arg:y_bias", {1}, {5}).bytes();
  for (size_t size = 1; size < params.size(); ++size)
    ASSERT_THAT(refusal(kConvolution, params.substr(0, size)), HasSubstr("params: ")) << size;
}

TEST(mxnet_refusals, damaged_bytes_never_do_harm) {
  const std::string params =
      ParamsWriter().array("arg:y_weight", {1, 2, 1, 1}, {1, 10}).array("arg:y_bias", {1}, {5}).bytes();
  for (size_t bit = 0; bit < 8 * params.size(); ++bit) {
    std::string flipped = params;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    const auto model = import(kConvolution, flipped);
    if (!model) {
      EXPECT_NE(model.error().kind, ErrorKind::kBug) << model.error().message;
    }
  }
}

TEST(mxnet_refusals, huge_dimensions_in_a_parameter_file) {
  const std::string params = ParamsWriter().array("arg:y_weight", {int64_t{1} << 33, int64_t{1} << 33}, {}).bytes();
  EXPECT_THAT(refusal(kConvolution, params), HasSubstr("array 0: byte"));
}

TEST(mxnet_corpus, gives_networks_or_clear_messages) {
  size_t networks = 0, files = 0;
  for (const auto& entry : fs::directory_iterator(bmnet::test::source_file("src/frontend/mxnet/corpus"))) {
    const auto content = read_text(entry.path());
    ASSERT_TRUE(content) << content.error().message;
    const auto model = import_fuzz_input(as_bytes(*content));
    if (!model) {
      EXPECT_EQ(model.error().kind, ErrorKind::kUnsupported) << entry.path() << ": " << model.error().message;
    }
    ++files, networks += model ? 1 : 0;
  }
  EXPECT_GE(files, 4u);
  EXPECT_GE(networks, 3u);
}

fs::path file_ending(const fs::path& folder, const std::string& ending) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().string().ends_with(ending)) return entry.path();
  return {};
}

class MxnetModel : public testing::TestWithParam<const char*> {};

TEST_P(MxnetModel, gives_the_golden_outputs) {
  const fs::path folder = bmnet::test::shared_file(fmt::format("models/mxnet/{}", GetParam()));
  BMNET_REQUIRE_SHARED(folder);
  const auto sets = test::golden_sets(folder);
  ASSERT_FALSE(sets.empty());
  ImportOptions options;
  options.shapes = test::shapes_of(sets.begin()->second);
  const auto model = import_mxnet(file_ending(folder, "-symbol.json"), file_ending(folder, ".params"), options);
  ASSERT_TRUE(model) << model.error().message;
  test::expect_golden(*model, sets);
}

INSTANTIATE_TEST_SUITE_P(mxnet, MxnetModel,
                         testing::Values("lenet_nntc", "mnist_mlp", "mtcnn_det1", "mtcnn_det2", "mtcnn_det3",
                                         "retinaface_mnet25"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace bmnet::frontend::mxnet
