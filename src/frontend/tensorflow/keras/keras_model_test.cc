// Architectures: functional models, shared layers, models inside of models, versions; what is refused.
#include <random>

#include "frontend/tensorflow/keras/model.h"
#include "frontend/tensorflow/keras/testing.h"

namespace bmnet::frontend::tensorflow::keras::test {
namespace {

using op::test::f32;
using op::test::floats;
using op::test::ramp;
using testing::ElementsAre;
using testing::HasSubstr;

std::string input_layer(const std::string& name, const std::string& shape) {
  return fmt::format(
      R"({{"class_name": "InputLayer", "name": "{0}", "config": {{"name": "{0}", "batch_input_shape": {1}}}, "inbound_nodes": []}})",
      name, shape);
}
std::string layer(const std::string& class_name, const std::string& name, const std::string& options,
                  const std::string& calls) {
  return fmt::format(R"({{"class_name": "{0}", "name": "{1}", "config": {{"name": "{1}"{2}}}, "inbound_nodes": {3}}})",
                     class_name, name, options, calls);
}
std::string functional(const std::vector<std::string>& layers, const std::string& inputs, const std::string& outputs) {
  return fmt::format(
      R"({{"class_name": "Functional", "config": {{"name": "net", "layers": [{}], "input_layers": {}, "output_layers": {}}}}})",
      fmt::join(layers, ", "), inputs, outputs);
}

TEST(keras_model, joins_branches_and_calls_a_layer_twice) {
  TestModel model({});
  // y = dense(a) - dense(b)
  model.architecture(functional({input_layer("a", "[null, 1]"), input_layer("b", "[null, 1]"),
                                 layer("Dense", "d", R"(, "units": 1)", R"([[["a", 0, 0, {}]], [["b", 0, 0, {}]]])"),
                                 layer("Subtract", "y", "", R"([[["d", 0, 0, {}], ["d", 1, 0, {}]]])")},
                                R"([["a", 0, 0], ["b", 0, 0]])", R"([["y", 0, 0]])"));
  model.weight("d/kernel", f32({1, 1}, {3})).weight("d/bias", f32({1}, {1}));
  EXPECT_THAT(floats(run_all(model, {f32({1, 1}, {5}), f32({1, 1}, {2})})[0]), ElementsAre(9));
  EXPECT_EQ(import_model(model)->output_names, (std::vector<std::string>{"y"}));
}

TEST(keras_model, keras_3_states_calls_another_way) {
  const std::string tensor = R"({"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}})";
  TestModel model({});
  model.version("3.3.3").architecture(functional(
      {R"({"class_name": "InputLayer", "name": "x", "config": {"name": "x", "batch_shape": [null, 2]}, "inbound_nodes": []})",
       layer("Add", "y", "", fmt::format(R"([{{"args": [[{0}, {0}]], "kwargs": {{}}}}])", tensor))},
      R"(["x", 0, 0])", R"(["y", 0, 0])"));
  EXPECT_THAT(floats(run(model, f32({1, 2}, {1, 2}))), ElementsAre(2, 4));
}

// The model inside has had a call of its own before, so references to its first call say 1.
TEST(keras_model, models_inside_of_models_have_their_weights_together) {
  const std::string inner = R"("layers": [)" + input_layer("i", "[null, 1]") + ", " +
                            layer("Dense", "d1", R"(, "units": 1, "use_bias": false)", R"([[["i", 0, 0, {}]]])") +
                            ", " +
                            layer("Dense", "d2", R"(, "units": 1, "use_bias": false)", R"([[["d1", 0, 0, {}]]])") +
                            R"(], "input_layers": [["i", 0, 0]], "output_layers": [["d2", 0, 0]])";
  for (const int first : {0, 1}) {
    TestModel model({});
    model.architecture(
        functional({input_layer("x", "[null, 1]"), layer("Functional", "m", ", " + inner, R"([[["x", 0, 0, {}]]])"),
                    layer("ReLU", "y", "", fmt::format(R"([[["m", {}, 0, {{}}]]])", first))},
                   R"([["x", 0, 0]])", R"([["y", 0, 0]])"));
    model.weight("m/d1/kernel", f32({1, 1}, {2})).weight("m/d2/kernel", f32({1, 1}, {5}));
    EXPECT_THAT(floats(run(model, f32({1, 1}, {1}))), ElementsAre(10)) << first;
  }
}

