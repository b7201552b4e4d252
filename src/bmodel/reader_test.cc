#include "bmodel/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/sha256.h"
#include "base/testing.h"
#include "bmodel/bmodel_generated.h"
#include "bmodel/testing.h"
#include "bmodel/writer.h"

namespace bmnet::bmodel {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<uint8_t> copy_file() { return *write_memory(test::copy_model()); }

std::string error_of(Bytes file) {
  const Result<Model> model = read_memory(file, "x.bmodel");
  return model ? "no error" : model.error().message;
}

void set_word(std::vector<uint8_t>& file, size_t index, uint32_t value) {
  std::memcpy(file.data() + 4 * index, &value, 4);
}

// A file around any FlatBuffer.
std::vector<uint8_t> file_of(const flatbuffers::FlatBufferBuilder& builder, size_t binary_size) {
  std::vector<uint8_t> file(64);
  set_word(file, 0, 0xFF55AAEE);
  set_word(file, 1, 64);
  set_word(file, 2, builder.GetSize());
  set_word(file, 3, static_cast<uint32_t>(binary_size));
  file.insert(file.end(), builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  file.resize(file.size() + binary_size);
  return file;
}

TEST(reader, reads_the_copy_model) {
  const std::vector<uint8_t> file = copy_file();
  EXPECT_EQ(*read_memory(file, "x.bmodel"), test::copy_model());
}

TEST(reader, tolerates_bytes_after_the_end) {
  std::vector<uint8_t> file = copy_file();
  file.resize(file.size() + 13);
  EXPECT_EQ(error_of(file), "no error");
}

TEST(reader, reads_a_read_only_file) {
  const std::filesystem::path path = ::testing::TempDir() + "bmnet_reader_test.bmodel";
  std::filesystem::remove(path);
  ASSERT_TRUE(write_file(path, test::copy_model()));
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  EXPECT_TRUE(read_file(path));
  std::filesystem::remove(path);
}

TEST(reader, blobs_outlive_the_file) {
  const std::filesystem::path path = ::testing::TempDir() + "bmnet_reader_test2.bmodel";
  ASSERT_TRUE(write_file(path, test::model_with_coefficients()));
  Blob blob;
  {
    const Model model = *read_file(path);
    blob = model.nets[0].stages[0].coefficients->data;
  }
  std::filesystem::remove(path);
  EXPECT_EQ(blob.bytes()[255], 255);
}

TEST(reader, reads_from_any_alignment) {
  const std::vector<uint8_t> file = copy_file();
  for (size_t shift = 0; shift < 8; ++shift) {
    std::vector<uint8_t> shifted(file.size() + 8);
    std::copy(file.begin(), file.end(), shifted.begin() + static_cast<ptrdiff_t>(shift));
    EXPECT_EQ(error_of(Bytes(shifted).subspan(shift, file.size())), "no error") << "shift " << shift;
  }
}

TEST(reader, refuses_a_missing_file) {
  EXPECT_EQ(read_file("none.bmodel").error().message, "none.bmodel: cannot open: No such file or directory");
}

TEST(reader, refuses_an_empty_file) { EXPECT_EQ(error_of({}), "x.bmodel: 0 bytes are too few for a .bmodel file"); }

TEST(reader, refuses_another_magic) {
  std::vector<uint8_t> file = copy_file();
  file[0] = 'P';
  EXPECT_EQ(error_of(file), "x.bmodel: is not a .bmodel file: starts with 0xff55aa50, not 0xff55aaee");
}

TEST(reader, refuses_the_older_generation_by_name) {
  std::vector<uint8_t> file = copy_file();
  set_word(file, 0, 0xFF55AAFF);
  EXPECT_THAT(error_of(file), HasSubstr("an older kind of .bmodel (bmtap2)"));
}

TEST(reader, refuses_another_header_size) {
  std::vector<uint8_t> file = copy_file();
  set_word(file, 1, 72);
  EXPECT_EQ(error_of(file), "x.bmodel: header size is 72, not 64");
}

TEST(reader, refuses_an_overlong_flatbuffer) {
  std::vector<uint8_t> file = copy_file();
  set_word(file, 2, 0xFFFFFFFF);
  EXPECT_THAT(error_of(file), HasSubstr("its header promises 4294967487: the file is cut off"));
}

TEST(reader, refuses_an_overlong_binary_section) {
  std::vector<uint8_t> file = copy_file();
  set_word(file, 3, 0xFFFFFFFF);
  EXPECT_THAT(error_of(file), HasSubstr("the file is cut off"));
}

TEST(reader, refuses_every_truncation) {
  const std::vector<uint8_t> file = copy_file();
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_NE(error_of(Bytes(file).first(size)), "no error") << size << " bytes";
}

TEST(reader, survives_every_flipped_bit) {
  std::vector<uint8_t> file = copy_file();
  size_t refused = 0;
  for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
    file[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    refused += error_of(file) != "no error";
    file[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
  EXPECT_GT(refused, 1000u);
}

TEST(reader, refuses_a_flatbuffer_of_noise) {
  std::vector<uint8_t> file = copy_file();
  std::fill(file.begin() + 64, file.begin() + 128, 0xAB);
  EXPECT_THAT(error_of(file), StartsWith("x.bmodel: the FlatBuffer is damaged (bytes 64 to "));
}

TEST(reader, refuses_a_flatbuffer_without_a_required_field) {
  flatbuffers::FlatBufferBuilder builder;
  const auto chip = builder.CreateString("BM1684");
  const auto start = builder.StartTable();
  builder.AddOffset(fb::Model::VT_CHIP, chip);
  builder.Finish(flatbuffers::Offset<fb::Model>(builder.EndTable(start)));
  EXPECT_THAT(error_of(file_of(builder, 0)), HasSubstr("the FlatBuffer is damaged"));
}

// A FlatBuffer whose net has one stage that only says where its profile is.
std::vector<uint8_t> file_with_profile_at(uint64_t start, uint64_t size) {
  flatbuffers::FlatBufferBuilder builder;
  const fb::Binary binary(start, size);
  const auto tensors = builder.CreateVector(std::vector<flatbuffers::Offset<fb::Tensor>>());
  const auto stage = fb::CreateNetParameter(builder, tensors, tensors, 0, 0, 0, 0, 0, 0, 0, &binary);
  const auto stages = builder.CreateVector(&stage, 1);
  const auto net = fb::CreateNet(builder, builder.CreateString("n"), 0, 0, stages);
  const auto nets = builder.CreateVector(&net, 1);
  const auto text = builder.CreateString("");
  builder.Finish(fb::CreateModel(builder, text, text, text, text, nets));
  return file_of(builder, 16);
}

TEST(reader, refuses_a_blob_outside_the_binary_section) {
  EXPECT_EQ(error_of(file_with_profile_at(1, 15)), "no error");
  EXPECT_EQ(error_of(file_with_profile_at(1, 16)),
            "x.bmodel: net[0].parameter[0].net_profile: bytes 0x1 + 0x10 lie outside the binary section of 0x10 bytes");
}

TEST(reader, refuses_a_blob_whose_end_overflows) {
  EXPECT_THAT(error_of(file_with_profile_at(~0ull, 2)), HasSubstr("lie outside the binary section"));
  EXPECT_THAT(error_of(file_with_profile_at(2, ~0ull)), HasSubstr("lie outside the binary section"));
}

TEST(reader, refuses_a_small_flatbuffer_that_unfolds_to_a_huge_one) {
  flatbuffers::FlatBufferBuilder builder;
  const auto name = builder.CreateString(std::string(100000, 'n'));
  const auto tensor = fb::CreateTensor(builder, name);
  const auto tensors = builder.CreateVector(std::vector<flatbuffers::Offset<fb::Tensor>>(1000, tensor));
  const auto stage = fb::CreateNetParameter(builder, tensors, tensors);
  const auto stages = builder.CreateVector(std::vector<flatbuffers::Offset<fb::NetParameter>>(100, stage));
  const auto net = fb::CreateNet(builder, name, 0, 0, stages);
  const auto nets = builder.CreateVector(&net, 1);
  builder.Finish(fb::CreateModel(builder, name, name, name, name, nets));
  EXPECT_EQ(error_of(file_of(builder, 0)), "x.bmodel: the FlatBuffer refers to the same data over and over");
}

// Moves the shape [1, 4, 8, 16] of x by changing the offset that leads to it.
TEST(reader, refuses_numbers_out_of_alignment) {
  std::vector<uint8_t> file = copy_file();
  const fb::Model* model = fb::GetModel(file.data() + 64);
  const fb::Shape* shape = model->net()->Get(0)->parameter()->Get(0)->input_tensor()->Get(0)->shape()->Get(0);
  const auto* offset = reinterpret_cast<const flatbuffers::Table*>(shape)->GetAddressOf(fb::Shape::VT_DIM);
  const auto* length = reinterpret_cast<const uint8_t*>(shape->dim());
  file[static_cast<size_t>(offset - file.data())] += 4;     // what was the low word of dimension 0 …
  file[static_cast<size_t>(length + 4 - file.data())] = 1;  // … counts one element
  EXPECT_EQ(error_of(file),
            "x.bmodel: net[0].parameter[0].input_tensor[0].shape[0].dim: the FlatBuffer is damaged: numbers at a place "
            "that is no multiple of 8");
}

TEST(reader, refuses_a_blob_referred_to_over_and_over) {
  Model model = test::copy_model();
  model.chip = "BM1690";
  Stage& stage = model.nets[0].stages[0];
  stage.cmd_groups = std::vector<CmdGroup>(300, stage.cmd_groups[0]);
  EXPECT_EQ(error_of(*write_memory(model)), "x.bmodel: the FlatBuffer refers to the same data over and over");
}

TEST(reader, stages_may_share_coefficients_without_limit) {
  Model model = test::model_with_coefficients(100000);
  model.chip = "BM1690";
  Stage& stage = model.nets[0].stages[0];
  stage.cmd_groups.clear();
  stage.sub_nets.clear();
  model.nets[0].stages = std::vector<Stage>(300, stage);
  EXPECT_EQ(error_of(*write_memory(model)), "no error");
}

TEST(reader, says_which_stage_breaks_a_rule) {
  Model model = test::copy_model();
  model.chip = "bm1684";  // keeps the writer from looking
  model.nets[0].stages[0].sub_nets.clear();
  std::vector<uint8_t> file = *write_memory(model);
  const auto chip = std::search(file.begin(), file.end(), model.chip.begin(), model.chip.end());
  chip[0] = 'B';
  chip[1] = 'M';
  EXPECT_EQ(error_of(file), "x.bmodel: net 'copy', stage 0: has no sub-net");
}

// The copy model in the layout before 2.0: a static net without stages or sub-nets.
TEST(reader, converts_old_static_nets) {
  const Model plain = test::copy_model();
  const Stage& expected = plain.nets[0].stages[0];
  flatbuffers::FlatBufferBuilder builder;
  const auto tensor = [&](const Tensor& tensor) {
    const auto name = builder.CreateString(tensor.name);
    const auto shape = fb::CreateShape(builder, builder.CreateVector(tensor.shapes[0]));
    const auto shapes = builder.CreateVector(&shape, 1);
    const auto table = fb::CreateTensor(builder, name, 0, 0, tensor.device_addr, tensor.size, shapes);
    return builder.CreateVector(&table, 1);
  };
  const auto inputs = tensor(expected.inputs[0]), outputs = tensor(expected.outputs[0]);
  const fb::Binary commands(0, 128);
  const auto group = fb::CreateCmdGroup(builder, 0, 1, nullptr, &commands);
  const auto groups = builder.CreateVector(&group, 1);
  const auto stage = fb::CreateNetStatic(builder, inputs, outputs, groups, expected.ctx_addr, expected.ctx_size);
  const auto stages = builder.CreateVector(&stage, 1);
  const auto net = fb::CreateNet(builder, builder.CreateString("copy"), stages);
  const auto nets = builder.CreateVector(&net, 1);
  const auto type = builder.CreateString(plain.type), version = builder.CreateString(plain.version),
             time = builder.CreateString(plain.time), chip = builder.CreateString(plain.chip);
  builder.Finish(fb::CreateModel(builder, type, version, time, chip, nets));
  std::vector<uint8_t> file = file_of(builder, 128);
  std::ranges::copy(expected.cmd_groups[0].gdma.bytes(), file.end() - 128);
  const Result<Model> model = read_memory(file, "old.bmodel");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(*model, plain);
}

TEST(reader, converts_old_dynamic_nets) {
  flatbuffers::FlatBufferBuilder builder;
  const auto tensors = builder.CreateVector(std::vector<flatbuffers::Offset<fb::Tensor>>());
  const auto ir = fb::CreateStageIR(builder, 4);
  const auto records = builder.CreateVector(&ir, 1);
  const fb::Binary program(0, 16);
  const auto stage =
      fb::CreateNetDynamic(builder, tensors, tensors, 1, 0, records, &program, bm1684::kContextStart, 4096);
  const auto stages = builder.CreateVector(&stage, 1);
  const auto net = fb::CreateNet(builder, builder.CreateString("n"), 0, stages);
  const auto nets = builder.CreateVector(&net, 1);
  const auto text = builder.CreateString("BM1684");
  builder.Finish(fb::CreateModel(builder, text, text, text, text, nets));
  const std::vector<uint8_t> file = file_of(builder, 16);
  const Result<Model> model = read_memory(file, "old.bmodel");
  ASSERT_TRUE(model) << model.error().message;
  const Stage& converted = model->nets[0].stages[0];
  EXPECT_EQ(converted.is_dynamic, 1);
  EXPECT_EQ(converted.n_dynamic, 1);
  EXPECT_EQ(converted.binary_ir.size(), 16u);
  EXPECT_EQ(converted.sub_nets[0].ir_len, 4u);
}

std::vector<std::filesystem::path> samples() {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder = bmnet::test::shared_file("bmodel/samples");
  if (std::filesystem::exists(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      files.push_back(entry.path() / "compilation.bmodel");
  std::ranges::sort(files);
  return files;
}

TEST(reader, reads_every_sample) {
  BMNET_REQUIRE_SHARED(bmnet::test::shared_file("bmodel/samples"));
  for (const auto& file : samples()) {
    const Result<Model> model = read_file(file);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->chip, "BM1684");
  }
  EXPECT_EQ(samples().size(), 13u);
}

TEST(reader, the_check_code_of_every_sample_is_the_sha_256_of_its_coefficients) {
  BMNET_REQUIRE_SHARED(bmnet::test::shared_file("bmodel/samples"));
  size_t compared = 0;
  for (const auto& file : samples()) {
    const Model model = *read_file(file);
    for (const Net& net : model.nets)
      for (const Stage& stage : net.stages) {
        if (!stage.coefficients) continue;
        EXPECT_EQ(to_hex(sha256(stage.coefficients->data.bytes())), to_hex(stage.coefficients->check_code)) << file;
        ++compared;
      }
  }
  EXPECT_EQ(compared, 6u);
}

Bytes binary_section(Bytes file) {
  uint32_t flatbuffer_size;
  std::memcpy(&flatbuffer_size, file.data() + 8, 4);
  return file.subspan(64 + flatbuffer_size);
}

TEST(reader, every_sample_is_rewritten_without_loss) {
  BMNET_REQUIRE_SHARED(bmnet::test::shared_file("bmodel/samples"));
  for (const auto& path : samples()) {
    const Model model = *read_file(path);
    const Result<std::vector<uint8_t>> bytes = write_memory(model);
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(*read_memory(*bytes, "rewritten"), model) << path;
  }
}

TEST(reader, the_binary_section_is_laid_out_as_in_the_vendors_files) {
  for (const char* name : {"ppocr_rec_cnn_fp32_b1", "retinaface320_int8_b1"}) {
    const auto path = bmnet::test::shared_file("bmodel/samples") / name / "compilation.bmodel";
    BMNET_REQUIRE_SHARED(path);
    const MappedFile file = *MappedFile::open(path);
    const std::vector<uint8_t> bytes = *write_memory(*read_memory(file.bytes(), name));
    EXPECT_TRUE(std::ranges::equal(binary_section(bytes), binary_section(file.bytes()))) << name;
  }
}

}  // namespace
}  // namespace bmnet::bmodel
