#include "bmodel/edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"
#include "bmodel/reader.h"
#include "bmodel/testing.h"
#include "bmodel/writer.h"

namespace bmnet::bmodel {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;

Model with_batch(Model model, uint64_t batch) {
  Stage& stage = model.nets[0].stages[0];
  stage.inputs[0].shapes[0] = stage.outputs[0].shapes[0] = {batch, 4, 8 / batch, 16};
  return model;
}

class edit : public ::testing::Test {
 protected:
  edit() : folder_(fs::path(::testing::TempDir()) / "bmnet_edit_test") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~edit() override { fs::remove_all(folder_); }
  fs::path write(const char* name, const Model& model) {
    EXPECT_TRUE(write_file(folder_ / name, model));
    return folder_ / name;
  }
  fs::path write(const char* name, std::string_view content) {
    fs::create_directories((folder_ / name).parent_path());
    EXPECT_TRUE(write_file_atomically(folder_ / name, content));
    return folder_ / name;
  }
  fs::path folder_;
};

TEST(combine, puts_nets_side_by_side) {
  const Model models[] = {test::copy_model("a"), test::copy_model("b")};
  const Model combined = *combine(models);
  ASSERT_EQ(combined.nets.size(), 2u);
  EXPECT_EQ(combined.nets[0], models[0].nets[0]);
  EXPECT_EQ(combined.nets[1], models[1].nets[0]);
}

TEST(combine, makes_stages_of_nets_with_one_name) {
  const Model models[] = {test::copy_model(), with_batch(test::copy_model(), 2)};
  const Model combined = *combine(models);
  ASSERT_EQ(combined.nets.size(), 1u);
  EXPECT_EQ(combined.nets[0].stages[1], models[1].nets[0].stages[0]);
}

TEST(combine, stores_equal_coefficients_once) {
  const Model models[] = {test::model_with_coefficients(), with_batch(test::model_with_coefficients(), 2)};
  const std::vector<uint8_t> one = *write_memory(models[0]);
  const Model combined =
      *combine(std::vector<Model>{*read_memory(one, "one"), [&] {
                                    Model second = models[1];
                                    second.nets[0].stages[0].coefficients->check_code =
                                        read_memory(one, "one")->nets[0].stages[0].coefficients->check_code;
                                    return second;
                                  }()});
  uint32_t binary_size;
  std::memcpy(&binary_size, write_memory(combined)->data() + 12, 4);
  EXPECT_EQ(binary_size, 256u + 128);
}

TEST(combine, refuses_nothing) { EXPECT_EQ(combine({}).error().message, "no models to combine"); }

TEST(combine, refuses_another_chip) {
  Model other = test::copy_model("b");
  other.chip = "BM1690";
  EXPECT_EQ(combine(std::vector<Model>{test::copy_model("a"), other}).error().message,
            "model 1 is for chip BM1690, the first for BM1684");
}

TEST(combine, refuses_another_address_mode) {
  Model other = with_batch(test::copy_model(), 2);
  other.nets[0].addr_mode = 1;
  EXPECT_EQ(combine(std::vector<Model>{test::copy_model(), other}).error().message,
            "net 'copy' has address modes 0 and 1");
}

TEST(combine, refuses_the_same_stage_twice) {
  EXPECT_EQ(combine(std::vector<Model>{test::copy_model(), test::copy_model()}).error().message,
            "net 'copy', stage 1: has the input shapes of an earlier stage");
}

TEST(combine, what_was_extracted_gives_the_same_model_again) {
  const Model combined =
      *combine(std::vector<Model>{test::copy_model(), test::copy_model("b"), with_batch(test::copy_model(), 2)});
  std::vector<Model> parts;
  for (const Extracted& one : extract(combined)) parts.push_back(one.model);
  EXPECT_EQ(*combine(parts), combined);
}

TEST(extract, names_files_by_net_and_stage) {
  const std::vector<Extracted> parts = extract(
      *combine(std::vector<Model>{test::copy_model(), test::copy_model("b"), with_batch(test::copy_model(), 2)}));
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].file_name, "bm_net0_stage0.bmodel");
  EXPECT_EQ(parts[1].file_name, "bm_net0_stage1.bmodel");
  EXPECT_EQ(parts[2].file_name, "bm_net1_stage0.bmodel");
  EXPECT_EQ(parts[2].model, test::copy_model("b"));
}

