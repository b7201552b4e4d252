// Replays the fuzz target on small files made here, whole and mutated. For a longer hunt, write the files to a folder
// and give it to the fuzzer:
//   BMNET_CORPUS=corpus build/bin/bmnet_bmodel_test --gtest_filter=bmodel_fuzz.*
//   build-fuzz/bin/bmodel_fuzz corpus
#include "bmodel/bmodel_fuzz.cc"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "base/file.h"
#include "bmodel/testing.h"

namespace bmnet::bmodel {
namespace {

Model branching_model() {
  Model model = test::copy_model("branch");
  Stage& stage = model.nets[0].stages[0];
  stage.sub_nets[0].next_ids = {1};
  SubNet branch;
  branch.mode = SubNetMode::kSwitch;
  branch.id = 1;
  branch.inputs = {test::tensor("y", test::kOutputAddr, kTpuMemory), test::tensor("x", test::kInputAddr, kTpuMemory)};
  branch.outputs = {test::tensor("no", test::kOutputAddr, kTpuMemory),
                    test::tensor("yes", test::kOutputAddr, kTpuMemory)};
  branch.next_ids = {2, 3};
  branch.switch_param = SwitchParam{{0, 0}, {0, 1}};
  SubNet host;
  host.mode = SubNetMode::kCpu;
  host.id = 2;
  host.inputs = {branch.outputs[0]};
  host.outputs = {test::tensor("h", test::kOutputAddr, kCpuMemory)};
  host.next_ids = {3};
  host.cpu_params = {{3, Blob::copy_of(as_bytes("parameters")), {{"c", Blob::copy_of(as_bytes("constant")), {1}}}, 0}};
  SubNet merge;
  merge.mode = SubNetMode::kMerge;
  merge.id = 3;
  merge.inputs = {host.outputs[0], branch.outputs[1]};
  merge.outputs = {test::tensor("z", test::kOutputAddr, kTpuMemory)};
  merge.merge_from = {{0, 1}};
  stage.sub_nets.insert(stage.sub_nets.end(), {branch, host, merge});
  stage.outputs[0].name = "z";
  return model;
}

std::vector<std::vector<uint8_t>> corpus() {
  Model other_chip = test::model_with_coefficients();
  other_chip.chip = "BM1690";
  other_chip.kernel_module = Module{"k.so", Blob::copy_of(as_bytes("code")), 1};
  other_chip.nets[0].cascade = Cascade{1, 2, "main"};
  Model located = test::model_with_coefficients();
  located.nets[0].stages[0].coefficients->locations = {{"conv1", 0, 16}};
  std::vector<std::vector<uint8_t>> files = {{}};
  for (const Model& model : {test::copy_model(), located, branching_model(), other_chip, Model()})
    files.push_back(*write_memory(model));
  return files;
}

TEST(bmodel_fuzz, survives_its_corpus) {
  size_t number = 0;
  for (const std::vector<uint8_t>& file : corpus()) {
    read_and_write(file);
    if (const char* folder = std::getenv("BMNET_CORPUS"))
      ASSERT_TRUE(write_file_atomically(std::filesystem::path(folder) / fmt::format("{}.bmodel", number++), file));
  }
}

TEST(bmodel_fuzz, the_corpus_is_sound) {
  for (const std::vector<uint8_t>& file : corpus())
    if (!file.empty()) EXPECT_TRUE(read_memory(file, "seed"));
}

TEST(bmodel_fuzz, survives_mutations) {
  std::mt19937 random(1);
  for (const std::vector<uint8_t>& file : corpus())
    for (int i = 0; i < 1000 && !file.empty(); ++i) {
      std::vector<uint8_t> mutated = file;
      for (uint32_t flips = 1 + random() % 4; flips > 0; --flips) {
        constexpr uint8_t kTelling[] = {0, 1, 4, 0x7F, 0x80, 0xFF};
        mutated[random() % mutated.size()] = random() % 2 ? static_cast<uint8_t>(random()) : kTelling[random() % 6];
      }
      if (random() % 8 == 0) mutated.resize(random() % mutated.size());
      read_and_write(mutated);
    }
}

}  // namespace
}  // namespace bmnet::bmodel
