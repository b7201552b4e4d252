#include "bmodel/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/sha256.h"
#include "bmodel/reader.h"
#include "bmodel/testing.h"

namespace bmnet::bmodel {
namespace {

Model round_trip(const Model& model) {
  const auto bytes = std::make_shared<const std::vector<uint8_t>>(*write_memory(model));
  return *read_memory(*bytes, "test", bytes);
}

uint32_t word(const std::vector<uint8_t>& bytes, size_t index) {
  uint32_t value;
  std::memcpy(&value, bytes.data() + 4 * index, 4);
  return value;
}

TEST(writer, a_model_is_read_back_equal) { EXPECT_EQ(round_trip(test::copy_model()), test::copy_model()); }

TEST(writer, every_member_is_read_back) {
  const Blob blob = Blob::copy_of(as_bytes("blob"));
  Tensor tensor{"t", DataType::kUint4,    StoreMode::k2N, 1, 2, {{3, 4}, {5}}, 6, 7.5f, 8, 9, -10, 11,
                12,  RelEntry{13, 14, 15}};
  CmdGroup group{1, 2, Blob::copy_of(as_bytes("tiu")), blob, 3, 4, {{5, 6, 7}}};
  SubNet sub_net{SubNetMode::kSwitch,
                 {group},
                 {{1, blob, {{"c", blob, {1, 2}}}, 2}},
                 {tensor},
                 {tensor},
                 1,
                 2,
                 3,
                 4,
                 5,
                 6,
                 {7, 8},
                 {{{1}, {2, 3}}},
                 SwitchParam{{1}, {0}},
                 {{{group}, {blob}, {Blob(), blob}, {blob}}},
                 9};
  Stage stage{{tensor},
              {tensor},
              1,
              2,
              Coefficients{3, blob, std::vector<uint8_t>(32, 4), {{"l", 5, 6}}, 7, 8},
              9,
              10,
              11,
              {group},
              blob,
              {{1, 2, 3, 4, 5}},
              blob,
              {sub_net},
              12,
              {13, 14},
              blob,
              15,
              16,
              17,
              blob,
              18,
              19,
              20};
  Model model;
  model.chip = "BM1690";  // whose rules are not checked
  model.time = "now\n";
  model.nets = {{"n", {stage}, Cascade{1, 2, "m"}, 3}};
  model.kernel_module = Module{"k.so", blob, 4};
  model.device_num = 5;
  model.cpuop_module = Module{"c.so", blob, 0};
  model.bmodel_type = 6;
  model.lib_backend = blob;
  EXPECT_EQ(round_trip(model), model);
}

TEST(writer, equal_models_give_equal_bytes) {
  EXPECT_EQ(*write_memory(test::model_with_coefficients()), *write_memory(test::model_with_coefficients()));
}

TEST(writer, the_header_counts_both_sections) {
  const std::vector<uint8_t> bytes = *write_memory(test::copy_model());
  EXPECT_EQ(word(bytes, 0), 0xFF55AAEE);
  EXPECT_EQ(word(bytes, 1), 64u);
  EXPECT_EQ(word(bytes, 2) % 8, 0u);
  EXPECT_EQ(word(bytes, 3), 128u);
  EXPECT_EQ(bytes.size(), 64u + word(bytes, 2) + 128);
}

TEST(writer, coefficients_come_first_then_commands) {
  const std::vector<uint8_t> bytes = *write_memory(test::model_with_coefficients());
  const size_t binary = 64 + word(bytes, 2);
  EXPECT_EQ(bytes[binary + 5], 5);                     // the sixth coefficient
  EXPECT_EQ(word(bytes, (binary + 256) / 4) & 1, 1u);  // a command: pio_gdma_enable
  EXPECT_EQ(bytes.size(), binary + 256 + 128);
}

TEST(writer, equal_blobs_are_stored_once) {
  Model model = test::model_with_coefficients();
  model.nets.push_back(model.nets[0]);
  model.nets[1].name = "again";
  EXPECT_EQ(word(*write_memory(model), 3), 256u + 128);
}

TEST(writer, a_missing_check_code_is_computed) {
  const Model model = round_trip(test::model_with_coefficients());
  const Coefficients& coefficients = *model.nets[0].stages[0].coefficients;
  EXPECT_EQ(to_hex(coefficients.check_code), to_hex(sha256(coefficients.data.bytes())));
}

TEST(writer, the_time_is_fixed_unless_asked_for) {
  EXPECT_EQ(round_trip(test::copy_model()).time, "Thu Jan  1 00:00:00 1970\n");
}

TEST(writer, a_time_is_told_as_ctime_does) { EXPECT_EQ(time_text(1623257091), "Wed Jun  9 16:44:51 2021\n"); }

TEST(writer, refuses_what_no_runtime_could_load) {
  Model model = test::copy_model();
  model.nets[0].stages[0].sub_nets.clear();
  EXPECT_EQ(write_memory(model).error().message, "net 'copy', stage 0: has no sub-net");
}

TEST(writer, a_refused_model_leaves_the_file_alone) {
  const std::filesystem::path path = ::testing::TempDir() + "bmnet_writer_test.bmodel";
  ASSERT_TRUE(write_file_atomically(path, "old"));
  Model model = test::copy_model();
  model.nets[0].stages.clear();
  EXPECT_EQ(write_file(path, model).error().message, path.string() + ": net 'copy': has no stage");
  EXPECT_EQ(*read_text(path), "old");
}

TEST(writer, a_file_holds_the_same_bytes_as_memory) {
  const std::filesystem::path path = ::testing::TempDir() + "bmnet_writer_test.bmodel";
  ASSERT_TRUE(write_file(path, test::model_with_coefficients()));
  const std::vector<uint8_t> bytes = *write_memory(test::model_with_coefficients());
  EXPECT_EQ(*read_text(path), as_text(bytes));
}

}  // namespace
}  // namespace bmnet::bmodel
