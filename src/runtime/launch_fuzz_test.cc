// Replays the fuzz target on small models made here, whole and mutated. For a longer hunt, write the files to a folder
// and give it to the fuzzer:
//   BMNET_CORPUS=corpus build/bin/bmnet_runtime_test --gtest_filter=launch_fuzz.*
//   build-fuzz/bin/launch_fuzz corpus
#include "runtime/launch_fuzz.cc"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "base/file.h"
#include "bmodel/testing.h"
#include "bmodel/writer.h"
#include "device/isa_fuzz/generator.h"

namespace bmnet::runtime {
namespace {

using bmodel::Model;

// Runs `commands` on the TIU beside the copy of x to y.
Model model_of(std::vector<bm1684::Command> commands) {
  for (size_t i = 0; i < commands.size(); ++i) {
    set(commands[i], bm1684::tiu::cmd_id_tpu, i + 1);
    set(commands[i], bm1684::tiu::cmd_id_gdma, 0);
  }
  Model model = bmodel::test::copy_model();
  bmodel::Stage& stage = model.nets[0].stages[0];
  stage.cmd_groups = {bmodel::CmdGroup::of(bmodel::test::stream_of(commands), stage.cmd_groups[0].gdma)};
  stage.sub_nets[0].cmd_groups = stage.cmd_groups;
  return model;
}

Model two_groups() {
  Model model = bmodel::test::copy_model();
  bmodel::Stage& stage = model.nets[0].stages[0];
  stage.cmd_groups.push_back(stage.cmd_groups[0]);
  stage.sub_nets[0].cmd_groups = stage.cmd_groups;
  return model;
}

// TPU, then a layer on the host that does not exist.
Model with_host_layer() {
  Model model = bmodel::test::copy_model();
  bmodel::Stage& stage = model.nets[0].stages[0];
  stage.sub_nets[0].next_ids = {1};
  bmodel::SubNet host;
  host.mode = bmodel::SubNetMode::kCpu;
  host.id = 1;
  host.inputs = {bmodel::test::tensor("y", bmodel::test::kOutputAddr, bmodel::kTpuMemory)};
  host.outputs = {bmodel::test::tensor("z", bmodel::test::kOutputAddr, bmodel::kCpuMemory)};
  host.cpu_params = {{9999, bmodel::Blob::copy_of(as_bytes("parameters")), {}, 0}};
  stage.sub_nets.push_back(std::move(host));
  stage.outputs[0].name = "z";
  return model;
}

std::vector<std::vector<uint8_t>> corpus() {
  std::vector<Model> models = {bmodel::test::copy_model(), bmodel::test::model_with_coefficients(), two_groups(),
                               with_host_layer()};
  for (const isa_fuzz::Family& family : isa_fuzz::families())
    if (family.engine == bm1684::Engine::kTiu)
      models.push_back(model_of({generate(family, 1, 0).command, generate(family, 1, 1).command}));
  std::vector<std::vector<uint8_t>> files;
  for (const Model& model : models) files.push_back(*bmodel::write_memory(model));
  return files;
}

TEST(launch_fuzz, survives_its_corpus) {
  size_t number = 0;
  for (const std::vector<uint8_t>& file : corpus()) {
    load_and_run(file);
    if (const char* folder = std::getenv("BMNET_CORPUS"))
      ASSERT_TRUE(
          write_file_atomically(std::filesystem::path(folder) / fmt::format("launch_{}.bmodel", number++), file));
  }
}

TEST(launch_fuzz, the_corpus_reaches_the_device) {
  for (const std::vector<uint8_t>& file : corpus()) {
    const Model model = bmodel::read_memory(file, "seed").value();
    EXPECT_TRUE(is_small(model));
    const auto session = Session::on(open_context());
    EXPECT_TRUE(session->load(model, "seed"));
  }
}

TEST(launch_fuzz, survives_mutations) {
  std::mt19937 random(1);
  for (const std::vector<uint8_t>& file : corpus())
    for (int i = 0; i < 300; ++i) {
      std::vector<uint8_t> mutated = file;
      for (uint32_t flips = 1 + random() % 4; flips > 0; --flips)
        mutated[random() % mutated.size()] = random() % 2 ? static_cast<uint8_t>(random()) : uint8_t{0xFF};
      load_and_run(mutated);
    }
}

}  // namespace
}  // namespace bmnet::runtime
