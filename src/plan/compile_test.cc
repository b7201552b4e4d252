// Whole small networks: sub-nets, memory, names, determinism.
#include "plan/compile.h"

#include "bmodel/layer_table.h"
#include "bmodel/writer.h"
#include "plan/partition.h"
#include "plan/testing.h"

namespace bmnet::plan {
namespace {

using op::test::i64;
using test::add_constant;
using test::add_input;
using test::add_node;
using test::Attributes;
using test::check_graph;
using test::noise;
using Ints = std::vector<int64_t>;

const Attributes kRelu = {{"kind", std::string("relu")}, {"alpha", 0.0f}, {"beta", 0.0f}};
const Attributes kAtan = {{"kind", std::string("atan")}, {"alpha", 0.0f}, {"beta", 0.0f}};  // CPU
const Attributes kAdd = {{"kind", std::string("add")}};
const Attributes kConv = {
    {"strides", Ints{1, 1}}, {"pads", Ints{1, 1, 1, 1}}, {"dilations", Ints{1, 1}}, {"group", int64_t{1}}};

// conv, relu, a shortcut, a classifier: some of everything that is common.
op::Graph small_network() {
  op::Graph graph;
  graph.name = "small";
  const op::ValueId image = add_input(graph, {1, 3, 20, 20});
  const op::ValueId first = add_node(
      graph, "conv", kConv, {image, add_constant(graph, noise({16, 3, 3, 3}, 2)), add_constant(graph, noise({16}, 3))});
  const op::ValueId active = add_node(graph, "unary", kRelu, {first});
  const op::ValueId second = add_node(graph, "conv", kConv, {active, add_constant(graph, noise({16, 16, 3, 3}, 4))});
  const op::ValueId sum = add_node(graph, "binary", kAdd, {second, active});
  const op::ValueId pooled = add_node(graph, "pool",
                                      {{"kind", std::string("average")},
                                       {"kernel", Ints{20, 20}},
                                       {"strides", Ints{1, 1}},
                                       {"pads", Ints{0, 0, 0, 0}},
                                       {"dilations", Ints{1, 1}},
                                       {"rounding", std::string("floor")},
                                       {"count_include_pad", false}},
                                      {sum});
  const op::ValueId flat = add_node(graph, "reshape", {{"shape", Ints{1, 16}}}, {pooled});
  const op::ValueId scores = add_node(graph, "matmul", {{"transpose_a", false}, {"transpose_b", false}},
                                      {flat, add_constant(graph, noise({16, 10}, 5))});
  graph.outputs = {add_node(graph, "softmax", {{"axis", int64_t{1}}, {"log", false}}, {scores})};
  return graph;
}

bmodel::LayerTable table_of(const op::Graph& graph) {
  const Compiled compiled = compile(graph).value();
  return bmodel::decode_layer_table(compiled.model.nets[0].stages[0].net_profile.bytes()).value();
}

TEST(compile, tells_where_every_tensor_lies) {
  op::Graph graph;
  const op::ValueId x = add_input(graph, {1, 4, 8, 8});
  const op::ValueId sum = add_node(graph, "binary", kAdd, {x, x});
  const op::ValueId active = add_node(graph, "unary", kRelu, {sum});
  const op::ValueId flat = add_node(graph, "reshape", {{"shape", Ints{4, 64}}}, {active});
  graph.outputs = {add_node(graph, "unary", kAtan, {flat})};
  const auto tensors = table_of(graph).tensors;
  ASSERT_EQ(tensors.size(), 5u);
  EXPECT_EQ(tensors[0].layer, -1);    // the input
  EXPECT_EQ(tensors[1].address, 0u);  // the sum goes into its relu in local memory
  EXPECT_EQ(tensors[2].layer, 1);
  EXPECT_EQ(tensors[2].written_by, 0);  // by the commands of the sum
  EXPECT_NE(tensors[2].address, 0u);
  EXPECT_EQ(tensors[3].address, tensors[2].address);  // the same bytes
  EXPECT_EQ(tensors[3].shape, (bmodel::Shape{4, 64}));
  EXPECT_EQ(tensors[4].written_by, 3);  // the layer on the CPU
}

TEST(compile, tells_where_the_copy_of_an_output_lies) {
  op::Graph graph;
  const op::ValueId x = add_input(graph, {1, 4});
  graph.outputs = {x};
  graph.output_names = {"y"};
  const auto tensors = table_of(graph).tensors;
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors[1].name, "y");
  EXPECT_EQ(tensors[1].written_by, 0);
  EXPECT_NE(tensors[1].address, tensors[0].address);
}

TEST(compile, a_small_network) {
  const auto outcome = check_graph(small_network(), {noise({1, 3, 20, 20})});
  EXPECT_EQ(outcome.report.tpu_sub_nets, 1u);
  EXPECT_EQ(outcome.report.cpu_sub_nets, 0u);
  EXPECT_GE(outcome.report.cycles, outcome.report.lower_bound);
  EXPECT_GT(outcome.report.macs, 16 * 3 * 9 * 400);
}

TEST(compile, the_file_is_sound_and_names_its_layers) {
  const auto compiled = compile(small_network());
  ASSERT_TRUE(compiled) << compiled.error().message;
  const auto file = bmodel::write_memory(compiled->model);
  ASSERT_TRUE(file) << file.error().message;
  const auto table = bmodel::decode_layer_table(compiled->model.nets[0].stages[0].net_profile.bytes());
  ASSERT_TRUE(table);
  EXPECT_EQ(table->layers.size(), small_network().nodes.size());
  EXPECT_EQ(table->layers[0].op, "conv");
  EXPECT_EQ(table->layer_of(0, 0, 0), 0);
}

TEST(compile, threads_do_not_change_a_byte) {
  const auto one = compile(small_network(), {.threads = 1}), many = compile(small_network(), {.threads = 2});
  ASSERT_TRUE(one && many);
  EXPECT_EQ(bmodel::write_memory(one->model).value(), bmodel::write_memory(many->model).value());
}

TEST(compile, an_empty_output_is_refused) {
  op::Graph graph;
  add_input(graph, {1});
  graph.outputs = {add_constant(graph, Tensor({DType::kF32, {0, 2}}))};
  const auto compiled = compile(graph);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(compiled.error().message, testing::HasSubstr("is empty: shape [0,2]"));
}

TEST(compile, cpu_nodes_become_sub_nets) {
  op::Graph graph;
  const op::ValueId input = add_input(graph, {2, 5});
  const op::ValueId a = add_node(graph, "unary", kRelu, {input});
  const op::ValueId b = add_node(graph, "unary", kAtan, {a});
  graph.outputs = {add_node(graph, "unary", kRelu, {b}), b};
  const auto outcome = check_graph(graph, {noise({2, 5})});
  EXPECT_EQ(outcome.report.tpu_sub_nets, 2u);
  EXPECT_EQ(outcome.report.cpu_sub_nets, 1u);
}

TEST(compile, tensors_at_borders_say_which_memories_they_need) {
  op::Graph graph;
  const op::ValueId input = add_input(graph, {2, 5});
  const op::ValueId a = add_node(graph, "unary", kRelu, {input});
  graph.outputs = {add_node(graph, "unary", kAtan, {a})};
  const auto compiled = compile(graph);
  ASSERT_TRUE(compiled);
  const auto& sub_nets = compiled->model.nets[0].stages[0].sub_nets;
  ASSERT_EQ(sub_nets.size(), 2u);
  EXPECT_EQ(sub_nets[0].inputs[0].mem_type, bmodel::kTpuMemory);
  EXPECT_EQ(sub_nets[0].outputs[0].mem_type, bmodel::kTpuMemory | bmodel::kCpuMemory);
  EXPECT_EQ(sub_nets[1].inputs[0].name, sub_nets[0].outputs[0].name);
  EXPECT_EQ(sub_nets[1].cpu_params[0].op_type, op::kCpuLayerUserDefined);
}

TEST(compile, nodes_are_gathered_into_few_sub_nets) {
  op::Graph graph;
  const op::ValueId input = add_input(graph, {2, 5});
  for (int i = 0; i < 3; ++i)
    graph.outputs.push_back(add_node(graph, "unary", kAtan, {add_node(graph, "unary", kRelu, {input})}));
  const auto outcome = check_graph(graph, {noise({2, 5})});
  EXPECT_EQ(outcome.report.tpu_sub_nets, 1u);
  EXPECT_EQ(outcome.report.cpu_sub_nets, 3u);
}

TEST(compile, reshapes_cost_nothing_and_run_between_cpu_nodes_there) {
  op::Graph graph;
  const op::ValueId input = add_input(graph, {2, 6});
  const op::ValueId a = add_node(graph, "unary", kAtan, {input});
  const op::ValueId b = add_node(graph, "reshape", {{"shape", Ints{3, 4}}}, {a});
  const op::ValueId c = add_node(graph, "unary", kAtan, {b});
  const op::ValueId d = add_node(graph, "reshape", {{"shape", Ints{12}}}, {c});
  graph.outputs = {add_node(graph, "unary", kRelu, {d})};
  const auto outcome = check_graph(graph, {noise({2, 6})});
  EXPECT_EQ(outcome.report.tpu_sub_nets, 1u);
}

TEST(compile, a_reshape_for_both_sides_of_a_border) {
  op::Graph graph;
  const op::ValueId input = add_input(graph, {2, 6});
  const op::ValueId a = add_node(graph, "unary", kAtan, {input});
  const op::ValueId b = add_node(graph, "reshape", {{"shape", Ints{3, 4}}}, {a});
  const op::ValueId c = add_node(graph, "unary", kAtan, {b});
  graph.outputs = {add_node(graph, "binary", kAdd, {b, c})};
  check_graph(graph, {noise({2, 6})});
}

TEST(compile, inputs_and_constants_may_be_outputs) {
  op::Graph graph;
  const op::ValueId input = add_input(graph, {2, 6});
  const op::ValueId constant = add_constant(graph, noise({3}, 5));
  graph.outputs = {input, constant, add_node(graph, "reshape", {{"shape", Ints{12}}}, {input}),
                   add_node(graph, "unary", kRelu, {input})};
  check_graph(graph, {noise({2, 6})});
}

TEST(compile, a_value_may_be_an_output_twice_and_in_two_shapes) {
  op::Graph graph;
  const op::ValueId input = add_input(graph, {2, 6});
  const op::ValueId a = add_node(graph, "unary", kRelu, {input});
  graph.outputs = {a, add_node(graph, "reshape", {{"shape", Ints{12}}}, {a})};
  check_graph(graph, {noise({2, 6})});
}

TEST(compile, outputs_have_the_names_that_the_user_gave) {
  op::Graph graph;
  const op::ValueId input = add_input(graph, {2, 6});
  const op::ValueId a = add_node(graph, "unary", kAtan, {input});
  graph.outputs = {a, a, input, add_node(graph, "unary", kRelu, {a})};
  graph.output_names = {"first", "again", "v0", "v1"};
  check_graph(graph, {noise({2, 6})});
  const auto compiled = compile(graph);
  ASSERT_TRUE(compiled);
  std::vector<std::string> names;
  for (const auto& tensor : compiled->model.nets[0].stages[0].outputs) names.push_back(tensor.name);
  EXPECT_THAT(names, testing::ElementsAre("first", "again", "v0_2", "v1"));
  EXPECT_TRUE(bmodel::write_memory(compiled->model));
}

TEST(compile, integers_cross_borders_in_32_bits) {
  op::Graph graph;
  const op::ValueId input = add_input(graph, {4, 6});
  const op::ValueId best = add_node(
      graph, "arg_reduce",
      {{"kind", std::string("max")}, {"axis", int64_t{1}}, {"keep_dims", true}, {"select_last", false}}, {input});
  graph.outputs = {add_node(graph, "reshape", {{"shape", Ints{4}}}, {best}),
                   add_node(graph, "gather_elements", {{"axis", int64_t{1}}}, {input, best})};
  check_graph(graph, {noise({4, 6})});
}

TEST(compile, activations_share_memory) {
  op::Graph graph;
  op::ValueId value = add_input(graph, {1, 64, 32, 32});
  for (int i = 0; i < 8; ++i) value = add_node(graph, "unary", kRelu, {value});
  graph.outputs = {value};
  const auto outcome = check_graph(graph, {noise({1, 64, 32, 32})});
  EXPECT_LE(outcome.report.activation_bytes, 4u * 64 * 32 * 32 * 4);
}

TEST(compile, equal_constants_are_stored_once) {
  op::Graph graph;
  const op::ValueId image = add_input(graph, {1, 3, 8, 8});
  for (int i = 0; i < 2; ++i)
    graph.outputs.push_back(add_node(graph, "conv", kConv, {image, add_constant(graph, noise({64, 3, 3, 3}, 2))}));
  EXPECT_LT(check_graph(graph, {noise({1, 3, 8, 8})}).report.coefficient_bytes, 2u * 64 * 3 * 9 * 4);
}

TEST(compile, functions_are_applied_before_the_result_leaves_local_memory) {
  for (const char* kind : {"relu", "mish", "gelu", "tanh"}) {
    op::Graph graph;
    const op::ValueId image = add_input(graph, {2, 3, 20, 20});
    const op::ValueId sums = add_node(graph, "conv", kConv, {image, add_constant(graph, noise({70, 3, 3, 3}, 2))});
    const op::ValueId active =
        add_node(graph, "unary", {{"kind", std::string(kind)}, {"alpha", 0.0f}, {"beta", 0.0f}}, {sums});
    const op::ValueId moved = add_node(graph, "transpose", {{"permutation", Ints{0, 2, 3, 1}}}, {active});
    graph.outputs = {add_node(graph, "unary", kRelu, {moved})};  // a move has no kernel to join
    const auto outcome = check_graph(graph, {noise({2, 3, 20, 20})});
    ASSERT_EQ(outcome.report.layers.size(), 4u);
    EXPECT_EQ(outcome.report.layers[1].tiu_cycles + outcome.report.layers[1].gdma_cycles, 0u);
    EXPECT_GT(outcome.report.layers[3].tiu_cycles, 0u);
  }
}

TEST(compile, level_0_keeps_every_node_alone) {
  const auto alone = compile(small_network(), {.opt_level = 0}), joined = compile(small_network());
  ASSERT_TRUE(alone && joined);
  EXPECT_GT(alone->report.layers[1].tiu_cycles, 0u);
  EXPECT_LT(joined->report.cycles, alone->report.cycles);
}

TEST(compile, refuses_empty_tensors_by_name) {
  op::Graph graph;
  add_input(graph, {0, 3});
  graph.outputs = {add_node(graph, "unary", kRelu, {0})};
  const auto compiled = compile(graph);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(compiled.error().message, testing::HasSubstr("'v0' is empty"));
}

TEST(compile, refuses_unknown_operators_by_name) {
  op::Graph graph;
  const op::ValueId input = add_input(graph, {3});
  graph.outputs = {add_node(graph, "unary", kRelu, {input})};
  graph.nodes[0].op = "frobnicate";
  const auto compiled = compile(graph);
  ASSERT_FALSE(compiled);
  EXPECT_THAT(compiled.error().message, testing::HasSubstr("unknown operator frobnicate"));
}

TEST(compile, the_engines_overlap_in_large_layers) {
  op::Graph graph;
  const op::ValueId image = add_input(graph, {1, 64, 1080, 3840});
  graph.outputs = {add_node(graph, "conv", kConv, {image, add_constant(graph, noise({64, 64, 3, 3}, 2))})};
  const auto compiled = compile(graph);
  ASSERT_TRUE(compiled);
  const Report& report = compiled->report;
  EXPECT_LT(static_cast<double>(report.cycles),
            1.02 * static_cast<double>(std::max(report.tiu_cycles, report.gdma_cycles)));
}

TEST(partition, keeps_dependences) {
  const op::Graph graph = small_network();
  const auto sub_nets = partition(graph, std::vector<Place>(graph.nodes.size(), Place::kTpu));
  ASSERT_EQ(sub_nets.size(), 1u);
  for (size_t i = 0; i < graph.nodes.size(); ++i) EXPECT_EQ(sub_nets[0].nodes[i], static_cast<int32_t>(i));
}

}  // namespace
}  // namespace bmnet::plan
