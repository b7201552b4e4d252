// Programs of Paddle 3, written by hand after the public description of the format.
#include "frontend/paddle/pir.h"

#include <random>

#include "base/file.h"
#include "frontend/paddle/call.h"
#include "frontend/paddle/testing.h"

namespace bmnet::frontend::paddle {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::string type_of(const std::string& shape) {
  return R"({"#":"0.t_dtensor","D":[{"#":"0.t_f32"},)" + shape + R"(,"NCHW",[],0]})";
}
std::string value(int id, const std::string& shape) { return fmt::format(R"({{"%":{},"TT":{}}})", id, type_of(shape)); }
std::string parameter(int id, const std::string& name, const std::string& shape) {
  return fmt::format(R"({{"#":"p","A":[0,1,1,"{}"],"O":{},"OA":[1,0,1]}})", name, value(id, shape));
}
std::string attribute(const std::string& name, const std::string& type, const std::string& data) {
  return fmt::format(R"({{"N":"{}","AT":{{"#":"{}","D":{}}}}})", name, type, data);
}
// Operator `name` from values to one value.
std::string op(const std::string& name, std::vector<int> operands, int result, const std::string& attributes = "",
               const std::string& shape = "[2]") {
  std::vector<std::string> inputs;
  for (const int id : operands) inputs.push_back(fmt::format(R"({{"%":{}}})", id));
  return fmt::format(R"({{"#":"{}","A":[{}],"I":[{}],"O":[{}]}})", name, attributes, fmt::join(inputs, ","),
                     value(result, shape));
}
std::string data(int id, const std::string& shape) {
  return op("1.data", {}, id, attribute("name", "0.a_str", "\"x\""), shape);
}
std::string fetch(int id) {
  return op("1.fetch", {id}, 1000,
            attribute("name", "0.a_str", "\"fetch_name_0\"") + "," + attribute("col", "0.a_i32", "0"));
}
std::string numbers(int id, const std::string& values) {
  return op("1.full_int_array", {}, id,
            attribute("value", "1.a_intarray", values) + "," + attribute("dtype", "1.a_dtype", "\"int64\""));
}
std::string scalar(int id, const std::string& number) {
  return op("1.full", {}, id,
            attribute("shape", "1.a_intarray", "[1]") + "," + attribute("value", "0.a_f64", number) + "," +
                attribute("dtype", "1.a_dtype", "\"float32\""));
}
std::string program(std::vector<std::string> ops) {
  return fmt::format(
      R"({{"base_code":{{"magic":"pir","trainable":false,"version":1}},"program":{{"regions":[{{"#":"region_0","blocks":[{{"#":"block_0","args":[],"ops":[{}]}}]}}]}}}})",
      fmt::join(ops, ","));
}

Result<nn::Model> import(const std::string& text, const std::string& parameters = {}) {
  return import_paddle(as_bytes(text), as_bytes(parameters), "inference.json");
}
std::vector<float> outcome(const std::string& text, std::vector<float> input, const std::string& parameters = {}) {
  const auto model = import(text, parameters);
  EXPECT_TRUE(model) << model.error().message;
  return model ? test::run_on(*model, std::move(input)) : std::vector<float>();
}
std::string message(const std::string& text) {
  const auto model = import(text);
  return model ? "imported" : model.error().message;
}

// relu(x . w + b) * 2, the parameters in the order of their names
const std::string kLinear =
    program({parameter(1, "fc.b", "[1]"), parameter(2, "fc.w", "[2,1]"), data(3, "[-1,2]"),
             op("1.matmul", {3, 2}, 4,
                attribute("transpose_x", "0.a_bool", "false") + "," + attribute("transpose_y", "0.a_bool", "false")),
             op("1.add", {4, 1}, 5), op("1.relu", {5}, 6), scalar(7, "2.0"),
             op("1.scale", {6, 7}, 8,
                attribute("bias", "0.a_f32", "0.0") + "," + attribute("bias_after_scale", "0.a_bool", "true")),
             fetch(8)});
std::string linear_parameters() {
  Program net({1, 2});
  net.parameter("fc.b", {1}, {5}).parameter("fc.w", {2, 1}, {1, 10});
  return net.parameters();
}

TEST(paddle_json, is_the_same_program) {
  const auto model = import(kLinear, linear_parameters());
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(test::run_on(*model, {1, 2}), ElementsAre(52));
  EXPECT_EQ(model->to_graph()->output_names[0], "fetch_name_0");
  EXPECT_EQ(model->to_graph()->values[0].name, "x");
}
TEST(paddle_json, is_found_beside_its_parameters) {
  const fs::path folder = fs::path(testing::TempDir()) / "bmnet_paddle_json";
  fs::create_directories(folder);
  ASSERT_TRUE(write_file_atomically(folder / "inference.json", kLinear));
  ASSERT_TRUE(write_file_atomically(folder / "inference.pdiparams", linear_parameters()));
  ASSERT_TRUE(write_file_atomically(folder / "other.json", std::string("{\"nodes\":[]}")));
  EXPECT_EQ(find_paddle_program(folder), folder / "inference.json");
  EXPECT_EQ(find_paddle_program(folder / "other.json"), fs::path());
  const auto model = import_paddle(folder, {});
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(test::run_on(*model, {1, 2}), ElementsAre(52));
  fs::remove_all(folder);
}
TEST(paddle_json, operands_state_what_were_attributes) {
  EXPECT_THAT(outcome(program({data(1, "[2,2]"), numbers(2, "[1]"),
                               op("1.sum", {1, 2}, 3, attribute("keepdim", "0.a_bool", "false")), fetch(3)}),
                      {1, 2, 3, 4}),
              ElementsAre(3, 7));
  EXPECT_THAT(outcome(program({data(1, "[2]"), numbers(2, "[1,-1]"), op("1.reshape", {1, 2}, 3), fetch(3)}), {1, 2}),
              ElementsAre(1, 2));
  EXPECT_THAT(
      outcome(program({data(1, "[3]"), numbers(2, "[1]"), numbers(3, "[3]"),
                       op("1.slice", {1, 2, 3}, 4, attribute("axes", "0.a_array", R"([{"#":"0.a_i64","D":0}])")),
                       fetch(4)}),
              {1, 2, 3}),
      ElementsAre(2, 3));
  EXPECT_THAT(
      outcome(program({data(1, "[3]"), scalar(2, "0.0"), scalar(3, "1.0"), op("1.clip", {1, 2, 3}, 4), fetch(4)}),
              {-1, 0.5f, 2}),
      ElementsAre(0, 0.5f, 1));
}
TEST(paddle_json, lists_are_combined_and_taken_apart) {
  const std::string pair = fmt::format(
      R"({{"#":"0.combine","I":[{{"%":1}},{{"%":1}}],"O":[{{"%":2,"TT":{{"#":"0.t_vec","D":[{0},{0}]}}}}]}})",
      type_of("[1]"));
  EXPECT_THAT(outcome(program({data(1, "[1]"), pair, scalar(3, "0"), op("1.concat", {2, 3}, 4), fetch(4)}), {7}),
              ElementsAre(7, 7));
  const std::string split = fmt::format(
      R"({{"#":"1.split_with_num","A":[{}],"I":[{{"%":1}},{{"%":2}}],"O":[{{"%":3,"TT":{{"#":"0.t_vec","D":[{},{}]}}}}]}})",
      attribute("num", "0.a_i32", "2"), type_of("[1]"), type_of("[1]"));
  const std::string apart =
      fmt::format(R"({{"#":"0.split","I":[{{"%":3}}],"O":[{},{}]}})", value(4, "[1]"), value(5, "[1]"));
  EXPECT_THAT(outcome(program({data(1, "[2]"), scalar(2, "0"), split, apart, fetch(5)}), {7, 8}), ElementsAre(8));
}
TEST(paddle_json, attributes_keep_their_meaning_under_other_names) {
  EXPECT_THAT(outcome(program({data(1, "[2]"),
                               op("1.leaky_relu", {1}, 2, attribute("negative_slope", "0.a_f32", "0.5")), fetch(2)}),
                      {-2, 2}),
              ElementsAre(-1, 2));
  EXPECT_THAT(outcome(program({data(1, "[2]"), op("1.pow", {1}, 2, attribute("y", "1.a_scalar", R"(["float32",2.0])")),
                               fetch(2)}),
                      {3, 4}),
              ElementsAre(9, 16));
  EXPECT_THAT(outcome(program({data(1, "[2]"), op("1.cast", {1}, 2, attribute("dtype", "1.a_dtype", "\"bool\"")),
                               op("1.cast", {2}, 3, attribute("dtype", "1.a_dtype", "\"float32\"")), fetch(3)}),
                      {0, 4}),
              ElementsAre(0, 1));
}
TEST(paddle_json, missing_operands_have_the_number_0) {
  EXPECT_THAT(
      outcome(program({data(1, "[1,2]"),
                       op("1.layer_norm", {1, 0, 0}, 2,
                          attribute("begin_norm_axis", "0.a_i32", "1") + "," + attribute("epsilon", "0.a_f32", "0")),
                       fetch(2)}),
              {1, 3}),
      ElementsAre(-1, 1));
}

TEST(paddle_json, every_operator_of_the_table_has_a_counterpart) {
  for (const PirRow& row : pir_rows()) {
    const Row* older = find_row(row.type);
    ASSERT_NE(older, nullptr) << row.name;
    EXPECT_NE(older->convert, nullptr) << row.name;
    EXPECT_EQ(row.results.substr(0, row.results.find(' ')), older->result) << row.name;
  }
}

TEST(paddle_json_refusals, name_operator_and_reason) {
  EXPECT_THAT(message(kLinear.substr(0, 300)), HasSubstr("inference.json: it is no JSON text: cut off or damaged"));
  EXPECT_THAT(message(R"({"base_code":{"magic":"pir"},"program":{}})"),
              HasSubstr("inference.json: it is no Paddle program: it has no operators"));
  EXPECT_THAT(message(program({data(1, "[2]"), op("1.frobnicate", {1}, 2), fetch(2)})),
              HasSubstr("operator pd_op.frobnicate ('frobnicate_2'): it is not supported"));
  EXPECT_THAT(message(program({data(1, "[2]"), op("1.relu", {7}, 2), fetch(2)})),
              HasSubstr("operator 1 (1.relu): value 7 does not stand before it"));
  EXPECT_THAT(message(program({data(1, "[2]"), op("1.relu", {1}, 1), fetch(1)})), HasSubstr("value 1 is given twice"));
  EXPECT_THAT(message(program({data(1, "[2]"), op("1.sum", {1, 1}, 2), fetch(2)})),
              HasSubstr("dim is computed by the program"));
  EXPECT_THAT(message(program({data(1, "[2]"), op("0.strange", {1}, 2), fetch(2)})),
              HasSubstr("a built-in operator that is not known"));
}
TEST(paddle_json_refusals, control_flow_is_named) {
  const std::string branch =
      R"({"#":"1.if","I":[{"%":1}],"O":[)" + value(2, "[2]") + R"(],"regions":[{"blocks":[{"ops":[]}]}]})";
  EXPECT_THAT(message(program({data(1, "[2]"), branch, fetch(2)})),
              HasSubstr("operator pd_op.if ('if_2'): control flow of JSON programs is not supported"));
}
TEST(paddle_json_refusals, lists_within_lists_without_end) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  for (const char* kind : {"0.a_array", "1.a_scalar", "0.a_i32"}) {
    const auto model =
        import(program({data(1, "[2]"), op("1.relu", {1}, 2, attribute("odd", kind, "[" + deep + "]")), fetch(2)}));
    if (!model) {
      EXPECT_NE(model.error().kind, ErrorKind::kBug) << model.error().message;
    }
  }
  EXPECT_THAT(message(program({deep})), HasSubstr("it has no name"));
}
TEST(paddle_json_refusals, damaged_text_never_does_harm) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    const auto model = import(test::mutated(kLinear, random), linear_parameters());
    if (!model) {
      EXPECT_NE(model.error().kind, ErrorKind::kBug) << model.error().message;
    }
  }
}

}  // namespace
}  // namespace bmnet::frontend::paddle