TEST_F(edit, files_are_combined) {
  const fs::path files[] = {write("a", test::copy_model("a")), write("b", test::copy_model("b"))};
  ASSERT_TRUE(combine_files(files, folder_ / "out"));
  EXPECT_EQ(read_file(folder_ / "out")->nets.size(), 2u);
}

TEST_F(edit, refuses_to_combine_a_missing_file) {
  const fs::path files[] = {folder_ / "none"};
  EXPECT_THAT(combine_files(files, folder_ / "out").error().message, HasSubstr("No such file"));
}

// Context folders whose reference data hold one letter per tensor.
fs::path context(const fs::path& folder, const Model& model, char letter) {
  fs::create_directories(folder);
  EXPECT_TRUE(write_file(folder / "compilation.bmodel", model));
  EXPECT_TRUE(write_file_atomically(folder / "input_ref_data.dat", std::string(2048 * model.nets.size(), letter)));
  EXPECT_TRUE(write_file_atomically(folder / "output_ref_data.dat", std::string(2048 * model.nets.size(), letter)));
  return folder;
}

TEST_F(edit, folders_are_combined_with_their_data_in_the_order_of_nets_and_stages) {
  const fs::path folders[] = {context(folder_ / "1", test::copy_model("a"), '1'),
                              context(folder_ / "2", test::copy_model("b"), '2'),
                              context(folder_ / "3", with_batch(test::copy_model("a"), 2), '3')};
  ASSERT_TRUE(combine_folders(folders, folder_ / "deep" / "out"));
  EXPECT_EQ(read_file(folder_ / "deep/out/compilation.bmodel")->nets[0].stages.size(), 2u);
  const std::string data = std::string(2048, '1') + std::string(2048, '3') + std::string(2048, '2');
  EXPECT_EQ(*read_text(folder_ / "deep/out/input_ref_data.dat"), data);
  EXPECT_EQ(*read_text(folder_ / "deep/out/output_ref_data.dat"), data);
}

TEST_F(edit, refuses_folders_with_too_little_data) {
  const fs::path folders[] = {context(folder_ / "1", test::copy_model(), '1')};
  ASSERT_TRUE(write_file_atomically(folder_ / "1/output_ref_data.dat", "short"));
  EXPECT_THAT(combine_folders(folders, folder_ / "out").error().message,
              EndsWith("output_ref_data.dat: is too short for net 'copy': 2048 more bytes wanted, 5 left"));
}

TEST_F(edit, dumps_bytes_of_the_binary_section) {
  ASSERT_TRUE(dump(write("a", test::model_with_coefficients()), 65, 3, folder_ / "out"));
  EXPECT_EQ(*read_text(folder_ / "out"), "ABC");
}

TEST_F(edit, refuses_to_dump_past_the_binary_section) {
  const fs::path file = write("a", test::copy_model());
  EXPECT_THAT(dump(file, 1, 128, folder_ / "out").error().message,
              EndsWith("start 0x1 and size 0x80 do not lie in the binary section of 0x80 bytes"));
  EXPECT_FALSE(dump(file, ~0ull, 2, folder_ / "out"));
  EXPECT_FALSE(dump(file, 0, 0, folder_ / "out"));
}

Model with_weight(uint8_t first, std::string name = "w", uint64_t size = 16) {
  Model model = test::model_with_coefficients(256, first);
  model.nets[0].stages[0].coefficients->locations = {{std::move(name), 32, size}};
  return model;
}