TEST(keras_model, sequential_without_an_input_layer) {
  TestModel model({});
  model.architecture(R"({"class_name": "Sequential", "config": [{"class_name": "Activation", "config":
    {"name": "a", "activation": "relu", "batch_input_shape": [null, 2]}}]})");
  EXPECT_THAT(floats(run(model, f32({1, 2}, {-1, 1}))), ElementsAre(0, 1));
  EXPECT_EQ(import_model(model)->values[0].name, "a_input");
}

TEST(keras_model, functions_of_tensors_are_layers) {
  TestModel model({});
  model.architecture(functional({input_layer("x", "[null, 2]"),
                                 layer("TFOpLambda", "plus", R"(, "function": "__operators__.add")",
                                       R"([["x", 0, 0, {"y": 3.0, "name": null}]])"),
                                 layer("TFOpLambda", "less", R"(, "function": "math.subtract")",
                                       R"([["_CONSTANT_VALUE", -1, 10.0, {"y": ["plus", 0, 0], "name": null}]])"),
                                 layer("TFOpLambda", "join", R"(, "function": "concat")",
                                       R"([[["plus", 0, 0, {"axis": -1}], ["less", 0, 0, {"axis": -1}]]])")},
                                R"([["x", 0, 0]])", R"([["join", 0, 0]])"));
  EXPECT_THAT(floats(run(model, f32({1, 2}, {1, 2}))), ElementsAre(4, 5, 6, 5));
}

TEST(keras_model, options_choose_inputs_outputs_and_batch) {
  TestModel model({1, 2});
  model.layer("ReLU", "a")
      .layer("Activation", "b", R"("activation": "square")")
      .layer("Activation", "c", R"("activation": "exp")");
  ImportOptions options;
  options.input_names = {"a"};
  options.shapes = {{"a", {3, 2}}};
  options.output_names = {"b"};
  const auto graph = import_model(model, options);
  ASSERT_TRUE(graph) << graph.error().message;
  ASSERT_EQ(graph->nodes.size(), 1u);
  EXPECT_EQ(graph->values[graph->inputs[0]].info.shape, (Shape{3, 2}));
  ImportOptions batch;
  batch.batch = 4;
  EXPECT_EQ(import_model(model, batch)->values[0].info.shape, (Shape{4, 2}));
}

// ---- refusals

std::string refusal_of(std::string_view json) {
  const auto model = import_config(json, {});
  return model ? "it is not refused" : model.error().message;
}

