#include "bmodel/print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing.h"
#include "bmodel/reader.h"
#include "bmodel/testing.h"
#include "bmodel/writer.h"

namespace bmnet::bmodel {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string json_of(const Model& model) { return *to_json(*write_memory(model), "x.bmodel"); }

TEST(json, starts_with_the_models_own_fields) {
  EXPECT_THAT(json_of(test::copy_model()), StartsWith(R"({
  "type": "B",
  "version": "2.2",
  "time": "Thu Jan  1 00:00:00 1970\n",
  "chip": "BM1684",
  "net": [
    {
      "name": "copy",
      "parameter": [
        {
          "input_tensor": [
            {
              "name": "x",
              "data_type": 0x0,
              "gmem_stmode": 0x0,
              "device_addr": 0x105100000,
              "size": 0x800,
              "shape": [
                {
                  "dim": [0x1, 0x4, 0x8, 0x10]
                }
              ],
              "mem_type": 0x0,
              "scale": 1,
)"));
}

TEST(json, shows_where_blobs_lie) {
  EXPECT_THAT(json_of(test::model_with_coefficients()), HasSubstr(R"("binary_gdma": {
                "start": 0x100,
                "size": 0x80
              })"));
}

TEST(json, shows_negative_numbers) {
  Model model = test::copy_model();
  model.nets[0].stages[0].sub_nets[0].id = -1;
  EXPECT_THAT(json_of(model), HasSubstr("\"id\": -0x1,"));
}

TEST(json, leaves_out_absent_tables) { EXPECT_THAT(json_of(test::copy_model()), Not(HasSubstr("coeff_mem"))); }

TEST(json, escapes_what_would_break_it) {
  EXPECT_THAT(json_of(test::copy_model("a\"b\\c\1")), HasSubstr(R"("name": "a\"b\\c\u0001",)"));
}

TEST(json, refuses_a_damaged_file) {
  EXPECT_EQ(to_json(as_bytes("hello"), "x.bmodel").error().message, "x.bmodel: 5 bytes are too few for a .bmodel file");
}

TEST(info, shows_the_copy_model) {
  EXPECT_EQ(info(test::copy_model()),
            "bmodel version: B.2.2\n"
            "chip: BM1684\n"
            "create time: Thu Jan  1 00:00:00 1970\n"
            "\n"
            "kernel_module: not found!\n"
            "cpuop_module: not found!\n"
            "==========================================\n"
            "net 0: [copy]  static\n"
            "------------\n"
            "stage 0, core num: 1\n"
            "input: x, [1, 4, 8, 16], float32, scale: 1, zero point: 0\n"
            "output: y, [1, 4, 8, 16], float32, scale: 1, zero point: 0\n"
            "\n"
            "\n"
            "device mem size: 10368 (weight: 0, instruct: 128, runtime: 10240)\n"
            "host mem size: 0 (weight: 0, runtime: 0)\n");
}

TEST(info, shows_dynamic_dimensions_as_maxima) {
  Model model = test::copy_model();
  model.nets[0].stages[0].n_dynamic = 1;
  EXPECT_THAT(info(model), HasSubstr("input: x, [max:1, max:4, max:8, max:16], float32"));
}

TEST(info, shows_the_number_of_sub_nets_when_there_are_several) {
  Model model = test::copy_model();
  model.nets[0].stages[0].sub_nets.emplace_back();
  EXPECT_THAT(info(model), HasSubstr("stage 0, core num: 1\nsubnet number: 2\n"));
}

TEST(info, shows_a_module) {
  Model model = test::copy_model();
  model.cpuop_module = Module{"libcustom.so", Blob::copy_of(as_bytes("abc")), 0};
  EXPECT_THAT(info(model), HasSubstr("cpuop_module name: libcustom.so\ncpuop_module size: 3\n"));
}

TEST(memory_use, shared_coefficients_count_once) {
  Model model = test::model_with_coefficients();
  model.nets[0].stages[0].coefficients->check_code.resize(32);
  model.nets.push_back(model.nets[0]);
  EXPECT_EQ(memory_use(model).weights, 256u);
}

TEST(memory_use, nets_of_one_sub_net_share_their_activations) {
  Model model = test::copy_model();
  model.nets.push_back(model.nets[0]);
  EXPECT_EQ(memory_use(model).runtime, 0x2000u + 2048);
}

TEST(memory_use, a_net_of_several_sub_nets_has_its_own_activations) {
  Model model = test::copy_model();
  model.nets.push_back(model.nets[0]);
  model.nets[1].stages[0].sub_nets.emplace_back();
  EXPECT_EQ(memory_use(model).runtime, 0x4000u + 2048);
}

TEST(weights, are_listed_by_name) {
  Model model = test::model_with_coefficients();
  model.nets[0].stages[0].coefficients->locations = {{"conv1", 0, 16}, {"conv2", 16, 240}};
  EXPECT_EQ(weights(model),
            "net 0 : \"copy\", stage:0\n"
            "-------------------------------\n"
            "conv1 : [0x0, 0x10)\n"
            "conv2 : [0x10, 0x100)\n"
            "==========================================\n");
}

TEST(weights, are_empty_without_locations) { EXPECT_EQ(weights(test::model_with_coefficients()), ""); }

TEST(info, of_a_vendor_sample) {
  const auto path = bmnet::test::shared_file("bmodel/samples/ppocr_rec_cnn_fp32_b1/compilation.bmodel");
  BMNET_REQUIRE_SHARED(path);
  EXPECT_EQ(info(*read_file(path)),
            "bmodel version: B.2.2\n"
            "chip: BM1684\n"
            "create time: Wed Jun  9 16:44:51 2021\n"
            "\n"
            "kernel_module: not found!\n"
            "cpuop_module: not found!\n"
            "==========================================\n"
            "net 0: [bmnet_f32bmodel_1]  static\n"
            "------------\n"
            "stage 0, core num: 1\n"
            "input: x, [1, 3, 32, 640], float32, scale: 1, zero point: 0\n"
            "output: squeeze_0.tmp_0, [1, 288, 160], float32, scale: 1, zero point: 0\n"
            "\n"
            "\n"
            "device mem size: 2029696 (weight: 1311872, instruct: 41984, runtime: 675840)\n"
            "host mem size: 0 (weight: 0, runtime: 0)\n");
}

}  // namespace
}  // namespace bmnet::bmodel