TEST_F(edit, a_weight_is_replaced_and_its_check_code_with_it) {
  const WeightName target{write("a", with_weight(0)), "copy", 32}, source{write("b", with_weight(100)), "copy", 32};
  ASSERT_TRUE(update_weight(target, source));
  const Model model = *read_file(target.file);
  const Coefficients& changed = *model.nets[0].stages[0].coefficients;
  EXPECT_EQ(changed.data.bytes()[31], 31);
  EXPECT_EQ(changed.data.bytes()[32], 132);
  EXPECT_EQ(changed.data.bytes()[47], 147);
  EXPECT_EQ(changed.data.bytes()[48], 48);
  EXPECT_EQ(to_hex(changed.check_code), to_hex(sha256(changed.data.bytes())));
}

TEST_F(edit, refuses_a_weight_of_an_unknown_net) {
  const fs::path file = write("a", with_weight(0));
  EXPECT_THAT(update_weight({file, "none", 32}, {file, "copy", 32}).error().message, EndsWith("has no net 'none'"));
}

TEST_F(edit, refuses_a_weight_at_an_unknown_offset) {
  const fs::path file = write("a", with_weight(0));
  EXPECT_THAT(update_weight({file, "copy", 32}, {file, "copy", 33}).error().message,
              HasSubstr("names no weight at offset 0x21"));
}

TEST_F(edit, refuses_a_weight_of_another_name_or_size) {
  const fs::path file = write("a", with_weight(0));
  EXPECT_EQ(update_weight({file, "copy", 32}, {write("b", with_weight(0, "v")), "copy", 32}).error().message,
            "weights differ: 'w' of 16 bytes and 'v' of 16 bytes");
  EXPECT_EQ(update_weight({file, "copy", 32}, {write("c", with_weight(0, "w", 8)), "copy", 32}).error().message,
            "weights differ: 'w' of 16 bytes and 'w' of 8 bytes");
}

TEST_F(edit, refuses_a_weight_outside_the_coefficients) {
  const fs::path file = write("a", with_weight(0, "w", 1000));
  EXPECT_THAT(update_weight({file, "copy", 32}, {file, "copy", 32}).error().message,
              EndsWith("weight 'w' lies outside the coefficients"));
}

TEST_F(edit, a_kernel_module_is_stored_and_taken_out_again) {
  const fs::path file = write("a", test::copy_model());
  ASSERT_TRUE(update_module(file, ModuleKind::kKernel, write("lib/k.so", "code")));
  EXPECT_EQ(read_file(file)->kernel_module->file_name, "k.so");
  EXPECT_EQ(*dump_kernel_module(file, folder_ / "out.so"), folder_ / "out.so");
  EXPECT_EQ(*read_text(folder_ / "out.so"), "code");
  EXPECT_EQ(*dump_kernel_module(file, folder_), folder_ / "k.so");
}

TEST_F(edit, a_kernel_modules_name_cannot_leave_the_folder) {
  Model model = test::copy_model();
  model.kernel_module = Module{"../../evil.so", Blob::copy_of(as_bytes("x")), 0};
  EXPECT_EQ(*dump_kernel_module(write("a", model), folder_), folder_ / "evil.so");
}

TEST_F(edit, refuses_to_dump_a_kernel_module_that_is_not_there) {
  EXPECT_THAT(dump_kernel_module(write("a", test::copy_model()), folder_).error().message,
              EndsWith("no kernel_module found"));
}

TEST_F(edit, a_module_of_host_layers_is_replaced) {
  const fs::path file = write("a", test::copy_model());
  ASSERT_TRUE(update_module(file, ModuleKind::kCpuop, write("old.so", "1")));
  ASSERT_TRUE(update_module(file, ModuleKind::kCpuop, write("new.so", "2")));
  EXPECT_EQ(read_file(file)->cpuop_module, (Module{"new.so", Blob::copy_of(as_bytes("2")), 0}));
}

}  // namespace
}  // namespace bmnet::bmodel