TEST(keras_model_refuses, weights_without_an_architecture) {
  hdf5::test::Writer writer;
  writer.data("model_weights/d/d/kernel:0", ramp({1}));
  const std::string bytes = writer.bytes();
  EXPECT_THAT(import_tensorflow(as_bytes(bytes), "w.h5", ".").error().message,
              HasSubstr("w.h5: the file has weights only, no model_config: save the whole model"));
}
TEST(keras_model_refuses, hdf5_of_other_programs) {
  hdf5::test::Writer writer;
  writer.data("measurements", ramp({1}));
  const std::string bytes = writer.bytes();
  EXPECT_THAT(import_tensorflow(as_bytes(bytes), "w.h5", ".").error().message, HasSubstr("no Keras model"));
}
TEST(keras_model_refuses, subclassed_models) {
  EXPECT_THAT(refusal_of(R"({"class_name": "MyModel", "config": {}})"),
              HasSubstr("a model of class MyModel: its call is Python code"));
}
TEST(keras_model_refuses, architectures_that_are_damaged) {
  EXPECT_THAT(refusal_of("{"), HasSubstr("no JSON text"));
  EXPECT_THAT(refusal_of("[]"), HasSubstr("no class_name"));
  EXPECT_THAT(refusal_of(R"({"class_name": "Sequential", "config": {"layers": []}})"), HasSubstr("no layers"));
  EXPECT_THAT(refusal_of(functional({layer("ReLU", "a", "", R"([[["b", 0, 0, {}]]])")}, R"([["a", 0, 0]])",
                                    R"([["a", 0, 0]])")),
              HasSubstr("input 'a' has no shape"));
  EXPECT_THAT(refusal_of(functional({input_layer("x", "[null, 1]"), layer("ReLU", "a", "", R"([[["b", 0, 0, {}]]])")},
                                    R"([["x", 0, 0]])", R"([["a", 0, 0]])")),
              HasSubstr("there is no layer 'b'"));
}
TEST(keras_model_refuses, circles) {
  EXPECT_THAT(refusal_of(functional({input_layer("x", "[null, 1]"), layer("ReLU", "a", "", R"([[["b", 0, 0, {}]]])"),
                                     layer("ReLU", "b", "", R"([[["a", 0, 0, {}]]])")},
                                    R"([["x", 0, 0]])", R"([["b", 0, 0]])")),
              HasSubstr("in a circle"));
}
TEST(keras_model_refuses, models_nested_without_end) {
  std::string inner = R"({"class_name": "ReLU", "config": {"name": "r"}})";
  for (int i = 0; i < 40; ++i)
    inner = fmt::format(R"({{"class_name": "Sequential", "config": {{"name": "m{}", "layers": [{}]}}}})", i, inner);
  EXPECT_THAT(refusal_of(fmt::format(
                  R"({{"class_name": "Sequential", "config": {{"name": "net", "batch_input_shape": [1, 1], "layers": [
    {{"class_name": "InputLayer", "config": {{"name": "x", "batch_input_shape": [1, 1]}}}}, {}]}}}})",
                  inner)),
              HasSubstr("deeper than 16 levels"));
}
TEST(keras_model_refuses, json_nested_without_end) {
  const std::string deep = std::string(200000, '[') + std::string(200000, ']');
  EXPECT_THAT(
      refusal_of(fmt::format(
          R"({{"class_name": "Functional", "config": {{"layers": [], "input_layers": {}, "output_layers": []}}}})",
          deep)),
      HasSubstr("inputs or outputs are damaged"));
}
TEST(keras_model_refuses, sizes_beyond_reason) {
  TestModel model({1, 2, 2, 1});
  model.layer("UpSampling2D", "u", R"("size": [1000000000000, 1000000000000])");
  EXPECT_THAT(refusal(model), HasSubstr("layer u (UpSampling2D)"));
}
TEST(keras_model_refuses, an_open_axis_that_nobody_fixes) {
  TestModel model({1, -1});
  model.architecture(R"({"class_name": "Sequential", "config": {"layers": [{"class_name": "InputLayer", "config":
    {"name": "x", "batch_input_shape": [null, null, 3]}}, {"class_name": "ReLU", "config": {"name": "r"}}]}})");
  EXPECT_THAT(refusal(model), HasSubstr("input 'x' has the dynamic shape [1,-1,3]; fix it with --shapes"));
}

TEST(keras_model_refuses, architectures_damaged_anywhere) {
  ImportOptions options;
  options.random_weights = 1;
  std::mt19937 random(2);
  size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(bmnet::test::source_file("src/frontend/tensorflow/keras/corpus"))) {
    const std::string text = read_text(entry.path()).value_or("");
    ++files;
    const auto whole = import_config(text, options, 1 << 16);
    ASSERT_TRUE(whole) << whole.error().message;
    for (int round = 0; round < 400; ++round) {
      std::string damaged = text;
      for (uint32_t changes = 1 + random() % 2; changes > 0; --changes) {
        const size_t place = random() % damaged.size();
        if (random() % 2)
          damaged[place] = "0123456789-,[]{}\"nultre"[random() % 24];
        else
          damaged.erase(place, 1 + random() % 8);
      }
      const auto model = import_config(damaged, options, 1 << 16);
      if (!model) EXPECT_NE(model.error().kind, ErrorKind::kBug) << model.error().message << "\n" << damaged;
    }
  }
  EXPECT_GE(files, 3u);
}

TEST(keras_model_refuses, files_cut_off_or_damaged_anywhere) {
  TestModel model({1, 4});
  model.layer("Dense", "d", R"("units": 2)").weight("d/kernel", ramp({4, 2})).weight("d/bias", ramp({2}));
  const std::string bytes = model.bytes();
  for (size_t size = 0; size < bytes.size(); size += 7)
    EXPECT_FALSE(import_tensorflow(as_bytes(bytes.substr(0, size)), "net.h5", "."));
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    const auto imported = import_tensorflow(as_bytes(damaged), "net.h5", ".");
    if (!imported) EXPECT_THAT(imported.error().message, testing::StartsWith("net.h5: "));
  }
}

}  // namespace
}  // namespace bmnet::frontend::tensorflow::keras::test
