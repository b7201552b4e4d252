#include "frontend/paddle/import.h"

#include <gmock/gmock.h>

#include <random>

#include "base/file.h"
#include "frontend/paddle/fuzz.h"
#include "frontend/paddle/testing.h"

namespace bmnet::frontend::paddle {
namespace {

namespace fs = std::filesystem;
using test::run_on;
using testing::ElementsAre;
using testing::HasSubstr;
Program convolution() {
  Program net({-1, 2, 1, 2});
  net.parameter("w", {1, 2, 1, 1}, {1, 10}).parameter("b", {1}, {5});
  net.op("conv2d", {{"Input", {"x"}}, {"Filter", {"w"}}}, {{"Output", {"c"}}},
         {{"strides", Ints{1, 1}}, {"paddings", Ints{0, 0}}, {"dilations", Ints{1, 1}}, {"groups", 1}});
  return net.op("elementwise_add", {{"X", {"c"}}, {"Y", {"b"}}}, {{"Out", {"y"}}}, {{"axis", 1}});
}

TEST(paddle, parameters_stand_in_the_order_of_their_names) {
  Program net = convolution();
  EXPECT_THAT(result(net, {1, 2, 3, 4}), ElementsAre(36, 47));
}

TEST(paddle, a_folder_has_one_file_for_each_parameter) {
  const fs::path folder = fs::path(testing::TempDir()) / "bmnet_paddle_folder";
  fs::create_directories(folder);
  Program net = convolution();
  ASSERT_TRUE(write_file_atomically(folder / "__model__", net.program()));
  for (const auto& [name, bytes] : net.files()) ASSERT_TRUE(write_file_atomically(folder / name, bytes));
  EXPECT_EQ(find_paddle_program(folder), folder / "__model__");
  const auto model = import_paddle(folder, {});
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(run_on(*model, {1, 2, 3, 4}), ElementsAre(36, 47));
  fs::remove(folder / "w");
  EXPECT_FALSE(import_paddle(folder, {}));
  fs::remove_all(folder);
}

TEST(paddle, the_second_operand_stands_at_the_axis) {
  Program net({2, 2, 2});
  net.parameter("b", {2}, {10, 20});
  net.op("elementwise_add", {{"X", {"x"}}, {"Y", {"b"}}}, {{"Out", {"y"}}}, {{"axis", 0}});
  EXPECT_THAT(result(net, {0, 0, 0, 0, 0, 0, 0, 0}), ElementsAre(10, 10, 10, 10, 20, 20, 20, 20));
}

TEST(paddle, a_shape_computed_in_the_program_is_folded) {
  Program net({2, 3, 1, 1});
  net.op("shape", {{"Input", {"x"}}}, {{"Out", {"s"}}});
  net.op("slice", {{"Input", {"s"}}}, {{"Out", {"n"}}},
         {{"axes", Ints{0}}, {"starts", Ints{0}}, {"ends", Ints{1}}, {"decrease_axis", Ints{0}}});
  net.op("fill_constant", {}, {{"Out", {"rest"}}}, {{"shape", Ints{1}}, {"value", 3.0f}, {"dtype", 2}});
  net.op("reshape2", {{"X", {"x"}}, {"ShapeTensor", {"n", "rest"}}}, {{"Out", {"y"}}}, {{"shape", Ints{-1, -1}}});
  const auto model = import(net);
  ASSERT_TRUE(model) << model.error().message;
  const op::Graph graph = *model->to_graph();
  EXPECT_EQ(graph.values[graph.outputs[0]].info.shape, (Shape{2, 3}));
  EXPECT_EQ(graph.nodes.size(), 1u);
}

TEST(paddle, pooling_pads_to_the_same_size_and_rounds_up) {
  EXPECT_THAT(through("pool2d", {1, 1, 1, 3}, {1, 2, 3},
                      {{"ksize", Ints{1, 2}}, {"strides", Ints{1, 2}}, {"padding_algorithm", std::string("SAME")}}),
              ElementsAre(2, 3));
  EXPECT_THAT(
      through("pool2d", {1, 1, 1, 3}, {1, 2, 3}, {{"ksize", Ints{1, 2}}, {"strides", Ints{1, 2}}, {"ceil_mode", true}}),
      ElementsAre(2, 3));
  EXPECT_THAT(through("pool2d", {1, 1, 1, 4}, {1, 2, 3, 5},
                      {{"ksize", Ints{1, 2}}, {"adaptive", true}, {"pooling_type", std::string("avg")}}),
              ElementsAre(1.5f, 4));
}

TEST(paddle, single_operators) {
  EXPECT_THAT(through("scale", {2}, {1, 2}, {{"scale", 2.0f}, {"bias", 3.0f}, {"bias_after_scale", false}}),
              ElementsAre(8, 10));
  EXPECT_THAT(through("dropout", {2}, {1, 2}, {{"dropout_prob", 0.5f}}), ElementsAre(0.5f, 1));
  EXPECT_THAT(through("strided_slice", {3}, {1, 2, 3},
                      {{"axes", Ints{0}}, {"starts", Ints{-1}}, {"ends", Ints{-4}}, {"strides", Ints{-2}}}, "Input"),
              ElementsAre(3, 1));
  EXPECT_THAT(through("pad2d", {1, 1, 1, 1}, {7}, {{"paddings", Ints{0, 0, 1, 2}}}), ElementsAre(0, 7, 0, 0));
  EXPECT_THAT(through("reduce_mean", {2, 2}, {1, 2, 3, 4}, {{"dim", Ints{-1}}}), ElementsAre(1.5f, 3.5f));
  EXPECT_THAT(
      through("nearest_interp_v2", {1, 1, 1, 2}, {1, 2}, {{"out_h", 1}, {"out_w", 4}, {"align_corners", false}}),
      ElementsAre(1, 1, 2, 2));
}

TEST(paddle, what_no_output_needs_is_left_out) {
  Program net({2});
  net.op("frobnicate", {{"X", {"x"}}}, {{"Out", {"unused"}}}).op("relu", {{"X", {"x"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(result(net, {-1, 2}), ElementsAre(0, 2));
}

TEST(paddle_refusals, name_all_operators_at_once) {
  Program net({2});
  net.op("frobnicate", {{"X", {"x"}}}, {{"Out", {"a"}}}).op("relu", {{"X", {"a"}}}, {{"Out", {"b"}}});
  net.op("where_index", {{"Condition", {"b"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(refusal(net), HasSubstr("2 nodes cannot be compiled\n  operator frobnicate ('a'): it is not supported; "
                                      "--list_ops shows those that are\n  operator where_index ('y'): the number"));
}

TEST(paddle_refusals, name_operator_and_reason) {
  Program unknown({2});
  unknown.op("frobnicate", {{"X", {"x"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(refusal(unknown), HasSubstr("net.pdmodel: operator frobnicate ('y'): it is not supported"));
  Program open_ended({2});
  open_ended.op("masked_select", {{"X", {"x"}}}, {{"Y", {"y"}}});
  EXPECT_THAT(refusal(open_ended), HasSubstr("end the network before it with --output_names"));
  Program open({1, 3, -1, -1});
  open.op("relu", {{"X", {"x"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(refusal(open), HasSubstr("input 'x' has the dynamic shape [1,3,-1,-1]; fix it with --shapes"));
  Program huge({int64_t{1} << 31, int64_t{1} << 31});
  huge.op("relu", {{"X", {"x"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(refusal(huge), HasSubstr("more than 2^40 elements"));
  Program misfit({2, 3});
  misfit.op("reshape2", {{"X", {"x"}}}, {{"Out", {"y"}}}, {{"shape", Ints{4, 2}}});
  EXPECT_THAT(refusal(misfit), HasSubstr("[2,3] cannot take the shape [4,2]"));
  Program missing({2});
  missing.op("relu", {{"X", {"nowhere"}}}, {{"Out", {"y"}}});
  EXPECT_THAT(refusal(missing), HasSubstr("variable 'nowhere' has no value"));
}

TEST(paddle_refusals, parameters_that_do_not_fit_the_program) {
  Program net = convolution();
  const std::string program = net.program(), parameters = net.parameters();
  for (size_t size = 0; size < parameters.size(); ++size) {
    const auto model = import_paddle(as_bytes(program), as_bytes(parameters.substr(0, size)), "net.pdmodel");
    ASSERT_FALSE(model) << size;
    EXPECT_THAT(model.error().message, HasSubstr("params: parameter '"));
  }
  const auto longer = import_paddle(as_bytes(program), as_bytes(parameters + "x"), "net.pdmodel");
  ASSERT_FALSE(longer);
  EXPECT_THAT(longer.error().message, HasSubstr("they do not belong together"));
}

TEST(paddle_refusals, damaged_files_never_do_harm) {
  Program net = convolution();
  const std::string program = net.program();
  const auto size = static_cast<uint32_t>(program.size());
  const std::string whole =
      std::string(reinterpret_cast<const char*>(&size), sizeof(size)) + program + net.parameters();
  EXPECT_TRUE(import_fuzz_input(as_bytes(whole)));
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 1 + round % 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    const auto model = import_fuzz_input(as_bytes(damaged));
    if (!model) {
      EXPECT_NE(model.error().kind, ErrorKind::kBug) << model.error().message;
    }
  }
}

TEST(paddle_corpus, gives_networks) {
  size_t networks = 0;
  for (const auto& entry : fs::directory_iterator(bmnet::test::source_file("src/frontend/paddle/corpus"))) {
    const auto content = read_text(entry.path());
    ASSERT_TRUE(content) << content.error().message;
    const auto model = import_fuzz_input(as_bytes(*content));
    EXPECT_TRUE(model) << entry.path() << ": " << model.error().message;
    networks += model ? 1 : 0;
  }
  EXPECT_GE(networks, 2u);
}

class PaddleModel : public testing::TestWithParam<const char*> {};

TEST_P(PaddleModel, gives_the_golden_outputs) {
  const fs::path folder = bmnet::test::shared_file(fmt::format("models/paddle/{}", GetParam()));
  BMNET_REQUIRE_SHARED(folder);
  const auto sets = test::golden_sets(folder);
  ASSERT_FALSE(sets.empty());
  ImportOptions options;
  options.shapes = test::shapes_of(sets.begin()->second);
  const auto model = import_paddle(folder, {}, options);
  ASSERT_TRUE(model) << model.error().message;
  test::expect_golden(*model, sets);
}

INSTANTIATE_TEST_SUITE_P(paddle, PaddleModel,
                         testing::Values("crnn_lstm_tail", "facemask_ssd", "mnist_mlp", "mtcnn_onet", "mtcnn_pnet",
                                         "ppocr_cls_v2", "ppocr_det_v3"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace bmnet::frontend::paddle
